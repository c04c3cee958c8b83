from django.apps import AppConfig


class PasseportConfig(AppConfig):
    name = "jalon.passeport"
    label = "passeport"
    verbose_name = "livret de la personne"

    def ready(self) -> None:
        from jalon.passeport import perms  # noqa: F401 - déclare la sécurité par ligne

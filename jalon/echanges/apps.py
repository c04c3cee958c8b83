from django.apps import AppConfig


class EchangesConfig(AppConfig):
    name = "jalon.echanges"
    label = "echanges"
    verbose_name = "échanges"

    def ready(self) -> None:
        from jalon.echanges import perms  # noqa: F401 - déclare la sécurité par ligne

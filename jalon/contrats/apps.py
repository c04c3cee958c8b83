from django.apps import AppConfig


class ContratsConfig(AppConfig):
    name = "jalon.contrats"
    label = "contrats"
    verbose_name = "contrats"

    def ready(self) -> None:
        from jalon.contrats import perms  # noqa: F401 - déclare la sécurité par ligne

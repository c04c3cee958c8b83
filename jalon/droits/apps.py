from django.apps import AppConfig


class DroitsConfig(AppConfig):
    name = "jalon.droits"
    label = "droits"
    verbose_name = "droits"

    def ready(self) -> None:
        from jalon.droits import perms  # noqa: F401 - déclare la sécurité par ligne

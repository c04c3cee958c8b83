from django.apps import AppConfig


class AccompagnementsConfig(AppConfig):
    name = "jalon.accompagnements"
    label = "accompagnements"
    verbose_name = "accompagnements"

    def ready(self) -> None:
        from jalon.accompagnements import perms  # noqa: F401 - déclare la sécurité par ligne

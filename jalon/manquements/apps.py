from django.apps import AppConfig


class ManquementsConfig(AppConfig):
    name = "jalon.manquements"
    label = "manquements"
    verbose_name = "manquements et garanties"

    def ready(self) -> None:
        from jalon.manquements import perms  # noqa: F401 - déclare la sécurité par ligne

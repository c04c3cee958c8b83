from django.apps import AppConfig


class OrientationsConfig(AppConfig):
    name = "jalon.orientations"
    label = "orientations"
    verbose_name = "orientations"

    def ready(self) -> None:
        from jalon.orientations import perms  # noqa: F401 - déclare la sécurité par ligne

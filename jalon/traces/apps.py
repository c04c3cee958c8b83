from django.apps import AppConfig


class TracesConfig(AppConfig):
    name = "jalon.traces"
    label = "traces"
    verbose_name = "traces"

    def ready(self) -> None:
        from jalon.traces import perms  # noqa: F401 - déclare la sécurité par ligne

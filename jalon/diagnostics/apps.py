from django.apps import AppConfig


class DiagnosticsConfig(AppConfig):
    name = "jalon.diagnostics"
    label = "diagnostics"
    verbose_name = "diagnostics"

    def ready(self) -> None:
        from jalon.diagnostics import perms  # noqa: F401 - déclare la sécurité par ligne

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "jalon.documents"
    label = "documents"
    verbose_name = "documents"

    def ready(self) -> None:
        from jalon.documents import perms  # noqa: F401 - déclare la sécurité par ligne

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "jalon.documents"
    label = "documents"
    verbose_name = "documents"

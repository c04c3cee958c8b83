from django.apps import AppConfig


class ReferentielsConfig(AppConfig):
    name = "jalon.referentiels"
    label = "referentiels"
    verbose_name = "référentiels"

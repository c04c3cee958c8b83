from django.apps import AppConfig


class OrganismesConfig(AppConfig):
    name = "jalon.organismes"
    label = "organismes"
    verbose_name = "organismes"

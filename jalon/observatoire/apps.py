from django.apps import AppConfig


class ObservatoireConfig(AppConfig):
    name = "jalon.observatoire"
    label = "observatoire"
    verbose_name = "observatoire"

from django.apps import AppConfig


class InstancesConfig(AppConfig):
    name = "jalon.instances"
    label = "instances"
    verbose_name = "instances"

    def ready(self) -> None:
        from jalon.instances import perms  # noqa: F401 - déclare la sécurité par ligne

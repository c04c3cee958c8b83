from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "jalon.agents"
    label = "agents"
    verbose_name = "agents"

    def ready(self) -> None:
        from jalon.agents import perms  # noqa: F401 - déclare la sécurité par ligne

from django.apps import AppConfig


class PersonnesConfig(AppConfig):
    name = "jalon.personnes"
    label = "personnes"
    verbose_name = "personnes"

    def ready(self) -> None:
        from jalon.personnes import perms  # noqa: F401 - déclare la sécurité par ligne

from django.apps import AppConfig


class RendezvousConfig(AppConfig):
    name = "jalon.rendezvous"
    label = "rendezvous"
    verbose_name = "rendez-vous"

    def ready(self) -> None:
        from jalon.rendezvous import perms  # noqa: F401 - déclare la sécurité par ligne

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SocleConfig(AppConfig):
    name = "jalon.socle"
    label = "socle"
    verbose_name = "socle"

    def ready(self) -> None:
        from jalon.socle.rls import apply_all

        post_migrate.connect(apply_all, dispatch_uid="jalon.socle.rls")

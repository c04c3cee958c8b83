"""Les procédures de manquement et leurs sanctions. Les opérations tiennent en trois modules, joués dans cet ordre."""

from django.conf import settings
from django.db import migrations

from jalon.manquements.migrations import _0001_decisions, _0001_procedures, _0001_suites


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contrats", "0005_raison_complexe"),
        ("documents", "0003_messages_a_code"),
        ("organismes", "0001_initial"),
        ("personnes", "0008_index_de_visibilite"),
        ("rendezvous", "0006_convocation_et_invitation"),
    ]

    operations = [*_0001_procedures.OPERATIONS, *_0001_decisions.OPERATIONS, *_0001_suites.OPERATIONS]

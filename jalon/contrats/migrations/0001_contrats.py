"""Les contrats. Les opérations tiennent en trois modules, joués dans cet ordre."""

from django.conf import settings
from django.db import migrations

from jalon.contrats.migrations import _0001_circuits, _0001_redaction, _0001_suites


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("diagnostics", "0004_reponse_coherente"),
        ("documents", "0001_courriers_et_envois"),
        ("organismes", "0001_initial"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0007_codes_a_usage_unique"),
    ]

    operations = [*_0001_circuits.OPERATIONS, *_0001_redaction.OPERATIONS, *_0001_suites.OPERATIONS]

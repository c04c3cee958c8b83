"""La recherche par nom montre aussi les dossiers ouverts à mon organisme, comme la politique de la personne."""

from importlib import import_module

from django.db import migrations

AVANT = import_module("jalon.personnes.migrations.0002_fonction_recherche").FONCTION
SUIVIES = "where a.organisme_id = any($4) and a.periode @> current_date)))';"
APRES = AVANT.replace(
    SUIVIES,
    """where a.organisme_id = any($4) and a.periode @> current_date
            union all select o.personne_id from personnes_partagedossier o
            where o.organisme_id = any($4) and o.periode @> current_date)))';""",
)
assert APRES != AVANT


class Migration(migrations.Migration):
    dependencies = [("personnes", "0005_publics_et_partages"), ("accompagnements", "0003_liens_3")]
    operations = [migrations.RunSQL(APRES, AVANT)]

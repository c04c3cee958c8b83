"""Une sanction arrêtée parce que le service était en cause n'aurait pas dû être : elle ne fait pas répétition.

Une sanction levée puis annulée garde le jour de sa levée : les chiffres se lisent tels qu'ils étaient connus à la date.
"""

from importlib import import_module

from django.db import migrations, models

AVANT: str = import_module("jalon.manquements.migrations.0006_plafond_du_foyer").FAITS
REGLE = "p.motif_levee not in ('erreur', 'recours')"
FAITS = AVANT.replace(REGLE, "p.motif_levee not in ('erreur', 'recours', 'service')")
FIDELE: str = import_module("jalon.manquements.migrations.0003_sanction_fidele").VERIFIER.replace(
    "create function", "create or replace function", 1
)
LIBRES = "'levee_le', 'motif_levee'"
FIDELE_ET_LEVEE = FIDELE.replace(LIBRES, "'levee_le', 'levee_avant_le', 'motif_levee'")


class Migration(migrations.Migration):
    dependencies = [("manquements", "0007_levee_avancee")]

    operations = [
        migrations.AddField(
            "decisionsanction", "levee_avant_le", models.DateField("levée avant d'être annulée, le", null=True)
        ),
        migrations.AlterField(
            "decisionsanction",
            "motif_levee",
            models.CharField(
                "pourquoi",
                max_length=12,
                blank=True,
                choices=[
                    ("en_regle", "La personne s'est mise en règle"),
                    ("erreur", "Le motif s'est révélé faux"),
                    ("recours", "Recours accueilli"),
                    ("service", "Le service était en cause"),
                    ("situation", "La situation de la personne a changé"),
                ],
            ),
        ),
        migrations.RunSQL(FAITS, AVANT),
        migrations.RunSQL(FIDELE_ET_LEVEE, FIDELE),
    ]

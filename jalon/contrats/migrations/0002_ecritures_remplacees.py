import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contrats", "0001_contrats"),
        ("documents", "0002_octets_sans_compression"),
        ("organismes", "0001_initial"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0007_codes_a_usage_unique"),
    ]

    operations = [
        migrations.CreateModel(
            name="EcritureRemplacee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("texte", models.TextField(verbose_name="ce qui était écrit")),
                ("numero", models.PositiveIntegerField(verbose_name="numéro d'écriture")),
                ("par_la_personne", models.BooleanField(default=False, verbose_name="écrit par la personne")),
                ("ecrit_le", models.DateTimeField(verbose_name="écrit le")),
                (
                    "remplacee_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="remplacée le"
                    ),
                ),
                (
                    "champ",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contrats.champcontrat",
                        verbose_name="rubrique",
                    ),
                ),
                (
                    "contrat",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ecritures_remplacees",
                        to="contrats.contrat",
                        verbose_name="contrat",
                    ),
                ),
                (
                    "ecrit_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="écrit par",
                    ),
                ),
            ],
            options={
                "verbose_name": "écriture remplacée",
                "ordering": ("contrat_id", "champ_id", "-id"),
                "indexes": [models.Index(fields=["contrat", "champ"], name="ecriture_remplacee_champ")],
            },
        ),
        migrations.AddIndex(
            model_name="contrat",
            index=models.Index(
                django.contrib.postgres.fields.ranges.RangeEndsWith("periode"),
                models.F("id"),
                condition=models.Q(("etat__in", ["en_vigueur", "bilan"])),
                name="contrat_vivant_echeance",
            ),
        ),
        migrations.AddIndex(
            model_name="contrat",
            index=models.Index(
                django.contrib.postgres.fields.ranges.RangeEndsWith("periode"), models.F("id"), name="contrat_echeance"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ecritureremplacee",
            trigger=pgtrigger.compiler.Trigger(
                name="ecriture_remplacee_figee",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="7b42c97da72ff17e1aa3288ad974a7da35b06122",
                    operation="UPDATE",
                    pgid="pgtrigger_ecriture_remplacee_figee_09328",
                    table="contrats_ecritureremplacee",
                    when="BEFORE",
                ),
            ),
        ),
    ]

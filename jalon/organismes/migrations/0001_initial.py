import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("referentiels", "0002_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Territoire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("type", models.CharField(max_length=40, verbose_name="type")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="organismes.territoire",
                        verbose_name="territoire parent",
                    ),
                ),
            ],
            options={
                "verbose_name": "territoire",
                "ordering": ("ordre", "libelle", "id"),
            },
        ),
        migrations.CreateModel(
            name="CommuneTerritoire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "commune",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, to="referentiels.commune", verbose_name="commune"
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "rattachement de commune",
                "ordering": ("commune_id",),
            },
        ),
        migrations.CreateModel(
            name="TypeOrganisme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                (
                    "categorie",
                    models.CharField(
                        choices=[
                            ("departement", "Département"),
                            ("ccas", "CCAS ou CIAS"),
                            ("association", "Association"),
                            ("plie", "PLIE"),
                            ("siae", "Structure d'insertion par l'activité économique"),
                            ("mission_locale", "Mission locale"),
                            ("france_travail", "France Travail"),
                            ("caf", "CAF"),
                            ("msa", "MSA"),
                            ("delegataire", "Délégataire"),
                            ("operateur", "Opérateur"),
                            ("autre", "Autre"),
                        ],
                        max_length=20,
                        verbose_name="catégorie",
                    ),
                ),
                ("nir_visible", models.BooleanField(default=False, verbose_name="NIR visible")),
            ],
            options={
                "verbose_name": "type d'organisme",
                "ordering": ("libelle", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("nir_visible", False),
                            models.Q(("categorie__in", ["delegataire", "siae", "operateur", "autre"]), _negated=True),
                            _connector="OR",
                        ),
                        name="type_organisme_nir_interdit",
                        violation_error_message="Le NIR ne peut pas être montré à un délégataire, une SIAE ou un autre organisme.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Organisme",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=200, verbose_name="libellé")),
                ("siret", models.CharField(blank=True, max_length=14, verbose_name="SIRET")),
                ("courriel", models.EmailField(blank=True, max_length=254, verbose_name="courriel")),
                ("telephone", models.CharField(blank=True, max_length=20, verbose_name="téléphone")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
                (
                    "territoires",
                    models.ManyToManyField(blank=True, to="organismes.territoire", verbose_name="territoires"),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="organismes.typeorganisme", verbose_name="type"
                    ),
                ),
            ],
            options={
                "verbose_name": "organisme",
                "ordering": ("libelle", "id"),
            },
        ),
        migrations.CreateModel(
            name="ServiceInstructeur",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="organismes.organisme", verbose_name="organisme"
                    ),
                ),
                (
                    "territoire",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
            ],
            options={
                "verbose_name": "service instructeur",
                "ordering": ("territoire_id",),
            },
        ),
        migrations.CreateModel(
            name="Habilitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "objet",
                    models.CharField(
                        choices=[
                            ("instruction", "Instruire les demandes"),
                            ("contrat", "Signer les contrats"),
                            ("reference", "Être référent"),
                            ("orientation", "Orienter"),
                        ],
                        max_length=20,
                        verbose_name="objet",
                    ),
                ),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="organismes.organisme", verbose_name="organisme"
                    ),
                ),
            ],
            options={
                "verbose_name": "habilitation",
                "ordering": ("organisme_id", "objet", "periode", "id"),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("organisme", "="), ("objet", "="), ("periode", "&&")],
                        name="habilitation_sans_chevauchement",
                        violation_error_message="Cet organisme a déjà cette habilitation à ces dates.",
                    )
                ],
            },
        ),
    ]

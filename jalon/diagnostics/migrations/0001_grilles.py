import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organismes", "0001_initial"),
        ("personnes", "0006_recherche_des_dossiers_ouverts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Grille",
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
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("rang", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
                ("active", models.BooleanField(default=True, verbose_name="employée")),
            ],
            options={
                "verbose_name": "grille",
                "ordering": ("rang", "id"),
            },
        ),
        migrations.CreateModel(
            name="RepriseGrilles",
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
                ("fichier", models.CharField(max_length=200, verbose_name="fichier")),
                ("empreinte", models.CharField(max_length=64, verbose_name="empreinte")),
                ("lignes", models.PositiveIntegerField(verbose_name="passations versées")),
                (
                    "faite_le",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="versé le"),
                ),
                (
                    "faite_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="versé par",
                    ),
                ),
                (
                    "grille",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="diagnostics.grille",
                        verbose_name="grille",
                    ),
                ),
            ],
            options={
                "verbose_name": "reprise de grilles",
                "ordering": ("-faite_le", "-id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("empreinte", "grille"),
                        name="reprise_grilles_une_fois",
                        violation_error_message="Ce fichier a déjà été versé.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionGrille",
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
                ("numero", models.PositiveSmallIntegerField(verbose_name="version")),
                ("du", models.DateField(verbose_name="en vigueur à partir du")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "grille",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="diagnostics.grille",
                        verbose_name="grille",
                    ),
                ),
            ],
            options={
                "verbose_name": "version de grille",
                "ordering": ("grille_id", "-du", "-numero"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("grille", "numero"),
                        name="version_grille_numero_unique",
                        violation_error_message="Cette grille a déjà une version de ce numéro.",
                    ),
                    models.UniqueConstraint(
                        fields=("grille", "du"),
                        name="version_grille_une_par_date",
                        violation_error_message="Cette grille a déjà une version à partir de cette date.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("code", models.SlugField(max_length=40, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("question", models.CharField(max_length=300, verbose_name="question")),
                ("poids", models.PositiveSmallIntegerField(default=1, verbose_name="poids")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="diagnostics.versiongrille",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "question de grille",
                "ordering": ("version_id", "rang"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "code"),
                        name="item_code_unique",
                        violation_error_message="Cette version a déjà une question de ce code.",
                    ),
                    models.UniqueConstraint(
                        fields=("version", "rang"),
                        name="item_rang_unique",
                        violation_error_message="Cette version a déjà une question à ce rang.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Echelon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("libelle", models.CharField(max_length=200, verbose_name="libellé")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="echelons",
                        to="diagnostics.item",
                        verbose_name="question",
                    ),
                ),
            ],
            options={
                "verbose_name": "échelon",
                "ordering": ("item_id", "rang"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("item", "rang"),
                        name="echelon_rang_unique",
                        violation_error_message="Cette question a déjà un échelon de ce rang.",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "item"),
                        name="echelon_de_sa_question",
                        violation_error_message="Cet échelon appartient à une autre question.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rang__gte", 1)),
                        name="echelon_rang_positif",
                        violation_error_message="Le premier échelon porte le rang 1.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Passation",
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
                ("date_passation", models.DateField(verbose_name="remplie le")),
                (
                    "sexe",
                    models.CharField(
                        blank=True, choices=[("1", "Homme"), ("2", "Femme")], max_length=1, verbose_name="sexe"
                    ),
                ),
                ("age", models.PositiveSmallIntegerField(null=True, verbose_name="âge")),
                (
                    "parcours_envisage",
                    models.CharField(
                        blank=True,
                        choices=[("professionnel", "Professionnel"), ("social", "Social"), ("attente", "En attente")],
                        max_length=14,
                        verbose_name="parcours envisagé",
                    ),
                ),
                (
                    "convenue",
                    models.BooleanField(default=False, verbose_name="convenue entre la personne et son interlocuteur"),
                ),
                (
                    "origine",
                    models.CharField(
                        choices=[
                            ("entretien", "Entretien"),
                            ("reunion", "Réunion"),
                            ("bilan", "Bilan"),
                            ("reprise", "Reprise d'un fichier"),
                        ],
                        max_length=10,
                        verbose_name="remplie lors de",
                    ),
                ),
                (
                    "saisie_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="saisie le"
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passations",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "saisie_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saisie par",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
                (
                    "reprise",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passations",
                        to="diagnostics.reprisegrilles",
                        verbose_name="reprise",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passations",
                        to="diagnostics.versiongrille",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "grille remplie",
                "verbose_name_plural": "grilles remplies",
                "ordering": ("-date_passation", "-id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("personne__isnull", False)),
                        fields=["personne", "-date_passation", "-id"],
                        name="passation_derniere",
                    ),
                    models.Index(fields=["version", "date_passation"], name="passation_version"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("personne__isnull", False), ("reprise__isnull", False), _connector="OR"),
                        name="passation_personne_ou_reprise",
                        violation_error_message="Une grille sans personne ne peut venir que d'un fichier d'étude.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("origine", "reprise"), ("reprise__isnull", False)),
                            models.Q(
                                models.Q(("origine", "reprise"), _negated=True),
                                ("reprise", None),
                                ("saisie_par__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="passation_saisie_ou_reprise",
                        violation_error_message="Une grille est saisie par un agent, ou reprise d'un fichier.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reponse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "echelon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="diagnostics.echelon",
                        verbose_name="échelon",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="diagnostics.item",
                        verbose_name="question",
                    ),
                ),
                (
                    "passation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reponses",
                        to="diagnostics.passation",
                        verbose_name="grille",
                    ),
                ),
            ],
            options={
                "verbose_name": "réponse",
                "ordering": ("passation_id", "item_id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("passation", "item"),
                        name="reponse_une_par_question",
                        violation_error_message="Une question n'a qu'une réponse.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Frein",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                (
                    "echelons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), size=None, verbose_name="rangs"
                    ),
                ),
                ("suggere_social", models.BooleanField(default=False, verbose_name="suggère la sphère sociale")),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="freins",
                        to="diagnostics.item",
                        verbose_name="question",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="freins",
                        to="diagnostics.versiongrille",
                        verbose_name="version",
                    ),
                ),
            ],
            options={
                "verbose_name": "frein",
                "ordering": ("version_id", "rang"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "code"),
                        name="frein_code_unique",
                        violation_error_message="Cette version a déjà un frein de ce code.",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reponse",
            trigger=pgtrigger.compiler.Trigger(
                name="reponse_figee",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="91dbe144fd7a37d15a0e757725505005b7c723ac",
                    operation="UPDATE",
                    pgid="pgtrigger_reponse_figee_78690",
                    table="diagnostics_reponse",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="passation",
            trigger=pgtrigger.compiler.Trigger(
                name="passation_figee",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."date_passation" IS DISTINCT FROM (NEW."date_passation") OR OLD."territoire_id" IS DISTINCT FROM (NEW."territoire_id") OR OLD."sexe" IS DISTINCT FROM (NEW."sexe") OR OLD."age" IS DISTINCT FROM (NEW."age") OR OLD."parcours_envisage" IS DISTINCT FROM (NEW."parcours_envisage") OR OLD."convenue" IS DISTINCT FROM (NEW."convenue") OR OLD."origine" IS DISTINCT FROM (NEW."origine") OR OLD."saisie_par_id" IS DISTINCT FROM (NEW."saisie_par_id") OR OLD."organisme_id" IS DISTINCT FROM (NEW."organisme_id") OR OLD."reprise_id" IS DISTINCT FROM (NEW."reprise_id") OR OLD."saisie_le" IS DISTINCT FROM (NEW."saisie_le"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="72cdaf3b17847dc97becaea87d9c852ad746dba6",
                    operation="UPDATE",
                    pgid="pgtrigger_passation_figee_5b8bf",
                    table="diagnostics_passation",
                    when="BEFORE",
                ),
            ),
        ),
    ]

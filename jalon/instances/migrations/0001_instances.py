import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organismes", "0001_initial"),
        ("orientations", "0005_listes_de_criteres"),
        ("personnes", "0006_recherche_des_dossiers_ouverts"),
    ]

    operations = [
        migrations.CreateModel(
            name="TypeInstance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("mot", models.CharField(max_length=60, verbose_name="mot du département")),
                (
                    "nature",
                    models.CharField(
                        choices=[("orientation", "Décide des orientations"), ("avis", "Donne un avis")],
                        max_length=16,
                        verbose_name="nature",
                    ),
                ),
                ("par_territoire", models.BooleanField(default=True, verbose_name="une par territoire")),
                (
                    "rythme_jours",
                    models.PositiveSmallIntegerField(null=True, verbose_name="jours entre deux séances au plus"),
                ),
                ("quorum", models.PositiveSmallIntegerField(verbose_name="membres présents pour décider")),
                (
                    "convocation_urgente",
                    models.BooleanField(default=False, verbose_name="le délai de convocation peut être réduit"),
                ),
                ("source", models.CharField(max_length=300, verbose_name="source")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ],
            options={
                "verbose_name": "type d'instance",
                "ordering": ("ordre", "id"),
            },
        ),
        migrations.CreateModel(
            name="QualiteMembre",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("minimum", models.PositiveSmallIntegerField(default=0, verbose_name="membres au moins")),
                ("maximum", models.PositiveSmallIntegerField(null=True, verbose_name="membres au plus")),
                ("preside", models.BooleanField(default=False, verbose_name="préside")),
                ("requise", models.BooleanField(default=False, verbose_name="nécessaire au quorum")),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        default=list,
                        size=None,
                        verbose_name="catégories d'organismes",
                    ),
                ),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="qualites",
                        to="instances.typeinstance",
                        verbose_name="type d'instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "qualité de membre",
                "ordering": ("type_id", "ordre", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("type", "code"),
                        name="qualite_membre_unique",
                        violation_error_message="Cette qualité existe déjà pour ce type d'instance.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ThemeInstance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                (
                    "pieces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None, verbose_name="pièces"
                    ),
                ),
                (
                    "majorite",
                    models.CharField(
                        choices=[
                            ("unanimite", "À l'unanimité"),
                            ("absolue", "À la majorité des membres"),
                            ("simple", "À la majorité des présents"),
                        ],
                        default="simple",
                        max_length=12,
                        verbose_name="majorité",
                    ),
                ),
                ("effet", models.CharField(max_length=20, verbose_name="effet")),
                ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
                ("actif", models.BooleanField(default=True, verbose_name="actif")),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="themes",
                        to="instances.typeinstance",
                        verbose_name="type d'instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "thème d'instance",
                "ordering": ("type_id", "ordre", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("type", "code"),
                        name="theme_instance_unique",
                        violation_error_message="Ce thème existe déjà pour ce type d'instance.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Instance",
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
                ("libelle", models.CharField(max_length=200, verbose_name="libellé")),
                ("actif", models.BooleanField(default=True, verbose_name="active")),
                (
                    "territoire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="instances.typeinstance",
                        verbose_name="type d'instance",
                    ),
                ),
            ],
            options={
                "verbose_name": "instance",
                "ordering": ("type__ordre", "territoire__ordre", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("type", "territoire"),
                        name="instance_une_par_territoire",
                        violation_error_message="Ce territoire a déjà une instance de ce type.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MembreInstance",
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
                (
                    "nom_externe",
                    models.CharField(blank=True, max_length=160, verbose_name="nom, s'il n'a pas de compte"),
                ),
                (
                    "courriel_externe",
                    models.EmailField(blank=True, max_length=254, verbose_name="courriel, s'il n'a pas de compte"),
                ),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sieges",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="membres",
                        to="instances.instance",
                        verbose_name="instance",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "supplee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suppleants",
                        to="instances.membreinstance",
                        verbose_name="supplée",
                    ),
                ),
                (
                    "qualite",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instances.qualitemembre",
                        verbose_name="qualité",
                    ),
                ),
            ],
            options={
                "verbose_name": "membre d'une instance",
                "ordering": ("qualite__ordre", "supplee_id", "id"),
                "indexes": [models.Index(fields=["agent", "instance"], name="membre_agent")],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("instance", "="), ("agent", "="), ("periode", "&&")],
                        name="membre_siege_une_fois",
                        violation_error_message="Cet agent siège déjà dans cette instance à ces dates.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agent__isnull", False), ("courriel_externe", ""), ("nom_externe", "")),
                            models.Q(("agent", None), models.Q(("nom_externe", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="membre_agent_ou_nom",
                        violation_error_message="Un membre est un agent de Jalon, ou une personne que l'on nomme.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("supplee", models.F("id")), _negated=True),
                        name="membre_ne_se_supplee_pas",
                        violation_error_message="On ne se supplée pas soi-même.",
                    ),
                ],
            },
        ),
    ]

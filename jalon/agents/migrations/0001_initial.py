import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organismes", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="EchecConnexion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cle", models.CharField(max_length=64, unique=True, verbose_name="clé")),
                ("nombre", models.PositiveSmallIntegerField(default=0, verbose_name="échecs de suite")),
                ("dernier_le", models.DateTimeField(verbose_name="dernier échec")),
                ("bloque_jusque", models.DateTimeField(null=True, verbose_name="bloqué jusqu'au")),
            ],
            options={
                "verbose_name": "échec de connexion",
                "ordering": ("-dernier_le", "id"),
            },
        ),
        migrations.CreateModel(
            name="ProfilHabilitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
                ("description", models.CharField(blank=True, max_length=400, verbose_name="description")),
                (
                    "portee",
                    models.CharField(
                        choices=[
                            ("departement", "Tout le département"),
                            ("territoire", "Ses territoires"),
                            ("organisme", "Les personnes que son organisme accompagne"),
                        ],
                        max_length=12,
                        verbose_name="portée",
                    ),
                ),
                (
                    "droits",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None, verbose_name="droits"
                    ),
                ),
                ("voit_nir", models.BooleanField(default=False, verbose_name="voit le NIR")),
                ("voit_sante", models.BooleanField(default=False, verbose_name="voit le contenu de santé")),
            ],
            options={
                "verbose_name": "profil d'habilitation",
                "ordering": ("libelle", "id"),
            },
        ),
        migrations.CreateModel(
            name="Agent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
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
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="adresse électronique")),
                ("nom", models.CharField(max_length=80, verbose_name="nom")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("telephone", models.CharField(blank=True, max_length=20, verbose_name="téléphone")),
                ("is_active", models.BooleanField(default=True, verbose_name="compte actif")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
            ],
            options={
                "verbose_name": "agent",
                "ordering": ("nom", "prenom", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="agent_courriel_unique",
                        violation_error_message="Ce courriel est déjà pris.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Affectation",
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
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="affectations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="organismes.organisme", verbose_name="organisme"
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
                (
                    "profil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="agents.profilhabilitation",
                        verbose_name="profil d'habilitation",
                    ),
                ),
            ],
            options={
                "verbose_name": "affectation",
                "ordering": ("agent_id", "periode", "id"),
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("agent", "="),
                            ("profil", "="),
                            ("organisme", "="),
                            (django.db.models.functions.comparison.Coalesce("territoire", 0), "="),
                            ("periode", "&&"),
                        ],
                        name="affectation_sans_chevauchement",
                        violation_error_message="Cet agent tient déjà ce rôle à ces dates.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AffectationEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        verbose_name="identifiant public",
                    ),
                ),
                ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="période")),
                (
                    "agent",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "organisme",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="organismes.organisme",
                        verbose_name="organisme",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="agents.affectation",
                    ),
                ),
                (
                    "territoire",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="organismes.territoire",
                        verbose_name="territoire",
                    ),
                ),
                (
                    "profil",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="agents.profilhabilitation",
                        verbose_name="profil d'habilitation",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AgentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        verbose_name="identifiant public",
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="adresse électronique")),
                ("nom", models.CharField(max_length=80, verbose_name="nom")),
                ("prenom", models.CharField(max_length=80, verbose_name="prénom")),
                ("telephone", models.CharField(blank=True, max_length=20, verbose_name="téléphone")),
                ("is_active", models.BooleanField(default=True, verbose_name="compte actif")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="créé le")),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agent",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."nom" IS DISTINCT FROM (NEW."nom") OR OLD."prenom" IS DISTINCT FROM (NEW."prenom") OR OLD."public_id" IS DISTINCT FROM (NEW."public_id") OR OLD."telephone" IS DISTINCT FROM (NEW."telephone"))',
                    func='INSERT INTO "agents_agentevent" ("created_at", "email", "id", "is_active", "nom", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prenom", "public_id", "telephone") VALUES (NEW."created_at", NEW."email", NEW."id", NEW."is_active", NEW."nom", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."prenom", NEW."public_id", NEW."telephone"); RETURN NULL;',
                    hash="ba0d60ddcb7fe42a61ba8bbae2b27ad14b4b16da",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b59de",
                    table="agents_agent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agent",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "agents_agentevent" ("created_at", "email", "id", "is_active", "nom", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prenom", "public_id", "telephone") VALUES (OLD."created_at", OLD."email", OLD."id", OLD."is_active", OLD."nom", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."prenom", OLD."public_id", OLD."telephone"); RETURN NULL;',
                    hash="5058a7cefe82b089ca0b4476b0e6e266e165e73e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_25641",
                    table="agents_agent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affectation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "agents_affectationevent" ("agent_id", "id", "organisme_id", "periode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "profil_id", "public_id", "territoire_id") VALUES (NEW."agent_id", NEW."id", NEW."organisme_id", NEW."periode", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."profil_id", NEW."public_id", NEW."territoire_id"); RETURN NULL;',
                    hash="ab82bf4908685219389cec61ebdf311ebaca7d7f",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_c5e5f",
                    table="agents_affectation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affectation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "agents_affectationevent" ("agent_id", "id", "organisme_id", "periode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "profil_id", "public_id", "territoire_id") VALUES (NEW."agent_id", NEW."id", NEW."organisme_id", NEW."periode", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."profil_id", NEW."public_id", NEW."territoire_id"); RETURN NULL;',
                    hash="4851bc4a0a5dd8479f507a85d41cb9cb44be8185",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b7cf8",
                    table="agents_affectation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="affectation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "agents_affectationevent" ("agent_id", "id", "organisme_id", "periode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "profil_id", "public_id", "territoire_id") VALUES (OLD."agent_id", OLD."id", OLD."organisme_id", OLD."periode", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."profil_id", OLD."public_id", OLD."territoire_id"); RETURN NULL;',
                    hash="a2bccf06b5247a3f692d09a7c593f53bcb4c84a5",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_3cbaa",
                    table="agents_affectation",
                    when="AFTER",
                ),
            ),
        ),
    ]

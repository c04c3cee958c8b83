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
    ]

    operations = [
        migrations.CreateModel(
            name="ModeleCourrier",
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
                ("usage", models.CharField(max_length=30, verbose_name="usage")),
            ],
            options={
                "verbose_name": "modèle de courrier",
                "ordering": ("libelle", "id"),
            },
        ),
        migrations.CreateModel(
            name="VersionModele",
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
                ("numero", models.PositiveIntegerField(verbose_name="numéro")),
                ("objet", models.CharField(blank=True, max_length=200, verbose_name="objet")),
                ("corps", models.TextField(max_length=20000, verbose_name="texte")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="pourquoi ce changement")),
                (
                    "publiee_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="publiée le"
                    ),
                ),
                (
                    "auteur",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="auteur",
                    ),
                ),
                (
                    "modele",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="documents.modelecourrier",
                        verbose_name="modèle",
                    ),
                ),
            ],
            options={
                "verbose_name": "version d'un courrier",
                "ordering": ("modele_id", "-numero"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("modele", "numero"),
                        name="version_modele_numero_unique",
                        violation_error_message="Un autre texte de ce courrier vient d'être publié : relisez-le d'abord.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Document",
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
                ("nature", models.CharField(max_length=40, verbose_name="nature")),
                ("titre", models.CharField(max_length=200, verbose_name="titre")),
                ("type_mime", models.CharField(default="application/pdf", max_length=80, verbose_name="type")),
                ("taille", models.PositiveIntegerField(verbose_name="taille")),
                ("sha256", models.CharField(max_length=64, verbose_name="empreinte")),
                ("personne", models.UUIDField(null=True, verbose_name="personne")),
                ("organisme", models.UUIDField(null=True, verbose_name="organisme destinataire")),
                (
                    "cree_le",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
                ),
                (
                    "cree_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="créé par",
                    ),
                ),
                (
                    "version_modele",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="documents.versionmodele",
                        verbose_name="texte employé",
                    ),
                ),
            ],
            options={
                "verbose_name": "document",
                "ordering": ("-cree_le", "-id"),
                "indexes": [
                    models.Index(fields=["personne", "-cree_le"], name="document_personne"),
                    models.Index(fields=["organisme", "-cree_le"], name="document_organisme"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContenuDocument",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="contenu",
                        serialize=False,
                        to="documents.document",
                        verbose_name="document",
                    ),
                ),
                ("octets", models.BinaryField(verbose_name="octets")),
            ],
            options={
                "verbose_name": "contenu d'un document",
            },
        ),
        migrations.CreateModel(
            name="LotDocuments",
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
                ("nature", models.CharField(max_length=40, verbose_name="nature")),
                ("titre", models.CharField(max_length=200, verbose_name="titre")),
                (
                    "objets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="objets, dans l'ordre d'impression",
                    ),
                ),
                ("taille_tranche", models.PositiveSmallIntegerField(verbose_name="objets par tranche")),
                ("ecartes", models.JSONField(default=list, verbose_name="laissés de côté")),
                ("date_courrier", models.DateField(verbose_name="date portée sur les lettres")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("en_attente", "En attente"),
                            ("en_cours", "En cours"),
                            ("termine", "Terminé"),
                            ("interrompu", "Interrompu"),
                        ],
                        default="en_attente",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("fait", models.PositiveIntegerField(default=0, verbose_name="lettres faites")),
                ("message", models.CharField(blank=True, max_length=500, verbose_name="message")),
                (
                    "demande_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="demandé le"
                    ),
                ),
                ("fini_le", models.DateTimeField(null=True, verbose_name="fini le")),
                (
                    "demande_par",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="demandé par",
                    ),
                ),
                (
                    "planche",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.document",
                        verbose_name="fichier pour l'imprimeur",
                    ),
                ),
            ],
            options={
                "verbose_name": "lot de lettres",
                "ordering": ("-demande_le", "-id"),
            },
        ),
        migrations.CreateModel(
            name="Envoi",
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
                    "canal",
                    models.CharField(
                        choices=[("courrier", "Courrier postal"), ("courriel", "Courriel"), ("sms", "SMS")],
                        max_length=10,
                        verbose_name="canal",
                    ),
                ),
                ("destinataire", models.CharField(max_length=500, verbose_name="destinataire")),
                ("objet", models.CharField(blank=True, max_length=200, verbose_name="objet")),
                ("texte", models.TextField(blank=True, max_length=5000, verbose_name="texte")),
                ("personne", models.UUIDField(null=True, verbose_name="personne")),
                ("organisme", models.UUIDField(null=True, verbose_name="organisme")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("a_envoyer", "À envoyer"),
                            ("en_cours", "Confié à la passerelle"),
                            ("envoye", "Envoyé"),
                            ("echec", "Non parti"),
                            ("remis", "Remis"),
                        ],
                        default="a_envoyer",
                        max_length=10,
                        verbose_name="état",
                    ),
                ),
                ("tentatives", models.PositiveSmallIntegerField(default=0, verbose_name="tentatives")),
                ("preuve", models.CharField(blank=True, max_length=300, verbose_name="preuve")),
                (
                    "demande_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="demandé le"
                    ),
                ),
                ("envoye_le", models.DateTimeField(null=True, verbose_name="envoyé le")),
                ("remis_le", models.DateTimeField(null=True, verbose_name="remis le")),
                (
                    "demande_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="demandé par",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="envois",
                        to="documents.document",
                        verbose_name="document",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="envois",
                        to="documents.lotdocuments",
                        verbose_name="lot",
                    ),
                ),
            ],
            options={
                "verbose_name": "envoi",
                "ordering": ("-demande_le", "-id"),
                "indexes": [
                    models.Index(fields=["personne", "-demande_le"], name="envoi_personne"),
                    models.Index(
                        condition=models.Q(("etat__in", ["a_envoyer", "en_cours"])),
                        fields=["etat", "demande_le"],
                        name="envoi_en_attente",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["envoye", "remis"]), _negated=True),
                            ("envoye_le__isnull", False),
                            _connector="OR",
                        ),
                        name="envoi_parti_date",
                        violation_error_message="Un envoi parti a une date.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("canal", "courrier"), _negated=True), ("document__isnull", False), _connector="OR"
                        ),
                        name="envoi_postal_avec_document",
                        violation_error_message="Un courrier postal a son document.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TentativeEnvoi",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
                (
                    "tentee_le",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="tentée le"
                    ),
                ),
                ("reussie", models.BooleanField(null=True, verbose_name="réussie")),
                ("preuve", models.CharField(blank=True, max_length=300, verbose_name="réponse de la passerelle")),
                (
                    "envoi",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="essais",
                        to="documents.envoi",
                        verbose_name="envoi",
                    ),
                ),
            ],
            options={
                "verbose_name": "tentative d'envoi",
                "ordering": ("envoi_id", "rang"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("envoi", "rang"),
                        name="tentative_rang_unique",
                        violation_error_message="Cette tentative est déjà notée.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrancheLot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rang", models.PositiveIntegerField(verbose_name="rang")),
                ("planche", models.BinaryField(verbose_name="pages à imprimer")),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tranches",
                        to="documents.lotdocuments",
                        verbose_name="lot",
                    ),
                ),
            ],
            options={
                "verbose_name": "tranche d'un lot",
                "ordering": ("lot_id", "rang"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("lot", "rang"),
                        name="tranche_une_seule_fois",
                        violation_error_message="Cette tranche du lot est déjà faite.",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="versionmodele",
            trigger=pgtrigger.compiler.Trigger(
                name="version_modele_figee",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a78f42eb10984a8df31b5859aee9652863972b57",
                    operation="UPDATE",
                    pgid="pgtrigger_version_modele_figee_5ccac",
                    table="documents_versionmodele",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            sql="alter table documents_contenudocument alter column octets set storage external",
            reverse_sql="",
        ),
        migrations.RunSQL(
            sql="alter table documents_tranchelot alter column planche set storage external",
            reverse_sql="",
        ),
    ]

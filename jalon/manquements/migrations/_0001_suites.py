"""Les tables des transmissions, des constats sur le service et des avis."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

OPERATIONS = [
    migrations.CreateModel(
        name="Transmission",
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
            ("caisse_regime", models.CharField(max_length=10, verbose_name="régime de la caisse")),
            ("caisse_numero", models.CharField(max_length=10, verbose_name="numéro de la caisse")),
            ("produite_le", models.DateField(verbose_name="produite le")),
            (
                "created_at",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
            ),
            (
                "fichier",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="fichier",
                ),
            ),
            (
                "lettre",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre",
                ),
            ),
            (
                "produite_par",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="produite par",
                ),
            ),
        ],
        options={
            "verbose_name": "transmission à l'organisme payeur",
            "ordering": ("-produite_le", "-id"),
        },
    ),
    migrations.CreateModel(
        name="LigneTransmission",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "objet",
                models.CharField(
                    choices=[
                        ("appliquer", "Sanction à appliquer"),
                        ("lever", "Sanction à lever"),
                        ("annuler", "Sanction à annuler"),
                    ],
                    max_length=10,
                    verbose_name="objet",
                ),
            ),
            ("matricule", models.CharField(blank=True, max_length=30, verbose_name="matricule")),
            ("numero_demande", models.CharField(blank=True, max_length=22, verbose_name="numéro de demande")),
            (
                "montant_prevu",
                models.DecimalField(
                    decimal_places=2, max_digits=9, null=True, verbose_name="retenue mensuelle prévue (€)"
                ),
            ),
            ("debut", models.DateField(verbose_name="à compter du")),
            ("fin", models.DateField(null=True, verbose_name="jusqu'au, exclu")),
            ("ecart_explique", models.CharField(blank=True, max_length=300, verbose_name="écart expliqué")),
            (
                "decision",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="transmissions",
                    to="manquements.decisionsanction",
                    verbose_name="décision",
                ),
            ),
            (
                "transmission",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="lignes",
                    to="manquements.transmission",
                    verbose_name="transmission",
                ),
            ),
        ],
        options={
            "verbose_name": "ligne de transmission",
            "ordering": ("transmission_id", "id"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("decision", "objet"),
                    name="transmission_une_fois_par_objet",
                    violation_error_message="Cette décision a déjà été transmise pour cet objet.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="ConstatService",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            (
                "code",
                models.CharField(
                    choices=[
                        ("sans_convocation", "La personne n'a pas été convoquée par écrit"),
                        ("convocation_tardive", "La convocation est partie trop tard"),
                        ("contrat_en_retard", "Le contrat n'a pas été proposé ou validé à temps par le service"),
                        ("sans_referent", "La personne n'avait pas de référent"),
                        ("sans_orientation", "La personne n'était pas orientée, ou pas notifiée"),
                        ("rendez_vous_annule", "Le service a annulé ou reporté"),
                        ("adresse_fausse", "Le courrier n'a pas pu arriver"),
                        ("declare", "Le service reconnaît un tort"),
                    ],
                    max_length=24,
                    verbose_name="tort",
                ),
            ),
            ("phrase", models.CharField(max_length=500, verbose_name="ce que dit le dossier")),
            ("efface", models.BooleanField(default=True, verbose_name="efface le reproche")),
            (
                "constate_le",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="constaté le"),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="constats",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
        ],
        options={
            "verbose_name": "constat sur le service",
            "ordering": ("manquement_id", "id"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("manquement", "code"),
                    name="constat_service_une_fois",
                    violation_error_message="Ce tort est déjà constaté.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="AvisManquement",
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
                "sens",
                models.CharField(
                    blank=True,
                    choices=[
                        ("favorable", "Favorable à une sanction"),
                        ("defavorable", "Défavorable à une sanction"),
                        ("partage", "Avis partagé"),
                    ],
                    max_length=12,
                    verbose_name="sens",
                ),
            ),
            (
                "vote",
                models.CharField(
                    choices=[
                        ("unanime", "Unanime"),
                        ("majoritaire", "À la majorité"),
                        ("partage", "Voix partagées"),
                        ("repute", "Réputé rendu, l'instance n'ayant pas répondu"),
                    ],
                    max_length=12,
                    verbose_name="vote",
                ),
            ),
            (
                "nature",
                models.CharField(
                    blank=True,
                    choices=[
                        ("suspension", "Réduction ou suspension"),
                        ("suppression", "Suppression"),
                        ("amende", "Amende administrative"),
                    ],
                    max_length=12,
                    verbose_name="sanction proposée",
                ),
            ),
            ("taux", models.PositiveSmallIntegerField(null=True, verbose_name="part proposée (%)")),
            ("duree", models.PositiveSmallIntegerField(null=True, verbose_name="durée proposée (mois)")),
            ("texte", models.TextField(blank=True, max_length=2000, verbose_name="avis")),
            ("rendu_le", models.DateField(verbose_name="rendu le")),
            ("seance", models.UUIDField(null=True, verbose_name="séance")),
            (
                "created_at",
                models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistré le"
                ),
            ),
            (
                "manquement",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="avis",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
        ],
        options={
            "verbose_name": "avis sur un manquement",
            "ordering": ("rendu_le", "id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("seance", None), ("sens", ""), ("vote", "repute")),
                        models.Q(
                            models.Q(("vote", "repute"), _negated=True),
                            ("seance__isnull", False),
                            models.Q(("sens", ""), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="avis_rendu_en_seance_ou_repute",
                    violation_error_message="Un avis vient d'une séance, ou est réputé rendu parce que le délai est passé.",
                )
            ],
        },
    ),
]

"""Les tables des régimes, des recours, des transmissions, des constats et des avis."""

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
        name="RecoursSanction",
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
            ("recu_le", models.DateField(verbose_name="reçu le")),
            ("arguments", models.TextField(max_length=5000, verbose_name="ce que dit la personne")),
            ("hors_delai", models.BooleanField(default=False, verbose_name="reçu après le délai")),
            ("echeance", models.DateField(verbose_name="répondre avant le")),
            (
                "issue",
                models.CharField(
                    blank=True,
                    choices=[
                        ("maintien", "Décision maintenue"),
                        ("reduction", "Sanction levée plus tôt"),
                        ("annulation", "Décision annulée"),
                        ("irrecevable", "Hors délai"),
                    ],
                    max_length=12,
                    verbose_name="issue",
                ),
            ),
            ("motivation", models.TextField(blank=True, max_length=2000, verbose_name="pourquoi")),
            ("decide_le", models.DateField(null=True, verbose_name="décidé le")),
            (
                "created_at",
                models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistré le"
                ),
            ),
            (
                "decide_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="décidé par",
                ),
            ),
            (
                "decision",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="recours",
                    to="manquements.decisionsanction",
                    verbose_name="décision contestée",
                ),
            ),
            (
                "lettre",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="réponse",
                ),
            ),
            (
                "saisi_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="enregistré par",
                ),
            ),
        ],
        options={
            "verbose_name": "recours contre une sanction",
            "ordering": ("-recu_le", "-id"),
        },
    ),
    migrations.CreateModel(
        name="Regime",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
            ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ("texte", models.CharField(max_length=300, verbose_name="texte de référence")),
            ("periode", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="en vigueur")),
            (
                "observations_mois",
                models.PositiveSmallIntegerField(verbose_name="délai d'observations, en mois, au moins"),
            ),
            ("avis_mois", models.PositiveSmallIntegerField(verbose_name="délai de l'avis, en mois")),
            ("avis_repute", models.BooleanField(verbose_name="passé ce délai, l'avis est réputé rendu")),
            (
                "repetition_mois",
                models.PositiveSmallIntegerField(null=True, verbose_name="mois où une décision compte encore"),
            ),
            (
                "retour_mois",
                models.PositiveSmallIntegerField(null=True, verbose_name="mois où un retour exige un contrat d'abord"),
            ),
            ("levee_de_droit", models.BooleanField(verbose_name="levée dès que la personne se met en règle")),
            ("article_entendre", models.CharField(max_length=60, verbose_name="article du droit d'être entendu")),
            ("article_recours", models.CharField(max_length=60, verbose_name="article du recours")),
        ],
        options={
            "verbose_name": "régime de sanction",
            "ordering": ("ordre", "id"),
            "abstract": False,
            "constraints": [
                django.contrib.postgres.constraints.ExclusionConstraint(
                    expressions=[("periode", "&&")],
                    name="regime_un_seul_par_jour",
                    violation_error_message="Deux régimes de sanction ne valent pas le même jour.",
                )
            ],
        },
    ),
    migrations.AddField(
        model_name="manquement",
        name="regime_faits",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="+",
            to="manquements.regime",
            verbose_name="régime au jour des faits",
        ),
    ),
    migrations.CreateModel(
        name="RegleSanction",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, verbose_name="code")),
            (
                "nature",
                models.CharField(
                    choices=[
                        ("suspension", "Réduction ou suspension"),
                        ("suppression", "Suppression"),
                        ("amende", "Amende administrative"),
                    ],
                    max_length=12,
                    verbose_name="nature",
                ),
            ),
            (
                "rang",
                models.CharField(
                    choices=[
                        ("premiere", "Première fois"),
                        ("suivante", "Après une décision précédente"),
                        ("tous", "La première fois comme les suivantes"),
                    ],
                    max_length=10,
                    verbose_name="rang",
                ),
            ),
            ("taux_min", models.PositiveSmallIntegerField(null=True, verbose_name="part retenue au moins (%)")),
            ("taux_max", models.PositiveSmallIntegerField(null=True, verbose_name="part retenue au plus (%)")),
            ("duree_min", models.PositiveSmallIntegerField(null=True, verbose_name="durée au moins (mois)")),
            ("duree_max", models.PositiveSmallIntegerField(null=True, verbose_name="durée au plus (mois)")),
            (
                "plafond_foyer",
                models.PositiveSmallIntegerField(null=True, verbose_name="part au plus pour un foyer de plusieurs (%)"),
            ),
            (
                "plafond_majore",
                models.BooleanField(default=False, verbose_name="ce plafond vaut aussi pour une allocation majorée"),
            ),
            ("avis_exige", models.BooleanField(verbose_name="l'avis de l'instance est exigé")),
            ("fraude", models.BooleanField(default=False, verbose_name="réservée à la fraude")),
            (
                "anciennete_faits_mois",
                models.PositiveSmallIntegerField(null=True, verbose_name="faits de moins de tant de mois"),
            ),
            ("article", models.CharField(max_length=300, verbose_name="article")),
            (
                "regime",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="regles",
                    to="manquements.regime",
                    verbose_name="régime",
                ),
            ),
        ],
        options={
            "verbose_name": "règle de sanction",
            "ordering": ("regime_id", "id"),
        },
    ),
    migrations.AddField(
        model_name="decisionsanction",
        name="regle",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="+",
            to="manquements.reglesanction",
            verbose_name="règle",
        ),
    ),
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

"""Les tables de ce qui s'écrit dans un contrat : objectifs, moyens, offres, champs."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

OPERATIONS = [
    migrations.CreateModel(
        name="Objectif",
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
            ("intitule", models.CharField(max_length=300, verbose_name="objectif")),
            ("par_la_personne", models.BooleanField(default=False, verbose_name="proposé par la personne")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("a_faire", "À commencer"),
                        ("en_cours", "En cours"),
                        ("atteint", "Atteint"),
                        ("abandonne", "Laissé de côté"),
                    ],
                    default="a_faire",
                    max_length=12,
                    verbose_name="état",
                ),
            ),
            ("echeance", models.DateField(null=True, verbose_name="pour le")),
            ("atteint_le", models.DateField(null=True, verbose_name="atteint le")),
            ("rang", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            (
                "cree_le",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
            ),
            ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="objectifs",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
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
                "repris_de",
                models.OneToOneField(
                    null=True,
                    on_delete=django.db.models.deletion.SET_NULL,
                    related_name="reprise",
                    to="contrats.objectif",
                    verbose_name="repris de",
                ),
            ),
            (
                "theme",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="contrats.themecontrat",
                    verbose_name="thème",
                ),
            ),
        ],
        options={
            "verbose_name": "objectif",
            "ordering": ("contrat_id", "rang", "id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat", "atteint"), _negated=True), ("atteint_le__isnull", False), _connector="OR"
                    ),
                    name="objectif_atteint_date",
                    violation_error_message="Un objectif atteint a une date.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="Etape",
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
            ("intitule", models.CharField(max_length=300, verbose_name="étape")),
            (
                "qui",
                models.CharField(
                    choices=[
                        ("personne", "La personne"),
                        ("referent", "Le référent"),
                        ("organisme", "Un organisme"),
                        ("ensemble", "Ensemble"),
                    ],
                    default="personne",
                    max_length=12,
                    verbose_name="qui",
                ),
            ),
            ("precision", models.CharField(blank=True, max_length=120, verbose_name="qui précisément")),
            ("echeance", models.DateField(null=True, verbose_name="pour le")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("a_faire", "À commencer"),
                        ("en_cours", "En cours"),
                        ("atteint", "Atteint"),
                        ("abandonne", "Laissé de côté"),
                    ],
                    default="a_faire",
                    max_length=12,
                    verbose_name="état",
                ),
            ),
            ("faite_le", models.DateField(null=True, verbose_name="faite le")),
            ("rang", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifiée le")),
            (
                "objectif",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="etapes",
                    to="contrats.objectif",
                    verbose_name="objectif",
                ),
            ),
        ],
        options={
            "verbose_name": "étape",
            "ordering": ("objectif_id", "rang", "id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat", "atteint"), _negated=True), ("faite_le__isnull", False), _connector="OR"
                    ),
                    name="etape_faite_date",
                    violation_error_message="Une étape faite a une date.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="Moyen",
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
            ("intitule", models.CharField(max_length=300, verbose_name="moyen")),
            (
                "qui",
                models.CharField(
                    choices=[
                        ("personne", "La personne"),
                        ("referent", "Le référent"),
                        ("organisme", "Un organisme"),
                        ("ensemble", "Ensemble"),
                    ],
                    default="referent",
                    max_length=12,
                    verbose_name="qui l'apporte",
                ),
            ),
            ("precision", models.CharField(blank=True, max_length=120, verbose_name="qui précisément")),
            ("echeance", models.DateField(null=True, verbose_name="pour le")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("a_faire", "À commencer"),
                        ("en_cours", "En cours"),
                        ("atteint", "Atteint"),
                        ("abandonne", "Laissé de côté"),
                    ],
                    default="a_faire",
                    max_length=12,
                    verbose_name="état",
                ),
            ),
            ("rang", models.PositiveSmallIntegerField(default=0, verbose_name="rang")),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            (
                "etape",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="moyens",
                    to="contrats.etape",
                    verbose_name="étape",
                ),
            ),
        ],
        options={
            "verbose_name": "moyen",
            "ordering": ("etape_id", "rang", "id"),
        },
    ),
    migrations.CreateModel(
        name="OffreEmploi",
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
            ("proposee_le", models.DateField(verbose_name="proposée le")),
            ("poste", models.CharField(max_length=200, verbose_name="poste")),
            ("employeur", models.CharField(blank=True, max_length=200, verbose_name="employeur")),
            ("lieu", models.CharField(blank=True, max_length=120, verbose_name="lieu")),
            ("reponse_le", models.DateField(null=True, verbose_name="réponse le")),
            ("acceptee", models.BooleanField(null=True, verbose_name="acceptée")),
            (
                "motif_refus",
                models.CharField(
                    blank=True, max_length=300, verbose_name="motif du refus, avec les mots de la personne"
                ),
            ),
            ("legitime", models.BooleanField(default=False, verbose_name="refus légitime : ne compte pas")),
            (
                "notee_le",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="notée le"),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="offres",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
            (
                "notee_par",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="notée par",
                ),
            ),
            (
                "personne",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="offres_emploi",
                    to="personnes.personne",
                    verbose_name="personne",
                ),
            ),
        ],
        options={
            "verbose_name": "offre d'emploi",
            "ordering": ("-proposee_le", "-id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("acceptee", False), _negated=True),
                        models.Q(("motif_refus", ""), _negated=True),
                        _connector="OR",
                    ),
                    name="offre_refus_motive",
                    violation_error_message="Un refus se note avec ce qu'en dit la personne.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("acceptee", None), ("reponse_le", None)),
                        models.Q(("acceptee__isnull", False), ("reponse_le__isnull", False)),
                        _connector="OR",
                    ),
                    name="offre_reponse_datee",
                    violation_error_message="Une réponse a une date.",
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="PassageContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("acte", models.CharField(max_length=24, verbose_name="acte")),
            (
                "de",
                models.CharField(
                    choices=[
                        ("brouillon", "En écriture"),
                        ("a_signer", "À signer"),
                        ("signe_personne", "Signé par la personne"),
                        ("signe", "Signé"),
                        ("recu", "Reçu"),
                        ("en_lecture", "En lecture commune"),
                        ("renvoye", "Renvoyé au référent"),
                        ("en_vigueur", "En vigueur"),
                        ("bilan", "Bilan fait"),
                        ("renouvele", "Renouvelé"),
                        ("termine", "Terminé"),
                        ("rompu", "Rompu"),
                        ("abandonne", "Abandonné"),
                    ],
                    max_length=16,
                    verbose_name="de",
                ),
            ),
            (
                "vers",
                models.CharField(
                    choices=[
                        ("brouillon", "En écriture"),
                        ("a_signer", "À signer"),
                        ("signe_personne", "Signé par la personne"),
                        ("signe", "Signé"),
                        ("recu", "Reçu"),
                        ("en_lecture", "En lecture commune"),
                        ("renvoye", "Renvoyé au référent"),
                        ("en_vigueur", "En vigueur"),
                        ("bilan", "Bilan fait"),
                        ("renouvele", "Renouvelé"),
                        ("termine", "Terminé"),
                        ("rompu", "Rompu"),
                        ("abandonne", "Abandonné"),
                    ],
                    max_length=16,
                    verbose_name="vers",
                ),
            ),
            ("le", models.DateField(verbose_name="date du fait")),
            ("motif", models.CharField(blank=True, max_length=300, verbose_name="motif")),
            (
                "note_le",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="noté le"),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="passages",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
            (
                "par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="par",
                ),
            ),
        ],
        options={
            "verbose_name": "passage d'un contrat",
            "ordering": ("contrat_id", "id"),
        },
    ),
    migrations.CreateModel(
        name="ChampContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, verbose_name="code")),
            ("libelle", models.CharField(max_length=200, verbose_name="question")),
            ("aide", models.CharField(blank=True, max_length=300, verbose_name="aide")),
            (
                "type",
                models.CharField(
                    choices=[
                        ("texte_court", "Une ligne"),
                        ("texte", "Texte"),
                        ("nombre", "Nombre"),
                        ("montant", "Montant en euros"),
                        ("date", "Date"),
                        ("choix", "Un choix"),
                        ("choix_multiple", "Plusieurs choix"),
                        ("oui_non", "Oui ou non"),
                    ],
                    max_length=16,
                    verbose_name="forme",
                ),
            ),
            ("obligatoire", models.BooleanField(default=False, verbose_name="obligatoire")),
            ("par_la_personne", models.BooleanField(default=False, verbose_name="la personne peut l'écrire")),
            (
                "questions",
                django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=40),
                    default=list,
                    size=None,
                    verbose_name="questions préparatoires",
                ),
            ),
            ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
            (
                "section",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="champs",
                    to="contrats.sectioncontrat",
                    verbose_name="section",
                ),
            ),
        ],
        options={
            "verbose_name": "rubrique d'un contrat",
            "ordering": ("section_id", "rang"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("section", "code"),
                    name="champ_contrat_unique",
                    violation_error_message="Cette rubrique existe déjà.",
                )
            ],
        },
    ),
]

"""Les tables des champs, des types, des signatures, des versions et des bilans du contrat."""

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
        },
    ),
    migrations.CreateModel(
        name="SignatureContrat",
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
                "signataire",
                models.CharField(
                    choices=[("personne", "La personne"), ("referent", "Le référent")],
                    max_length=12,
                    verbose_name="signataire",
                ),
            ),
            (
                "mode",
                models.CharField(
                    choices=[
                        ("ecran", "À l'écran"),
                        ("papier", "Sur papier, numérisé"),
                        ("distance", "À distance, par son lien et un code"),
                    ],
                    max_length=12,
                    verbose_name="mode",
                ),
            ),
            ("nom", models.CharField(max_length=200, verbose_name="nom écrit par le signataire")),
            ("signee_le", models.DateField(verbose_name="signée le")),
            ("empreinte", models.CharField(max_length=64, verbose_name="empreinte du texte signé")),
            ("trace", models.TextField(blank=True, max_length=40000, verbose_name="tracé")),
            ("sans_effet_le", models.DateField(null=True, verbose_name="sans effet depuis le")),
            (
                "notee_le",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="notée le"),
            ),
            (
                "agent",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="agent",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="signatures",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
            (
                "document",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="texte signé",
                ),
            ),
            (
                "papier",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="papier numérisé",
                ),
            ),
        ],
        options={
            "verbose_name": "signature",
            "ordering": ("contrat_id", "id"),
        },
    ),
    migrations.CreateModel(
        name="TransitionContrat",
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
            ("droit", models.CharField(max_length=40, verbose_name="droit demandé")),
            ("libelle", models.CharField(max_length=120, verbose_name="bouton")),
            ("motif_exige", models.BooleanField(default=False, verbose_name="un motif est exigé")),
            ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
            (
                "circuit",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="transitions",
                    to="contrats.circuitcontrat",
                    verbose_name="circuit",
                ),
            ),
        ],
        options={
            "verbose_name": "transition d'un circuit",
            "ordering": ("circuit_id", "ordre", "id"),
        },
    ),
    migrations.CreateModel(
        name="TypeContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            (
                "famille",
                models.CharField(
                    choices=[
                        ("solidarite", "Sphère sociale"),
                        ("professionnel", "Sphère professionnelle"),
                        ("insertion", "Insertion, toutes sphères"),
                        ("objectifs", "Hors allocation"),
                        ("projet", "Projet du service public de l'emploi"),
                        ("engagement", "Engagement"),
                    ],
                    max_length=16,
                    verbose_name="famille",
                ),
            ),
            ("mot", models.CharField(max_length=60, verbose_name="mot du département")),
            ("description", models.CharField(max_length=300, verbose_name="description")),
            ("duree_minimum", models.PositiveSmallIntegerField(verbose_name="durée minimale (mois)")),
            ("duree_maximum", models.PositiveSmallIntegerField(verbose_name="durée maximale (mois)")),
            ("duree_habituelle", models.PositiveSmallIntegerField(verbose_name="durée habituelle (mois)")),
            ("renouvellements", models.PositiveSmallIntegerField(null=True, verbose_name="renouvellements permis")),
            ("tacite", models.BooleanField(default=False, verbose_name="se renouvelle sans acte à son terme")),
            (
                "bilan_intermediaire",
                models.PositiveSmallIntegerField(null=True, verbose_name="mois avant le bilan d'étape"),
            ),
            (
                "offres_raisonnables",
                models.BooleanField(default=False, verbose_name="les offres raisonnables refusées se comptent"),
            ),
            ("reference_seule", models.BooleanField(default=False, verbose_name="écrit ailleurs")),
            (
                "hors_allocation",
                models.BooleanField(default=False, verbose_name="pour qui ne reçoit pas l'allocation"),
            ),
            ("delai_validation", models.CharField(max_length=80, verbose_name="paramètre du délai de validation")),
            ("depuis", models.DateField(verbose_name="proposé depuis le")),
            ("jusqu_au", models.DateField(null=True, verbose_name="proposé jusqu'au")),
            ("source", models.CharField(max_length=300, verbose_name="source")),
            ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
            ("actif", models.BooleanField(default=True, verbose_name="actif")),
            (
                "circuit",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="types",
                    to="contrats.circuitcontrat",
                    verbose_name="circuit",
                ),
            ),
        ],
        options={
            "verbose_name": "type de contrat",
            "ordering": ("ordre", "id"),
        },
    ),
    migrations.AddField(
        model_name="contrat",
        name="type",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="contrats",
            to="contrats.typecontrat",
            verbose_name="type",
        ),
    ),
    migrations.CreateModel(
        name="ValeurChamp",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("texte", models.TextField(blank=True, max_length=5000, verbose_name="texte")),
            ("nombre", models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name="nombre")),
            ("date", models.DateField(null=True, verbose_name="date")),
            ("oui", models.BooleanField(null=True, verbose_name="oui")),
            (
                "choix",
                django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=40), default=list, size=None, verbose_name="choix"
                ),
            ),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            ("par_la_personne", models.BooleanField(default=False, verbose_name="écrit par la personne")),
            ("ecrit_le", models.DateTimeField(auto_now=True, verbose_name="écrit le")),
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
                    related_name="valeurs",
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
            "verbose_name": "valeur d'une rubrique",
            "ordering": ("contrat_id", "champ_id"),
        },
    ),
    migrations.CreateModel(
        name="VersionContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("numero", models.PositiveSmallIntegerField(verbose_name="version")),
            ("depuis", models.DateField(verbose_name="en vigueur à partir du")),
            (
                "type",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="versions",
                    to="contrats.typecontrat",
                    verbose_name="type",
                ),
            ),
        ],
        options={
            "verbose_name": "version d'un type de contrat",
            "ordering": ("type_id", "-numero"),
        },
    ),
    migrations.AddField(
        model_name="sectioncontrat",
        name="version",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.CASCADE,
            related_name="sections",
            to="contrats.versioncontrat",
            verbose_name="version",
        ),
    ),
    migrations.AddField(
        model_name="contrat",
        name="version",
        field=models.ForeignKey(
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="contrats",
            to="contrats.versioncontrat",
            verbose_name="rédaction",
        ),
    ),
    migrations.CreateModel(
        name="ChoixChamp",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
            (
                "champ",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="choix",
                    to="contrats.champcontrat",
                    verbose_name="rubrique",
                ),
            ),
        ],
        options={
            "verbose_name": "choix d'une rubrique",
            "ordering": ("champ_id", "rang"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("champ", "code"),
                    name="choix_champ_unique",
                    violation_error_message="Ce choix existe déjà.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="BilanContrat",
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
                "nature",
                models.CharField(
                    choices=[("intermediaire", "Bilan d'étape"), ("final", "Bilan final")],
                    max_length=16,
                    verbose_name="nature",
                ),
            ),
            ("date", models.DateField(verbose_name="fait le")),
            ("avance", models.TextField(blank=True, max_length=5000, verbose_name="ce qui a avancé")),
            ("reste", models.TextField(blank=True, max_length=5000, verbose_name="ce qui reste difficile")),
            (
                "dit_par_la_personne",
                models.TextField(blank=True, max_length=5000, verbose_name="ce qu'en dit la personne"),
            ),
            (
                "suite",
                models.CharField(
                    blank=True,
                    choices=[
                        ("poursuivre", "Poursuivre le contrat"),
                        ("renouveler", "Renouveler"),
                        ("terminer", "Terminer"),
                        ("reorienter", "Demander une réorientation"),
                    ],
                    max_length=12,
                    verbose_name="suite",
                ),
            ),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            ("clos_le", models.DateTimeField(null=True, verbose_name="clos le")),
            ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
            (
                "auteur",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="auteur",
                ),
            ),
            (
                "document",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="PDF",
                ),
            ),
            (
                "grille_apres",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="diagnostics.passation",
                    verbose_name="grille du jour",
                ),
            ),
            (
                "grille_avant",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="diagnostics.passation",
                    verbose_name="grille d'avant",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="bilans",
                    to="contrats.contrat",
                    verbose_name="contrat",
                ),
            ),
        ],
        options={
            "verbose_name": "bilan de contrat",
            "ordering": ("contrat_id", "date", "id"),
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("clos_le", None)),
                    fields=("contrat",),
                    name="bilan_un_seul_ouvert",
                    violation_error_message="Un bilan est déjà en cours d'écriture pour ce contrat : reprenez-le.",
                ),
                models.UniqueConstraint(
                    condition=models.Q(("nature", "final")),
                    fields=("contrat",),
                    name="bilan_final_unique",
                    violation_error_message="Ce contrat a déjà son bilan final.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("clos_le", None), models.Q(("suite", ""), _negated=True), _connector="OR"),
                    name="bilan_clos_avec_sa_suite",
                    violation_error_message="Un bilan clos dit la suite.",
                ),
            ],
        },
    ),
]

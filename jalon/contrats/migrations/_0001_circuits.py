"""Les tables des circuits et des types de contrat, et le contrat lui-même."""

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
        name="CircuitContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
        ],
        options={
            "verbose_name": "circuit de contrat",
            "ordering": ("id",),
        },
    ),
    migrations.CreateModel(
        name="ThemeContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            (
                "freins",
                django.contrib.postgres.fields.ArrayField(
                    base_field=models.CharField(max_length=60),
                    default=list,
                    size=None,
                    verbose_name="freins de la grille",
                ),
            ),
            ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
            ("actif", models.BooleanField(default=True, verbose_name="actif")),
        ],
        options={
            "verbose_name": "thème de contrat",
            "ordering": ("ordre", "id"),
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
            "constraints": [
                models.UniqueConstraint(
                    fields=("circuit", "acte", "de"),
                    name="transition_contrat_unique",
                    violation_error_message="Cet acte part déjà de cet état dans ce circuit.",
                )
            ],
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
            "constraints": [
                models.UniqueConstraint(
                    fields=("type", "numero"),
                    name="version_contrat_numero_unique",
                    violation_error_message="Cette version existe déjà.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="SectionContrat",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, verbose_name="code")),
            ("titre", models.CharField(max_length=120, verbose_name="titre")),
            ("aide", models.CharField(blank=True, max_length=300, verbose_name="aide")),
            ("rang", models.PositiveSmallIntegerField(verbose_name="rang")),
            (
                "version",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="sections",
                    to="contrats.versioncontrat",
                    verbose_name="version",
                ),
            ),
        ],
        options={
            "verbose_name": "section d'un contrat",
            "ordering": ("version_id", "rang"),
            "constraints": [
                models.UniqueConstraint(
                    fields=("version", "code"),
                    name="section_contrat_unique",
                    violation_error_message="Cette section existe déjà.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="Contrat",
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
            ("reference_seule", models.BooleanField(default=False, verbose_name="écrit ailleurs")),
            ("referent_externe", models.CharField(blank=True, max_length=120, verbose_name="référent extérieur")),
            ("tacite", models.BooleanField(default=False, verbose_name="renouvelé sans acte")),
            (
                "etat",
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
                    default="brouillon",
                    max_length=16,
                    verbose_name="état",
                ),
            ),
            ("complexe", models.BooleanField(default=False, verbose_name="complexe : à lire en commun (R50)")),
            ("debut", models.DateField(null=True, verbose_name="commence le")),
            ("duree", models.PositiveSmallIntegerField(null=True, verbose_name="durée en mois")),
            ("periode", django.contrib.postgres.fields.ranges.DateRangeField(null=True, verbose_name="période")),
            ("reference_externe", models.CharField(blank=True, max_length=80, verbose_name="référence extérieure")),
            ("ouvert_le", models.DateField(verbose_name="ouvert le")),
            ("propose_le", models.DateField(null=True, verbose_name="proposé à la signature le")),
            ("signe_le", models.DateField(null=True, verbose_name="signé par les deux le")),
            ("recu_le", models.DateField(null=True, verbose_name="reçu le")),
            ("valide_le", models.DateField(null=True, verbose_name="validé le")),
            ("clos_le", models.DateField(null=True, verbose_name="clos le")),
            ("motif_fin", models.CharField(blank=True, max_length=300, verbose_name="motif de fin")),
            ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
            (
                "decision",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="contrats",
                    to="orientations.decisionorientation",
                    verbose_name="orientation",
                ),
            ),
            (
                "document",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="texte exact soumis aux signatures",
                ),
            ),
            (
                "organisme",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="organismes.organisme",
                    verbose_name="organisme",
                ),
            ),
            (
                "ouvert_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="ouvert par",
                ),
            ),
            (
                "personne",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="contrats",
                    to="personnes.personne",
                    verbose_name="personne",
                ),
            ),
            (
                "precedent",
                models.OneToOneField(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="suivant",
                    to="contrats.contrat",
                    verbose_name="renouvelle le contrat",
                ),
            ),
            (
                "referent",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="contrats",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="référent",
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
                "valide_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="validé par",
                ),
            ),
            (
                "type",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="contrats",
                    to="contrats.typecontrat",
                    verbose_name="type",
                ),
            ),
            (
                "version",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="contrats",
                    to="contrats.versioncontrat",
                    verbose_name="rédaction",
                ),
            ),
        ],
        options={
            "verbose_name": "contrat",
            "ordering": ("-ouvert_le", "-id"),
            "indexes": [
                models.Index(fields=["personne", "-ouvert_le"], name="contrat_personne"),
                models.Index(fields=["referent", "etat"], name="contrat_referent"),
                models.Index(fields=["etat", "signe_le"], name="contrat_etat_signe"),
                models.Index(fields=["territoire", "etat"], name="contrat_territoire"),
            ],
            "constraints": [
                django.contrib.postgres.constraints.ExclusionConstraint(
                    condition=models.Q(("reference_seule", False)),
                    expressions=[("personne", "="), ("periode", "&&")],
                    name="contrat_un_seul_a_une_date",
                    violation_error_message="Cette personne a déjà un contrat à ces dates : terminez-le ou renouvelez-le.",
                ),
                models.UniqueConstraint(
                    condition=models.Q(
                        (
                            "etat__in",
                            ["brouillon", "a_signer", "signe_personne", "signe", "recu", "en_lecture", "renvoye"],
                        ),
                        ("reference_seule", False),
                    ),
                    fields=("personne",),
                    name="contrat_un_seul_en_preparation",
                    violation_error_message="Un contrat est déjà en préparation pour cette personne : reprenez-le.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(
                            ("etat__in", ["en_vigueur", "bilan", "renouvele", "termine", "rompu"]),
                            ("periode__isnull", False),
                        ),
                        models.Q(
                            models.Q(
                                ("etat__in", ["en_vigueur", "bilan", "renouvele", "termine", "rompu"]),
                                _negated=True,
                            ),
                            ("periode__isnull", True),
                        ),
                        _connector="OR",
                    ),
                    name="contrat_periode_des_la_vigueur",
                    violation_error_message="Un contrat a une période dès qu'il est en vigueur, et pas avant.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat__in", ["rompu", "abandonne"]), _negated=True),
                        models.Q(("motif_fin", ""), _negated=True),
                        _connector="OR",
                    ),
                    name="contrat_rupture_motivee",
                    violation_error_message="Un contrat rompu ou abandonné dit pourquoi.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat__in", ["signe", "recu", "en_lecture"]), _negated=True),
                        models.Q(("document__isnull", False), ("signe_le__isnull", False)),
                        _connector="OR",
                    ),
                    name="contrat_signe_date",
                    violation_error_message="Un contrat signé a sa date et son texte exact.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat__in", ["en_vigueur", "bilan"]), _negated=True),
                        ("reference_seule", True),
                        models.Q(("signe_le__isnull", False), ("valide_le__isnull", False)),
                        _connector="OR",
                    ),
                    name="contrat_valide_date",
                    violation_error_message="Un contrat en vigueur a été signé et validé.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat__in", ["renouvele", "termine", "rompu", "abandonne"]), _negated=True),
                        ("clos_le__isnull", False),
                        _connector="OR",
                    ),
                    name="contrat_clos_date",
                    violation_error_message="Un contrat clos a une date de fin.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("reference_seule", True), ("version__isnull", False), _connector="OR"),
                    name="contrat_redige_ou_cite",
                    violation_error_message="Un contrat écrit dans Jalon a sa rédaction.",
                ),
            ],
        },
    ),
]

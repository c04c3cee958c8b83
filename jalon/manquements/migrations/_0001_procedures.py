"""Les tables de la procédure : motifs, régimes, manquements, faits, observations, pièces."""

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
        name="MotifManquement",
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
            ("libelle", models.CharField(max_length=120, verbose_name="libellé")),
            ("ordre", models.PositiveSmallIntegerField(default=0, verbose_name="ordre")),
            ("actif", models.BooleanField(default=True, verbose_name="actif")),
            ("phrase", models.CharField(max_length=300, verbose_name="phrase de la lettre")),
            (
                "preuve",
                models.CharField(
                    choices=[
                        ("rendez_vous", "Un rendez-vous ou une réunion manqués"),
                        ("contrat", "Un contrat en vigueur"),
                        ("sans_contrat", "L'absence de contrat"),
                        ("libre", "Un fait daté et décrit"),
                    ],
                    max_length=12,
                    verbose_name="preuve attendue",
                ),
            ),
            ("heures", models.BooleanField(default=False, verbose_name="porte sur des heures d'activité")),
            ("fraude", models.BooleanField(default=False, verbose_name="fraude")),
            ("articles", models.JSONField(default=dict, verbose_name="articles, par code de régime")),
        ],
        options={
            "verbose_name": "motif de manquement",
            "ordering": ("ordre", "id"),
            "abstract": False,
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
    migrations.CreateModel(
        name="Manquement",
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
            ("expose", models.TextField(blank=True, max_length=3000, verbose_name="ce qui s'est passé")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("prepare", "En préparation"),
                        ("saisi", "À instruire"),
                        ("averti", "Personne avertie"),
                        ("avis_rendu", "Avis rendu"),
                        ("sanctionne", "Sanction décidée"),
                        ("classe", "Classé sans sanction"),
                    ],
                    default="prepare",
                    max_length=12,
                    verbose_name="état",
                ),
            ),
            ("prepare_le", models.DateField(verbose_name="préparé le")),
            ("saisi_le", models.DateField(null=True, verbose_name="saisine du")),
            ("service_en_cause", models.BooleanField(default=False, verbose_name="le service est en cause")),
            (
                "reponse_service",
                models.CharField(blank=True, max_length=500, verbose_name="ce que le service répond"),
            ),
            ("averti_le", models.DateField(null=True, verbose_name="avertissement envoyé le")),
            ("averti_recu_le", models.DateField(null=True, verbose_name="avertissement reçu le, date certaine")),
            (
                "preuve_reception",
                models.CharField(blank=True, max_length=200, verbose_name="preuve de la réception"),
            ),
            ("observations_jusqu_au", models.DateField(null=True, verbose_name="observations jusqu'au, compris")),
            ("reponse_le", models.DateField(null=True, verbose_name="la personne a répondu le")),
            ("demande_audition", models.BooleanField(default=False, verbose_name="demande à être entendue")),
            ("entendue_le", models.DateField(null=True, verbose_name="entendue le")),
            ("assistee_par", models.CharField(blank=True, max_length=160, verbose_name="assistée par")),
            ("motif_legitime", models.BooleanField(default=False, verbose_name="motif légitime reconnu")),
            ("clos_le", models.DateField(null=True, verbose_name="clos le")),
            (
                "motif_classement",
                models.CharField(
                    blank=True,
                    choices=[
                        ("service", "Le service est en cause"),
                        ("motif_legitime", "Motif légitime"),
                        ("en_regle", "La personne s'est mise en règle"),
                        ("avis", "Avis défavorable de l'instance"),
                        ("non_soumise", "La personne n'est pas soumise aux droits et devoirs"),
                        ("suite", "Une autre suite est donnée (nouvelle orientation, contrat revu)"),
                        ("erreur", "Saisine faite par erreur"),
                    ],
                    max_length=16,
                    verbose_name="pourquoi classer",
                ),
            ),
            ("precision_classement", models.CharField(blank=True, max_length=500, verbose_name="précision")),
            ("numero", models.PositiveIntegerField(default=1, verbose_name="numéro d'écriture")),
            (
                "created_at",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créé le"),
            ),
            (
                "avertissement",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre d'avertissement",
                ),
            ),
            (
                "classement",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre de classement",
                ),
            ),
            (
                "contact",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.contactindividuel",
                    verbose_name="contact préalable",
                ),
            ),
            (
                "contrat",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="contrats.contrat",
                    verbose_name="contrat en cause",
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
                "personne",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="manquements",
                    to="personnes.personne",
                    verbose_name="personne",
                ),
            ),
            (
                "prepare_par",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="préparé par",
                ),
            ),
            (
                "saisi_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="saisine par",
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
                "motif",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="manquements.motifmanquement",
                    verbose_name="motif",
                ),
            ),
            (
                "regime_faits",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="manquements.regime",
                    verbose_name="régime au jour des faits",
                ),
            ),
        ],
        options={
            "verbose_name": "manquement",
            "ordering": ("-prepare_le", "-id"),
            "indexes": [
                models.Index(fields=["etat", "observations_jusqu_au"], name="manquement_etat"),
                models.Index(fields=["personne", "-prepare_le"], name="manquement_personne"),
            ],
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("etat__in", ["prepare", "saisi", "averti", "avis_rendu"])),
                    fields=("personne",),
                    name="manquement_un_seul_ouvert",
                    violation_error_message="Une procédure est déjà ouverte pour cette personne : complétez-la.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("etat__in", ["prepare", "classe"]), ("contact__isnull", False), _connector="OR"
                    ),
                    name="manquement_contact_avant_saisine",
                    violation_error_message="La personne doit avoir été contactée avant toute saisine : notez ce contact d'abord (R18).",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("etat__in", ["prepare", "classe"]),
                        models.Q(("saisi_le__isnull", False), ("saisi_par__isnull", False)),
                        _connector="OR",
                    ),
                    name="manquement_saisine_datee",
                    violation_error_message="Une saisine dit qui l'a faite et quand.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat__in", ["averti", "avis_rendu", "sanctionne"]), _negated=True),
                        models.Q(("averti_le__isnull", False), ("avertissement__isnull", False)),
                        _connector="OR",
                    ),
                    name="manquement_averti_par_ecrit",
                    violation_error_message="La personne est d'abord avertie par une lettre datée.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("observations_jusqu_au", None), ("averti_recu_le__isnull", False), _connector="OR"
                    ),
                    name="manquement_delai_depuis_la_reception",
                    violation_error_message="Le délai d'observations court de la réception de la lettre.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat", "classe"), _negated=True),
                        models.Q(("clos_le__isnull", False), models.Q(("motif_classement", ""), _negated=True)),
                        _connector="OR",
                    ),
                    name="manquement_classe_motive",
                    violation_error_message="Une procédure classée dit pourquoi.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("averti_recu_le", None), models.Q(("preuve_reception", ""), _negated=True), _connector="OR"
                    ),
                    name="manquement_reception_prouvee",
                    violation_error_message="La date de réception se prouve : accusé de réception, remise en main propre…",
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="FaitManquement",
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
            ("date", models.DateField(verbose_name="date")),
            ("description", models.CharField(max_length=500, verbose_name="ce qui s'est passé")),
            (
                "invitation",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.invitation",
                    verbose_name="réunion manquée",
                ),
            ),
            (
                "rendez_vous",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.rendezvous",
                    verbose_name="rendez-vous manqué",
                ),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="faits",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
        ],
        options={
            "verbose_name": "fait reproché",
            "ordering": ("date", "id"),
        },
    ),
    migrations.CreateModel(
        name="Observation",
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
                    choices=[
                        ("papier", "Par courrier"),
                        ("en_ligne", "En ligne"),
                        ("oral", "À l'oral, notées et relues"),
                    ],
                    max_length=10,
                    verbose_name="comment",
                ),
            ),
            ("recue_le", models.DateField(verbose_name="reçue le")),
            ("texte", models.TextField(max_length=5000, verbose_name="ce que la personne dit")),
            ("relue", models.BooleanField(default=False, verbose_name="relue avec la personne")),
            ("demande_audition", models.BooleanField(default=False, verbose_name="demande à être entendue")),
            ("assistee_par", models.CharField(blank=True, max_length=160, verbose_name="avec qui")),
            (
                "created_at",
                models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistrée le"
                ),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="observations",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
            (
                "motif",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="rendezvous.motifabsence",
                    verbose_name="motif donné",
                ),
            ),
            (
                "saisie_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="saisie par",
                ),
            ),
        ],
        options={
            "verbose_name": "observation de la personne",
            "ordering": ("recue_le", "id"),
            "constraints": [
                models.CheckConstraint(
                    condition=models.Q(models.Q(("canal", "oral"), _negated=True), ("relue", True), _connector="OR"),
                    name="observation_orale_relue",
                    violation_error_message="Une réponse orale est relue avec la personne avant d'être gardée.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("canal", "en_ligne"), ("saisie_par", None)),
                        models.Q(models.Q(("canal", "en_ligne"), _negated=True), ("saisie_par__isnull", False)),
                        _connector="OR",
                    ),
                    name="observation_saisie_par_un_agent",
                    violation_error_message="Une réponse en ligne vient de la personne, les autres sont saisies par un agent.",
                ),
            ],
        },
    ),
    migrations.CreateModel(
        name="PieceManquement",
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
            ("libelle", models.CharField(max_length=160, verbose_name="libellé")),
            (
                "created_at",
                models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="jointe le"),
            ),
            (
                "document",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="document",
                ),
            ),
            (
                "manquement",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="pieces",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
            (
                "observation",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="pieces",
                    to="manquements.observation",
                    verbose_name="observation",
                ),
            ),
        ],
        options={
            "verbose_name": "pièce d'une procédure",
            "ordering": ("manquement_id", "id"),
        },
    ),
]

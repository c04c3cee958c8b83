"""Les tables de la grille, des décisions et des recours."""

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
            "constraints": [
                models.UniqueConstraint(
                    fields=("regime", "code"),
                    name="regle_sanction_unique",
                    violation_error_message="Cette règle existe déjà dans ce régime.",
                )
            ],
        },
    ),
    migrations.CreateModel(
        name="DecisionSanction",
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
                    choices=[
                        ("suspension", "Réduction ou suspension"),
                        ("suppression", "Suppression"),
                        ("amende", "Amende administrative"),
                    ],
                    max_length=12,
                    verbose_name="nature",
                ),
            ),
            ("taux", models.PositiveSmallIntegerField(null=True, verbose_name="part retenue (%)")),
            ("duree", models.PositiveSmallIntegerField(null=True, verbose_name="durée (mois)")),
            (
                "montant",
                models.DecimalField(decimal_places=2, max_digits=8, null=True, verbose_name="montant de l'amende (€)"),
            ),
            ("debut", models.DateField(null=True, verbose_name="à compter du")),
            ("periode", django.contrib.postgres.fields.ranges.DateRangeField(null=True, verbose_name="période")),
            ("motivation", models.TextField(max_length=2000, verbose_name="pourquoi cette décision")),
            (
                "motif_ecart",
                models.CharField(blank=True, max_length=500, verbose_name="pourquoi s'écarter de l'avis"),
            ),
            ("decidee_le", models.DateField(verbose_name="décidée le")),
            (
                "etat",
                models.CharField(
                    choices=[
                        ("decidee", "Décidée, à notifier"),
                        ("notifiee", "Notifiée"),
                        ("levee", "Levée"),
                        ("annulee", "Annulée"),
                    ],
                    default="decidee",
                    max_length=10,
                    verbose_name="état",
                ),
            ),
            ("notifiee_le", models.DateField(null=True, verbose_name="notifiée le")),
            ("recue_le", models.DateField(null=True, verbose_name="reçue le")),
            ("levee_le", models.DateField(null=True, verbose_name="levée ou annulée le")),
            (
                "motif_levee",
                models.CharField(
                    blank=True,
                    choices=[
                        ("en_regle", "La personne s'est mise en règle"),
                        ("erreur", "Le motif s'est révélé faux"),
                        ("recours", "Recours accueilli"),
                        ("situation", "La situation de la personne a changé"),
                    ],
                    max_length=12,
                    verbose_name="pourquoi",
                ),
            ),
            ("precision_levee", models.CharField(blank=True, max_length=500, verbose_name="précision")),
            (
                "regime_periode",
                django.contrib.postgres.fields.ranges.DateRangeField(editable=False, verbose_name="régime en vigueur"),
            ),
            (
                "rang",
                models.CharField(
                    choices=[
                        ("premiere", "Première fois"),
                        ("suivante", "Après une décision précédente"),
                        ("tous", "La première fois comme les suivantes"),
                    ],
                    editable=False,
                    max_length=10,
                    verbose_name="rang de la règle",
                ),
            ),
            ("taux_min", models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="part au moins")),
            ("taux_max", models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="part au plus")),
            (
                "duree_min",
                models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="durée au moins"),
            ),
            (
                "duree_max",
                models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="durée au plus"),
            ),
            (
                "plafond_foyer",
                models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="plafond du foyer"),
            ),
            (
                "plafond_majore",
                models.BooleanField(default=False, editable=False, verbose_name="plafond aussi si majorée"),
            ),
            ("avis_exige", models.BooleanField(editable=False, verbose_name="avis exigé")),
            (
                "regle_fraude",
                models.BooleanField(default=False, editable=False, verbose_name="règle réservée à la fraude"),
            ),
            ("faits_pas_avant", models.DateField(editable=False, null=True, verbose_name="faits pas avant le")),
            (
                "motif_fraude",
                models.BooleanField(default=False, editable=False, verbose_name="le motif est une fraude"),
            ),
            (
                "article_motif",
                models.CharField(
                    blank=True, editable=False, max_length=300, verbose_name="article du motif sous ce régime"
                ),
            ),
            (
                "porte_sur_heures",
                models.BooleanField(default=False, editable=False, verbose_name="porte sur des heures d'activité"),
            ),
            (
                "heures_exonerees",
                models.BooleanField(default=False, editable=False, verbose_name="aucune heure n'était due"),
            ),
            ("faits_le", models.DateField(editable=False, verbose_name="premier fait")),
            ("contact_le", models.DateField(editable=False, null=True, verbose_name="contact préalable")),
            ("averti_recu_le", models.DateField(editable=False, null=True, verbose_name="avertissement reçu")),
            (
                "observations_jusqu_au",
                models.DateField(editable=False, null=True, verbose_name="observations jusqu'au"),
            ),
            ("reponse_le", models.DateField(editable=False, null=True, verbose_name="réponse de la personne")),
            (
                "audition_demandee",
                models.BooleanField(default=False, editable=False, verbose_name="audition demandée"),
            ),
            (
                "audition_proposee_le",
                models.DateField(editable=False, null=True, verbose_name="audition proposée pour le"),
            ),
            ("avis_le", models.DateField(editable=False, null=True, verbose_name="avis rendu ou réputé")),
            (
                "precedentes",
                models.PositiveSmallIntegerField(
                    default=0, editable=False, verbose_name="décisions qui comptent encore"
                ),
            ),
            ("soumise", models.BooleanField(editable=False, verbose_name="soumise aux droits et devoirs")),
            ("foyer_plusieurs", models.BooleanField(editable=False, verbose_name="foyer de plusieurs personnes")),
            ("majoree", models.BooleanField(default=False, editable=False, verbose_name="allocation majorée")),
            ("faute_service", models.BooleanField(editable=False, verbose_name="service en cause")),
            (
                "created_at",
                models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(), verbose_name="enregistrée le"
                ),
            ),
            (
                "decidee_par",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="décidée par",
                ),
            ),
            (
                "lettre",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre de notification",
                ),
            ),
            (
                "lettre_levee",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="documents.document",
                    verbose_name="lettre de levée",
                ),
            ),
            (
                "levee_par",
                models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.RESTRICT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                    verbose_name="levée par",
                ),
            ),
            (
                "personne",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name="sanctions",
                    to="personnes.personne",
                    verbose_name="personne",
                ),
            ),
            (
                "manquement",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="decision",
                    to="manquements.manquement",
                    verbose_name="manquement",
                ),
            ),
            (
                "regle",
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="manquements.reglesanction",
                    verbose_name="règle",
                ),
            ),
        ],
        options={
            "verbose_name": "décision de sanction",
            "ordering": ("-decidee_le", "-id"),
            "indexes": [models.Index(fields=["personne", "-decidee_le"], name="sanction_personne")],
            "constraints": [
                django.contrib.postgres.constraints.ExclusionConstraint(
                    expressions=[("personne", "="), ("periode", "&&")],
                    name="sanction_une_seule_a_la_fois",
                    violation_error_message="Une sanction court déjà à ces dates : elles ne s'ajoutent pas.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("regime_periode__contains", models.F("decidee_le"))),
                    name="sanction_du_regime_du_jour",
                    violation_error_message="Cette règle n'est pas en vigueur au jour de la décision.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("article_motif", ""), _negated=True),
                    name="sanction_motif_du_regime",
                    violation_error_message="Ce motif n'existe pas dans le régime en vigueur au jour de la décision.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("soumise", True)),
                    name="sanction_personne_soumise",
                    violation_error_message="Cette personne n'est pas soumise aux droits et devoirs : aucune sanction n'est possible.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("faute_service", False)),
                    name="sanction_service_hors_de_cause",
                    violation_error_message="Le service est en cause : aucune sanction n'est possible (R62).",
                ),
                models.CheckConstraint(
                    condition=models.Q(("contact_le__isnull", False)),
                    name="sanction_apres_contact",
                    violation_error_message="La personne n'a pas été contactée avant la procédure (R18).",
                ),
                models.CheckConstraint(
                    condition=models.Q(("averti_recu_le__isnull", False), ("observations_jusqu_au__isnull", False)),
                    name="sanction_apres_avertissement",
                    violation_error_message="La personne n'a pas reçu d'avertissement à une date certaine.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("observations_jusqu_au__lt", models.F("decidee_le")),
                        ("reponse_le__lte", models.F("decidee_le")),
                        _connector="OR",
                    ),
                    name="sanction_apres_observations",
                    violation_error_message="Le délai d'observations court encore, et la personne n'a pas répondu.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("audition_demandee", True), _negated=True),
                        ("audition_proposee_le__isnull", False),
                        _connector="OR",
                    ),
                    name="sanction_audition_proposee",
                    violation_error_message="La personne a demandé à être entendue : convoquez-la d'abord (R61).",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("avis_exige", True), _negated=True),
                        models.Q(("avis_le__isnull", False), ("avis_le__lte", models.F("decidee_le"))),
                        _connector="OR",
                    ),
                    name="sanction_apres_avis",
                    violation_error_message="Cette sanction demande l'avis de l'instance, et il manque (R63).",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("rang", "tous"),
                        models.Q(("precedentes", 0), ("rang", "premiere")),
                        models.Q(("precedentes__gte", 1), ("rang", "suivante")),
                        _connector="OR",
                    ),
                    name="sanction_rang",
                    violation_error_message="Cette règle ne vaut pas à ce rang (première fois, ou après une décision).",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("nature", "amende"), ("taux", None)),
                        models.Q(("taux__gte", models.F("taux_min")), ("taux__lte", models.F("taux_max"))),
                        _connector="OR",
                    ),
                    name="sanction_taux_dans_la_grille",
                    violation_error_message="La part retenue est hors de la grille du régime.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("duree", None), ("nature", "amende")),
                        models.Q(("duree__gte", models.F("duree_min")), ("duree__lte", models.F("duree_max"))),
                        _connector="OR",
                    ),
                    name="sanction_duree_dans_la_grille",
                    violation_error_message="La durée est hors de la grille du régime.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("plafond_foyer", None),
                        ("taux__lte", models.F("plafond_foyer")),
                        models.Q(
                            ("foyer_plusieurs", False),
                            models.Q(("majoree", False), ("plafond_majore", False), _connector="OR"),
                        ),
                        _connector="OR",
                    ),
                    name="sanction_plafond_du_foyer",
                    violation_error_message="Pour un foyer de plusieurs personnes ou une allocation majorée, la part retenue est plafonnée.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("porte_sur_heures", False), ("heures_exonerees", False), _connector="OR"),
                    name="sanction_heures_dues",
                    violation_error_message="Aucune heure d'activité n'était due : elle ne peut pas être reprochée.",
                ),
                models.CheckConstraint(
                    condition=models.Q(("regle_fraude", models.F("motif_fraude"))),
                    name="sanction_reservee_a_la_fraude",
                    violation_error_message="Cette règle est réservée à la fraude, et la fraude à cette règle.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("faits_pas_avant", None), ("faits_le__gte", models.F("faits_pas_avant")), _connector="OR"
                    ),
                    name="sanction_faits_assez_recents",
                    violation_error_message="Les faits sont trop anciens pour cette sanction.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("debut", None), ("montant__gt", 0), ("nature", "amende"), ("periode", None)),
                        models.Q(
                            models.Q(("nature", "amende"), _negated=True),
                            ("montant", None),
                            ("periode__isnull", False),
                            ("debut__gte", models.F("decidee_le")),
                        ),
                        _connector="OR",
                    ),
                    name="sanction_effet_date",
                    violation_error_message="Une sanction dit à compter de quand, jamais avant sa décision.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        ("etat__in", ["decidee", "annulee"]),
                        models.Q(("lettre__isnull", False), ("notifiee_le__isnull", False)),
                        _connector="OR",
                    ),
                    name="sanction_notifiee_par_lettre",
                    violation_error_message="Une sanction se notifie par une lettre, avec les voies de recours (R65).",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("etat__in", ["decidee", "notifiee"]), ("levee_le", None)),
                        models.Q(
                            ("etat__in", ["levee", "annulee"]),
                            ("levee_le__isnull", False),
                            ("levee_par__isnull", False),
                            models.Q(("motif_levee", ""), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="sanction_levee_motivee",
                    violation_error_message="Une sanction levée ou annulée dit quand, par qui et pourquoi.",
                ),
            ],
        },
    ),
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
            "constraints": [
                models.UniqueConstraint(
                    condition=models.Q(("issue", "")),
                    fields=("decision",),
                    name="recours_un_seul_ouvert",
                    violation_error_message="Un recours est déjà en cours contre cette décision.",
                ),
                models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("decide_le", None), ("issue", "")),
                        models.Q(
                            models.Q(("issue", ""), _negated=True),
                            ("decide_le__isnull", False),
                            ("decide_par__isnull", False),
                            models.Q(("motivation", ""), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="recours_decide_motive",
                    violation_error_message="La réponse à un recours est datée et motivée.",
                ),
            ],
        },
    ),
]

"""Les contraintes et les index de la procédure et de la décision."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

OPERATIONS = [
    migrations.AddConstraint(
        model_name="observation",
        constraint=models.CheckConstraint(
            condition=models.Q(models.Q(("canal", "oral"), _negated=True), ("relue", True), _connector="OR"),
            name="observation_orale_relue",
            violation_error_message="Une réponse orale est relue avec la personne avant d'être gardée.",
        ),
    ),
    migrations.AddConstraint(
        model_name="observation",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("canal", "en_ligne"), ("saisie_par", None)),
                models.Q(models.Q(("canal", "en_ligne"), _negated=True), ("saisie_par__isnull", False)),
                _connector="OR",
            ),
            name="observation_saisie_par_un_agent",
            violation_error_message="Une réponse en ligne vient de la personne, les autres sont saisies par un agent.",
        ),
    ),
    migrations.AddConstraint(
        model_name="recourssanction",
        constraint=models.UniqueConstraint(
            condition=models.Q(("issue", "")),
            fields=("decision",),
            name="recours_un_seul_ouvert",
            violation_error_message="Un recours est déjà en cours contre cette décision.",
        ),
    ),
    migrations.AddConstraint(
        model_name="recourssanction",
        constraint=models.CheckConstraint(
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
    ),
    migrations.AddIndex(
        model_name="manquement",
        index=models.Index(fields=["etat", "observations_jusqu_au"], name="manquement_etat"),
    ),
    migrations.AddIndex(
        model_name="manquement",
        index=models.Index(fields=["personne", "-prepare_le"], name="manquement_personne"),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.UniqueConstraint(
            condition=models.Q(("etat__in", ["prepare", "saisi", "averti", "avis_rendu"])),
            fields=("personne",),
            name="manquement_un_seul_ouvert",
            violation_error_message="Une procédure est déjà ouverte pour cette personne : complétez-la.",
        ),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.CheckConstraint(
            condition=models.Q(("etat__in", ["prepare", "classe"]), ("contact__isnull", False), _connector="OR"),
            name="manquement_contact_avant_saisine",
            violation_error_message="La personne doit avoir été contactée avant toute saisine : notez ce contact d'abord (R18).",
        ),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("etat__in", ["prepare", "classe"]),
                models.Q(("saisi_le__isnull", False), ("saisi_par__isnull", False)),
                _connector="OR",
            ),
            name="manquement_saisine_datee",
            violation_error_message="Une saisine dit qui l'a faite et quand.",
        ),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat__in", ["averti", "avis_rendu", "sanctionne"]), _negated=True),
                models.Q(("averti_le__isnull", False), ("avertissement__isnull", False)),
                _connector="OR",
            ),
            name="manquement_averti_par_ecrit",
            violation_error_message="La personne est d'abord avertie par une lettre datée.",
        ),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.CheckConstraint(
            condition=models.Q(("observations_jusqu_au", None), ("averti_recu_le__isnull", False), _connector="OR"),
            name="manquement_delai_depuis_la_reception",
            violation_error_message="Le délai d'observations court de la réception de la lettre.",
        ),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("etat", "classe"), _negated=True),
                models.Q(("clos_le__isnull", False), models.Q(("motif_classement", ""), _negated=True)),
                _connector="OR",
            ),
            name="manquement_classe_motive",
            violation_error_message="Une procédure classée dit pourquoi.",
        ),
    ),
    migrations.AddConstraint(
        model_name="manquement",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("averti_recu_le", None), models.Q(("preuve_reception", ""), _negated=True), _connector="OR"
            ),
            name="manquement_reception_prouvee",
            violation_error_message="La date de réception se prouve : accusé de réception, remise en main propre…",
        ),
    ),
    migrations.AddConstraint(
        model_name="reglesanction",
        constraint=models.UniqueConstraint(
            fields=("regime", "code"),
            name="regle_sanction_unique",
            violation_error_message="Cette règle existe déjà dans ce régime.",
        ),
    ),
    migrations.AddIndex(
        model_name="decisionsanction",
        index=models.Index(fields=["personne", "-decidee_le"], name="sanction_personne"),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=django.contrib.postgres.constraints.ExclusionConstraint(
            expressions=[("personne", "="), ("periode", "&&")],
            name="sanction_une_seule_a_la_fois",
            violation_error_message="Une sanction court déjà à ces dates : elles ne s'ajoutent pas.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("regime_periode__contains", models.F("decidee_le"))),
            name="sanction_du_regime_du_jour",
            violation_error_message="Cette règle n'est pas en vigueur au jour de la décision.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("article_motif", ""), _negated=True),
            name="sanction_motif_du_regime",
            violation_error_message="Ce motif n'existe pas dans le régime en vigueur au jour de la décision.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("soumise", True)),
            name="sanction_personne_soumise",
            violation_error_message="Cette personne n'est pas soumise aux droits et devoirs : aucune sanction n'est possible.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("faute_service", False)),
            name="sanction_service_hors_de_cause",
            violation_error_message="Le service est en cause : aucune sanction n'est possible (R62).",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("contact_le__isnull", False)),
            name="sanction_apres_contact",
            violation_error_message="La personne n'a pas été contactée avant la procédure (R18).",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("averti_recu_le__isnull", False), ("observations_jusqu_au__isnull", False)),
            name="sanction_apres_avertissement",
            violation_error_message="La personne n'a pas reçu d'avertissement à une date certaine.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("observations_jusqu_au__lt", models.F("decidee_le")),
                ("reponse_le__lte", models.F("decidee_le")),
                _connector="OR",
            ),
            name="sanction_apres_observations",
            violation_error_message="Le délai d'observations court encore, et la personne n'a pas répondu.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("audition_demandee", True), _negated=True),
                ("audition_proposee_le__isnull", False),
                _connector="OR",
            ),
            name="sanction_audition_proposee",
            violation_error_message="La personne a demandé à être entendue : convoquez-la d'abord (R61).",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("avis_exige", True), _negated=True),
                models.Q(("avis_le__isnull", False), ("avis_le__lte", models.F("decidee_le"))),
                _connector="OR",
            ),
            name="sanction_apres_avis",
            violation_error_message="Cette sanction demande l'avis de l'instance, et il manque (R63).",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("rang", "tous"),
                models.Q(("precedentes", 0), ("rang", "premiere")),
                models.Q(("precedentes__gte", 1), ("rang", "suivante")),
                _connector="OR",
            ),
            name="sanction_rang",
            violation_error_message="Cette règle ne vaut pas à ce rang (première fois, ou après une décision).",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("nature", "amende"), ("taux", None)),
                models.Q(("taux__gte", models.F("taux_min")), ("taux__lte", models.F("taux_max"))),
                _connector="OR",
            ),
            name="sanction_taux_dans_la_grille",
            violation_error_message="La part retenue est hors de la grille du régime.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("duree", None), ("nature", "amende")),
                models.Q(("duree__gte", models.F("duree_min")), ("duree__lte", models.F("duree_max"))),
                _connector="OR",
            ),
            name="sanction_duree_dans_la_grille",
            violation_error_message="La durée est hors de la grille du régime.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
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
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("porte_sur_heures", False), ("heures_exonerees", False), _connector="OR"),
            name="sanction_heures_dues",
            violation_error_message="Aucune heure d'activité n'était due : elle ne peut pas être reprochée.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(("regle_fraude", models.F("motif_fraude"))),
            name="sanction_reservee_a_la_fraude",
            violation_error_message="Cette règle est réservée à la fraude, et la fraude à cette règle.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("faits_pas_avant", None), ("faits_le__gte", models.F("faits_pas_avant")), _connector="OR"
            ),
            name="sanction_faits_assez_recents",
            violation_error_message="Les faits sont trop anciens pour cette sanction.",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
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
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("etat__in", ["decidee", "annulee"]),
                models.Q(("lettre__isnull", False), ("notifiee_le__isnull", False)),
                _connector="OR",
            ),
            name="sanction_notifiee_par_lettre",
            violation_error_message="Une sanction se notifie par une lettre, avec les voies de recours (R65).",
        ),
    ),
    migrations.AddConstraint(
        model_name="decisionsanction",
        constraint=models.CheckConstraint(
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
    ),
    migrations.AddConstraint(
        model_name="lignetransmission",
        constraint=models.UniqueConstraint(
            fields=("decision", "objet"),
            name="transmission_une_fois_par_objet",
            violation_error_message="Cette décision a déjà été transmise pour cet objet.",
        ),
    ),
]

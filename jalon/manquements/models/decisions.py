"""La décision : une sanction que la base refuse tant qu'une garantie manque, et ce qui la suit (levée, recours).

La décision garde, figé, ce qu'elle a vérifié : la ligne de la grille, les dates de la procédure, la situation de la
personne. Les contraintes portent sur ces colonnes ; un déclencheur vérifie que ces colonnes disent bien ce que disent
la grille et le dossier, et qu'elles ne changent plus ensuite (ADR 13).
"""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jalon.manquements.models.procedures import Manquement
from jalon.manquements.models.regimes import NatureSanction, RangSanction, RegleSanction
from jalon.socle.models import PublicModel


class EtatDecision(models.TextChoices):
    DECIDEE = "decidee", "Décidée, à notifier"
    NOTIFIEE = "notifiee", "Notifiée"
    LEVEE = "levee", "Levée"
    ANNULEE = "annulee", "Annulée"


class MotifLevee(models.TextChoices):
    EN_REGLE = "en_regle", "La personne s'est mise en règle"
    ERREUR = "erreur", "Le motif s'est révélé faux"
    RECOURS = "recours", "Recours accueilli"
    SERVICE = "service", "Le service était en cause"
    SITUATION = "situation", "La situation de la personne a changé"


SANS_PRECEDENT: Final = (MotifLevee.ERREUR, MotifLevee.RECOURS, MotifLevee.SERVICE)
"""Arrêtée pour l'un de ces motifs, une sanction n'aurait pas dû être.

Elle ne compte ni pour la répétition (R262-68 2°, R262-68-1) ni au retour (L262-38).
"""


def _sauf(condition: Q, garantie: Q) -> Q:
    """« Si la condition tient, alors la garantie »."""
    return ~condition | garantie


class DecisionSanction(PublicModel):
    """Sanction décidée par l'autorité compétente, dans la grille du régime en vigueur ce jour-là (annexe 1).

    `taux` : part de l'allocation retenue, en pour cent. `periode` : [premier jour, premier jour d'après[ ; elle
    s'arrête à la levée. Une amende a un `montant` en euros, ni taux ni période.
    """

    manquement = models.OneToOneField(Manquement, models.PROTECT, verbose_name="manquement", related_name="decision")
    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="sanctions"
    )
    regle = models.ForeignKey(RegleSanction, models.PROTECT, verbose_name="règle", related_name="+")
    nature = models.CharField("nature", max_length=12, choices=NatureSanction)
    taux = models.PositiveSmallIntegerField("part retenue (%)", null=True)
    duree = models.PositiveSmallIntegerField("durée (mois)", null=True)
    montant = models.DecimalField("montant de l'amende (€)", max_digits=8, decimal_places=2, null=True)
    debut = models.DateField("à compter du", null=True)
    periode = DateRangeField("période", null=True)
    motivation = models.TextField("pourquoi cette décision", max_length=2_000)
    motif_ecart = models.CharField("pourquoi s'écarter de l'avis", max_length=500, blank=True)
    decidee_le = models.DateField("décidée le")
    decidee_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="décidée par", related_name="+")
    etat = models.CharField("état", max_length=10, choices=EtatDecision, default=EtatDecision.DECIDEE)
    notifiee_le = models.DateField("notifiée le", null=True)
    recue_le = models.DateField("reçue le", null=True)
    lettre = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettre de notification", null=True, related_name="+"
    )
    levee_le = models.DateField("levée ou annulée le", null=True)
    levee_avant_le = models.DateField("levée avant d'être annulée, le", null=True)
    motif_levee = models.CharField("pourquoi", max_length=12, choices=MotifLevee, blank=True)
    precision_levee = models.CharField("précision", max_length=500, blank=True)
    levee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="levée par", null=True, related_name="+"
    )
    lettre_levee = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettre de levée", null=True, related_name="+"
    )
    # Ce que la décision a vérifié, figé.
    regime_periode = DateRangeField("régime en vigueur", editable=False)
    rang = models.CharField("rang de la règle", max_length=10, choices=RangSanction, editable=False)
    taux_min = models.PositiveSmallIntegerField("part au moins", null=True, editable=False)
    taux_max = models.PositiveSmallIntegerField("part au plus", null=True, editable=False)
    duree_min = models.PositiveSmallIntegerField("durée au moins", null=True, editable=False)
    duree_max = models.PositiveSmallIntegerField("durée au plus", null=True, editable=False)
    plafond_foyer = models.PositiveSmallIntegerField("plafond du foyer", null=True, editable=False)
    plafond_majore = models.BooleanField("plafond aussi si majorée", default=False, editable=False)
    avis_exige = models.BooleanField("avis exigé", editable=False)
    regle_fraude = models.BooleanField("règle réservée à la fraude", default=False, editable=False)
    faits_pas_avant = models.DateField("faits pas avant le", null=True, editable=False)
    motif_fraude = models.BooleanField("le motif est une fraude", default=False, editable=False)
    article_motif = models.CharField("article du motif sous ce régime", max_length=300, blank=True, editable=False)
    porte_sur_heures = models.BooleanField("porte sur des heures d'activité", default=False, editable=False)
    heures_exonerees = models.BooleanField("aucune heure n'était due", default=False, editable=False)
    faits_le = models.DateField("premier fait", null=True, editable=False)
    contact_le = models.DateField("contact préalable", null=True, editable=False)
    averti_recu_le = models.DateField("avertissement reçu", null=True, editable=False)
    observations_jusqu_au = models.DateField("observations jusqu'au", null=True, editable=False)
    observations_au_moins = models.DateField("délai légal d'observations", null=True, editable=False)
    reponse_le = models.DateField("réponse de la personne", null=True, editable=False)
    motif_legitime = models.BooleanField("motif légitime reconnu", default=False, editable=False)
    audition_demandee = models.BooleanField("audition demandée", default=False, editable=False)
    audition_proposee_le = models.DateField("audition proposée pour le", null=True, editable=False)
    avis_le = models.DateField("avis rendu ou réputé", null=True, editable=False)
    ecart_avis = models.BooleanField("s'écarte de l'avis", default=False, editable=False)
    precedentes = models.PositiveSmallIntegerField("décisions qui comptent encore", default=0, editable=False)
    soumise = models.BooleanField("soumise aux droits et devoirs", editable=False)
    foyer_plusieurs = models.BooleanField("foyer de plusieurs personnes", editable=False)
    majoree = models.BooleanField("allocation majorée", default=False, editable=False)
    faute_service = models.BooleanField("service en cause", editable=False)
    created_at = models.DateTimeField("enregistrée le", db_default=Now())

    class Meta:
        verbose_name = "décision de sanction"
        ordering = ("-decidee_le", "-id")
        indexes = [models.Index(fields=["personne", "-decidee_le"], name="sanction_personne")]
        constraints = [
            ExclusionConstraint(
                name="sanction_une_seule_a_la_fois",
                expressions=[("personne", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Une sanction court déjà à ces dates : elles ne s'ajoutent pas.",
            ),
            models.CheckConstraint(
                name="sanction_du_regime_du_jour",
                condition=Q(regime_periode__contains=F("decidee_le")),
                violation_error_message="Cette règle n'est pas en vigueur au jour de la décision.",
            ),
            models.CheckConstraint(
                name="sanction_motif_du_regime",
                condition=~Q(article_motif=""),
                violation_error_message="Ce motif n'existe pas dans le régime en vigueur au jour de la décision.",
            ),
            models.CheckConstraint(
                name="sanction_personne_soumise",
                condition=Q(soumise=True),
                violation_error_message=(
                    "Cette personne n'est pas soumise aux droits et devoirs : aucune sanction n'est possible."
                ),
            ),
            models.CheckConstraint(
                name="sanction_service_hors_de_cause",
                condition=Q(faute_service=False),
                violation_error_message="Le service est en cause : aucune sanction n'est possible (R62).",
            ),
            models.CheckConstraint(
                name="sanction_faits_dates",
                condition=Q(faits_le__isnull=False, faits_le__lte=F("decidee_le")),
                violation_error_message="Aucun fait daté d'avant la décision n'est écrit.",
            ),
            models.CheckConstraint(
                name="sanction_sans_motif_legitime",
                condition=Q(motif_legitime=False),
                violation_error_message="Un motif légitime est reconnu : la procédure se classe, elle ne sanctionne pas.",
            ),
            models.CheckConstraint(
                name="sanction_apres_contact",
                condition=Q(contact_le__isnull=False) & (Q(averti_recu_le=None) | Q(contact_le__lte=F("averti_recu_le"))),
                violation_error_message="La personne n'a pas été contactée avant la procédure (R18).",
            ),
            models.CheckConstraint(
                name="sanction_apres_avertissement",
                condition=Q(averti_recu_le__isnull=False, observations_jusqu_au__isnull=False),
                violation_error_message="La personne n'a pas reçu d'avertissement à une date certaine.",
            ),
            models.CheckConstraint(
                name="sanction_apres_observations",
                condition=Q(observations_jusqu_au=None)
                | Q(observations_jusqu_au__lt=F("decidee_le"))
                | Q(reponse_le__isnull=False, reponse_le__lte=F("decidee_le")),
                violation_error_message="Le délai d'observations court encore, et la personne n'a pas répondu.",
            ),
            models.CheckConstraint(
                name="sanction_delai_observations_entier",
                condition=Q(observations_jusqu_au=None)
                | Q(observations_au_moins=None)
                | Q(observations_jusqu_au__gte=F("observations_au_moins")),
                violation_error_message="Le délai d'observations donné est plus court que celui de la loi.",
            ),
            models.CheckConstraint(
                name="sanction_audition_proposee",
                condition=_sauf(
                    Q(audition_demandee=True),
                    Q(audition_proposee_le__isnull=False, audition_proposee_le__lte=F("decidee_le")),
                ),
                violation_error_message="La personne a demandé à être entendue : convoquez-la d'abord (R61).",
            ),
            models.CheckConstraint(
                name="sanction_apres_avis",
                condition=_sauf(Q(avis_exige=True), Q(avis_le__isnull=False) & Q(avis_le__lte=F("decidee_le"))),
                violation_error_message="Cette sanction demande l'avis de l'instance, et il manque (R63).",
            ),
            models.CheckConstraint(
                name="sanction_ecart_explique",
                condition=_sauf(Q(ecart_avis=True), ~Q(motif_ecart="")),
                violation_error_message="La décision s'écarte de l'avis : elle dit pourquoi.",
            ),
            models.CheckConstraint(
                name="sanction_motivee",
                condition=~Q(motivation=""),
                violation_error_message="Une sanction est motivée : la personne lira pourquoi.",
            ),
            models.CheckConstraint(
                name="sanction_rang",
                condition=Q(rang="tous")
                | Q(rang="premiere", precedentes=0)
                | Q(rang="suivante", precedentes__gte=1),
                violation_error_message="Cette règle ne vaut pas à ce rang (première fois, ou après une décision).",
            ),
            models.CheckConstraint(
                name="sanction_taux_dans_la_grille",
                condition=Q(nature="amende", taux=None)
                | (
                    ~Q(nature="amende")
                    & Q(taux__isnull=False, taux_min__isnull=False, taux_max__isnull=False)
                    & Q(taux__gte=F("taux_min"), taux__lte=F("taux_max"))
                ),
                violation_error_message="La part retenue est hors de la grille du régime.",
            ),
            models.CheckConstraint(
                name="sanction_duree_dans_la_grille",
                condition=Q(nature="amende", duree=None)
                | (
                    ~Q(nature="amende")
                    & Q(duree__isnull=False, duree_min__isnull=False, duree_max__isnull=False)
                    & Q(duree__gte=F("duree_min"), duree__lte=F("duree_max"))
                ),
                violation_error_message="La durée est hors de la grille du régime.",
            ),
            models.CheckConstraint(
                name="sanction_plafond_du_foyer",
                condition=Q(plafond_foyer=None)
                | Q(taux=None)
                | Q(taux__lte=F("plafond_foyer"))
                | (Q(foyer_plusieurs=False) & (Q(majoree=False) | Q(plafond_majore=False))),
                violation_error_message=(
                    "Pour un foyer de plusieurs personnes ou une allocation majorée, la part retenue est plafonnée."
                ),
            ),
            models.CheckConstraint(
                name="sanction_heures_dues",
                condition=Q(porte_sur_heures=False) | Q(heures_exonerees=False),
                violation_error_message="Aucune heure d'activité n'était due : elle ne peut pas être reprochée.",
            ),
            models.CheckConstraint(
                name="sanction_reservee_a_la_fraude",
                condition=Q(regle_fraude=F("motif_fraude")),
                violation_error_message="Cette règle est réservée à la fraude, et la fraude à cette règle.",
            ),
            models.CheckConstraint(
                name="sanction_faits_assez_recents",
                condition=Q(faits_pas_avant=None) | Q(faits_le=None) | Q(faits_le__gte=F("faits_pas_avant")),
                violation_error_message="Les faits sont trop anciens pour cette sanction.",
            ),
            models.CheckConstraint(
                name="sanction_effet_date",
                condition=Q(nature="amende", debut=None, periode=None)
                | (
                    ~Q(nature="amende")
                    & Q(periode__isnull=False, debut__isnull=False)
                    & Q(debut__gte=F("decidee_le"))
                ),
                violation_error_message="Une sanction dit à compter de quand, jamais avant sa décision.",
            ),
            models.CheckConstraint(
                name="sanction_montant_de_l_amende",
                condition=Q(nature="amende", montant__isnull=False, montant__gt=0)
                | (~Q(nature="amende") & Q(montant=None)),
                violation_error_message="Une amende a un montant en euros, et elle seule.",
            ),
            models.CheckConstraint(
                name="sanction_notifiee_avant_son_effet",
                condition=Q(notifiee_le=None) | Q(debut=None) | Q(debut__gte=F("notifiee_le")),
                violation_error_message="Une sanction ne commence pas avant que la personne en soit informée.",
            ),
            models.CheckConstraint(
                name="sanction_notifiee_par_lettre",
                condition=Q(etat__in=["decidee", "annulee"]) | Q(notifiee_le__isnull=False, lettre__isnull=False),
                violation_error_message="Une sanction se notifie par une lettre, avec les voies de recours (R65).",
            ),
            models.CheckConstraint(
                name="sanction_levee_motivee",
                condition=Q(etat__in=["decidee", "notifiee"], levee_le=None)
                | (
                    Q(etat__in=["levee", "annulee"], levee_le__isnull=False, levee_par__isnull=False)
                    & ~Q(motif_levee="")
                ),
                violation_error_message="Une sanction levée ou annulée dit quand, par qui et pourquoi.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_nature_display()} du {self.decidee_le:%d/%m/%Y}"


class IssueRecours(models.TextChoices):
    MAINTIEN = "maintien", "Décision maintenue"
    REDUCTION = "reduction", "Sanction levée plus tôt"
    ANNULATION = "annulation", "Décision annulée"
    IRRECEVABLE = "irrecevable", "Hors délai"


class RecoursSanction(PublicModel):
    """Recours administratif préalable contre une sanction (L262-47, F059) : reçu, décidé, et son effet."""

    decision = models.ForeignKey(
        DecisionSanction, models.PROTECT, verbose_name="décision contestée", related_name="recours"
    )
    recu_le = models.DateField("reçu le")
    arguments = models.TextField("ce que dit la personne", max_length=5_000)
    hors_delai = models.BooleanField("reçu après le délai", default=False)
    echeance = models.DateField("répondre avant le")
    issue = models.CharField("issue", max_length=12, choices=IssueRecours, blank=True)
    motivation = models.TextField("pourquoi", max_length=2_000, blank=True)
    decide_le = models.DateField("décidé le", null=True)
    decide_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="décidé par", null=True, related_name="+"
    )
    saisi_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="enregistré par", null=True, related_name="+"
    )
    lettre = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="réponse", null=True, related_name="+"
    )
    created_at = models.DateTimeField("enregistré le", db_default=Now())

    class Meta:
        verbose_name = "recours contre une sanction"
        ordering = ("-recu_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["decision"],
                name="recours_un_seul_ouvert",
                condition=Q(issue=""),
                violation_error_message="Un recours est déjà en cours contre cette décision.",
            ),
            models.CheckConstraint(
                name="recours_decide_motive",
                condition=Q(issue="", decide_le=None)
                | (~Q(issue="") & Q(decide_le__isnull=False, decide_par__isnull=False) & ~Q(motivation="")),
                violation_error_message="La réponse à un recours est datée et motivée.",
            ),
        ]

    def __str__(self) -> str:
        return f"Recours du {self.recu_le:%d/%m/%Y}"

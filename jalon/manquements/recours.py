"""Le recours administratif préalable : reçu, dans le délai ou non, décidé, et son effet sur la sanction (L262-47, F059)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.manquements.decisions import (
    DROIT,
    annuler_sanction,
    exiger_suite,
    hors_delai,
    lever_sanction,
    refus_de_la_base,
    verrouiller_decision,
)
from jalon.manquements.lettres import lettre_recours
from jalon.manquements.models import DecisionSanction, EtatDecision, IssueRecours, MotifLevee, RecoursSanction
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import ajouter_mois
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

CODE: Final = "manquements.recours"


def recours_a_decider(perimetre: Perimetre) -> QuerySet[RecoursSanction]:
    """Recours sans réponse des personnes visibles, le plus pressé d'abord."""
    return (
        RecoursSanction.objects.filter(filtre_perimetre(perimetre, "decision__personne__"), issue="")
        .select_related("decision__personne", "decision__regle__regime")
        .order_by("echeance", "pk")
    )


@transaction.atomic
def enregistrer_recours(
    decision: DecisionSanction, *, acteur: Agent, perimetre: Perimetre, recu_le: date, arguments: str
) -> RecoursSanction:
    """Garde le recours, même tardif : il est alors marqué hors délai et reçoit une réponse.

    Lève `TransitionRefuseeError` (rien à contester, recours déjà ouvert), `JalonError`, `DroitManquantError`.
    """
    exiger_suite(perimetre)
    decision = verrouiller_decision(decision)
    if decision.notifiee_le is None or decision.etat == EtatDecision.ANNULEE:
        raise TransitionRefuseeError(
            f"Cette décision est « {decision.get_etat_display().lower()} » : il n'y a rien à contester."
        )
    if not arguments.strip():
        raise JalonError("Écrivez ce que dit la personne : la réponse devra y répondre.")
    if recu_le > timezone.localdate():
        raise JalonError("Un recours ne se date pas d'avance : donnez le jour où il a été reçu.")
    if recu_le < decision.notifiee_le:
        raise JalonError(f"La décision a été notifiée le {decision.notifiee_le:%d/%m/%Y} : le recours vient après.")
    recours = RecoursSanction(
        decision=decision, recu_le=recu_le, arguments=arguments.strip(), saisi_par=acteur,
        hors_delai=hors_delai(decision, recu_le),
        echeance=ajouter_mois(recu_le, "sanction.delai_reponse_recours"),
    )  # fmt: skip
    try:
        with transaction.atomic():
            recours.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            f"{refus_de_la_base(erreur).phrase} Répondez-y avant d'en enregistrer un autre."
        ) from erreur
    _tracer("recu", recours, acteur, perimetre, "reçu hors délai" if recours.hors_delai else "reçu")
    return recours


@transaction.atomic
def decider_recours(
    recours: RecoursSanction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    issue: str,
    motivation: str,
    le: date | None = None,
) -> RecoursSanction:
    """Répond au recours et en tire l'effet : annulée, la sanction n'a valu aucun jour ; réduite, elle s'arrête `le`.
    Une seule lettre part : la réponse, qui dit ce qui change et ce qui est rendu.

    Seul un recours hors délai peut être dit irrecevable ; il peut aussi être accueilli. Sans `le`, une sanction réduite
    s'arrête aujourd'hui ; finie ou déjà levée, il faut dire depuis quel jour elle n'aurait plus dû valoir.
    Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    verrouiller_decision(recours.decision)
    recours = _verrouiller(recours)
    if recours.issue:
        raise TransitionRefuseeError(f"Ce recours a déjà sa réponse : {recours.get_issue_display().lower()}.")
    if issue not in IssueRecours.values:
        raise JalonError("Choisissez l'issue du recours.")
    if not motivation.strip():
        raise JalonError("Écrivez pourquoi : la personne le lira.")
    if issue == IssueRecours.IRRECEVABLE and not recours.hors_delai:
        raise JalonError("Ce recours est arrivé dans le délai : il se juge au fond, il n'est pas irrecevable.")
    jour = timezone.localdate()
    pourquoi = MotifLevee.RECOURS
    if issue == IssueRecours.ANNULATION:
        annuler_sanction(recours.decision, acteur=acteur, perimetre=perimetre, motif=pourquoi, annoncer=False)
    elif issue == IssueRecours.REDUCTION:
        lever_sanction(
            recours.decision, acteur=acteur, perimetre=perimetre, le=_jour_de_la_reduction(recours.decision, le, jour),
            motif=pourquoi, annoncer=False,
        )  # fmt: skip
    recours.decision = verrouiller_decision(recours.decision)
    recours.issue, recours.motivation = issue, motivation.strip()
    recours.decide_le, recours.decide_par = jour, acteur
    recours.lettre = lettre_recours(recours, acteur=acteur, jour=jour)
    recours.save(update_fields=["issue", "motivation", "decide_le", "decide_par", "lettre"])
    _tracer("decide", recours, acteur, perimetre, recours.get_issue_display().lower())
    return recours


def _jour_de_la_reduction(decision: DecisionSanction, le: date | None, jour: date) -> date:
    """Premier jour sans retenue. Lève `JalonError` s'il faut le choisir, ou s'il n'y a pas de jour à rendre."""
    if decision.periode is None:
        raise JalonError(
            "Une amende ne se réduit pas : annulez-la. Si une amende moindre reste due, elle se décide dans une nouvelle "
            "procédure."
        )
    if decision.periode.isempty or decision.periode.upper > (le or jour):
        return le or jour
    raise JalonError(
        f"Cette sanction s'est arrêtée le {decision.periode.upper - timedelta(days=1):%d/%m/%Y}. Dites depuis quel jour, "
        "avant celui-là, elle n'aurait plus dû valoir : ce qui a été retenu depuis sera rendu à la personne."
    )


def _verrouiller(recours: RecoursSanction) -> RecoursSanction:
    verrouille = (
        RecoursSanction.objects.select_for_update(of=("self",))
        .select_related("decision__personne")
        .filter(pk=recours.pk)
        .first()
    )
    if verrouille is None:
        raise HorsPerimetreError("Ce recours n'est pas dans votre périmètre : demandez à qui il est confié.")
    return verrouille


def _tracer(quoi: str, recours: RecoursSanction, acteur: Agent, perimetre: Perimetre, suite: str) -> None:
    tracer(
        f"{CODE}.{quoi}", recours, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[recours.decision.personne.public_id], vers=recours.issue,
        resume=f"Recours du {recours.recu_le:%d/%m/%Y} : {suite}"[:300],
    )  # fmt: skip

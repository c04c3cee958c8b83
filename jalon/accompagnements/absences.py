"""Absence d'un référent et remplacement : le remplaçant répond, le référent unique ne change pas (F040)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import AbsenceAgent, AvisReferent, DesignationReferent, MotifAbsenceAgent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def peut_gerer_absence(perimetre: Perimetre, agent: Agent) -> bool:
    """Chacun note ses propres absences ; qui transfère les portefeuilles note celles de ses référents."""
    soi = perimetre.agent is not None and perimetre.agent.pk == agent.pk
    return perimetre.peut("portefeuille.transferer") or (soi and perimetre.peut("portefeuille.consulter"))


def _exiger(perimetre: Perimetre, agent: Agent) -> None:
    if not peut_gerer_absence(perimetre, agent):
        raise DroitManquantError("Vous notez vos propres absences ; votre responsable note celles des autres.")


def _organismes(agent: Agent) -> frozenset[int]:
    return frozenset(affectation.organisme_id for affectation in Perimetre.de(agent).affectations)


def remplacants_possibles(agent: Agent, jour: date) -> list[Agent]:
    """Collègues du même organisme qui tiennent un portefeuille : aucun dossier ne s'ouvre à un nouvel organisme."""
    return list(
        Agent.objects.filter(
            is_active=True, affectations__periode__contains=jour, affectations__organisme__in=_organismes(agent),
            affectations__profil__droits__contains=["portefeuille.consulter"],
        )
        .exclude(pk=agent.pk)
        .distinct()
        .order_by("nom", "prenom", "pk")
    )  # fmt: skip


@transaction.atomic
def enregistrer_absence(
    agent: Agent,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    du: date,
    au: date | None,
    motif: MotifAbsenceAgent,
    remplacant: Agent | None = None,
) -> AbsenceAgent:
    """Note une absence, du premier au dernier jour compris ; sans dernier jour, elle court.

    Le remplaçant travaille dans l'organisme du référent : il voit déjà ses dossiers, et reste « en remplacement ».
    Lève `DroitManquantError`, `JalonError`, `TransitionRefuseeError`.
    """
    _exiger(perimetre, agent)
    if au is not None and au < du:
        raise JalonError("Le dernier jour d'absence suit le premier : corrigez les dates.")
    if au is not None and au < timezone.localdate():
        raise JalonError("Cette absence est déjà passée : il n'y a plus personne à remplacer.")
    if remplacant is not None and remplacant.pk not in {
        a.pk for a in remplacants_possibles(agent, max(du, timezone.localdate()))
    }:
        raise JalonError(
            f"{remplacant} ne travaille pas avec {agent} : choisissez un collègue du même organisme, "
            "ou transférez le portefeuille."
        )
    absence = AbsenceAgent(
        agent=agent, remplacant=remplacant, motif=motif, enregistree_par=acteur,
        periode=DateRange(du, au + timedelta(days=1) if au is not None else None),
    )  # fmt: skip
    try:
        with transaction.atomic():
            absence.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            f"Une absence de {agent} est déjà notée à ces dates : terminez-la d'abord."
        ) from erreur
    fin = f" au {au:%d/%m/%Y}" if au is not None else ", sans date de retour"
    tracer(
        "accompagnements.absence.enregistree", absence, acteur=acteur, organisme=perimetre.organisme_principal,
        vers=str(remplacant)[:40] if remplacant else "",
        resume=f"Absence de {agent}, du {du:%d/%m/%Y}{fin}"[:300],
    )  # fmt: skip
    return absence


@transaction.atomic
def terminer_absence(absence: AbsenceAgent, *, acteur: Agent, perimetre: Perimetre) -> AbsenceAgent:
    """Le référent est revenu : l'absence finit hier, ou n'a pas eu lieu si elle n'avait pas commencé."""
    absence = AbsenceAgent.objects.select_for_update(of=("self",)).select_related("agent").get(pk=absence.pk)
    _exiger(perimetre, absence.agent)
    jour = timezone.localdate()
    if absence.periode.isempty or (absence.periode.upper is not None and absence.periode.upper <= jour):
        raise TransitionRefuseeError("Cette absence est déjà terminée.")
    debut = absence.periode.lower
    absence.periode = DateRange(debut, jour) if debut < jour else DateRange(empty=True)
    absence.save(update_fields=["periode"])
    tracer(
        "accompagnements.absence.terminee", absence, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"Retour de {absence.agent}"[:300],
    )  # fmt: skip
    return absence


def absents_remplaces_par(agent: Agent, jour: date) -> list[AbsenceAgent]:
    """Absences pendant lesquelles cet agent répond à la place d'un collègue."""
    return list(
        AbsenceAgent.objects.filter(remplacant=agent, periode__contains=jour).select_related("agent").order_by("pk")
    )


def remplacant_de(designation: DesignationReferent, jour: date) -> AbsenceAgent | None:
    """Absence en cours du référent de cette désignation, avec son remplaçant s'il y en a un."""
    if designation.agent_id is None:
        return None
    return (
        AbsenceAgent.objects.filter(agent=designation.agent_id, periode__contains=jour)
        .select_related("remplacant")
        .first()
    )


@transaction.atomic
def marquer_avis_lus(agent: Agent) -> int:
    """Les avis de cet agent sont lus : ils ne lui seront plus montrés."""
    return AvisReferent.objects.filter(agent=agent, lu_le=None).update(lu_le=timezone.now())


def avis_a_lire(agent: Agent) -> list[AvisReferent]:
    """Personnes qui arrivent chez ce référent ou qui l'ont quitté, depuis sa dernière lecture."""
    return list(AvisReferent.objects.filter(agent=agent, lu_le=None).order_by("-created_at", "-pk"))

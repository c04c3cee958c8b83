"""Annuler une orientation avant sa notification : la décision, et le référent qu'elle avait nommé (F037, F040)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import (
    Accompagnement,
    DesignationReferent,
    MotifFinDesignation,
    NatureAccompagnement,
)
from jalon.accompagnements.referents import liberer_referent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.orientations.decisions import annuler_decision
from jalon.orientations.models import DecisionOrientation
from jalon.personnes.fusion import effets_complets


@transaction.atomic
def annuler_orientation(
    decision: DecisionOrientation, *, acteur: Agent, perimetre: Perimetre, motif: str
) -> DecisionOrientation:
    """Annule la décision et libère le référent qu'elle avait nommé ; le dossier ouvert à son organisme se referme.

    Un référent d'avant, déjà libéré, n'est pas rétabli : lui et la personne ont pu en être prévenus. À renommer,
    donc, par un acte. Mêmes refus que `annuler_decision`.
    """
    decision = annuler_decision(decision, acteur=acteur, perimetre=perimetre, motif=motif)
    jour = timezone.localdate()
    with effets_complets():
        _refermer(decision, jour)
        for designation in (
            DesignationReferent.objects.select_for_update(of=("self",))
            .filter(decision=decision, periode__endswith=None, periode__isempty=False)
            .order_by("pk")
        ):
            liberer_referent(designation, motif_fin=MotifFinDesignation.REORIENTATION, jour=jour)
    return decision


def _refermer(decision: DecisionOrientation, jour: date) -> None:
    """Referme le dossier à l'organisme, sauf s'il suivait déjà la personne : il redevient alors un simple suivi."""
    tenu_par_un_autre = (
        DesignationReferent.objects.filter(
            personne=decision.personne_id, organisme=decision.organisme_id, periode__endswith=None,
            periode__isempty=False,
        )
        .exclude(decision=decision)
        .exists()
    )  # fmt: skip
    if tenu_par_un_autre:
        return
    for accompagnement in (
        Accompagnement.objects.select_for_update(of=("self",))
        .filter(
            personne=decision.personne_id, organisme=decision.organisme_id, nature=NatureAccompagnement.REFERENCE,
            periode__endswith=None, periode__isempty=False,
        )
        .order_by("pk")
    ):  # fmt: skip
        debut = accompagnement.periode.lower
        if debut < decision.decidee_le:
            accompagnement.nature = NatureAccompagnement.SUIVI
        else:
            accompagnement.periode = DateRange(debut, jour) if debut < jour else DateRange(empty=True)
        accompagnement.save(update_fields=["nature", "periode"])

"""Obtenir un doublon à examiner, une réunion de dossiers ou une tâche, à travers le périmètre de qui le demande."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import EtatRapprochement, Fusion, Rapprochement, Tache
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import HorsPerimetreError


def rapprochements(perimetre: Perimetre) -> QuerySet[Rapprochement]:
    """Doutes dont l'agent voit les deux personnes."""
    return Rapprochement.objects.filter(
        filtre_perimetre(perimetre, "ancienne__"), filtre_perimetre(perimetre, "nouvelle__")
    )


def rapprochements_a_examiner(perimetre: Perimetre) -> QuerySet[Rapprochement]:
    """La file des doublons : ceux dont un dossier a déjà été réuni à un autre n'y sont plus."""
    return rapprochements(perimetre).filter(
        etat=EtatRapprochement.A_EXAMINER, ancienne__fusionnee_dans=None, nouvelle__fusionnee_dans=None
    )


def acceder_rapprochement(perimetre: Perimetre, public_id: UUID, *, droit: str = "doublons.traiter") -> Rapprochement:
    perimetre.exiger(droit)
    rapprochement = (
        rapprochements(perimetre)
        .filter(public_id=public_id)
        .select_related("ancienne__territoire", "nouvelle__territoire", "decide_par")
        .first()
    )
    if rapprochement is None:
        raise HorsPerimetreError(
            "Ce doublon n’existe pas, ou l’une des deux personnes n’est pas dans votre périmètre. "
            "Revenez à la liste des doublons."
        )
    return rapprochement


def fusions(perimetre: Perimetre) -> QuerySet[Fusion]:
    """Réunions de dossiers dont l'agent voit la personne gardée."""
    return Fusion.objects.filter(filtre_perimetre(perimetre, "gardee__"))


def acceder_fusion(perimetre: Perimetre, public_id: UUID, *, droit: str = "doublons.traiter") -> Fusion:
    perimetre.exiger(droit)
    fusion = fusions(perimetre).filter(public_id=public_id).select_related("gardee", "absorbee").first()
    if fusion is None:
        raise HorsPerimetreError(
            "Cette réunion de dossiers n’existe pas ou n’est pas dans votre périmètre. Revenez à la liste."
        )
    return fusion


def taches(perimetre: Perimetre) -> QuerySet[Tache]:
    """Tâches de l'agent, de ses organismes et de ses territoires, closes comprises."""
    if perimetre.agent is None:
        return Tache.objects.none()
    if perimetre.tout:
        return Tache.objects.all()
    return Tache.objects.filter(
        Q(agent=perimetre.agent) | Q(organisme_id__in=perimetre.organismes) | Q(territoire_id__in=perimetre.territoires)
    )


def acceder_tache(perimetre: Perimetre, public_id: UUID, *, droit: str = "taches.traiter") -> Tache:
    perimetre.exiger(droit)
    tache = taches(perimetre).filter(public_id=public_id).select_related("personne").first()
    if tache is None:
        raise HorsPerimetreError(
            "Cette tâche n’existe pas ou n’est pas confiée à votre service. Revenez à la liste des tâches."
        )
    return tache

"""Obtenir des agents : toujours à travers le périmètre de qui le demande."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.socle.errors import HorsPerimetreError


def agents_du_perimetre(perimetre: Perimetre) -> QuerySet[Agent]:
    """Agents visibles : tous pour qui voit le département, sinon ceux de ses territoires et de ses organismes."""
    if perimetre.agent is None:
        return Agent.objects.none()
    if perimetre.tout:
        return Agent.objects.all()
    affectations = Affectation.objects.filter(
        Q(territoire_id__in=perimetre.territoires) | Q(organisme_id__in=perimetre.organismes), agent=OuterRef("pk")
    )
    return Agent.objects.filter(Exists(affectations))


def acceder_agent(perimetre: Perimetre, public_id: UUID, *, droit: str = "agents.consulter") -> Agent:
    """Rend l'agent si le droit est là et qu'il est dans le périmètre."""
    perimetre.exiger(droit)
    agent = agents_du_perimetre(perimetre).filter(public_id=public_id).first()
    if agent is None:
        raise HorsPerimetreError(
            "Ce compte n'existe pas ou n'est pas dans votre périmètre. Revenez à la liste des agents."
        )
    return agent


def acceder_affectation(perimetre: Perimetre, public_id: UUID, *, droit: str = "agents.gerer") -> Affectation:
    """Rend l'affectation d'un agent visible."""
    perimetre.exiger(droit)
    affectation = (
        Affectation.objects.filter(agent__in=agents_du_perimetre(perimetre), public_id=public_id)
        .select_related("agent", "profil", "organisme", "territoire")
        .first()
    )
    if affectation is None:
        raise HorsPerimetreError("Cette affectation n'existe pas ou n'est pas dans votre périmètre.")
    return affectation


def avec_affectations_en_cours(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Plan de lecture de la liste : les affectations du jour, avec ce qu'il faut pour les nommer."""
    en_cours = (
        Affectation.objects.filter(periode__contains=timezone.localdate())
        .select_related("profil", "organisme", "territoire")
        .order_by("id")
    )
    return agents.prefetch_related(Prefetch("affectations", queryset=en_cours, to_attr="affectations_en_cours"))

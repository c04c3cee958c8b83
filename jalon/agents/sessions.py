"""Mettre fin aux connexions ouvertes d'un agent."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from jalon.agents.models import Agent


def fermer_sessions(agent: Agent, *, sauf: str | None = None) -> int:
    """Ferme les connexions de l'agent, sauf celle dont la clé est donnée ; rend leur nombre."""
    fermees = 0
    for session in UserSession.objects.filter(user=agent).order_by("id"):
        if session.session_key != sauf:
            session.end()
            fermees += 1
    return fermees

"""Ce que toute page sait : le département, les droits de l'agent, le mode démonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest

from jalon.agents.perimetre import Perimetre
from jalon.referentiels.models import ProfilDepartement
from jalon.referentiels.parametres import profil


def installation(request: HttpRequest) -> dict[str, Any]:
    return {
        "demonstration": settings.DEMONSTRATION,
        "perimetre": getattr(request, "perimetre", Perimetre.vide()),
    }


def departement() -> ProfilDepartement | None:
    """Profil chargé ; rien quand la base ne répond plus, car la page de panne s'affiche quand même."""
    if connection.needs_rollback:
        return None
    try:
        return profil()
    except DatabaseError:
        return None

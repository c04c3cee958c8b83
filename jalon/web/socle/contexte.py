"""Ce que toute page sait : le département, les droits de l'agent, le mode démonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from jalon.agents.perimetre import Perimetre


def installation(request: HttpRequest) -> dict[str, Any]:
    return {
        "demonstration": settings.DEMONSTRATION,
        "perimetre": getattr(request, "perimetre", Perimetre.vide()),
    }

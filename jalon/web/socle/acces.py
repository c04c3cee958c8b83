"""Donne à PostgreSQL et à la requête le périmètre de l'agent connecté."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.socle.rls import set_context


class PerimetreMiddleware:
    """Pose `request.perimetre` ; un visiteur non connecté a un périmètre vide."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        perimetre = Perimetre.vide()
        if isinstance(request.user, Agent):
            perimetre = Perimetre.de(request.user)
            set_context(perimetre.reglages())
        request.perimetre = perimetre  # type: ignore[attr-defined]
        return self.get_response(request)

"""Donne à PostgreSQL et à la requête le périmètre de l'agent connecté ; `@exige` ferme une vue par un droit."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.socle.rls import set_context

Vue = Callable[..., HttpResponse]


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


def exige(*droits: str) -> Callable[[Vue], Vue]:
    """N'ouvre la vue qu'aux agents qui ont tous ces droits ; les autres lisent la page 403.

    Les droits restent lisibles sur la vue (`vue.droits`) : la table des routes les compare aux rôles.
    """

    def decorer(vue: Vue) -> Vue:
        @wraps(vue)
        def gardee(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            for droit in droits:
                request.perimetre.exiger(droit)  # type: ignore[attr-defined]
            return vue(request, *args, **kwargs)

        gardee.droits = droits  # type: ignore[attr-defined]
        return gardee

    return decorer

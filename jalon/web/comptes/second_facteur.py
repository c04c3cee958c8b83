"""Le second facteur est exigé de tout agent hors démonstration, avant quoi que ce soit d'autre."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from jalon.web.comptes.routes import ROUTES_FERMEES, ROUTES_SANS_SECOND_FACTEUR

MARQUE = "second_facteur_a_poser"
"""Posée dans la session par la porte d'entrée (`AdaptateurComptes.login`), ôtée une fois le facteur posé."""

FACTEURS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def a_un_second_facteur(agent_id: int) -> bool:
    return Authenticator.objects.filter(user_id=agent_id, type__in=FACTEURS).exists()


def doit_poser_un_second_facteur(request: HttpRequest) -> bool:
    """Vrai si l'agent connecté doit d'abord poser son second facteur ; ne coûte rien à ceux qui l'ont."""
    if settings.DEMONSTRATION or not request.user.is_authenticated or not request.session.get(MARQUE):
        return False
    if a_un_second_facteur(request.user.pk):
        del request.session[MARQUE]
        return False
    return True


class SecondFacteurMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        route = request.resolver_match.url_name if request.resolver_match else None
        if route in ROUTES_FERMEES:
            raise Http404("Cette adresse n'est pas ouverte dans Jalon.")
        if route not in ROUTES_SANS_SECOND_FACTEUR and doit_poser_un_second_facteur(request):
            return redirect("second_facteur")
        return None

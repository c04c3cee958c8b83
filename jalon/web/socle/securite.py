"""Politique de contenu stricte : rien d'extérieur, aucun script ni style en ligne."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLITIQUE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


class PolitiqueContenuMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        reponse.setdefault("Content-Security-Policy", POLITIQUE)
        reponse.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return reponse

"""Une transaction par requête, ouverte avant tout, avec le rôle web et sans périmètre.

PostgreSQL ne voit l'agent qu'une fois `PerimetreMiddleware` passé : avant, la sécurité par ligne ne montre
rien. Une exception de vue annule tout (Django la change en réponse 500 à l'intérieur de la chaîne).
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from jalon.socle.rls import web_role


class TransactionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with web_role():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        transaction.set_rollback(True)

"""Une transaction par requête, ouverte avant tout, avec le rôle web et sans périmètre.

PostgreSQL ne voit l'agent qu'une fois `PerimetreMiddleware` passé : avant, la sécurité par ligne ne montre
rien. Une exception de vue annule tout ; la page qui l'explique est écrite avant l'annulation, car elle lit
encore le menu.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from jalon.socle.rls import web_role
from jalon.web.socle.erreurs import reponse_expliquee


class TransactionMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with web_role():
            reponse = self.get_response(request)
            if reponse.status_code >= 500:
                # Une panne née dans un intergiciel ne passe pas par `process_exception`.
                transaction.set_rollback(True)
            return reponse

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        reponse = reponse_expliquee(request, exception)
        transaction.set_rollback(True)
        return reponse

"""Note la dernière activité d'une connexion, au plus une fois toutes les cinq minutes.

allauth la note à chaque requête, feuille de style comprise : quatre requêtes SQL de trop par page.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.db import connection
from django.http import HttpRequest, HttpResponse

INTERVALLE = 300
CLE = "activite_notee_a"


class SuiviConnexionsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reponse = self.get_response(request)
        if connection.needs_rollback:
            return reponse  # la vue a échoué : tout sera annulé, cette note aussi
        if request.user.is_authenticated and time.time() - request.session.get(CLE, 0) > INTERVALLE:
            UserSession.objects.create_from_request(request)
            request.session[CLE] = int(time.time())
        return reponse

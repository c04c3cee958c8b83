"""Branche django-allauth sur les règles de Jalon : pas d'inscription libre, blocage, second facteur, journal."""

from __future__ import annotations

import base64
import logging
import re
import time
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.context import request_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from jalon.agents.authentification import adresse_de
from jalon.agents.models import Agent
from jalon.agents.services import noter_connexion, noter_deconnexion
from jalon.agents.sessions import fermer_sessions
from jalon.agents.verrouillage import ConnexionBloqueeError, oublier_echecs
from jalon.web.comptes.second_facteur import MARQUE, a_un_second_facteur

journal = logging.getLogger("jalon.comptes")

CONNEXION_FRAICHE = 10 * 60
"""Temps d'installer une application sur son téléphone et de noter ses codes de secours."""


class AdaptateurComptes(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": (
            "Le courriel ou le mot de passe n'est pas le bon. Vérifiez-les ; après quelques échecs, la connexion "
            "se bloque un moment."
        ),
        "incorrect_password": "Ce n'est pas votre mot de passe.",
        "enter_current_password": "Ce n'est pas votre mot de passe actuel.",
        "rate_limited": "Trop de demandes à la suite : attendez une minute, puis recommencez.",
        "invalid_password_reset": "Ce lien n'est plus valable : demandez-en un nouveau.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Un compte d'agent est créé par un administrateur, jamais par inscription libre."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Agent | None:
        try:
            return super().authenticate(request, **credentials)
        except ConnexionBloqueeError as blocage:
            raise ValidationError(str(blocage), code="connexion_bloquee") from blocage

    def reauthenticate(self, user: Agent, password: str) -> bool:
        verifie = self.authenticate(context.request, email=user.email, password=password)
        return verifie is not None and verifie.pk == user.pk

    def is_reauthentication_required(self, app: str) -> bool:
        """Qui vient d'entrer ne retape pas aussitôt son mot de passe pour poser son second facteur."""
        preuves = get_authentication_records(context.request, context.request.user)
        if preuves and time.time() - preuves[-1]["at"] < CONNEXION_FRAICHE:
            return False
        return super().is_reauthentication_required(app=app)

    def login(self, request: HttpRequest, user: Agent) -> None:
        """Fin de toute connexion, second facteur compris : c'est ici que les échecs s'oublient."""
        super().login(request, user)
        oublier_echecs(user.email, adresse_de(request))
        if not a_un_second_facteur(user.pk):
            request.session[MARQUE] = True
        noter_connexion(user)

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, Agent):
            noter_deconnexion(request.user)
        super().logout(request)

    def set_password(self, user: Agent, password: str) -> None:
        """Changer de mot de passe met fin aux autres connexions : c'est souvent pour cela qu'on en change."""
        super().set_password(user, password)
        request = context.request
        fermer_sessions(user, sauf=request.session.session_key if request.user == user else None)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Agent,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Prévient l'agent d'un changement de sécurité.

        django-allauth l'envoie parfois après la fin de la transaction, donc hors de la requête : on la lui rend.
        Un serveur de courriel en panne n'annule pas un changement déjà fait.
        """
        try:
            with request_context(self.request):
                super().send_notification_mail(template_prefix, user, context, email or user.email)
        except (OSError, SMTPException):
            journal.exception("Le courriel de sécurité n'est pas parti")


class AdaptateurSecondFacteur(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "Ce code n'est pas le bon. Attendez le suivant dans votre application, puis réessayez.",
        "cannot_delete_authenticator": (
            "C'est votre seul second facteur, et il est obligatoire : ajoutez d'abord une clé de sécurité, "
            "puis retirez l'application."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Le secret partagé est chiffré en base : une copie de la base ne suffit pas à fabriquer des codes."""
        return base64.b64encode(settings.CLE_MAITRE.chiffrer(text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return settings.CLE_MAITRE.dechiffrer(base64.b64decode(encrypted_text))

    def build_totp_svg(self, url: str) -> str:
        """Dessin du code à scanner, sans style en ligne, noir sur blanc même en mode sombre."""
        svg = super().build_totp_svg(url)
        svg = re.sub(r' (width|height)="[^"]*mm"', "", svg[svg.index("<svg") :], count=2)
        svg = svg.replace(
            "<svg", '<svg role="img" aria-label="Code à scanner avec votre application" width="220" height="220"', 1
        )
        return svg.replace(">", '><rect width="100%" height="100%" fill="#fff"/>', 1)

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        if settings.DEMONSTRATION:
            return True
        autres = type(authenticator).objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        return autres.exclude(type="recovery_codes").exists()

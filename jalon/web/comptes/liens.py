"""Envoyer à un agent le lien par lequel il choisit son mot de passe."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

from jalon.agents.models import Agent
from jalon.socle.errors import JalonError

journal = logging.getLogger("jalon.comptes")


def envoyer_lien_mot_de_passe(agent: Agent) -> None:
    """Envoie le courriel de bienvenue ; lève `JalonError` s'il ne peut pas partir, pour que rien ne soit créé."""
    adaptateur = get_adapter()
    jeton = default_token_generator.make_token(agent)
    adresse = adaptateur.get_reset_password_from_key_url(f"{user_pk_to_url_str(agent)}-{jeton}")
    try:
        adaptateur.send_mail("comptes/bienvenue", agent.email, {"agent": agent, "password_reset_url": adresse})
    except (OSError, SMTPException) as erreur:
        journal.exception("Le courriel de bienvenue n'est pas parti")
        raise JalonError(
            "Le courriel n'a pas pu partir : le serveur d'envoi ne répond pas. Rien n'a été enregistré ; réessayez, "
            "ou faites vérifier l'envoi des courriels dans « Installation »."
        ) from erreur

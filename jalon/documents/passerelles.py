"""Les portes par où partent les SMS et les courriels. Une installation branche la sienne par un réglage.

Par défaut rien ne sort : la passerelle de console dit au journal qu'un message serait parti, sans son contenu.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final, Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from jalon.documents.models import Canal
from jalon.socle.errors import JalonError

journal = logging.getLogger("jalon.documents.passerelles")
VISIBLES: Final = 4


class EnvoiRefuseError(JalonError):
    """La passerelle n'a pas pris le message. `definitif` : réessayer ne servirait à rien (adresse qui n'existe pas)."""

    def __init__(self, message: str, *, definitif: bool = False) -> None:
        super().__init__(message)
        self.definitif = definitif


@dataclass(frozen=True)
class PieceJointe:
    nom: str
    type_mime: str
    octets: bytes


@dataclass(frozen=True)
class Message:
    """Ce qu'une passerelle doit porter. `reference` est la même à chaque essai : elle permet de ne pas livrer deux fois."""

    canal: str
    destinataire: str
    objet: str
    texte: str
    reference: str
    pieces: tuple[PieceJointe, ...] = ()


@dataclass(frozen=True)
class Recu:
    """Ce que la passerelle répond quand elle a pris le message ; gardé comme preuve."""

    preuve: str


class Passerelle(Protocol):
    def envoyer(self, message: Message) -> Recu:
        """Prend le message. Lève `EnvoiRefuseError` si elle ne le prend pas."""
        ...


class PasserelleConsole:
    """Ne fait rien sortir : dit seulement au journal ce qui serait parti, destinataire masqué."""

    def envoyer(self, message: Message) -> Recu:
        journal.info(
            "%s à %s : %d signes (référence %s)",
            Canal(message.canal).label, masquer(message.destinataire), len(message.texte), message.reference,
        )  # fmt: skip
        return Recu("console : rien n'est sorti de cette machine")


class PasserelleCourrielDjango:
    """Courriel par le serveur que Django connaît (`EMAIL_BACKEND`)."""

    def envoyer(self, message: Message) -> Recu:
        courriel = EmailMessage(
            message.objet, message.texte, to=[message.destinataire], headers={"X-Jalon-Reference": message.reference}
        )
        for piece in message.pieces:
            courriel.attach(piece.nom, piece.octets, piece.type_mime)
        try:
            pris = courriel.send()
        except OSError as erreur:  # les erreurs de smtplib en sont
            raise EnvoiRefuseError(f"Le serveur de courriel ne répond pas ({type(erreur).__name__}).") from erreur
        if not pris:
            raise EnvoiRefuseError("Le serveur de courriel n'a pas pris le message.")
        return Recu("pris par le serveur de courriel")


def passerelle(canal: str) -> Passerelle:
    """La passerelle réglée pour ce canal."""
    chemin = settings.PASSERELLE_SMS if canal == Canal.SMS else settings.PASSERELLE_COURRIEL
    porte: Passerelle = import_string(chemin)()
    return porte


def masquer(destinataire: str) -> str:
    """« +336••••••12 », « cam••••@exemple.fr » : assez pour retrouver, pas pour lire."""
    nom, arobase, domaine = destinataire.partition("@")
    if arobase:
        return f"{nom[:3]}••••@{domaine}"
    return f"{destinataire[:VISIBLES]}••••{destinataire[-2:]}"

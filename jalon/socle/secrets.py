"""Clé maîtresse de l'installation et clés dérivées ; chiffrement et index aveugle des identifiants.

La clé vient de `JALON_CLE` (32 octets en hexadécimal) ou, à défaut, d'un fichier créé une fois dans le
dossier de données. La perdre, c'est perdre les numéros chiffrés : elle fait partie de la sauvegarde.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FICHIER = "cle-maitresse"
TAILLE_NONCE = 12


@dataclass(frozen=True)
class CleMaitre:
    """Clé de 32 octets dont dérivent toutes les autres, une par usage."""

    octets: bytes

    def deriver(self, usage: str) -> bytes:
        return hmac.new(self.octets, usage.encode(), hashlib.sha256).digest()

    @cached_property
    def _chiffreur(self) -> AESGCM:
        return AESGCM(self.deriver("chiffrement"))

    @cached_property
    def _cle_index(self) -> bytes:
        return self.deriver("index")

    def chiffrer(self, texte: str) -> bytes:
        """Chiffre et authentifie un court texte ; deux appels donnent deux résultats différents."""
        nonce = os.urandom(TAILLE_NONCE)
        return nonce + self._chiffreur.encrypt(nonce, texte.encode(), None)

    def dechiffrer(self, donnees: bytes | memoryview) -> str:
        brut = bytes(donnees)
        return self._chiffreur.decrypt(brut[:TAILLE_NONCE], brut[TAILLE_NONCE:], None).decode()

    def indexer(self, texte: str) -> bytes:
        """Index aveugle (16 octets) : permet de retrouver une valeur égale sans pouvoir la lire."""
        return hashlib.blake2b(texte.encode(), key=self._cle_index, digest_size=16).digest()


def lire_cle(donnees: Path) -> CleMaitre:
    """Lit la clé de l'installation, et la crée si c'est la première fois."""
    posee = os.environ.get("JALON_CLE")
    if posee:
        return CleMaitre(bytes.fromhex(posee))
    fichier = donnees / "secrets" / FICHIER
    try:
        return CleMaitre(bytes.fromhex(fichier.read_text().strip()))
    except FileNotFoundError:
        pass
    fichier.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descripteur = os.open(fichier, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return CleMaitre(bytes.fromhex(fichier.read_text().strip()))
    with os.fdopen(descripteur, "w") as sortie:
        sortie.write(secrets.token_hex(32))
    return CleMaitre(bytes.fromhex(fichier.read_text().strip()))

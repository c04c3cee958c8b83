"""Pseudonymes de l'observatoire : une empreinte à clé, la même d'un mois à l'autre, qui ne se remonte pas sans la clé.

Aucune table de correspondance n'est gardée. Pour ouvrir un chiffre sur ses dossiers, on refait l'empreinte des
dossiers que l'agent a le droit de voir, et on garde ceux qui tombent juste.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from uuid import UUID

from django.conf import settings


@lru_cache(maxsize=1)
def _cle(octets: bytes) -> bytes:
    cle: bytes = settings.CLE_MAITRE.deriver("observatoire")
    return cle


def pseudonyme(public_id: UUID | str) -> str:
    """Pseudonyme (32 caractères hexadécimaux) d'une personne, d'un foyer ou d'un dossier."""
    return hashlib.blake2b(
        str(public_id).encode(), key=_cle(settings.CLE_MAITRE.octets), digest_size=16, person=b"observatoire"
    ).hexdigest()

"""Les caractères qu'une lettre peut porter : ceux que sa police sait dessiner, et que l'archivage accepte.

Un signe que la police ne connaît pas ferait refuser tout le PDF normé : il devient « □ », visible à la relecture.
Les marques invisibles (sens d'écriture inversé, espaces nulles) disparaissent : elles ne servent qu'à tromper.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

INCONNU: Final = "□"
COUPURE: Final = "\u200b"
MOT_LONG: Final = 24
"""Au-delà, un mot sans espace sortirait de sa ligne : il reçoit des coupures invisibles."""

_PLAGES: Final = (
    "\u0020-\u007e\u00a0-\u00ac\u00ae-\u024f\u0300-\u036f\u0386-\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce"
    "\u0400-\u045f\u1e00-\u1eff\u2010-\u2015\u2018-\u201f\u2020-\u2022\u2026\u202f\u2030\u2032\u2033\u2039\u203a\u20ac"
    "\u2116\u2122\u2190-\u2193\u2212\u25a1"
)
_CONNUS: Final = re.compile(f"[{_PLAGES}]")
_TOUT_CONNU: Final = re.compile(f"[{_PLAGES}]*")
_BLANC: Final = re.compile("[\t\n\r\v\f\u0085\u2000-\u200a\u2028\u2029\u205f\u3000]")
SEGMENT_LONG: Final = 60
"""Une adresse se coupe d'elle-même après « / » et « - » : tant qu'aucun segment ne tient plus d'une ligne, elle reste
entière. Une coupure invisible ferait, une fois collée dans un navigateur, une adresse inconnue."""
_TROP_LONG: Final = re.compile(rf"https?://\S+|[^\s{COUPURE}-]{{{MOT_LONG + 1},}}")


@lru_cache(maxsize=4_096)
def imprimable(texte: str) -> str:
    """Le texte tel que la lettre le portera."""
    texte = _BLANC.sub(" ", unicodedata.normalize("NFC", texte))
    if _TOUT_CONNU.fullmatch(texte):
        return _TROP_LONG.sub(_couper, texte)
    rendu = []
    for signe in texte:
        if _CONNUS.match(signe):
            rendu.append(signe)
        elif unicodedata.category(signe) not in ("Cf", "Cc", "Mn", "Me"):
            rendu.append(INCONNU)
    return _TROP_LONG.sub(_couper, "".join(rendu))


def _couper(trouve: re.Match[str]) -> str:
    mot = trouve.group()
    if mot.startswith(("http://", "https://")) and max(map(len, re.split("[/-]", mot))) <= SEGMENT_LONG:
        return mot
    return COUPURE.join(mot[debut : debut + MOT_LONG] for debut in range(0, len(mot), MOT_LONG))


def inconnus(texte: str) -> list[str]:
    """Signes qu'une lettre ne saurait porter, pour les refuser à qui écrit le texte."""
    lus = unicodedata.normalize("NFC", texte)
    return sorted({s for s in lus if not _CONNUS.match(s) and not _BLANC.match(s)})

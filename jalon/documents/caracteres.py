"""Les caractères qu'une lettre peut porter : ceux que sa police sait dessiner, et que l'archivage accepte.

Un signe que la police ne connaît pas ferait refuser tout le PDF normé : il devient « □ », visible à la relecture.
Les marques invisibles (sens d'écriture inversé, espaces nulles) disparaissent : elles ne servent qu'à tromper.
Ce qui se lit d'un seul tenant (un numéro de téléphone, un montant, un jour, un article) ne se coupe pas en fin de ligne.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from jalon.documents.ecriture import MOIS

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

INSECABLE: Final = "\u00a0"
SUITE_LONGUE: Final = 40
"""Au-delà, des mots liés entre eux sortiraient de leur ligne : leurs espaces redeviennent ordinaires."""
_MOIS: Final = "|".join(MOIS)
_UNITE: Final = r"(?:euros?|mois|ans?|jours?|semaines?|heures?|minutes?)\b"
_NUMERO: Final = re.compile(r"(?<!\d)(?:\+\d\d \d|0\d)(?: \d\d){4}(?!\d)|(?<!\d)\d{1,3}(?: \d{3})+(?!\d)")
_ESPACE_A_LIER: Final = re.compile(
    "|".join(
        (
            r" (?=[;:!?»%€])",
            r"(?<=«) ",
            r"(?<=[nN]°) ",
            rf"(?:(?<=\d)|(?<=\b1er)) (?=(?:{_MOIS})\b)",
            rf"(?<=\d) (?={_UNITE})",
            rf"(?<=\d) (?=à \d+ (?:%|{_UNITE}))|(?<=\d à) (?=\d+ (?:%|{_UNITE}))",
            r"(?<=\d) (?=h\b)|(?<=\d h) (?=\d\d\b)",
            r"(?:(?<=\b[aA]rticle)|(?<=\b[aA]rticles)) (?=[LRDA]?\.? ?\d)|(?<=\b[LRDA]\.) (?=\d)",
            r"(?<=\d,) (?=[IVX]+\b|\d+°)|(?<=\b[IVX]) (?=\d+°)|(?<=\b[IVX]{2}) (?=\d+°)|(?<=\b[IVX]{3}) (?=\d+°)",
            r"(?:(?<=\bM\.)|(?<=\bMme)) (?=[^\W\d_])",
        )
    )
)
_TROP_LIE: Final = re.compile(rf"[^ {COUPURE}]{{{SUITE_LONGUE + 1},}}")


@lru_cache(maxsize=4_096)
def imprimable(texte: str) -> str:
    """Le texte tel que la lettre le portera."""
    texte = _BLANC.sub(" ", unicodedata.normalize("NFC", texte))
    if _TOUT_CONNU.fullmatch(texte):
        return lier(_TROP_LONG.sub(_couper, texte))
    rendu = []
    for signe in texte:
        if _CONNUS.match(signe):
            rendu.append(signe)
        elif unicodedata.category(signe) not in ("Cf", "Cc", "Mn", "Me"):
            rendu.append(INCONNU)
    return lier(_TROP_LONG.sub(_couper, "".join(rendu)))


def lier(texte: str) -> str:
    """« 03 21 00 00 00 », « 300,00 € », « 5 novembre », « n° 2 », « article L262-37 » restent chacun sur une ligne."""
    texte = _NUMERO.sub(_sans_coupure, _ESPACE_A_LIER.sub(INSECABLE, texte))
    return _TROP_LIE.sub(lambda suite: suite.group().replace(INSECABLE, " "), texte)


def _sans_coupure(trouve: re.Match[str]) -> str:
    return trouve.group().replace(" ", INSECABLE)


def _couper(trouve: re.Match[str]) -> str:
    mot = trouve.group()
    if mot.startswith(("http://", "https://")) and max(map(len, re.split("[/-]", mot))) <= SEGMENT_LONG:
        return mot
    return COUPURE.join(mot[debut : debut + MOT_LONG] for debut in range(0, len(mot), MOT_LONG))


def inconnus(texte: str) -> list[str]:
    """Signes qu'une lettre ne saurait porter, pour les refuser à qui écrit le texte."""
    lus = unicodedata.normalize("NFC", texte)
    return sorted({s for s in lus if not _CONNUS.match(s) and not _BLANC.match(s)})

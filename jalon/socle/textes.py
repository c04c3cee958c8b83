"""Normalisation des textes pour comparer des noms écrits de plusieurs façons."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NON_LETTRES = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
)


@lru_cache(maxsize=50_000)
def normaliser(texte: str) -> str:
    """« D’Agostino-Élan » → « d agostino elan » : minuscules, sans accent, mots séparés d'une espace."""
    if texte.isascii():
        return _NON_LETTRES.sub(" ", texte.lower()).strip()
    decompose = unicodedata.normalize("NFKD", texte.translate(_LIGATURES).lower())
    sans_accent = "".join(lettre for lettre in decompose if not unicodedata.combining(lettre))
    return _NON_LETTRES.sub(" ", sans_accent).strip()


_PARTICULES = frozenset(
    {"de", "du", "des", "la", "le", "les", "et", "von", "van", "den", "der", "el", "al", "ben", "bin"}
)


def nom_propre(texte: str) -> str:
    """Écrit un nom reçu en capitales comme on l'écrit dans une lettre : « LEFÈVRE » → « Lefèvre »."""
    if not texte or texte != texte.upper():
        return texte
    morceaux = re.split(r"([ \-'’])", texte.lower())
    rendus = [
        morceau if (rang and morceau in _PARTICULES and rang + 1 < len(morceaux)) else morceau[:1].upper() + morceau[1:]
        for rang, morceau in enumerate(morceaux)
    ]
    return "".join(rendus)

"""Écrire une date, une durée, un nom dans une lettre."""

from __future__ import annotations

from datetime import date
from typing import Final

MOIS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
JOURS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
NOMBRES: Final = (
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
)  # fmt: skip


def date_en_lettres(jour: date, *, avec_jour: bool = False) -> str:
    """« 1er novembre 2026 », ou « dimanche 1er novembre 2026 »."""
    quantieme = "1er" if jour.day == 1 else str(jour.day)
    ecrite = f"{quantieme} {MOIS[jour.month - 1]} {jour.year}"
    return f"{JOURS[jour.weekday()]} {ecrite}" if avec_jour else ecrite


def en_lettres(nombre: int, *, feminin: bool = False) -> str:
    """« un », « une », « deux », « 18 »."""
    if nombre == 1 and feminin:
        return "une"
    return NOMBRES[nombre] if nombre < len(NOMBRES) else str(nombre)


def mois_en_lettres(nombre: int) -> str:
    """« un mois », « deux mois », « 18 mois »."""
    return f"{en_lettres(nombre)} mois"


def heure_en_lettres(heure: int, minute: int) -> str:
    """« 9 h », « 14 h 30 »."""
    return f"{heure} h {minute:02d}" if minute else f"{heure} h"

"""Un chiffre de l'accueil : ce qu'il compte, et la liste qu'il ouvre."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chiffre:
    """Un chiffre et la liste qu'il ouvre."""

    libelle: str
    valeur: int
    url: str
    icone: str
    ton: str = ""
    detail: str = ""

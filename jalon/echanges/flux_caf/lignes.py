"""Un fait en une ligne de COPY : ses valeurs séparées par des tabulations.

L'extraction met chaque fait en ligne une fois pour toutes. La comparer à ce que la base sait est une égalité de
textes, la transmettre d'un processus à l'autre et l'écrire ne coûtent qu'un objet. Aucune valeur ne contient de
tabulation : `texte` les remplace et JSON les échappe.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

NUL: Final = "\x1f"
"""Absence de valeur ; ce caractère est interdit en XML, aucun texte reçu ne peut le contenir."""

Ligne = str

en_ligne = "\t".join


def en_lignes(faits: Iterable[tuple[str, ...]]) -> list[Ligne]:
    return [en_ligne(fait) for fait in faits]


def premiere(ligne: Ligne) -> str:
    """Première valeur d'une ligne."""
    return ligne.partition("\t")[0]


def separer(ligne: Ligne) -> list[str | None]:
    """Les valeurs d'une ligne, une à une, pour une requête ordinaire."""
    return [None if valeur == NUL else valeur for valeur in ligne.split("\t")]

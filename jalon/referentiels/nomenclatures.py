"""Libellés des codes reçus de la CNAF et de la CCMSA.

Un code inconnu n'est jamais une panne : l'appelant le met en quarantaine (`est_connu`). Une **liste**
inconnue, elle, est une faute de frappe dans notre code et lève une erreur, sans quoi tous les codes
d'un flux passeraient pour inconnus.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FICHIER = Path(__file__).parent / "donnees" / "codes_cnaf.json"


class ListeInconnueError(KeyError):
    """La liste demandée n'existe pas ; son nom est celui de la balise du flux (`ETATDOSRSA`)."""

    def __str__(self) -> str:
        return f"Aucune nomenclature CNAF ne s'appelle « {self.args[0]} »."


@cache
def _listes() -> Mapping[str, Mapping[str, str]]:
    contenu = json.loads(_FICHIER.read_text(encoding="utf-8"))
    return MappingProxyType({nom: MappingProxyType(liste["valeurs"]) for nom, liste in contenu["listes"].items()})


def listes() -> frozenset[str]:
    """Noms des listes connues."""
    return frozenset(_listes())


def valeurs(liste: str) -> Mapping[str, str]:
    """Tous les codes d'une liste et leurs libellés, dans l'ordre de la nomenclature."""
    try:
        return _listes()[liste]
    except KeyError:
        raise ListeInconnueError(liste) from None


def libelle(liste: str, code: str) -> str | None:
    """Libellé d'un code ; None si le code n'est pas dans la liste.

    Les chaînes du flux sont complétées d'espaces à droite (« CG  ») : ils ne font pas partie du code.
    """
    return valeurs(liste).get(code.rstrip())


def est_connu(liste: str, code: str) -> bool:
    """Vrai si le code figure dans la liste."""
    return code.rstrip() in valeurs(liste)

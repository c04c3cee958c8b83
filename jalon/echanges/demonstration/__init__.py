"""La population de démonstration : fictive, calée sur les marges publiées, écrite comme un vrai fichier.

Deux fonctions suffisent : `ecrire_mois_initial` et `ecrire_mois_suivant`. Les fichiers entrent ensuite
par la même porte que ceux d'une caisse ; rien n'est posé directement en base.
"""

from __future__ import annotations

from .contexte import (
    TAILLE_REELLE,
    CommuneDemo,
    ContexteDemo,
    Progression,
    ResumeDemo,
    TerritoireDemo,
)
from .fichiers import ecrire_mois_initial, ecrire_mois_suivant
from .marges import poids_territoires_publies

__all__ = [
    "TAILLE_REELLE",
    "CommuneDemo",
    "ContexteDemo",
    "Progression",
    "ResumeDemo",
    "TerritoireDemo",
    "ecrire_mois_initial",
    "ecrire_mois_suivant",
    "poids_territoires_publies",
]

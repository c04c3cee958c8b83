"""Les fichiers d'un profil qui portent un métier : un fichier, un modèle, une pièce qui l'installe.

Un fichier de plus se déclare ici, dans `Profil`, et dans `jalon.cli.installation.installer`.
"""

from __future__ import annotations

from typing import Final

from .base import Modele
from .campagnes import Campagnes
from .contrats import Contrats
from .courriers import Courriers
from .criteres import Criteres
from .grilles import Grilles
from .instances import Instances
from .instruction import Instruction
from .lexique import Lexique
from .orientations import Orientations
from .reunions import Reunions

FICHIERS_METIER: Final[dict[str, type[Modele]]] = {
    "campagnes.yaml": Campagnes,
    "contrats.yaml": Contrats,
    "courriers.yaml": Courriers,
    "criteres.yaml": Criteres,
    "grilles.yaml": Grilles,
    "instances.yaml": Instances,
    "instruction.yaml": Instruction,
    "lexique.yaml": Lexique,
    "orientations.yaml": Orientations,
    "reunions.yaml": Reunions,
}


def champ(fichier: str) -> str:
    """Nom du champ de `Profil` qui reçoit ce fichier."""
    return fichier.removesuffix(".yaml")

"""`lexique.yaml` : les mots qui n'ont pas leur place dans un dossier ; ils avertissent, ils n'empêchent pas."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from .base import Intitule, Modele, Texte

Terme = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]


class Famille(Modele):
    """Des mots de même nature, pourquoi les éviter, et ce que l'on peut écrire à la place."""

    libelle: Intitule
    raison: Texte
    conseil: Texte
    termes: Annotated[tuple[Terme, ...], Field(min_length=1)]
    """Un mot, ou le début d'un mot suivi de « * »."""


class Lexique(Modele):
    """Tout le fichier."""

    familles: Annotated[tuple[Famille, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _une_seule_fois(self) -> Self:
        termes = [terme.lower() for famille in self.familles for terme in famille.termes]
        doubles = sorted({terme for terme in termes if termes.count(terme) > 1})
        if doubles:
            raise ValueError(f"donné deux fois : {', '.join(doubles)}")
        return self

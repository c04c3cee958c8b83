"""`grilles.yaml` : les questionnaires à échelons du département, et ce qu'ils appellent un frein (F033, D08, I27)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from .base import Booleen, CodeInterne, Intitule, Modele, Texte, inconnu

Reponse = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Rang = Annotated[int, Field(ge=1, le=9)]
"""Une seule touche par échelon : la saisie se fait au clavier."""

COLONNES_RESERVEES = frozenset({"territoire", "date", "sexe", "age", "parcours_envisage", "matricule", "personne"})
"""Colonnes d'un fichier de reprise : aucune question ne peut porter leur nom."""


class EchelonGrille(Modele):
    """Une réponse possible ; le rang 1 est le plus proche de l'emploi."""

    rang: Rang
    libelle: Reponse


class ItemGrille(Modele):
    """Une question ; son poids compte dans la moyenne des rangs."""

    code: CodeInterne
    libelle: Intitule
    question: Texte
    poids: Annotated[int, Field(ge=1, le=100)] = 1
    echelons: Annotated[tuple[EchelonGrille, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _rangs_qui_se_suivent(self) -> Self:
        rangs = [echelon.rang for echelon in self.echelons]
        if rangs != list(range(1, len(rangs) + 1)):
            raise ValueError("les échelons se suivent à partir de 1, dans l'ordre")
        return self


class FreinGrille(Modele):
    """Échelons d'une question qui disent une même difficulté ; certains suggèrent la sphère sociale (R30)."""

    code: CodeInterne
    libelle: Intitule
    item: str
    echelons: Annotated[tuple[Rang, ...], Field(min_length=1)]
    suggere_social: Booleen = False
    source: Texte


class Grille(Modele):
    """Une version d'une grille. Changer une rédaction déjà employée demande une version de plus."""

    code: CodeInterne
    libelle: Intitule
    version: Annotated[int, Field(ge=1)]
    du: date
    source: Texte
    items: Annotated[tuple[ItemGrille, ...], Field(min_length=1)]
    freins: tuple[FreinGrille, ...] = ()

    @model_validator(mode="after")
    def _references(self) -> Self:
        reserves = COLONNES_RESERVEES & {item.code for item in self.items}
        if reserves:
            raise ValueError(
                f"« {min(reserves)} » nomme déjà une colonne des fichiers de reprise ; choisir un autre code"
            )
        _sans_double("items", [item.code for item in self.items])
        _sans_double("freins", [frein.code for frein in self.freins])
        rangs = {item.code: {echelon.rang for echelon in item.echelons} for item in self.items}
        for frein in self.freins:
            if frein.item not in rangs:
                raise ValueError(f"frein {frein.code} : {inconnu(frein.item, rangs)}")
            absents = set(frein.echelons) - rangs[frein.item]
            if absents:
                raise ValueError(f"frein {frein.code} : la question {frein.item} n'a pas d'échelon {min(absents)}")
        return self


class Grilles(Modele):
    """Tout le fichier ; la première grille est celle que les écrans proposent."""

    grilles: Annotated[tuple[Grille, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _une_version_par_date(self) -> Self:
        _sans_double("grilles", [f"{grille.code}, version {grille.version}" for grille in self.grilles])
        _sans_double("grilles", [f"{grille.code} au {grille.du}" for grille in self.grilles])
        return self


def _sans_double(nom: str, codes: Sequence[str]) -> None:
    doubles = {code for code in codes if codes.count(code) > 1}
    if doubles:
        raise ValueError(f"dans {nom}, « {', '.join(sorted(doubles))} » est donné deux fois")

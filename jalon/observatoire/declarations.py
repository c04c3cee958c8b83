"""Ce qu'un chiffre publié doit dire de lui-même, déclaré une seule fois.

Écrans, exports et ligne de commande lisent ces déclarations ; aucun autre code ne compte ce qui est publié.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal


@dataclass(frozen=True)
class Modalite:
    """Une ligne ou une colonne d'un tableau."""

    code: str
    libelle: str
    parties: tuple[str, ...] = ()
    """Modalités du même axe dont celle-ci est la somme ; vide si elle se compte directement."""
    base: str = ""
    """Modalité du même axe à laquelle elle se rapporte en pourcentage ; vide : pas de pourcentage."""
    facultative: bool = False
    """Montrée seulement si elle compte quelqu'un (« inconnu »)."""


@dataclass(frozen=True)
class Graphique:
    """Ce que le graphique montre du tableau."""

    axe: Literal["lignes", "colonnes"]
    """Ce qui fait une barre."""
    barres: tuple[str, ...]
    series: tuple[str, ...]
    """Parts empilées de chaque barre ; une seule : une barre simple."""


@dataclass(frozen=True)
class Tables:
    """Les tables d'un cliché, vues par Ibis."""

    foyers: Any
    personnes: Any
    attentes: Any


@dataclass(frozen=True)
class Tableau:
    """Un tableau : sa définition en mots, et l'expression Ibis qui rend ses unités.

    `unites` rend une table (dossier, personne, territoire, ligne, colonne, poids) : une ligne par unité comptée
    dans une case. Le moteur somme les poids ; la même expression ouvre la case sur ses dossiers.
    """

    code: str
    titre: str
    definition: str
    population: str
    numerateur: str
    denominateur: str
    unite: str
    source: str
    intitule_lignes: str
    lignes: tuple[Modalite, ...]
    colonnes: tuple[Modalite, ...]
    unites: Callable[[Tables], Any] = field(compare=False)
    graphique: Graphique
    total: str | None = None
    """Ligne de total, s'il y en a une."""
    colonne_principale: str = "ensemble"
    """Colonne retenue quand on ventile par territoire."""
    ventilations: tuple[str, ...] = ("territoire",)
    valable_du: date | None = date(2009, 6, 1)
    """Le RSA commence le 1er juin 2009."""
    valable_au: date | None = None

    def ligne(self, code: str) -> Modalite:
        return _trouver(self.lignes, code)

    def colonne(self, code: str) -> Modalite:
        return _trouver(self.colonnes, code)


def _trouver(modalites: tuple[Modalite, ...], code: str) -> Modalite:
    return next(modalite for modalite in modalites if modalite.code == code)


def composants(modalites: tuple[Modalite, ...], code: str) -> frozenset[str]:
    """Les modalités comptées directement dont `code` est faite."""
    parties = _trouver(modalites, code).parties
    if not parties:
        return frozenset({code})
    return frozenset().union(*(composants(modalites, partie) for partie in parties))

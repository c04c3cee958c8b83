"""Ce que l'appelant fournit (le département) et ce qu'il reçoit (le résumé).

La démonstration ne lit ni la base ni le profil : l'appelant lui donne les territoires, les caisses et
les montants, pour que le même moteur serve à tous les départements et se teste sans Django.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Progression = Callable[[int, int], None]
"""Appelée avec (foyers écrits, foyers à écrire)."""

TAILLE_REELLE = 62_549
"""Nombre de foyers payables publié pour septembre 2009 : les tableaux se reproduisent à l'unité."""

TAILLE_MAXIMALE = 200_000
"""Au-delà, six chiffres ne suffisent plus à numéroter les NIR fictifs sans collision."""


@dataclass(frozen=True)
class CommuneDemo:
    """Une commune réelle : elle seule n'est pas inventée, pour que les cartes aient un sens."""

    code_insee: str
    nom: str
    codes_postaux: tuple[str, ...]
    population: int


@dataclass(frozen=True)
class TerritoireDemo:
    """Un territoire d'insertion et la part de la population qu'il reçoit (`poids`, sans unité)."""

    code: str
    libelle: str
    poids: float
    communes: tuple[CommuneDemo, ...]


@dataclass(frozen=True)
class ContexteDemo:
    """Le département de démonstration.

    `caisses` : (FONORG, NUMORG, poids). `seuil_activite` : revenu d'activité mensuel à partir duquel
    une personne n'est plus soumise aux droits et devoirs.
    """

    code_departement: str
    territoires: tuple[TerritoireDemo, ...]
    caisses: tuple[tuple[str, str, float], ...]
    montant_forfaitaire: Decimal
    seuil_activite: Decimal

    def verifier(self) -> None:
        """Refuse tout de suite ce qui ferait échouer l'écriture au milieu du fichier."""
        if not self.territoires or any(not t.communes for t in self.territoires):
            raise ValueError("Chaque territoire de démonstration doit compter au moins une commune.")
        if any(not c.codes_postaux for t in self.territoires for c in t.communes):
            raise ValueError("Chaque commune de démonstration doit avoir au moins un code postal.")
        if not self.caisses or sum(t.poids for t in self.territoires) <= 0:
            raise ValueError("La démonstration demande une caisse au moins et des poids positifs.")


@dataclass(frozen=True)
class ResumeDemo:
    """Ce que le fichier contient, compté à l'écriture : le rapport d'import doit retrouver ces nombres.

    `foyers`, `personnes` et `soumis` comptent tous les blocs écrits ; `*_payables` se limitent aux
    foyers dont le droit est ouvert et versable (état 2).
    """

    foyers: int
    personnes: int
    soumis: int
    foyers_payables: int
    personnes_payables: int
    soumis_payables: int
    etats: Mapping[str, int] = field(default_factory=dict)
    changements: Mapping[str, int] = field(default_factory=dict)
    defauts: Mapping[str, int] = field(default_factory=dict)


def verifier_taille(taille: int) -> None:
    """Les bornes entre lesquelles marges et numéros tiennent."""
    if not 1 <= taille <= TAILLE_MAXIMALE:
        raise ValueError(f"La taille doit être comprise entre 1 et {TAILLE_MAXIMALE} foyers (reçu : {taille}).")

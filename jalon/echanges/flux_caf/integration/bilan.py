"""Ce qu'un import retient de ce qu'il fait : les chiffres du rapport, et où l'on a vu chaque personne."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jalon.droits.models import EtatDossier
from jalon.echanges.flux_caf.lecture import FoyerLu

FERMES: Final = frozenset(str(etat) for etat in EtatDossier.fermes())
OUVERTS: Final = frozenset(str(etat) for etat in EtatDossier.ouverts())

Ordre = tuple[str, str]
"""Rang d'un flux dans le temps : (date de référence, date et heure d'émission), en texte comparable."""


@dataclass(slots=True)
class Bilan:
    """Ce que l'import a fait, chiffre par chiffre, avec les dossiers et personnes derrière chacun."""

    lus: int = 0
    crees: list[int] = field(default_factory=list)
    mis_a_jour: list[int] = field(default_factory=list)
    inchanges: int = 0
    personnes_lues: int = 0
    personnes_illisibles: int = 0
    personnes_creees: list[int] = field(default_factory=list)
    personnes_mises_a_jour: set[int] = field(default_factory=set)
    quarantaine: list[tuple[FoyerLu, str, str, str]] = field(default_factory=list)
    anomalies: list[tuple[str, str, int | None, int | None, int | None]] = field(default_factory=list)
    ouverts: list[int] = field(default_factory=list)
    suspendus: list[int] = field(default_factory=list)
    clos: list[int] = field(default_factory=list)
    refuses: list[int] = field(default_factory=list)
    arrives: list[int] = field(default_factory=list)
    partis: list[int] = field(default_factory=list)
    anciens: int = 0


@dataclass(slots=True)
class Contexte:
    """Le dernier dossier où l'on a vu une personne dans cet import, et pourquoi elle n'y est plus soumise."""

    dossier: int
    ferme: bool = False
    partie: bool = False

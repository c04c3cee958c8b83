"""Les marges publiées et l'art de les ramener à une autre taille sans perdre un foyer.

Les tableaux de `marges.json` sont des faits publiés (« PDI du Pas-de-Calais 2010-2012 », fautes
d'impression corrigées). À 62 549 foyers, on les reproduit à l'unité ; à une autre taille, on répartit
au plus fort reste, seule méthode dont la somme tombe toujours juste.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

COMPOSANTES = ("socle", "activite", "socle_et_activite")
SOCLE, ACTIVITE, SOCLE_ET_ACTIVITE = range(3)

TYPES_FOYER = (
    "couple avec enfant",
    "couple sans enfant",
    "femme seule avec enfant",
    "homme seul avec enfant",
    "femme seule sans enfant",
    "homme seul sans enfant",
    "situation inconnue",
)
COUPLE_ENFANT, COUPLE, FEMME_ENFANT, HOMME_ENFANT, FEMME, HOMME, INCONNUE = range(7)
EN_COUPLE = (COUPLE_ENFANT, COUPLE)
AVEC_ENFANT = (COUPLE_ENFANT, FEMME_ENFANT, HOMME_ENFANT)

TRANCHES_AGE = (
    "moins de 25",
    "25-29",
    "30-39",
    "40-49",
    "50-54",
    "55-59",
    "60-64",
    "65 et plus",
    "inconnu",
)
BORNES_AGE = ((18, 24), (25, 29), (30, 39), (40, 49), (50, 54), (55, 59), (60, 64), (65, 74), (35, 45))
"""Âges tirés dans chaque tranche. Pour « inconnu », l'âge supposé ne sert qu'à inventer le foyer."""
AGE_INCONNU = 8

BORNES_ANCIENNETE = ((1, 3), (4, 6), (7, 12), (13, 24), (25, 36), (37, 48), (49, 240))
"""En mois entamés, mois de référence compris : la table compte le RSA né en juin « 4-6 mois » en septembre."""

BORNES_HEURES = ((12, 20), (21, 56), (57, 72), (79, 117), (118, 152), (153, 182))
"""Le trou de 73 à 78 heures est dans la source."""

# Vraisemblance du croisement situation × âge, que la source ne publie pas : seules les marges sont
# imposées. Un homme seul de moins de 25 ans sans enfant n'a pas droit au RSA de droit commun.
_AMORCE = (
    (0.40, 1.1, 1.6, 1.3, 0.5, 0.25, 0.10, 0.05, 0.2),
    (0.12, 0.6, 0.5, 0.9, 1.5, 1.7, 1.60, 1.50, 0.2),
    (1.30, 1.5, 1.4, 1.0, 0.4, 0.15, 0.05, 0.02, 0.2),
    (0.15, 0.5, 1.0, 1.4, 1.0, 0.60, 0.30, 0.10, 0.2),
    (0.08, 0.9, 0.6, 0.8, 1.4, 1.80, 1.80, 2.00, 0.5),
    (1e-9, 1.2, 1.0, 1.1, 1.2, 1.20, 1.00, 0.80, 0.5),
    (0.05, 0.5, 1.0, 1.0, 0.5, 0.50, 0.50, 0.50, 5.0),
)


@cache
def charger_marges() -> dict[str, Any]:
    """Les tableaux publiés, tels que livrés avec le paquet."""
    texte = resources.files(__package__).joinpath("marges.json").read_text(encoding="utf-8")
    tableaux: dict[str, Any] = json.loads(texte)
    return tableaux


def colonne(tableau: str, nom: str, lignes: Sequence[str] | None = None) -> list[int]:
    """Une colonne d'un tableau publié, dans l'ordre des lignes ; les cases vides comptent pour zéro."""
    donnees = charger_marges()[tableau]
    rang = donnees["colonnes"].index(nom)
    return [donnees["lignes"][ligne][rang] or 0 for ligne in (lignes or list(donnees["lignes"]))]


def valeur(tableau: str, ligne: str, nom: str) -> int:
    """Une case d'un tableau publié."""
    return colonne(tableau, nom, (ligne,))[0]


def repartir(total: int, poids: Sequence[float]) -> list[int]:
    """Répartit `total` au plus fort reste ; les ex æquo vont au premier, pour rester déterministe."""
    somme = sum(poids)
    if somme <= 0:
        raise ValueError("La répartition demande au moins un poids positif.")
    exacts = [total * p / somme for p in poids]
    parts = [int(x) for x in exacts]
    ordre = sorted(range(len(poids)), key=lambda i: (parts[i] - exacts[i], i))
    for i in ordre[: total - sum(parts)]:
        parts[i] += 1
    return parts


def proportion(nombre: int, numerateur: int, denominateur: int) -> int:
    """`nombre` × numérateur / dénominateur, arrondi au plus proche sans passer par un flottant."""
    return (2 * nombre * numerateur + denominateur) // (2 * denominateur)


def _ajuster(lignes: Sequence[int], colonnes: Sequence[int]) -> list[list[float]]:
    """Ajustement proportionnel itératif : le croisement le plus proche de l'amorce ayant ces marges."""
    table = [list(rangee) for rangee in _AMORCE]
    for _ in range(200):
        for i, cible in enumerate(lignes):
            somme = sum(table[i])
            table[i] = [x * cible / somme if somme else 0.0 for x in table[i]]
        ecart = 0.0
        for j, cible in enumerate(colonnes):
            somme = sum(rangee[j] for rangee in table)
            ecart = max(ecart, abs(somme - cible))
            for rangee in table:
                rangee[j] = rangee[j] * cible / somme if somme else 0.0
        if ecart < 1e-6:
            break
    return table


def croiser(lignes: Sequence[int], colonnes: Sequence[int]) -> list[list[int]]:
    """Croise situation et âge en nombres entiers, les deux marges tenues exactement.

    On arrondit vers le bas puis on rend les unités manquantes, d'abord là où l'arrondi a le plus ôté ;
    le dernier passage, sans condition, ne sert qu'aux très petites tailles.
    """
    if sum(lignes) != sum(colonnes):
        raise ValueError("Les deux marges doivent avoir le même total.")
    exacts = _ajuster(lignes, colonnes)
    entiers = [[int(x) for x in rangee] for rangee in exacts]
    # L'ajustement s'arrête à une tolérance : on ôte ce qui dépasserait une marge d'une unité.
    for i, rangee in enumerate(entiers):
        for j in range(len(rangee)):
            exces = max(sum(rangee) - lignes[i], sum(r[j] for r in entiers) - colonnes[j], 0)
            rangee[j] -= min(exces, rangee[j])
    reste_l = [cible - sum(rangee) for cible, rangee in zip(lignes, entiers, strict=True)]
    reste_c = [cible - sum(r[j] for r in entiers) for j, cible in enumerate(colonnes)]
    cases = [(i, j) for i in range(len(lignes)) for j in range(len(colonnes))]
    cases.sort(key=lambda c: (entiers[c[0]][c[1]] - exacts[c[0]][c[1]], c))
    for passage in range(3):
        for i, j in cases:
            if passage < 2 and _AMORCE[i][j] < 1e-6:
                continue
            ajout = min(reste_l[i], reste_c[j], 1 if passage == 0 else reste_l[i])
            if ajout > 0:
                entiers[i][j] += ajout
                reste_l[i] -= ajout
                reste_c[j] -= ajout
    return entiers


def repartir_composantes(taille: int) -> list[int]:
    """Foyers par composante du droit (T06, total)."""
    return repartir(taille, charger_marges()["T06"]["total"][:3])


def repartir_foyers(taille: int) -> list[list[list[int]]]:
    """Foyers par composante × situation × âge : T06 et T07 tenus ensemble."""
    croises = []
    for nom, nombre in zip(COMPOSANTES, repartir_composantes(taille), strict=True):
        if nombre == 0:
            croises.append([[0] * len(TRANCHES_AGE) for _ in TYPES_FOYER])
            continue
        lignes = repartir(nombre, colonne("T06", nom, TYPES_FOYER))
        colonnes = repartir(nombre, colonne("T07", nom, TRANCHES_AGE))
        croises.append(croiser(lignes, colonnes))
    return croises


def poids_territoires_publies() -> dict[str, int]:
    """Orientations par territoire (T12) : un poids raisonnable quand le profil n'en donne pas."""
    donnees = charger_marges()["T12"]
    return {nom: ligne[-1] for nom, ligne in donnees["lignes"].items()}

"""Noms, numéros et rues inventés.

Les prénoms sont ceux de tout le monde ; les noms de famille sont assemblés de syllabes, pour que
personne ne se reconnaisse. Le NIR commence par 8, chiffre qu'aucune personne ne porte à cette place.
"""

from __future__ import annotations

import csv
import unicodedata
from datetime import date
from functools import cache
from importlib import resources
from random import Random

_ORIGINES = ("francais", "flamand", "maghrebin", "polonais", "portugais")
_POIDS_ORIGINES = (0.68, 0.84, 0.92, 0.97, 1.0)
_PART_PARTICULE = {"francais": 0.06, "flamand": 0.45, "maghrebin": 0.35, "polonais": 0.0, "portugais": 0.3}
LONGUEUR_NOM = 28


@cache
def lexique(categorie: str, origine: str) -> tuple[str, ...]:
    """Les valeurs d'une rubrique de `noms.csv`, dans l'ordre du fichier."""
    return _lire().get((categorie, origine), ())


@cache
def _lire() -> dict[tuple[str, str], tuple[str, ...]]:
    rubriques: dict[tuple[str, str], list[str]] = {}
    texte = resources.files(__package__).joinpath("noms.csv").read_text(encoding="utf-8")
    for categorie, origine, valeur in list(csv.reader(texte.splitlines(), delimiter=";"))[1:]:
        rubriques.setdefault((categorie, origine), []).append(valeur)
    return {cle: tuple(valeurs) for cle, valeurs in rubriques.items()}


@cache
def sans_accent(texte: str) -> str:
    """Les capitales sans accent des fichiers anciens ; mémorisé, car les mêmes mots reviennent sans fin."""
    decompose = unicodedata.normalize("NFD", texte.upper())
    return "".join(c for c in decompose if not unicodedata.combining(c)).replace("Œ", "OE").replace("Æ", "AE")


@cache
def nombre_de_noms() -> int:
    """Noms de famille distincts que les syllabes permettent (particules non comptées)."""
    return len({d + f for o in _ORIGINES for d in lexique("debut", o) for f in lexique("fin", o)})


def graphie(texte: str, accents: bool) -> str:
    """Neuf fichiers sur dix sont en capitales sans accent ; les autres gardent les leurs."""
    return texte.upper() if accents else sans_accent(texte)


def nom_de_famille(alea: Random) -> str:
    """Un nom inventé, à consonance d'ici ou des pays d'où l'on est venu travailler dans le bassin."""
    tirage = alea.random()
    rang = next(i for i, seuil in enumerate(_POIDS_ORIGINES) if tirage < seuil)
    origine = _ORIGINES[rang]
    nom = alea.choice(lexique("debut", origine)) + alea.choice(lexique("fin", origine))
    if alea.random() < _PART_PARTICULE[origine]:
        particule = alea.choice(lexique("particule", origine))
        nom = particule + (nom if particule[-1] in " '-" else nom.lower())
    if alea.random() < 0.015:
        nom += "-" + alea.choice(lexique("debut", "francais")) + alea.choice(lexique("fin", "francais"))
    return nom[:LONGUEUR_NOM].rstrip(" -'")


def prenom(alea: Random, sexe: int) -> str:
    """Un prénom courant ; sexe 1 = homme, 2 = femme."""
    return alea.choice(lexique("prenom", "femme" if sexe == 2 else "homme"))


def alterer_prenom(texte: str) -> str:
    """Une faute de saisie plausible : la même personne, qu'une clé exacte ne retrouve plus."""
    milieu = len(texte) // 2
    if len(texte) > 5:
        return texte[:milieu] + texte[milieu + 1 :]
    return texte[:milieu] + texte[milieu : milieu + 1] * 2 + texte[milieu + 1 :]


def nir_fictif(graine: int, serie: int, naissance: date | None) -> str:
    """Treize chiffres : 8, année et mois de naissance, 99, puis un numéro que la permutation rend unique."""
    annee_mois = f"{naissance.year % 100:02d}{naissance.month:02d}" if naissance else "0001"
    numero = (serie * 617_363 + graine * 7_919) % 1_000_000
    return f"8{annee_mois}99{numero:06d}"


def cle_nir(nir: str) -> str:
    """La clé du NIR : complément à 97 du reste de la division par 97."""
    return f"{97 - int(nir[:13]) % 97:02d}"


def ecrire_nir(alea: Random, nir: str) -> str:
    """Les trois écritures constatées : avec clé, sans clé, sans clé et complété d'espaces."""
    tirage = alea.random()
    if tirage < 0.6:
        return nir + cle_nir(nir)
    return nir if tirage < 0.85 else nir + "  "

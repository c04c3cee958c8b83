"""Rapprocher la liste d'un partenaire de nos personnes : clés exactes d'abord, puis Splink (R34, F028).

Une clé exacte est un identifiant (NIR, numéro de l'opérateur de l'emploi, matricule) ou l'identité entière ; elle
n'est sûre que si une seule personne la porte. Le reste passe par un modèle de Fellegi et Sunter dont les poids
sont donnés : une liste de trente lignes ne suffit pas à les apprendre. Prénom et nom inversés, jour et mois
inversés, une faute de frappe, un nom d'usage : chacun a son niveau.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from jalon.socle.textes import normaliser


@dataclass(frozen=True)
class Identite:
    """Ce qu'une liste, ou notre base, dit d'une personne ; une valeur absente est vide."""

    cle: int
    nom: str
    prenom: str
    nom_naissance: str = ""
    date_naissance: date | None = None
    sexe: str = ""
    code_postal: str = ""
    matricule: str = ""
    identifiant_france_travail: str = ""
    nir_empreinte: bytes = b""


@dataclass(frozen=True)
class Candidat:
    """Une de nos personnes proposée pour une ligne, et pourquoi."""

    ligne: int
    personne: int
    score: float
    methode: str


EXACTES: Final = (
    ("nir", "Même numéro de sécurité sociale"),
    ("identifiant_france_travail", "Même identifiant chez l'opérateur de l'emploi"),
    ("matricule", "Même matricule et même date de naissance"),
    ("identite", "Mêmes nom, prénom et date de naissance"),
)
PROBABLE: Final = "probable"
METHODES: Final = {**dict(EXACTES), PROBABLE: "Identité ressemblante"}


def _cles(qui: Identite) -> dict[str, tuple[Any, ...]]:
    cles: dict[str, tuple[Any, ...]] = {}
    if qui.nir_empreinte:
        cles["nir"] = (bytes(qui.nir_empreinte),)
    if qui.identifiant_france_travail:
        cles["identifiant_france_travail"] = (qui.identifiant_france_travail.strip().upper(),)
    if qui.matricule and qui.date_naissance:
        cles["matricule"] = (qui.matricule.strip().lstrip("0"), qui.date_naissance)
    return cles


def _identites(qui: Identite) -> set[tuple[Any, ...]]:
    """L'identité entière, avec le nom d'usage et le nom de naissance."""
    if qui.date_naissance is None or not qui.prenom:
        return set()
    noms = {normaliser(nom) for nom in (qui.nom, qui.nom_naissance) if nom}
    return {(nom, normaliser(qui.prenom), qui.date_naissance) for nom in noms}


def rapprocher_exactement(lignes: Iterable[Identite], personnes: Sequence[Identite]) -> dict[int, list[Candidat]]:
    """Candidats par clé exacte, pour les lignes qui en trouvent ; la première clé qui répond l'emporte."""
    index: dict[str, dict[tuple[Any, ...], set[int]]] = {code: defaultdict(set) for code, _ in EXACTES}
    for personne in personnes:
        for code, cle in _cles(personne).items():
            index[code][cle].add(personne.cle)
        for cle in _identites(personne):
            index["identite"][cle].add(personne.cle)
    trouves: dict[int, list[Candidat]] = {}
    for ligne in lignes:
        cles = _cles(ligne)
        for code, _ in EXACTES:
            if code == "identite":
                portent = set().union(*(index[code].get(cle, set()) for cle in _identites(ligne)))
            else:
                portent = index[code].get(cles[code], set()) if code in cles else set()
            if portent:
                trouves[ligne.cle] = [Candidat(ligne.cle, personne, 1.0, code) for personne in sorted(portent)]
                break
    return trouves

"""Les communes de France, lues dans le paquet npm `@etalab/decoupage-administratif`.

Une adresse est rattachée à sa commune par le **code Insee**, jamais par le code postal seul : un code
postal couvre souvent plusieurs communes, parfois de deux territoires. Les flux et les reprises portent
des codes anciens (communes fusionnées, déléguées, arrondissements municipaux) : `resoudre` les ramène
tous à la commune d'aujourd'hui.

Python pur : ni Django ni base de données, le chemin des données est donné par l'appelant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

CHEMIN_PAQUET = Path("node_modules/@etalab/decoupage-administratif/data")
ZONES_DE_DROIT_COMMUN = frozenset({"metro", "drom"})


class DecoupageIllisibleError(Exception):
    """Le paquet des communes est absent ou n'a pas la forme attendue."""


@dataclass(frozen=True, slots=True)
class Commune:
    """Une commune actuelle. `population` est inconnue pour six terres australes, `epci` pour quatre îles."""

    code: str
    nom: str
    departement: str
    region: str
    zone: str
    arrondissement: str | None
    epci: str | None
    population: int | None
    codes_postaux: tuple[str, ...]
    anciens_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommuneRattachee:
    """Commune déléguée ou associée, ou arrondissement municipal : un nom et un code, sans autonomie."""

    code: str
    nom: str
    type: str
    commune_actuelle: str


@dataclass(frozen=True, slots=True)
class Epci:
    """Intercommunalité à fiscalité propre ; ses membres peuvent être de plusieurs départements."""

    code: str
    nom: str
    type: str
    membres: tuple[str, ...]


@dataclass(frozen=True)
class ReferentielCommunes:
    """Le découpage d'un millésime : communes actuelles, codes anciens, EPCI."""

    communes: Mapping[str, Commune]
    epci: Mapping[str, Epci]
    anciens_codes: Mapping[str, str]
    rattachees: Mapping[str, CommuneRattachee]
    departements: Mapping[str, str]

    def resoudre(self, code: str) -> str | None:
        """Code Insee de la commune actuelle pour un code actuel, ancien ou rattaché ; None s'il est inconnu.

        L'ordre compte : le code d'une commune nouvelle est souvent aussi celui de sa déléguée chef-lieu,
        et le chef-lieu du code officiel (état présent) prime sur l'historique des fusions, qui le contredit
        pour deux communes ; `anciens_codes` suit la même règle.
        """
        if code in self.communes:
            return code
        if code in self.rattachees:
            return self.rattachees[code].commune_actuelle
        return self.anciens_codes.get(code)

    def commune(self, code: str) -> Commune | None:
        """La commune actuelle qui porte ou a repris ce code Insee."""
        actuel = self.resoudre(code)
        return self.communes[actuel] if actuel is not None else None

    def du_departement(self, *departements: str) -> tuple[Commune, ...]:
        """Communes actuelles des départements demandés, dans l'ordre des codes."""
        return tuple(c for dep in departements for c in self._par_departement.get(dep, ()))

    def de_droit_commun(self) -> Iterator[Commune]:
        """Métropole et DROM, là où le RSA est servi ; les collectivités d'outre-mer sont à part."""
        return (c for c in self.communes.values() if c.zone in ZONES_DE_DROIT_COMMUN)

    def candidates_du_code_postal(self, code_postal: str) -> tuple[Commune, ...]:
        """Communes possibles d'un code postal : des candidates à proposer, jamais une réponse."""
        return self._par_code_postal.get(code_postal, ())

    @cached_property
    def _par_departement(self) -> dict[str, tuple[Commune, ...]]:
        groupes: dict[str, list[Commune]] = {}
        for code in sorted(self.communes):
            groupes.setdefault(self.communes[code].departement, []).append(self.communes[code])
        return {dep: tuple(liste) for dep, liste in groupes.items()}

    @cached_property
    def _par_code_postal(self) -> dict[str, tuple[Commune, ...]]:
        groupes: dict[str, list[Commune]] = {}
        for code in sorted(self.communes):
            for code_postal in self.communes[code].codes_postaux:
                groupes.setdefault(code_postal, []).append(self.communes[code])
        return {cp: tuple(liste) for cp, liste in groupes.items()}


def charger_communes(dossier: Path) -> ReferentielCommunes:
    """Lit `communes.json`, `epci.json` et `departements.json` dans `dossier` (voir `CHEMIN_PAQUET`)."""
    lignes = _lire(dossier / "communes.json")
    epci = {
        e["code"]: Epci(code=e["code"], nom=e["nom"], type=e["type"], membres=tuple(m["code"] for m in e["membres"]))
        for e in _lire(dossier / "epci.json")
    }
    epci_de = {membre: e.code for e in epci.values() for membre in e.membres}
    communes: dict[str, Commune] = {}
    rattachees: dict[str, CommuneRattachee] = {}
    anciens: dict[str, str] = {}
    for ligne in lignes:
        code = ligne["code"]
        if ligne["type"] == "commune-actuelle":
            communes[code] = Commune(
                code=code,
                nom=ligne["nom"],
                departement=ligne["departement"],
                region=ligne["region"],
                zone=ligne["zone"],
                arrondissement=ligne.get("arrondissement") or None,
                epci=epci_de.get(code),
                population=ligne.get("population"),
                codes_postaux=tuple(ligne.get("codesPostaux", ())),
                anciens_codes=tuple(ligne.get("anciensCodes", ())),
            )
            anciens.update(dict.fromkeys(ligne.get("anciensCodes", ()), code))
        else:
            rattachees[code] = CommuneRattachee(
                code=code,
                nom=ligne["nom"],
                type=ligne["type"],
                commune_actuelle=ligne.get("chefLieu") or ligne["commune"],
            )
    if not communes:
        raise DecoupageIllisibleError(f"{dossier / 'communes.json'} ne contient aucune commune actuelle.")
    return ReferentielCommunes(
        communes=MappingProxyType(communes),
        epci=MappingProxyType(epci),
        anciens_codes=MappingProxyType(
            {
                code: rattachees[code].commune_actuelle if code in rattachees else actuel
                for code, actuel in anciens.items()
            }
        ),
        rattachees=MappingProxyType(rattachees),
        departements=MappingProxyType({d["code"]: d["nom"] for d in _lire(dossier / "departements.json")}),
    )


def _lire(chemin: Path) -> list[dict[str, Any]]:
    try:
        contenu = json.loads(chemin.read_bytes())
    except FileNotFoundError as erreur:
        raise DecoupageIllisibleError(
            f"{chemin} est absent ; installer le paquet @etalab/decoupage-administratif (npm ci)."
        ) from erreur
    except ValueError as erreur:
        raise DecoupageIllisibleError(f"{chemin} n'est pas un fichier JSON lisible : {erreur}.") from erreur
    if not isinstance(contenu, list):
        raise DecoupageIllisibleError(f"{chemin} devrait contenir une liste.")
    return contenu

"""Importer des mois dans une base d'essai, sous un profil ou sous l'autre."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jalon.echanges.services import ResultatImport, importer_flux
from jalon.referentiels.parametres import oublier
from tests.echanges.flux_caf.fabrique import flux_xml

Mois = Callable[..., ResultatImport]

MOIS = ("2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31")


@pytest.fixture
def mois(db: None, tmp_path: Path) -> Mois:
    """`mois([foyer(...)], "2026-09-30")` importe le flux de ce mois ; les autres options sont celles de `flux_xml`."""
    rang = 0

    def importer(
        foyers: Sequence[str] = (), le: str = "2026-09-30", *, simulation: bool = False, **options: Any
    ) -> ResultatImport:
        nonlocal rang
        rang += 1
        options.setdefault("date_creation", le)
        chemin = tmp_path / f"flux-{rang}.xml"
        chemin.write_bytes(flux_xml(foyers, date_reference=le, **options))
        return importer_flux(chemin, simulation=simulation)

    return importer


@dataclass(frozen=True)
class Departement:
    """Ce qu'un essai doit savoir du profil sous lequel il tourne."""

    code: str
    commune: str
    autre_commune: str
    delai_decision: int
    delai_recueil: int
    maintien: int
    seuil_doute: int


DEPARTEMENTS = {
    "pas-de-calais": Departement("pas-de-calais", "62498", "62765", 2, 2, 6, 80),
    "loiret": Departement("loiret", "45234", "45208", 3, 3, 12, 85),
}


@cache
def _lire(code: str) -> Any:
    from jalon.cli.installation import lire_profil

    return lire_profil(code)


@pytest.fixture(params=sorted(DEPARTEMENTS))
def departement(request: pytest.FixtureRequest, db: None) -> Iterator[Departement]:
    """Le même essai sous chaque profil : le second remplace le premier dans la transaction de l'essai."""
    choisi = DEPARTEMENTS[request.param]
    if choisi.code != "pas-de-calais":
        from jalon.cli.installation import installer

        with connection.cursor() as curseur:
            curseur.execute(
                "truncate referentiels_commune, referentiels_parametre, referentiels_libelle, "
                "referentiels_profildepartement, organismes_organisme, organismes_territoire, "
                "agents_profilhabilitation cascade"
            )
        oublier()
        installer(*_lire(choisi.code), tout_le_pays=False)
    oublier()
    yield choisi
    oublier()

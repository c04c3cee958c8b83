"""De quoi malmener Jalon : une installation complète et son serveur, une distribution que deux connexions voient."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jalon.socle.embarquee import ROLE_PROPRIETAIRE, localiser
from tests.cli.conftest import RACINE, Installation, dossier_traversable
from tests.distribution import Distribution
from tests.echanges.flux_caf.fabrique import flux_xml, foyer, personne

FOYERS = 700


class InstallationEmbarquee(Installation):
    """La même, mais dont le serveur est celui que Jalon démarre lui-même."""

    def postmaster(self) -> int:
        return int((localiser(self.donnees).grappe / "postmaster.pid").read_text().splitlines()[0])

    def tuer_le_serveur(self) -> None:
        os.kill(self.postmaster(), signal.SIGKILL)

    def connecter(self) -> None:
        """Retient l'adresse du serveur ; le mot de passe ne change pas d'un démarrage à l'autre."""
        self.lire = localiser(self.donnees).adresse(ROLE_PROPRIETAIRE)

    def executer(self, requete: str) -> list[tuple[object, ...]]:
        garde, self.adresse = self.adresse, self.lire
        try:
            return super().executer(requete)
        finally:
            self.adresse = garde

    def vider(self) -> None:
        self.executer("truncate personnes_foyer, personnes_personne, echanges_flux, traces_acte cascade")


def _naissance(n: int) -> str:
    return f"{1950 + n % 50}-{1 + n % 12:02d}-{1 + n % 28:02d}"


def fichier(chemin: Path, le: str, **options: object) -> Path:
    """Un mois de plusieurs centaines de couples : de quoi être tué à tout moment."""
    foyers = [
        foyer(
            f"{n:011d}",
            personnes=[
                personne(f"NOM{n}", f"ANNE{n}", _naissance(n), activites=()),
                personne(f"NOM{n}", f"PAUL{n}", _naissance(n + 7), sexe="1", role="CJT", activites=()),
            ],
            **options,  # type: ignore[arg-type]
        )
        for n in range(1, FOYERS + 1)
    ]
    chemin.write_bytes(flux_xml(foyers, date_reference=le, date_creation=le))
    return chemin


@pytest.fixture(scope="module")
def embarquee() -> Iterator[InstallationEmbarquee]:
    dossier = dossier_traversable()
    installation = InstallationEmbarquee(dossier / "var", "", {})
    installation.lancer("init", "--profil", "pas-de-calais")
    gardien = subprocess.Popen(  # tant qu'il vit, le serveur ne s'éteint pas entre deux commandes
        [sys.executable, "-c",
         "from jalon.cli.environnement import preparer_django as p; p(); print('pret', flush=True); input()"],
        cwd=RACINE, env=installation.environnement, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert gardien.stdout is not None
    assert gardien.stdout.readline().strip() == "pret"
    installation.connecter()
    yield installation
    gardien.communicate("\n", timeout=30)
    time.sleep(1)
    with suppress(OSError):
        os.kill(installation.postmaster(), signal.SIGINT)
        time.sleep(1)
    shutil.rmtree(dossier, ignore_errors=True)


@pytest.fixture(autouse=True)
def _django_db_marker() -> None:
    """Ici la marque `django_db` demande la base d'essai, sans la transaction qui cacherait tout à l'autre connexion."""


@pytest.fixture
def distribution(base_a_part: None) -> Distribution:
    """La distribution, écrite pour de bon : deux connexions ne se voient que si les lignes sont validées."""
    return Distribution()

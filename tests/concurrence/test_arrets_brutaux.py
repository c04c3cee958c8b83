"""Tué à n'importe quel moment, un import laisse la base comme elle était, et le suivant réussit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import RACINE
from tests.concurrence.conftest import FOYERS, InstallationEmbarquee, fichier
from tests.echanges.test_premier_chargement import SCHEMA

pytestmark = pytest.mark.lent
MOMENTS = 14
TUES_AU_MOINS = 8
MESURES = 3


def _preparer(embarquee: InstallationEmbarquee, tmp_path: Path) -> tuple[Path, float]:
    """Un premier mois importé, un second à importer, et la durée d'un import entier (mesurée à blanc)."""
    embarquee.vider()
    embarquee.lancer("importer", "flux-caf", fichier(tmp_path / "1.xml", "2026-09-30"))
    second = fichier(tmp_path / "2.xml", "2026-10-31", nb_enfants=1, etat="3", suspensions_droit=[("DA", "2026-10-01")])
    depart = time.monotonic()
    embarquee.lancer("importer", "flux-caf", second, "--simulation")
    return second, time.monotonic() - depart


def _tuer_a_chaque_moment(embarquee: InstallationEmbarquee, second: Path, duree: float) -> int:
    """Tue l'import aux quatorze moments, ou jusqu'à ce qu'un import finisse avant le coup ; rend le nombre de tués."""
    avant = embarquee.empreintes()
    for moment in range(MOMENTS):
        processus = embarquee.ouvrir("importer", "flux-caf", second, "--json")
        time.sleep(duree * (0.2 + 0.75 * moment / (MOMENTS - 1)))
        if processus.poll() is None:
            os.killpg(processus.pid, signal.SIGKILL)
        processus.communicate(timeout=60)
        if embarquee.executer("select 1 from echanges_flux where date_reference = '2026-10-31'"):
            return moment  # validé avant le coup : c'est alors le mois entier qui est là
        assert processus.returncode == -signal.SIGKILL
        assert embarquee.empreintes() == avant, f"moment {moment}"
    return MOMENTS


def _mois_entier(embarquee: InstallationEmbarquee) -> bool:
    return embarquee.executer("select count(*) from droits_situation where upper_inf(periode) and etat = '3'") == [
        (FOYERS,)
    ]


def test_tue_a_quatorze_moments(embarquee: InstallationEmbarquee, tmp_path: Path) -> None:
    for _ in range(MESURES):
        second, duree = _preparer(embarquee, tmp_path)
        tues = _tuer_a_chaque_moment(embarquee, second, duree)
        if tues >= TUES_AU_MOINS:
            break
        assert _mois_entier(embarquee)  # la machine va plus vite qu'à la mesure : les moments se recalent
    assert tues >= TUES_AU_MOINS
    if tues == MOMENTS:
        rapport = embarquee.json("importer", "flux-caf", second, "--json")
        assert rapport["foyers"] == {"lus": FOYERS, "crees": 0, "mis_a_jour": FOYERS, "inchanges": 0, "quarantaine": 0}
    assert _mois_entier(embarquee)
    assert not list((embarquee.donnees / "provisoire").iterdir())


ETAPES = ["Lecture du fichier", "Mise à jour des dossiers", "File d'orientation"]


@pytest.mark.parametrize("etape", ETAPES)
def test_tue_a_chaque_etape_du_premier_chargement(embarquee: InstallationEmbarquee, tmp_path: Path, etape: str) -> None:
    embarquee.vider()
    premier = fichier(tmp_path / "1.xml", "2026-09-30")
    avant = embarquee.empreintes()
    processus = embarquee.ouvrir("importer", "flux-caf", premier)
    assert processus.stderr is not None
    for ligne in processus.stderr:
        if etape in ligne:
            break
    os.killpg(processus.pid, signal.SIGKILL)
    processus.communicate(timeout=60)
    assert embarquee.empreintes() == avant
    assert embarquee.json("importer", "flux-caf", premier, "--json")["foyers"]["crees"] == FOYERS


def test_interrompu_au_clavier_ou_arrete_proprement(embarquee: InstallationEmbarquee, tmp_path: Path) -> None:
    embarquee.vider()
    premier = fichier(tmp_path / "1.xml", "2026-09-30")
    avant = embarquee.empreintes()
    for coup, attendu in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        processus = embarquee.ouvrir("importer", "flux-caf", premier)
        assert processus.stderr is not None
        next(ligne for ligne in processus.stderr if "Lecture du fichier" in ligne)
        os.kill(processus.pid, coup)
        _, erreurs = processus.communicate(timeout=60)
        assert processus.returncode == attendu, erreurs
        assert "Traceback" not in erreurs
        assert embarquee.empreintes() == avant


def test_le_serveur_est_tue_pendant_l_import(embarquee: InstallationEmbarquee, tmp_path: Path) -> None:
    embarquee.vider()
    premier = fichier(tmp_path / "1.xml", "2026-09-30")
    avant = embarquee.empreintes()
    processus = embarquee.ouvrir("importer", "flux-caf", premier)
    assert processus.stderr is not None
    next(ligne for ligne in processus.stderr if "Lecture du fichier" in ligne)
    embarquee.tuer_le_serveur()
    _, erreurs = processus.communicate(timeout=120)
    assert processus.returncode == 1, erreurs
    assert "Traceback" not in erreurs
    resultat = embarquee.lancer("importer", "flux-caf", premier, "--simulation", "--json")
    assert json.loads(resultat.stdout)["foyers"]["crees"] == FOYERS
    assert embarquee.empreintes() == avant
    assert embarquee.json("importer", "flux-caf", premier, "--json")["foyers"]["crees"] == FOYERS


# --- Tué pendant que les contraintes sont ôtées -------------------------------------------------------

IMPORT = """
from pathlib import Path
from jalon.cli.environnement import preparer_django
preparer_django()
from jalon.echanges import services
from jalon.echanges.flux_caf import extracteur
services.GROS_IMPORT, extracteur.TAILLE_LOT = 1, 20
services.importer_flux(Path({chemin!r}), progression=lambda etape, _: print(etape, flush=True))
"""


@pytest.mark.parametrize("etape", ETAPES)
def test_tue_pendant_que_les_contraintes_sont_otees(
    embarquee: InstallationEmbarquee,
    tmp_path: Path,
    etape: str,
) -> None:
    embarquee.vider()
    chemin = fichier(tmp_path / "1.xml", "2026-09-30")
    avant, schema = embarquee.empreintes(), embarquee.executer(SCHEMA)
    processus = subprocess.Popen(
        [sys.executable, "-c", IMPORT.format(chemin=str(chemin))], cwd=RACINE, env=embarquee.environnement, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert processus.stdout is not None
    next(ligne for ligne in processus.stdout if etape in ligne)
    os.kill(processus.pid, signal.SIGKILL)
    processus.communicate(timeout=60)
    limite = time.monotonic() + 30
    while _groupe_vivant(processus.pid):  # le second processus, resté seul, s'arrête de lui-même
        assert time.monotonic() < limite
        time.sleep(0.1)
    assert embarquee.empreintes() == avant
    assert embarquee.executer(SCHEMA) == schema
    assert not list((embarquee.donnees / "provisoire").iterdir())
    assert embarquee.json("importer", "flux-caf", chemin, "--json")["foyers"]["crees"] == FOYERS
    assert embarquee.executer(SCHEMA) == schema


def _groupe_vivant(groupe: int) -> bool:
    try:
        os.killpg(groupe, 0)
    except ProcessLookupError:
        return False
    return True


# --- Deux à la fois ---------------------------------------------------------------------------------


def test_deux_mois_importes_en_meme_temps_passent_l_un_apres_l_autre(
    embarquee: InstallationEmbarquee, tmp_path: Path
) -> None:
    embarquee.vider()
    mois = [fichier(tmp_path / "1.xml", "2026-09-30"), fichier(tmp_path / "2.xml", "2026-10-31", nb_enfants=1)]
    processus = [embarquee.ouvrir("importer", "flux-caf", chemin, "--json") for chemin in mois]
    resultats = [p.communicate(timeout=180) for p in processus]
    assert [p.returncode for p in processus] == [0, 0], resultats
    rapports = [json.loads(sortie)["foyers"] for sortie, _ in resultats]
    assert sorted(r["crees"] for r in rapports) == [0, FOYERS]
    assert embarquee.executer(
        "select count(*) from droits_situation where upper_inf(periode) and nombre_charges = 1"
    ) == [(FOYERS,)]
    assert embarquee.executer("select count(*) from droits_reception") == [(2 * FOYERS,)]


def test_le_meme_fichier_deux_fois_en_meme_temps_n_entre_qu_une_fois(
    embarquee: InstallationEmbarquee, tmp_path: Path
) -> None:
    embarquee.vider()
    chemin = fichier(tmp_path / "1.xml", "2026-09-30")
    processus = [embarquee.ouvrir("importer", "flux-caf", chemin, "--json") for _ in range(2)]
    resultats = [p.communicate(timeout=180) for p in processus]
    assert sorted(p.returncode for p in processus) == [0, 2], resultats
    assert any("attend son tour" in erreurs for _, erreurs in resultats) or any(
        "déjà été importé" in e for _, e in resultats
    )
    assert embarquee.executer("select count(*) from droits_dossierrsa") == [(FOYERS,)]

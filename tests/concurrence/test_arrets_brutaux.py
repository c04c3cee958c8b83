"""Tué à n'importe quel moment, un import laisse la base comme elle était, et le suivant réussit."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.concurrence.conftest import FOYERS, InstallationEmbarquee, fichier

pytestmark = pytest.mark.lent
MOMENTS = 14


def _preparer(embarquee: InstallationEmbarquee, tmp_path: Path) -> tuple[Path, float]:
    """Un premier mois importé, un second à importer, et la durée d'un import entier (mesurée à blanc)."""
    embarquee.vider()
    embarquee.lancer("importer", "flux-caf", fichier(tmp_path / "1.xml", "2026-09-30"))
    second = fichier(tmp_path / "2.xml", "2026-10-31", nb_enfants=1, etat="3", suspensions_droit=[("DA", "2026-10-01")])
    depart = time.monotonic()
    embarquee.lancer("importer", "flux-caf", second, "--simulation")
    return second, time.monotonic() - depart


def test_tue_a_quatorze_moments(embarquee: InstallationEmbarquee, tmp_path: Path) -> None:
    second, duree = _preparer(embarquee, tmp_path)
    avant = embarquee.empreintes()
    tues = 0
    for moment in range(MOMENTS):
        processus = embarquee.ouvrir("importer", "flux-caf", second, "--json")
        time.sleep(duree * (0.2 + 0.75 * moment / (MOMENTS - 1)))
        if processus.poll() is None:
            os.killpg(processus.pid, signal.SIGKILL)
        processus.communicate(timeout=60)
        if embarquee.executer("select 1 from echanges_flux where date_reference = '2026-10-31'"):
            break  # validé avant le coup : c'est alors le mois entier qui est là
        assert processus.returncode == -signal.SIGKILL
        assert embarquee.empreintes() == avant, f"moment {moment}"
        tues += 1
    assert tues >= 8
    if tues == MOMENTS:
        rapport = embarquee.json("importer", "flux-caf", second, "--json")
        assert rapport["foyers"] == {"lus": FOYERS, "crees": 0, "mis_a_jour": FOYERS, "inchanges": 0, "quarantaine": 0}
    assert embarquee.executer("select count(*) from droits_situation where upper_inf(periode) and etat = '3'") == [
        (FOYERS,)
    ]
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

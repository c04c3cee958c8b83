"""Sauvegarder, tout perdre, restaurer ailleurs : mêmes lignes, mêmes numéros lisibles."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Installation, _binaires, dossier_traversable
from tests.echanges.flux_caf.fabrique import foyer, personne

pytestmark = pytest.mark.django_db
NIR = "8850462041001"


@pytest.fixture
def vide(copier_base: Callable[[str], str], django_db_blocker: Any) -> Iterator[Installation]:
    """Une autre machine : base vide, dossier de données neuf."""
    with django_db_blocker.unblock():
        adresse = copier_base("vide")
    dossier = dossier_traversable()
    yield Installation(dossier / "var", adresse, _binaires())
    shutil.rmtree(dossier)


def test_aller_et_retour(installation: Installation, vide: Installation, deposer: Any, tmp_path: Path) -> None:
    installation.lancer(
        "importer", "flux-caf",
        deposer([foyer("00000000001", f"{NIR}00", fonorg="MSA", personnes=[personne(nir=NIR)])]),
    )  # fmt: skip
    piece = installation.donnees / "fichiers" / "lettre.txt"
    piece.parent.mkdir(parents=True, exist_ok=True)
    piece.write_text("bonjour")
    archive = tmp_path / "copie.tar"
    installation.lancer("sauvegarder", archive)
    assert archive.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.partiel"))
    with tarfile.open(archive) as contenu:
        assert {"manifeste.json", "base.dump", "cle-maitresse"} <= set(contenu.getnames())
    attendues = installation.empreintes()

    vide.lancer("restaurer", archive)
    assert vide.empreintes() == attendues
    assert (vide.donnees / "secrets" / "cle-maitresse").read_text() == (
        installation.donnees / "secrets" / "cle-maitresse"
    ).read_text()
    (dossier,) = vide.json("exporter", "dossier", "--matricule", NIR, "--json")["dossiers"]
    assert dossier["personnes"][0]["nir_connu"] is True
    # La copie vit : le même fichier est reconnu, le mois suivant entre.
    assert vide.lancer("importer", "flux-caf", tmp_path / "flux.xml", attendu=2).stderr
    suite = deposer([foyer("00000000001", f"{NIR}00", fonorg="MSA", personnes=[personne(nir=NIR)])], "2.xml",
                    date_reference="2026-11-30")  # fmt: skip
    assert vide.json("importer", "flux-caf", suite, "--json")["foyers"]["inchanges"] == 1

    # Une base déjà pleine n'est pas écrasée sans le dire.
    avant = vide.empreintes()
    refus = vide.lancer("restaurer", archive, attendu=1)
    assert "--ecraser" in refus.stderr
    assert vide.empreintes() == avant
    vide.lancer("restaurer", archive, "--ecraser")
    assert vide.empreintes() == attendues


def test_refuse_une_autre_cle_sans_ecraser(installation: Installation, vide: Installation, tmp_path: Path) -> None:
    archive = tmp_path / "copie.tar"
    installation.lancer("sauvegarder", archive)
    cle = vide.donnees / "secrets" / "cle-maitresse"
    cle.parent.mkdir(parents=True)
    cle.write_text("0" * 64)
    assert "autre clé" in vide.lancer("restaurer", archive, attendu=1).stderr
    assert cle.read_text() == "0" * 64


@pytest.mark.parametrize("contenu", [b"", b"bonjour"])
def test_refuse_ce_qui_n_est_pas_une_sauvegarde(vide: Installation, tmp_path: Path, contenu: bytes) -> None:
    (tmp_path / "faux.tar").write_bytes(contenu)
    resultat = vide.lancer("restaurer", tmp_path / "faux.tar", attendu=1)
    assert "n'a pas été faite" in resultat.stderr
    assert not (vide.donnees / "secrets" / "cle-maitresse").exists()


def test_une_sauvegarde_incomplete_ne_touche_pas_a_la_base_presente(installation: Installation, tmp_path: Path) -> None:
    """Archive dont la base est illisible : ce qui était là y est encore."""
    archive, abimee = tmp_path / "copie.tar", tmp_path / "abimee.tar"
    installation.lancer("sauvegarder", archive)
    with tarfile.open(archive) as source:
        for nom in ("manifeste.json", "base.dump", "cle-maitresse"):
            contenu = source.extractfile(nom)
            assert contenu is not None
            (tmp_path / "x").mkdir(exist_ok=True)
            (tmp_path / "x" / nom).write_bytes(contenu.read())
    dump = tmp_path / "x" / "base.dump"
    os.truncate(dump, dump.stat().st_size // 2)
    with tarfile.open(abimee, "w") as sortie:
        for nom in ("manifeste.json", "base.dump", "cle-maitresse"):
            sortie.add(tmp_path / "x" / nom, nom)
    avant = installation.empreintes()
    installation.lancer("restaurer", abimee, "--ecraser", attendu=1)
    assert installation.empreintes() == avant


def test_sauvegarder_dans_un_dossier_absent(installation: Installation, tmp_path: Path) -> None:
    assert "n'existe pas" in installation.lancer("sauvegarder", tmp_path / "nulle" / "part.tar", attendu=1).stderr


def test_une_base_jamais_preparee_le_dit_en_une_phrase(vide: Installation, deposer: Any) -> None:
    resultat = vide.lancer("importer", "flux-caf", deposer([foyer()]), attendu=1)
    assert "jalon init" in resultat.stderr

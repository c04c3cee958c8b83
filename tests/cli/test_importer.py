"""`jalon importer flux-caf` et `jalon exporter dossier` : le contrat exact de la ligne de commande."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Installation
from tests.echanges.flux_caf.fabrique import foyer, personne

pytestmark = pytest.mark.django_db
Deposer = Callable[..., Path]
NIR = "8850462041001"
CLES = ["fichier", "type_flux", "date_reference", "foyers", "personnes", "soumis_droits_devoirs", "anomalies", "totaux"]


def _foyers() -> list[str]:
    return [
        foyer("00000000001", personnes=[personne("UN", nir=NIR, activites=())]),
        foyer(
            "00000000002",
            f"{NIR}00",
            fonorg="MSA",
            numorg="594",
            personnes=[personne("DEUX", activites=(), soumis=False)],
        ),
    ]


def test_importer_simuler_exporter(installation: Installation, deposer: Deposer) -> None:
    fichier = deposer(_foyers(), "mensuel.xml")
    avant = installation.empreintes()
    essai = installation.json("importer", "flux-caf", fichier, "--simulation", "--json")
    assert installation.empreintes() == avant
    vrai = installation.json("importer", "flux-caf", fichier, "--json")
    assert {k: essai[k] for k in CLES} == {k: vrai[k] for k in CLES} == {
        "fichier": "mensuel.xml", "type_flux": "M", "date_reference": "2026-10-31",
        "foyers": {"lus": 2, "crees": 2, "mis_a_jour": 0, "inchanges": 0, "quarantaine": 0},
        "personnes": {"lues": 2, "creees": 2, "mises_a_jour": 0, "inchangees": 0},
        "soumis_droits_devoirs": {"total": 1, "entrees": 1, "sorties": 0},
        "anomalies": [], "totaux": {"annonces": 2, "lus": 2},
    }  # fmt: skip

    refus = installation.lancer("importer", "flux-caf", fichier, "--json", attendu=2)
    assert '"deja_importe"' in refus.stdout
    assert "déjà été importé" in refus.stderr

    for cle, valeur, numero in (
        ("--matricule", NIR, "00000000002"), ("--numdemrsa", "00000000001", "00000000001"), ("--matricule", "1", "00000000001"),
    ):  # fmt: skip
        resultat = installation.lancer("exporter", "dossier", cle, valeur, "--json")
        assert f'"numero_demande": "{numero}"' in resultat.stdout
        assert NIR not in resultat.stdout + resultat.stderr
    assert installation.lancer("exporter", "dossier", "--numdemrsa", "99", attendu=1).stderr


def test_sortie_3_si_un_foyer_attend_puis_rejouer(installation: Installation, deposer: Deposer) -> None:
    fichier = deposer([*_foyers(), foyer("00000000003", DTDEMRSA="2026-13-45")])
    rapport = installation.json("importer", "flux-caf", fichier, "--json", attendu=3)
    assert rapport["foyers"]["quarantaine"] == 1
    resultat = installation.json("importer", "quarantaine", "--json", attendu=3)
    assert (resultat["rejoues"], resultat["restants"]) == (0, 1)
    inconnu = installation.lancer("importer", "quarantaine", "00000000-0000-0000-0000-000000000000", attendu=1)
    assert "Aucun foyer" in inconnu.stderr
    assert (
        "identifiant attendu" in installation.lancer("importer", "quarantaine", "pas-un-identifiant", attendu=2).stderr
    )


@pytest.mark.parametrize("contenu", [b"ceci n'est pas un flux", b"<Racine>"])
def test_sortie_2_et_rien_d_ecrit(installation: Installation, deposer: Deposer, contenu: bytes) -> None:
    avant = installation.empreintes()
    resultat = installation.lancer("importer", "flux-caf", deposer(contenu), attendu=2)
    assert resultat.stdout == ""
    assert "jalon : " in resultat.stderr
    assert "Traceback" not in resultat.stderr
    assert installation.empreintes() == avant


def test_fichier_absent(installation: Installation, tmp_path: Path) -> None:
    resultat = installation.lancer("importer", "flux-caf", tmp_path / "absent.xml", attendu=2)
    assert "Traceback" not in resultat.stderr


def test_le_texte_dit_les_memes_chiffres(installation: Installation, deposer: Deposer) -> None:
    texte = installation.lancer("importer", "flux-caf", deposer(_foyers())).stdout
    assert "2 lus, 2 créés" in texte
    assert "1 personnes soumises" in texte
    assert NIR not in texte

"""`jalon importer echelles` : tout ou rien, les fautes ligne par ligne, le même fichier une seule fois."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from jalon.cli.commandes import importer_echelles
from jalon.cli.principal import analyseur
from jalon.diagnostics.models import Passation, RepriseGrilles
from jalon.echanges.reprise_echelles import FACULTATIVES, OBLIGATOIRES
from jalon.referentiels.profil.grilles import COLONNES_RESERVEES
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory, une_allocataire

pytestmark = pytest.mark.django_db
QUESTIONS = "logement;transport;sante;dernier_emploi;reprise;contraintes;adaptation;relations"
TITRES = f"territoire;date;sexe;age;parcours_envisage;{QUESTIONS}"
BONNE = "artois;2009-12-15;2;34;social;1;5;;4;1;2;1;3"


@pytest.fixture
def lancer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """`lancer(lignes, "--json")` rend le code de sortie et ce que dit la commande."""

    def executer(lignes: list[str] | bytes, *options: str) -> tuple[int, Any]:
        fichier = tmp_path / "echelles.csv"
        fichier.write_bytes(lignes if isinstance(lignes, bytes) else "\n".join(lignes).encode())
        lus: argparse.Namespace = analyseur().parse_args(["importer", "echelles", str(fichier), *options])
        assert lus.executer == "importer_echelles"
        code = importer_echelles(lus)
        dit = capsys.readouterr()
        return code, json.loads(dit.out) if "--json" in options else dit.out + dit.err

    return executer


def test_verse_une_grille_sans_nom(lancer: Any) -> None:
    code, rapport = lancer([TITRES, BONNE], "--json")

    assert (code, rapport["versees"], rapport["nominatives"], rapport["erreurs"]) == (0, 1, 0, [])
    assert rapport["par_territoire"] == {"Artois": 1}
    assert rapport["sans_reponse"]["sante"] == 1
    grille = Passation.objects.get()
    assert (grille.personne, grille.sexe, grille.age, grille.parcours_envisage) == (None, "2", 34, "social")
    rangs = {r.item.code: r.echelon.rang for r in grille.reponses.order_by("id")}
    assert (rangs["transport"], "sante" in rangs, len(rangs)) == (5, False, 7)


@pytest.mark.parametrize("marque", [b"", b"\xef\xbb\xbf"])
def test_l_ordre_des_colonnes_est_libre_avec_ou_sans_marque(lancer: Any, marque: bytes) -> None:
    titres, valeurs = TITRES.split(";")[::-1], BONNE.split(";")[::-1]
    code, rapport = lancer(marque + f"{';'.join(titres)}\r\n{';'.join(valeurs)}\r\n\r\n".encode(), "--json")
    assert (code, rapport["versees"]) == (0, 1)


def test_la_simulation_controle_tout_et_n_ecrit_rien(lancer: Any) -> None:
    code, rapport = lancer([TITRES, BONNE], "--simulation", "--json")
    assert (code, rapport["lignes"], rapport["versees"], rapport["simulation"]) == (0, 1, 0, True)
    assert not Passation.objects.exists()


def test_le_meme_fichier_ne_se_verse_qu_une_fois(lancer: Any) -> None:
    lancer([TITRES, BONNE])
    code, rapport = lancer([TITRES, BONNE], "--json")
    assert (code, rapport["versees"], rapport["deja_verse"]) == (0, 0, True)
    assert "a déjà été versé" in rapport["message"]
    assert (Passation.objects.count(), RepriseGrilles.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("colonne", "valeur", "message"),
    [
        ("territoire", "Atlantide", "« Atlantide » n'est pas un territoire."),
        ("territoire", "", "Le territoire manque."),
        ("date", "15/13/2009", "« 15/13/2009 » n'est pas une date."),
        ("date", "2099-01-01", "Le 01/01/2099 est à venir."),
        ("sexe", "x", "« x » n'est pas un sexe."),
        ("age", "trente", "« trente » n'est pas un âge."),
        ("parcours_envisage", "prison", "« prison » n'est pas un parcours envisagé."),
        ("transport", "7", "« 7 » n'est pas un échelon."),
        ("transport", "0", "« 0 » n'est pas un échelon."),
        ("transport", "²", "« ² » n'est pas un échelon."),
    ],
)
def test_refuse_une_case_et_dit_laquelle(lancer: Any, colonne: str, valeur: str, message: str) -> None:
    cases = dict(zip(TITRES.split(";"), BONNE.split(";"), strict=True)) | {colonne: valeur}
    code, rapport = lancer([TITRES, BONNE, ";".join(cases.values())], "--json")

    assert code == 2
    (erreur,) = rapport["erreurs"]
    assert (erreur["ligne"], erreur["colonne"], erreur["message"]) == (3, colonne, message)
    assert erreur["que_faire"]
    assert not Passation.objects.exists(), "une faute, et rien n'est écrit"


@pytest.mark.parametrize(
    ("lignes", "phrase"),
    [
        ([TITRES.replace(";sante", ""), BONNE], "ligne 1, colonne sante : Cette colonne manque."),
        ([f"{TITRES};moral", f"{BONNE};1"], "ligne 1, colonne moral : Cette colonne est inconnue."),
        ([f"{TITRES};age", f"{BONNE};1"], "ligne 1, colonne age : Cette colonne est donnée deux fois."),
        ([TITRES, f"{BONNE};3"], "ligne 2 : 14 cases au lieu de 13."),
        ([TITRES], "ligne 1 : Le fichier n'a aucune ligne."),
        ([], "ligne 1, colonne territoire : Cette colonne manque."),
        (f"{TITRES}\n".encode() + b"h\xe9nin;", "ligne 2 : Le fichier n'est pas en UTF-8."),
    ],
)
def test_refuse_un_fichier_mal_fait(lancer: Any, lignes: list[str] | bytes, phrase: str) -> None:
    code, dit = lancer(lignes)
    assert code == 2
    assert phrase in dit
    assert "rien n'est écrit" in dit


def test_un_fichier_absent_se_dit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lus = analyseur().parse_args(["importer", "echelles", str(tmp_path / "absent.csv")])
    assert importer_echelles(lus) == 2
    assert "ne se lit pas" in capsys.readouterr().err


def test_verse_dans_le_dossier_d_une_personne(lancer: Any, distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    matricule = personne.rattachements.get().foyer.dossiers.get().matricule
    conjoint = PersonneFactory()
    code, rapport = lancer(
        [
            f"{TITRES};matricule;personne",
            f"{BONNE};{matricule};",
            f"{BONNE};;{conjoint.public_id}",
            f"{BONNE};{matricule};{personne.public_id}",
            f"{BONNE};;",
        ],
        "--json",
    )
    assert (code, rapport["versees"], rapport["nominatives"]) == (0, 4, 3)
    assert personne.passations.count() == 2
    assert conjoint.passations.count() == 1


@pytest.mark.parametrize(
    ("fin", "colonne"),
    [
        ("0000000;", "matricule"),
        (";pas-un-identifiant", "personne"),
        (";6f1e2f0e-0000-4000-8000-000000000000", "personne"),
    ],
)
def test_refuse_une_personne_introuvable(lancer: Any, fin: str, colonne: str) -> None:
    code, rapport = lancer([f"{TITRES};matricule;personne", f"{BONNE};{fin}"], "--json")
    assert code == 2
    assert [(e["ligne"], e["colonne"]) for e in rapport["erreurs"]] == [(2, colonne)]


def test_aucune_question_ne_porte_le_nom_d_une_colonne() -> None:
    assert {*OBLIGATOIRES, *FACULTATIVES} == COLONNES_RESERVEES

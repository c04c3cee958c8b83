"""`jalon observatoire` : le contrat du JSON, le texte, les refus."""

from __future__ import annotations

import argparse
import json

import pytest

from jalon.observatoire.commandes import ajouter_arguments, executer
from tests.distribution import Distribution
from tests.observatoire.aides import JOUR, un_foyer

pytestmark = pytest.mark.django_db


def lancer(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="jalon observatoire")
    ajouter_arguments(parser)
    return executer(parser.parse_args(arguments))


def test_le_json_a_la_forme_promise(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    un_foyer(distribution.territoire, enfants=1)
    un_foyer(natures=("RCD",))

    assert lancer("tableau", "t06", "--date", "2026-09-30", "--json") == 0

    rendu = json.loads(capsys.readouterr().out)
    assert (rendu["code"], rendu["date"], rendu["titre"]) == ("T06", "2026-09-30", "Foyers par situation familiale")
    assert list(rendu["colonnes"]) == ["socle", "activite", "socle_et_activite", "ensemble"]
    assert rendu["lignes"]["femme seule avec enfant"] == {
        "socle": 1, "activite": 0, "socle_et_activite": 0, "ensemble": 1,
    }  # fmt: skip
    assert "Total" not in rendu["lignes"]
    assert rendu["total"] == {"socle": 1, "activite": 1, "socle_et_activite": 0, "ensemble": 2}
    assert rendu["definition"]
    assert rendu["source"]
    assert (rendu["flux"], rendu["edition"]) == ("2026-09-30", "édition consolidée")


def test_sans_date_c_est_le_dernier_flux(capsys: pytest.CaptureFixture[str]) -> None:
    un_foyer()

    assert lancer("tableau", "T05", "--json") == 0
    assert json.loads(capsys.readouterr().out)["date"] == JOUR.isoformat()


def test_un_territoire(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    un_foyer(distribution.territoire)
    un_foyer(distribution.autre_territoire)

    assert lancer("tableau", "T06", "--territoire", distribution.territoire.code, "--json") == 0
    assert json.loads(capsys.readouterr().out)["total"]["ensemble"] == 1


def test_le_texte_est_aligne(capsys: pytest.CaptureFixture[str]) -> None:
    un_foyer()

    assert lancer("tableau", "T06", "--par-territoire") == 0
    sortie = capsys.readouterr().out
    assert "T06 · Foyers par situation familiale" in sortie
    corps = sortie.split("\n\n")[1].splitlines()
    assert len({len(ligne) for ligne in corps}) == 1


def test_la_liste_dit_tous_les_tableaux(capsys: pytest.CaptureFixture[str]) -> None:
    assert lancer("liste", "--json") == 0
    assert [t["code"] for t in json.loads(capsys.readouterr().out)] == [
        "T05",
        "T06",
        "T07",
        "T08",
        "T09",
        "FILE",
        "T14",
        "ECHELLES",
    ]


def test_prepare_un_cliche(capsys: pytest.CaptureFixture[str]) -> None:
    un_foyer()

    assert lancer("cliche", "--date", "2026-09-30") == 0
    assert "Données au 30/09/2026 prêtes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("tableau", "T99"), "Le tableau « T99 » n'existe pas"),
        (("tableau", "T06", "--date", "2020-01-31"), "Aucun flux n'avait été reçu au 31/01/2020"),
        (("tableau", "T06", "--territoire", "atlantide"), "Le territoire « atlantide » n'existe pas"),
    ],
)
def test_refuse_en_une_phrase(arguments: tuple[str, ...], phrase: str, capsys: pytest.CaptureFixture[str]) -> None:
    un_foyer()

    assert lancer(*arguments) == 2
    sortie = capsys.readouterr()
    assert sortie.out == ""
    assert sortie.err.startswith(f"jalon : {phrase}")
    assert sortie.err.count("\n") == 1


def test_refuse_avant_le_premier_import(capsys: pytest.CaptureFixture[str]) -> None:
    assert lancer("tableau", "T06") == 2
    assert "Aucun flux n'a encore été reçu" in capsys.readouterr().err


def test_refuse_une_date_mal_ecrite(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as sortie:
        lancer("tableau", "T06", "--date", "31/10/2026")
    assert sortie.value.code == 2
    assert "écrivez AAAA-MM-JJ" in capsys.readouterr().err

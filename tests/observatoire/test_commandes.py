"""`jalon observatoire` : le contrat du JSON, le texte, les refus."""

from __future__ import annotations

import argparse
import json
from datetime import date

import pytest

from jalon.observatoire.commandes import ajouter_arguments, executer
from tests.distribution import Distribution
from tests.fabriques import un_contrat
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


def test_un_indicateur_de_contrats_donne_valeur_numerateur_denominateur_et_definition(
    capsys: pytest.CaptureFixture[str], distribution: Distribution
) -> None:
    un_contrat(distribution, signe_le=date(2026, 10, 1), recu_le=date(2026, 10, 2), valide_le=date(2026, 10, 13))

    assert (
        lancer("indicateur", "i13", "--date", "2026-10-31", "--territoire", distribution.territoire.code, "--json") == 0
    )

    rendu = json.loads(capsys.readouterr().out)
    assert (rendu["code"], rendu["date"], rendu["unite"]) == ("I13", "2026-10-31", "jours")
    assert (rendu["valeur"], rendu["numerateur"], rendu["denominateur"]) == (12.0, 1, 1)
    assert "Médiane" in rendu["definition"]
    assert {v["code"] for v in rendu["variantes"]} >= {"mediane_signature", "part_30_jours_reception"}


def test_un_indicateur_sans_base_est_nul_et_non_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert lancer("indicateur", "I01", "--date", "2026-10-31", "--json") == 0
    assert json.loads(capsys.readouterr().out)["valeur"] is None
    assert lancer("indicateur", "I01", "--date", "2026-10-31") == 0
    assert "I01 · Taux de contractualisation de la sphère sociale au 31/10/2026" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("I99",), "Indicateurs connus : I01, I02"),
        (("I10", "--type", "cer_solidarite"), "ne se restreint pas par --type"),
        (("I07", "--public", "nains"), "Le public « nains » n'existe pas"),
        (("I13", "--type", "nulle_part"), "Le type de contrat « nulle_part » n'existe pas"),
    ],
)
def test_refuse_un_indicateur_ou_une_restriction_inconnus(
    arguments: tuple[str, ...], phrase: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lancer("indicateur", *arguments) == 2
    assert phrase in capsys.readouterr().err


def test_i07_se_restreint_a_un_public(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    un_foyer(distribution.territoire)
    for public, attendu in (("femmes", 1), ("hommes", 0)):
        assert lancer("indicateur", "I07", "--date", "2026-10-01", "--public", public, "--json") == 0
        assert json.loads(capsys.readouterr().out)["denominateur"] == attendu


def test_la_liste_nomme_les_indicateurs_de_contrats(capsys: pytest.CaptureFixture[str]) -> None:
    assert lancer("liste") == 0
    listes = capsys.readouterr().out
    assert all(code in listes for code in ("I01", "I06", "I13", "I14", "I19", "I20", "I21"))

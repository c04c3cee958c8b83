"""Les grilles comptées : les tableaux publiés au centième, le parcours envisagé, les freins, l'évolution, le secret."""

from __future__ import annotations

import argparse
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jalon.diagnostics.models import Passation
from jalon.diagnostics.selectors import grille_principale
from jalon.echanges.reprise_echelles import importer_echelles
from jalon.observatoire import echelles
from jalon.observatoire.commandes import ajouter_arguments, executer
from jalon.organismes.models import Territoire
from tests.diagnostics.fabriques import une_passation
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory
from tests.observatoire.etude_2009 import CODES, ecrire_fichier, etude, tables

pytestmark = pytest.mark.django_db

JOUR = date(2026, 10, 1)
IMPRIMES_FAUX = {("T20", 2, "Ternois"), ("T22", 4, "Arrageois"), ("T22", 3, "Ternois")}
"""Cases dont la source a mal imprimé la part (inventaire § 6.2) : la nôtre se recalcule des effectifs."""


def lancer(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="jalon observatoire")
    ajouter_arguments(parser)
    return executer(parser.parse_args(arguments))


def tableau(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert lancer("tableau", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_rend_les_tableaux_publies_au_centieme(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """F034 : T15 à T17 et T19 à T22, pour chaque territoire et le département, qui n'a pas répondu exclu."""
    lue = etude()
    assert ecrire_fichier(lue, tmp_path / "etude.csv") == 3_679
    importer_echelles(tmp_path / "etude.csv")

    for code, publie in tables(lue).items():
        if code == "T18":
            continue  # La source a compté des réponses d'un territoire dans un autre.
        rendu = tableau(capsys, "echelles", "--item", CODES[code])
        assert rendu["base"] == publie["base_departement"]
        for ligne, attendue in zip(rendu["lignes"], publie["lignes"], strict=True):
            assert ligne["echelon"] == attendue["echelon"]
            assert ligne["effectif"] == sum(attendue["effectifs"])
            assert ligne["pourcentage"] == attendue["dep_recalcule"]
            for rang, territoire in enumerate(lue["territoires"]):
                case = ligne["territoires"][territoire]
                assert case["effectif"] == attendue["effectifs"][rang]
                if (code, ligne["echelon"], territoire) not in IMPRIMES_FAUX:
                    assert case["pourcentage"] == attendue["publie"][rang], (code, ligne["echelon"], territoire)


def test_le_json_a_exactement_les_cles_promises(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    une_passation(reponses={"transport": 5}, territoire=distribution.territoire)

    rendu = tableau(capsys, "echelles", "--item", "transport")

    assert set(rendu) == {"item", "base", "lignes"}
    assert (rendu["item"], rendu["base"], len(rendu["lignes"])) == ("transport", 1, 6)
    assert all(
        set(ligne) == {"echelon", "libelle", "effectif", "pourcentage", "territoires"} for ligne in rendu["lignes"]
    )
    cinq = rendu["lignes"][4]
    assert (cinq["libelle"], cinq["effectif"], cinq["pourcentage"]) == (
        "Je n'ai que les transports en commun",
        1,
        100.0,
    )
    assert cinq["territoires"][distribution.territoire.libelle] == {"effectif": 1, "pourcentage": 100.0}
    assert cinq["territoires"][distribution.autre_territoire.libelle] == {"effectif": 0, "pourcentage": None}


def test_qui_n_a_pas_repondu_n_est_pas_compte(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    for rang in (1, 2, None):
        une_passation(reponses={"logement": rang, "sante": 1}, territoire=distribution.territoire)

    rendu = tableau(capsys, "echelles", "--item", "logement")

    assert rendu["base"] == 2
    assert [ligne["pourcentage"] for ligne in rendu["lignes"]][:2] == [50.0, 50.0]
    assert tableau(capsys, "echelles", "--item", "sante")["base"] == 3


def test_se_recompte_a_une_date_passee_et_sur_une_periode(
    capsys: pytest.CaptureFixture[str], distribution: Distribution
) -> None:
    une_passation(reponses={"logement": 1}, territoire=distribution.territoire, jour=date(2026, 1, 5))
    une_passation(reponses={"logement": 2}, territoire=distribution.territoire, jour=date(2026, 3, 5))
    demande = ("echelles", "--item", "logement")

    assert tableau(capsys, *demande, "--date", "2026-01-31")["base"] == 1
    assert tableau(capsys, *demande, "--depuis", "2026-02-01")["base"] == 1
    assert tableau(capsys, *demande)["base"] == 2


def test_un_territoire(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    une_passation(reponses={"logement": 1}, territoire=distribution.territoire)
    une_passation(reponses={"logement": 2}, territoire=distribution.autre_territoire)

    rendu = tableau(capsys, "echelles", "--item", "logement", "--territoire", distribution.territoire.code)

    assert rendu["base"] == 1
    assert list(rendu["lignes"][0]["territoires"]) == [distribution.territoire.libelle]


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("echelles",), "Dites quelle question compter avec --item : logement, transport"),
        (("echelles", "--item", "moral"), "n'a pas de question « moral »"),
        (("echelles", "--item", "logement", "--territoire", "ailleurs"), "Le territoire « ailleurs » n'existe pas"),
        (("echelles", "--item", "logement", "--grille", "autre"), "La grille « autre » n'existe pas"),
    ],
)
def test_refuse_en_une_phrase(arguments: tuple[str, ...], phrase: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lancer("tableau", *arguments) == 2
    assert phrase in capsys.readouterr().err


def test_le_texte_dit_les_parts_et_leur_base(capsys: pytest.CaptureFixture[str], distribution: Distribution) -> None:
    une_passation(reponses={"logement": 1}, territoire=distribution.territoire)

    assert lancer("tableau", "echelles", "--item", "logement") == 0
    sortie = capsys.readouterr().out
    assert "Que pensez-vous de votre logement actuel ?" in sortie
    assert "100,00" in sortie
    assert "qui n'a pas répondu est exclu" in sortie


def test_le_parcours_envisage_par_age_et_par_sexe(
    capsys: pytest.CaptureFixture[str], distribution: Distribution
) -> None:
    """I25, T14."""
    for age, sexe, parcours in ((24, "1", "professionnel"), (25, "2", "social"), (59, "2", "attente"), (60, "", "")):
        une_passation(reponses={"logement": 1}, age=age, sexe=sexe, parcours_envisage=parcours)

    rendu = tableau(capsys, "T14")

    assert rendu["total"] == {"total": 4, "professionnel": 1, "social": 1, "attente": 1}
    assert rendu["lignes"]["moins de 25"]["professionnel"] == 1
    assert rendu["lignes"]["25-29"]["social"] == 1
    assert rendu["lignes"]["50-59"]["attente"] == 1
    assert rendu["lignes"]["60 et plus"] == {"total": 1, "professionnel": 0, "social": 0, "attente": 0}
    assert rendu["lignes"]["Femme"]["total"] == 2
    assert rendu["lignes"]["sexe non connu"]["total"] == 1


def _vu(**options: Any) -> echelles.Champ:
    return echelles.champ(grille_principale(), JOUR, **options)


def test_les_freins_regroupent_des_echelons(distribution: Distribution) -> None:
    """I27 : difficultés de transport = échelons 4 à 6, sur les seules réponses."""
    for rang in (3, 4, 6, None):
        une_passation(reponses={"transport": rang, "logement": 1}, territoire=distribution.territoire)

    freins = {frein.code: frein for frein in echelles.freins(_vu())}

    transport = freins["difficultes_de_transport"]
    assert (transport.effectif(), transport.base(), transport.pourcentage()) == (2, 3, Decimal("66.67"))
    assert transport.pourcentage(distribution.territoire.code) == Decimal("66.67")
    assert freins["transports_en_commun_seuls"].effectif() == 0


def test_l_evolution_compare_la_premiere_et_la_derniere_grille(distribution: Distribution) -> None:
    """I28 : trois personnes comparées ; la quatrième n'a qu'une grille, l'étude ne désigne personne."""
    for rangs in ((5, 6, 2), (3, 3), (1, 2), (4,)):
        personne = PersonneFactory()
        for mois, rang in enumerate(rangs, 1):
            une_passation(reponses={"transport": rang}, personne=personne, jour=date(2026, mois, 1))

    par_item = {e.code: e for e in echelles.evolutions(_vu())}

    transport = par_item["transport"]
    assert (transport.ameliores, transport.stables, transport.degrades) == (1, 1, 1)
    assert transport.moyenne == Decimal("0.67")
    assert par_item["logement"].base == 0


def test_le_secret_masque_les_petits_effectifs(distribution: Distribution) -> None:
    for rang, fois in ((1, 12), (2, 2), (3, 9)):
        for _ in range(fois):
            une_passation(reponses={"logement": rang}, territoire=distribution.territoire)

    montree = echelles.repartition(_vu(), "logement", seuil=5)
    interne = echelles.repartition(_vu(), "logement")

    assert interne.effectif(2) == 2
    assert montree.effectif(2) is None
    assert montree.pourcentage(2) is None
    masques = [rang for rang, _ in montree.echelons if montree.effectif(rang) is None]
    assert len(masques) > 1, "une case masquée seule se retrouverait par soustraction"


def test_le_secret_de_t14_tient_l_age_et_le_sexe(distribution: Distribution) -> None:
    for fois, age, sexe in ((10, 30, "1"), (10, 45, "2"), (1, 45, "1")):
        for _ in range(fois):
            une_passation(reponses={"logement": 1}, age=age, sexe=sexe, parcours_envisage="social")

    montre = echelles.parcours_envisages(_vu(), seuil=5)

    assert montre.valeur("total", "total") == 21
    assert echelles.parcours_envisages(_vu(), seuil=0).valeur("1", "social") == 11


def test_ne_compte_que_la_version_en_vigueur_a_la_date(distribution: Distribution) -> None:
    une_passation(reponses={"logement": 1})
    assert Passation.objects.count() == 1
    assert echelles.nombre_de_grilles(_vu()) == 1
    assert echelles.nombre_de_grilles(_vu(permis=frozenset({Territoire.objects.order_by("id")[0].code}))) == 0

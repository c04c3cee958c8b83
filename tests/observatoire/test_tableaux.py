"""Chaque tableau, case par case, sur une population connue."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from jalon.droits.models import EtatDossier
from jalon.observatoire.cliches import prendre_cliche
from jalon.observatoire.erreurs import ClicheAbsentError, TableauInconnuError, TerritoireInconnuError
from jalon.observatoire.moteur import Resultat, calculer, pourcentage
from jalon.personnes.models import Sexe
from jalon.socle.errors import HorsPerimetreError
from tests.distribution import Distribution
from tests.observatoire.aides import JOUR, un_foyer

pytestmark = pytest.mark.django_db


def colonne(resultat: Resultat, code: str) -> dict[str, int | None]:
    return {ligne.code: resultat.valeur(ligne.code, code) for ligne in resultat.lignes}


def calcule(code: str, **demande: Any) -> Resultat:
    prendre_cliche(JOUR)
    return calculer(code, JOUR, **demande)


def test_droits_payables_par_composante_et_majoration() -> None:
    un_foyer(conjoint=True, enfants=2, soumises=2)
    un_foyer(natures=("RSI",), enfants=1)
    un_foyer(natures=("RSU",), sous_nature="RSUN1")
    un_foyer(natures=("RCD",), soumises=0)
    un_foyer(natures=("RSD", "RCD"))
    un_foyer(etat=EtatDossier.SUSPENDU)

    t05 = calcule("T05")

    assert colonne(t05, "socle") == {"payables": 3, "majore": 2, "non_majore": 1, "personnes": 7, "soumises": 4}
    assert colonne(t05, "activite") == {"payables": 1, "majore": 0, "non_majore": 1, "personnes": 1, "soumises": 0}
    assert colonne(t05, "socle_et_activite")["payables"] == 1
    assert colonne(t05, "total") == {"payables": 5, "majore": 2, "non_majore": 3, "personnes": 9, "soumises": 5}
    assert [m.libelle for m in t05.lignes][-1] == "revenus d'activité < 500 €"
    assert t05.pourcentage("majore", "socle") == Decimal("66.7")
    assert t05.pourcentage("personnes", "socle") is None


def test_une_composante_close_ne_compte_plus() -> None:
    un_foyer(natures=("RSD",))
    dossier = un_foyer(natures=("RSD", "RCD"))
    dossier.naturedroits.filter(nature="RSD").update(fin=date(2026, 9, 29))

    assert colonne(calcule("T05"), "activite")["payables"] == 1


def test_un_droit_payable_sans_nature_garde_sa_place_dans_le_total() -> None:
    un_foyer(natures=())

    t06 = calcule("T06")

    assert t06.valeur("total", "inconnue") == 1
    assert t06.valeur("total", "ensemble") == 1


def test_situation_familiale() -> None:
    un_foyer(conjoint=True, enfants=1)
    un_foyer(conjoint=True)
    un_foyer(enfants=3)
    un_foyer(sexe=Sexe.HOMME, enfants=1)
    un_foyer()
    un_foyer(sexe=Sexe.HOMME)
    un_foyer(situation="   ")

    t06 = calcule("T06")

    assert set(colonne(t06, "socle").values()) == {1, 7}
    assert t06.valeur("total", "ensemble") == 7
    assert [m.libelle for m in t06.lignes if m.code != "total"] == [
        "couple avec enfant", "couple sans enfant", "femme seule avec enfant", "homme seul avec enfant",
        "femme seule sans enfant", "homme seul sans enfant", "situation inconnue",
    ]  # fmt: skip


def test_une_personne_sortie_du_foyer_n_y_compte_plus() -> None:
    dossier = un_foyer(enfants=1)
    dossier.foyer.rattachements.filter(role="ENF").update(date_fin=date(2026, 9, 29))

    assert calcule("T06").valeur("femme", "socle") == 1
    assert calculer("T05", JOUR).valeur("personnes", "socle") == 1


@pytest.mark.parametrize(
    ("naissance", "tranche"),
    [
        (date(2001, 10, 1), "moins_25"),
        (date(2001, 9, 30), "25_29"),
        (date(1996, 9, 30), "30_39"),
        (date(1961, 10, 1), "60_64"),
        (date(1961, 9, 30), "65_plus"),
    ],
)
def test_l_age_est_l_age_revolu_a_la_date(naissance: date, tranche: str) -> None:
    un_foyer(naissance=naissance)

    assert calcule("T07").valeur(tranche, "socle") == 1


def test_l_age_est_inconnu_quand_jour_et_mois_de_naissance_le_sont() -> None:
    un_foyer(naissance=date(1900, 1, 1), qualite_naissance="O")

    assert calcule("T07").valeur("inconnu", "ensemble") == 1


def test_l_anciennete_compte_le_rmi_et_se_separe_par_composante() -> None:
    un_foyer(demande=date(2026, 7, 2), debut=date(2026, 7, 1))
    un_foyer(demande=date(2026, 6, 30), debut=date(2026, 6, 1), natures=("RSD", "RCD"))
    un_foyer(demande=date(2026, 9, 3), demande_rmi=date(2006, 1, 1), natures=("RCD",))

    t08 = calcule("T08")

    assert {k: v for k, v in colonne(t08, "dispositif_rmi_api_compris").items() if v} == {
        "1_3": 1, "4_6": 1, "49_plus": 1, "total": 3,
    }  # fmt: skip
    assert {k: v for k, v in colonne(t08, "socle").items() if v} == {"1_3": 1, "4_6": 1, "total": 2}
    assert {k: v for k, v in colonne(t08, "activite").items() if v} == {"1_3": 1, "4_6": 1, "total": 2}
    assert "inconnue" not in colonne(t08, "socle")


def test_l_anciennete_inconnue_a_sa_ligne_quand_elle_existe() -> None:
    un_foyer(debut=None)

    assert calcule("T08").valeur("inconnue", "socle") == 1


def test_cumul_integral() -> None:
    un_foyer(cumul=120)
    un_foyer(cumul=0)

    t09 = calcule("T09")

    assert t09.valeur("cumul", "socle") == 1
    assert t09.pourcentage("cumul", "socle") == Decimal("100.0")


def test_par_territoire_et_dans_un_territoire(distribution: Distribution) -> None:
    un_foyer(distribution.territoire)
    un_foyer(distribution.territoire, natures=("RCD",))
    un_foyer(distribution.autre_territoire)
    un_foyer(None)
    ici, ailleurs = distribution.territoire.code, distribution.autre_territoire.code

    par_territoire = calcule("T06", ventilation="territoire")
    dedans = calculer("T06", JOUR, territoire=ici)

    assert (par_territoire.valeur(ici, "total"), par_territoire.valeur(ailleurs, "total")) == (2, 1)
    assert par_territoire.valeur("", "total") == 1
    assert par_territoire.valeur("*", "total") == 4
    assert calculer("T06", JOUR, ventilation="territoire", colonne="activite").valeur(ici, "total") == 1
    assert dedans.valeur("total", "ensemble") == 2
    assert dedans.lieu == distribution.territoire.libelle
    assert calculer("T06", JOUR).lieu == "Pas-de-Calais"


def test_le_departement_entier_se_demande_par_sa_racine(distribution: Distribution) -> None:
    un_foyer(distribution.territoire)
    un_foyer(None)

    racine = distribution.territoire.parent
    assert racine is not None
    assert calcule("T06", territoire=racine.code).valeur("total", "ensemble") == 2


def test_un_agent_ne_compte_que_ses_territoires(distribution: Distribution) -> None:
    un_foyer(distribution.territoire)
    un_foyer(distribution.autre_territoire)
    un_foyer(None)
    permis = frozenset({distribution.territoire.code})

    assert calcule("T06", permis=permis).valeur("total", "ensemble") == 1
    assert [m.code for m in calculer("T06", JOUR, permis=permis, ventilation="territoire").lignes] == [
        distribution.territoire.code, "+",
    ]  # fmt: skip
    with pytest.raises(HorsPerimetreError):
        calculer("T06", JOUR, permis=permis, territoire=distribution.autre_territoire.code)


def test_les_codes_inconnus_sont_refuses_en_une_phrase() -> None:
    un_foyer()
    prendre_cliche(JOUR)
    with pytest.raises(TableauInconnuError, match="Tableaux connus : FILE, T05"):
        calculer("T99", JOUR)
    with pytest.raises(TerritoireInconnuError, match="atlantide"):
        calculer("T06", JOUR, territoire="atlantide")
    with pytest.raises(ClicheAbsentError, match="31/10/2026"):
        calculer("T06", date(2026, 10, 31))


@pytest.mark.parametrize(
    ("effectif", "base", "part"),
    [(1, 3, "33.3"), (2, 3, "66.7"), (1, 8, "12.5"), (25, 10_000, "0.3"), (1, 16, "6.3"), (0, 5, "0.0")],
)
def test_les_parts_s_arrondissent_la_moitie_vers_le_haut(effectif: int, base: int, part: str) -> None:
    assert pourcentage(effectif, base) == Decimal(part)


def test_pas_de_part_sur_une_base_nulle() -> None:
    assert pourcentage(0, 0) is None

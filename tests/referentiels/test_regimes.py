"""La loi datée : les régimes se suivent, chaque règle est complète, et l'installer deux fois ne change rien."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from jalon.manquements.installation import installer_regimes
from jalon.manquements.models import MotifManquement, Regime, RegleSanction
from jalon.manquements.services import regime_du
from jalon.referentiels.profil import Profil, charger_profil
from jalon.referentiels.regimes import Regimes, charger_regimes
from jalon.socle.errors import JalonError

PROFILS = Path(__file__).resolve().parents[2] / "profils"


@pytest.fixture
def donnees() -> dict[str, Any]:
    return deepcopy(charger_regimes().model_dump(mode="json"))


def test_la_loi_de_chaque_jour() -> None:
    lus = charger_regimes().regimes
    assert [(r.code, r.du, r.au) for r in lus] == [
        ("rmi", None, date(2009, 6, 1)),
        ("rsa", date(2009, 6, 1), date(2025, 6, 1)),
        ("plein_emploi", date(2025, 6, 1), None),
    ]


def test_refuse_un_jour_sans_loi(donnees: dict[str, Any]) -> None:
    donnees["regimes"][1]["au"] = "2025-01-01"
    with pytest.raises(ValidationError, match="« plein_emploi » doit commencer le jour où « rsa » finit"):
        Regimes.model_validate(donnees)


@pytest.mark.parametrize(
    ("departement", "jour"),
    [
        ("62", date(2009, 6, 1)),
        ("971", date(2011, 1, 1)),
        ("972", date(2011, 1, 1)),
        ("973", date(2011, 1, 1)),
        ("974", date(2011, 1, 1)),
        ("976", date(2012, 1, 1)),
    ],
)
def test_le_rsa_commence_a_son_jour_dans_chaque_departement(departement: str, jour: date) -> None:
    """Annexe 1 du droit : le RMI dure outre-mer jusqu'à la veille du RSA, sans jour perdu ni partagé."""
    rmi, rsa, plein_emploi = charger_regimes().pour([departement])
    assert (rmi.au, rsa.du) == (jour, jour)
    assert (rmi.du, rsa.au, plein_emploi.du, plein_emploi.au) == (None, date(2025, 6, 1), date(2025, 6, 1), None)


@pytest.mark.parametrize(("jour", "refuse"), [("2025-05-31", False), ("2025-06-01", True)])
def test_refuse_un_debut_particulier_apres_la_fin_du_regime(donnees: dict[str, Any], jour: str, refuse: bool) -> None:
    donnees["regimes"][1]["debuts_particuliers"]["974"] = jour
    if refuse:
        with pytest.raises(ValidationError, match="dans le 974, « rsa » finirait avant d'avoir commencé"):
            Regimes.model_validate(donnees)
    else:
        assert Regimes.model_validate(donnees).pour(["974"])[1].du == date(2025, 5, 31)


def test_refuse_un_debut_particulier_au_premier_regime(donnees: dict[str, Any]) -> None:
    donnees["regimes"][0]["debuts_particuliers"] = {"974": "2000-01-01"}
    with pytest.raises(ValidationError, match="« rmi » n'a pas de régime avant lui"):
        Regimes.model_validate(donnees)


def test_refuse_un_departement_mal_ecrit(donnees: dict[str, Any]) -> None:
    donnees["regimes"][1]["debuts_particuliers"]["La Réunion"] = "2011-01-01"
    with pytest.raises(ValidationError, match="debuts_particuliers"):
        Regimes.model_validate(donnees)


def test_refuse_un_motif_d_un_regime_inconnu(donnees: dict[str, Any]) -> None:
    donnees["motifs"][0]["articles"]["rma"] = "L1"
    with pytest.raises(ValidationError, match="« rma » n'existe pas"):
        Regimes.model_validate(donnees)


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"taux": None}, "donne un taux et une durée"),
        ({"taux": [80, 30]}, "une borne basse au-dessus de la haute"),
        ({"nature": "amende"}, "une amende n'a ni taux ni durée"),
    ],
)
def test_refuse_une_regle_qui_ne_borne_rien(donnees: dict[str, Any], change: dict[str, Any], phrase: str) -> None:
    donnees["regimes"][2]["regles"][0] |= change
    with pytest.raises(ValidationError, match=phrase):
        Regimes.model_validate(donnees)


def profil(*departements: str) -> Profil:
    """Celui du Pas-de-Calais, dans ces départements-là."""
    lu = charger_profil(PROFILS / "pas-de-calais")
    return lu.model_copy(update={"identite": lu.identite.model_copy(update={"departements": departements})})


@pytest.mark.django_db
def test_installer_deux_fois_ne_change_rien() -> None:
    def tout() -> list[list[tuple[Any, ...]]]:
        return [
            list(modele.objects.order_by("pk").values_list()) for modele in (Regime, RegleSanction, MotifManquement)
        ]

    installer_regimes(profil("62"))
    avant = tout()
    installer_regimes(profil("62"))
    assert tout() == avant


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("departement", "veille", "jour"),
    [("62", date(2009, 5, 31), date(2009, 6, 1)), ("974", date(2010, 12, 31), date(2011, 1, 1))],
)
def test_chaque_departement_passe_au_rsa_a_son_jour(departement: str, veille: date, jour: date) -> None:
    installer_regimes(profil(departement))
    assert (regime_du(veille).code, regime_du(jour).code) == ("rmi", "rsa")
    assert (regime_du(date(2025, 5, 31)).code, regime_du(date(2025, 6, 1)).code) == ("rsa", "plein_emploi")


@pytest.mark.django_db
@pytest.mark.parametrize(("departements", "refuse"), [(("971", "974"), False), (("62", "974"), True)])
def test_refuse_un_profil_dont_les_departements_n_ont_pas_les_memes_dates(
    departements: tuple[str, ...], refuse: bool
) -> None:
    if refuse:
        with pytest.raises(JalonError, match="même jour"):
            installer_regimes(profil(*departements))
    else:
        installer_regimes(profil(*departements))
        assert regime_du(date(2010, 12, 31)).code == "rmi"

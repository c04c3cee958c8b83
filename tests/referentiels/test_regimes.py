"""La loi datée : les régimes se suivent, chaque règle est complète, et l'installer deux fois ne change rien."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from jalon.manquements.installation import installer_regimes
from jalon.manquements.models import MotifManquement, Regime, RegleSanction
from jalon.referentiels.regimes import Regimes, charger_regimes


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


@pytest.mark.django_db
def test_installer_deux_fois_ne_change_rien() -> None:
    def tout() -> list[list[tuple[Any, ...]]]:
        return [
            list(modele.objects.order_by("pk").values_list()) for modele in (Regime, RegleSanction, MotifManquement)
        ]

    installer_regimes()
    avant = tout()
    installer_regimes()
    assert tout() == avant

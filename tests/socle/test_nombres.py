"""Une part en pour cent : son arrondi, et ce qu'elle dit quand il n'y a rien à compter."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jalon.socle.nombres import en_pourcent


@pytest.mark.parametrize(
    ("effectif", "base", "decimales", "part"),
    [
        (1, 3, 2, "33.33"),
        (2, 3, 2, "66.67"),
        (1, 800, 2, "0.13"),
        (1, 800, 1, "0.1"),
        (1, 16, 1, "6.3"),
        (0, 5, 2, "0.00"),
        (5, 5, 1, "100.0"),
    ],
)
def test_la_moitie_s_arrondit_vers_le_haut(effectif: int, base: int, decimales: int, part: str) -> None:
    rendue = en_pourcent(effectif, base, decimales=decimales)
    assert rendue == Decimal(part)
    assert str(rendue) == part


def test_une_part_s_ecrit_au_centieme() -> None:
    assert str(en_pourcent(1, 4)) == "25.00"


def test_rien_sur_rien_n_est_pas_zero() -> None:
    assert en_pourcent(0, 0) is None

"""L'âge en années révolues, jusqu'aux jours où il change."""

from __future__ import annotations

from datetime import date

import pytest

from jalon.personnes.identite import age_revolu


@pytest.mark.parametrize(
    ("naissance", "jour", "ans"),
    [
        (date(1990, 6, 15), date(2026, 6, 14), 35),
        (date(1990, 6, 15), date(2026, 6, 15), 36),
        (date(1990, 12, 31), date(2026, 1, 1), 35),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
        (date(2004, 2, 29), date(2028, 2, 28), 23),
        (date(2004, 2, 29), date(2028, 2, 29), 24),
        (date(2026, 6, 15), date(2026, 6, 15), 0),
    ],
)
def test_l_age_change_le_jour_anniversaire(naissance: date, jour: date, ans: int) -> None:
    assert age_revolu(naissance, jour) == ans

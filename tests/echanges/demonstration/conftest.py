"""Un petit département, commun aux essais de la démonstration."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from jalon.echanges.demonstration import CommuneDemo, ContexteDemo, TerritoireDemo

REFERENCE = date(2026, 9, 30)
GRAINE = 62


def _territoire(code: str, poids: float, *communes: tuple[str, str, str, int]) -> TerritoireDemo:
    liste = tuple(CommuneDemo(insee, nom, (postal,), habitants) for insee, nom, postal, habitants in communes)
    return TerritoireDemo(code, code.capitalize(), poids, liste)


CONTEXTE = ContexteDemo(
    code_departement="62",
    territoires=(
        _territoire(
            "artois", 41.4, ("62119", "Béthune", "62400", 25_000), ("62178", "Bruay-la-Buissière", "62700", 22_000)
        ),
        _territoire("lens", 55.6, ("62498", "Lens", "62300", 31_000), ("62510", "Liévin", "62800", 30_000)),
        _territoire("ternois", 9.5, ("62767", "Saint-Pol-sur-Ternoise", "62130", 5_000)),
    ),
    caisses=(("CAF", "621", 0.97), ("MSA", "594", 0.03)),
    montant_forfaitaire=Decimal("646.52"),
    seuil_activite=Decimal(500),
)


@pytest.fixture(scope="session")
def contexte() -> ContexteDemo:
    """Trois territoires, cinq communes, deux caisses."""
    return CONTEXTE

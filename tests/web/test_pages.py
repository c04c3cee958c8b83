"""Une longue liste, page par page : une seule requête compte et choisit."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.personnes.models import Personne
from jalon.web.socle.pages import page_et_total
from tests.fabriques import PersonneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sept(db: Any) -> list[int]:
    return sorted(PersonneFactory().pk for _ in range(7))


@pytest.mark.parametrize(
    ("demandee", "numero", "rangs"),
    [
        (None, 1, [0, 1, 2]), ("2", 2, [3, 4, 5]), ("3", 3, [6]), ("9", 3, [6]), ("0", 1, [0, 1, 2]),
        ("-1", 1, [0, 1, 2]), ("abc", 1, [0, 1, 2]), ("٣", 1, [0, 1, 2]), ("9" * 30, 1, [0, 1, 2]),
    ],
)  # fmt: skip
def test_la_page_demandee(sept: list[int], demandee: str | None, numero: int, rangs: list[int]) -> None:
    page, cles = page_et_total(Personne.objects.order_by("pk"), demandee, 3)
    assert (page.number, page.paginator.count, cles) == (numero, 7, [sept[rang] for rang in rangs])


def test_compte_et_choisit_en_une_requete(sept: list[int]) -> None:
    with CaptureQueriesContext(connection) as lues:
        page_et_total(Personne.objects.order_by("pk"), "2", 3)
    assert len(lues) == 1


@pytest.mark.parametrize("demandee", [None, "4"])
def test_une_liste_vide_a_une_page(db: Any, demandee: str | None) -> None:
    page, cles = page_et_total(Personne.objects.order_by("pk"), demandee, 3)
    assert (page.number, page.paginator.num_pages, page.paginator.count, cles) == (1, 1, 0, [])

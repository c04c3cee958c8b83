"""L'arbre des territoires : ce qui dépend d'un territoire, et ceux dont rien ne dépend."""

from __future__ import annotations

from typing import Any

import pytest

from jalon.organismes.models import Territoire
from jalon.organismes.selectors import avec_descendants

pytestmark = pytest.mark.django_db


@pytest.fixture
def arbre() -> dict[str, Territoire]:
    """racine → milieu → (feuille, autre), et un arbre à côté."""
    racine = Territoire.objects.create(code="essai-racine", libelle="Racine", type="departement")
    milieu = Territoire.objects.create(code="essai-milieu", libelle="Milieu", type="territoire", parent=racine)
    feuille = Territoire.objects.create(code="essai-feuille", libelle="Feuille", type="site", parent=milieu)
    autre = Territoire.objects.create(code="essai-autre", libelle="Autre", type="site", parent=milieu)
    seul = Territoire.objects.create(code="essai-seul", libelle="Seul", type="site")
    return {"racine": racine, "milieu": milieu, "feuille": feuille, "autre": autre, "seul": seul}


def test_un_territoire_vient_avec_tous_ceux_qui_en_dependent(
    arbre: dict[str, Territoire], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        trouves = avec_descendants([arbre["racine"].pk])
    assert trouves == {arbre[nom].pk for nom in ("racine", "milieu", "feuille", "autre")}


def test_plusieurs_racines_se_reunissent(arbre: dict[str, Territoire]) -> None:
    trouves = avec_descendants([arbre["feuille"].pk, arbre["milieu"].pk, arbre["seul"].pk])
    assert trouves == {arbre[nom].pk for nom in ("milieu", "feuille", "autre", "seul")}


def test_sans_racine_rien_et_sans_lecture(arbre: dict[str, Territoire], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert avec_descendants([]) == frozenset()


def test_les_feuilles_sont_les_territoires_dont_rien_ne_depend(arbre: dict[str, Territoire]) -> None:
    nes = Territoire.objects.filter(code__startswith="essai-")
    assert set(nes.feuilles()) == {arbre[nom] for nom in ("feuille", "autre", "seul")}

"""Les longues listes, page par page : un total déjà connu ne se recompte pas, et une liste ne se lit qu'une fois."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Window


class CompteConnu(Sequence[int]):
    """Tient lieu de liste au paginateur : le total est déjà connu, il ne recompte pas."""

    def __init__(self, total: int) -> None:
        self.total = total

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, tranche: object) -> Sequence[int]:  # type: ignore[override]
        assert isinstance(tranche, slice)
        return range(*tranche.indices(self.total))


def page_et_total(lignes: QuerySet[Any], demandee: str | None, par_page: int) -> tuple[Page[int], list[int]]:
    """La page demandée et les clés de ses lignes, dans l'ordre ; une seule requête compte et choisit.

    Pour un agent de territoire, PostgreSQL relit toutes les personnes visibles à chaque requête sur une longue liste :
    compter à part doublerait l'attente. Un numéro absent ou mal écrit vaut la première page, un numéro trop grand la
    dernière.
    """
    numero = int(demandee) if demandee and demandee.isascii() and demandee.isdigit() and len(demandee) < 9 else 1
    depart = (max(numero, 1) - 1) * par_page
    comptees = lignes.annotate(total_de_la_liste=Window(Count("*"))).values_list("pk", "total_de_la_liste")
    lues = list(comptees[depart : depart + par_page])
    if not lues and depart:
        total = lignes.count()
        depart = max(total - 1, 0) // par_page * par_page
        lues = list(comptees[depart : depart + par_page])
    page = Paginator(CompteConnu(lues[0][1] if lues else 0), par_page).get_page(depart // par_page + 1)
    return page, [cle for cle, _ in lues]

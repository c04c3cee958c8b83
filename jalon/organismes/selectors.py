"""Lire l'arbre des territoires."""

from __future__ import annotations

from collections.abc import Iterable

from jalon.organismes.models import Territoire


def avec_descendants(racines: Iterable[int]) -> frozenset[int]:
    """Clés de ces territoires et de tous ceux qui en dépendent, en une lecture ; aucune s'il n'y a pas de racine."""
    vus, pile = set[int](), list(racines)
    if not pile:
        return frozenset()
    enfants: dict[int | None, list[int]] = {}
    for cle, parent in Territoire.objects.order_by("pk").values_list("pk", "parent_id"):
        enfants.setdefault(parent, []).append(cle)
    while pile:
        courant = pile.pop()
        if courant not in vus:
            vus.add(courant)
            pile += enfants.get(courant, [])
    return frozenset(vus)

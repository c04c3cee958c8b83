"""Calculs sur des nombres, sans aucun nom du métier."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def en_pourcent(effectif: int, base: int, *, decimales: int = 2) -> Decimal | None:
    """Part en pour cent, la moitié arrondie vers le haut ; rien sur une base nulle : zéro sur zéro n'est pas zéro."""
    if base == 0:
        return None
    return (Decimal(100 * effectif) / base).quantize(Decimal(1).scaleb(-decimales), ROUND_HALF_UP)

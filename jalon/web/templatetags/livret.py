"""Dates du livret, en toutes lettres : elles se lisent à voix haute."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from jalon.documents.ecriture import date_en_lettres, heure_en_lettres

register = template.Library()


@register.filter
def jour_complet(moment: datetime) -> str:
    """« jeudi 26 novembre 2026 »."""
    return date_en_lettres(timezone.localtime(moment).date(), avec_jour=True)


@register.filter
def heure(moment: datetime) -> str:
    """« 9 h », « 14 h 30 »."""
    local = timezone.localtime(moment)
    return heure_en_lettres(local.hour, local.minute).replace(" ", "\u00a0")

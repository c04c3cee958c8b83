"""Les recours qui attendent une réponse, le plus pressé d'abord."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.manquements.models import RecoursSanction
from jalon.manquements.recours import recours_a_decider
from jalon.personnes.selectors import filtre_perimetre
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import page_et_total

PAR_PAGE = 50


@require_safe
@exige("manquements.consulter")
def liste(request: HttpRequest) -> HttpResponse:
    """Les recours ouverts, ou ceux qui ont leur réponse."""
    faits = request.GET.get("vue") == "repondus"
    ouverts = recours_a_decider(request.perimetre)
    voulus = ouverts
    if faits:
        voulus = (
            RecoursSanction.objects.filter(filtre_perimetre(request.perimetre, "decision__personne__"))
            .exclude(issue="")
            .order_by("-decide_le", "-pk")
        )
    page, cles = page_et_total(voulus, request.GET.get("page"), PAR_PAGE)
    lus = {
        recours.pk: recours
        for recours in RecoursSanction.objects.filter(pk__in=cles).select_related(
            "decision__personne", "decision__manquement", "decision__regle__regime"
        )
    }
    contexte: dict[str, Any] = {
        "page": page, "lignes": [lus[cle] for cle in cles], "jour": timezone.localdate(), "faits": faits,
        "onglets": [
            {"texte": "À répondre", "url": "?", "courant": not faits},
            {"texte": "Répondus", "url": "?vue=repondus", "courant": faits},
        ],
    }  # fmt: skip
    return render(request, "manquements/recours.html", contexte)

"""Journal des actes et journal des lectures."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jalon.traces.models import Acte, Lecture
from jalon.web.administration.forms import FiltreJournalForm
from jalon.web.administration.libelles import PIECES
from jalon.web.socle.acces import exige

PAR_PAGE = 50


@require_safe
@exige("journal.consulter")
def journal(request: HttpRequest) -> HttpResponse:
    """Deux onglets, mêmes filtres. Qui ne voit pas tout le département ne lit que ses propres lignes."""
    lectures = request.GET.get("onglet") == "lectures"
    genres = list(Lecture.Nature.choices) if lectures else list(PIECES.items())
    filtre = FiltreJournalForm(request.GET, perimetre=request.perimetre, genres=genres)
    if lectures:
        lignes = filtre.filter_lectures(Lecture.objects.select_related("agent"))
        lignes = lignes if request.perimetre.tout else lignes.filter(agent=request.user)
    else:
        lignes = filtre.filter_actes(Acte.objects.select_related("acteur"))
        lignes = lignes if request.perimetre.tout else lignes.filter(acteur=request.user)
    page = Paginator(lignes, PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "administration/journal.html", {"page": page, "filtre": filtre, "lectures": lectures})

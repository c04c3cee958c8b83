"""Les rendez-vous qui attendent un geste du référent : chaque liste de son accueil, en entier."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.web.accueil.referent import (
    RECENTS,
    invitations_sans_reponse,
    ont_prevenu,
    passes_a_noter,
    rendez_vous_utiles,
)
from jalon.web.socle.acces import exige

PAR_PAGE = 25
LISTES = {
    "a_noter": "Passés, à noter",
    "prevenus": "Ont prévenu qu’ils ne viendraient pas",
    "sans_reponse": "Invitations sans réponse",
}


@require_safe
@exige("portefeuille.consulter", "contrats.consulter")
def a_suivre(request: HttpRequest) -> HttpResponse:
    """Une des trois listes ; les deux autres disent combien elles ont de lignes."""
    jour, agent = timezone.localdate(), request.user
    rendez_vous = rendez_vous_utiles(agent, jour)
    listes = {
        "a_noter": passes_a_noter(rendez_vous, jour),
        "prevenus": ont_prevenu(rendez_vous),
        "sans_reponse": list(invitations_sans_reponse(agent)),
    }
    demandee = request.GET.get("liste", "")
    liste = demandee if demandee in LISTES else "a_noter"
    contexte = {
        "liste": liste,
        "titre": LISTES[liste],
        "page": Paginator(listes[liste], PAR_PAGE).get_page(request.GET.get("page")),
        "jour": jour,
        "recents": RECENTS.days,
        "onglets": [
            {"texte": texte, "url": f"?liste={code}", "courant": code == liste, "nombre": len(listes[code])}
            for code, texte in LISTES.items()
        ],
    }
    reponse = render(request, "accueil/a_suivre.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse

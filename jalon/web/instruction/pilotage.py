"""Les lieux d'instruction et leur charge (F020) ; la charte de qualité et ses chiffres (F022)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.droits import charte as mesures
from jalon.droits import selectors
from jalon.droits.lieux import couverture, lieux_instruction
from jalon.organismes.models import Territoire
from jalon.web.socle.acces import exige

DROIT = "instruction.saisir"
PAR_PAGE = 50


@exige(DROIT)
@require_safe
def lieux(request: HttpRequest) -> HttpResponse:
    """Où l'on dépose une demande, avec quelle charge, et quels habitants en sont proches."""
    jour = timezone.localdate()
    code = request.GET.get("territoire", "")
    tous = lieux_instruction(jour)
    choisi = Territoire.objects.filter(code=code).first()
    montres = [lieu for lieu in tous if choisi is None or choisi.libelle in lieu.territoires]
    contexte = {
        "lieux": montres, "couvertures": couverture(jour), "depasses": [lieu for lieu in tous if lieu.depasse],
        "choisi": choisi, "jour": jour,
    }  # fmt: skip
    return render(request, "instruction/lieux.html", contexte)


@exige(DROIT)
@require_safe
def charte(request: HttpRequest) -> HttpResponse:
    """Chaque engagement, sa cible, et où l'on en est."""
    jour = timezone.localdate()
    organisme, territoire = request.GET.get("organisme", "")[:60], request.GET.get("territoire", "")[:60]
    contexte = {
        "resultats": mesures.resultats(request.perimetre, jour, organisme=organisme, territoire=territoire),
        "organismes": selectors.organismes_de_la_liste(request.perimetre), "organisme": organisme,
        "territoires": _territoires(request), "territoire": territoire, "jour": jour,
    }  # fmt: skip
    return render(request, "instruction/charte.html", contexte)


@exige(DROIT)
@require_safe
def derriere(request: HttpRequest, code: str) -> HttpResponse:
    """Les demandes derrière un chiffre de la charte."""
    jour = timezone.localdate()
    organisme, territoire = request.GET.get("organisme", "")[:60], request.GET.get("territoire", "")[:60]
    tous = mesures.resultats(request.perimetre, jour, organisme=organisme, territoire=territoire)
    resultat = next((r for r in tous if r.code == code), None)
    if resultat is None:
        raise Http404("Ce critère n'est pas dans la charte de ce département.")
    retenues = "retenues" in request.GET
    page = Paginator(
        mesures.derriere(
            request.perimetre, code, jour, retenues=retenues, organisme=organisme, territoire=territoire
        ).pour_liste(),
        PAR_PAGE,
    ).get_page(request.GET.get("page"))
    lignes = [
        {"ligne": ligne, "duree": mesures.detail(ligne.demande, code)}
        for ligne in selectors.completer(page.object_list, jour)
    ]
    contexte = {"resultat": resultat, "page": page, "lignes": lignes, "retenues": retenues, "jour": jour}
    return render(request, "instruction/charte_demandes.html", contexte)


def _territoires(request: HttpRequest) -> list[Territoire]:
    territoires = Territoire.objects.order_by("ordre", "libelle", "pk")
    return list(territoires if request.perimetre.tout else territoires.filter(pk__in=request.perimetre.territoires))

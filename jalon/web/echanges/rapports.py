"""Le rapport d'un flux importé, et les listes derrière ses chiffres."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jalon.documents.pdf import rendre_pdf
from jalon.echanges import listes
from jalon.echanges.anomalies import expliquer
from jalon.echanges.models import Flux
from jalon.web.echanges.presentation import contexte, donnees_pdf
from jalon.web.socle.acces import exige

PAR_PAGE = 50


@require_safe
@exige("flux.consulter")
def rapport(request: HttpRequest, public_id: UUID) -> HttpResponse:
    flux = listes.acceder_flux(request.perimetre, public_id)
    return render(request, "echanges/flux_rapport.html", contexte(flux.rapport, flux, request.perimetre))


@require_safe
@exige("flux.consulter")
def rapport_json(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le même objet que « jalon importer-flux --json »."""
    flux = listes.acceder_flux(request.perimetre, public_id)
    reponse = JsonResponse(flux.rapport, json_dumps_params={"ensure_ascii": False, "indent": 2})
    return _en_piece_jointe(reponse, flux, "json")


@require_safe
@exige("flux.consulter")
def rapport_pdf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    flux = listes.acceder_flux(request.perimetre, public_id)
    pdf = rendre_pdf("rapport_import", donnees_pdf(flux, request.perimetre))
    return _en_piece_jointe(HttpResponse(pdf, content_type="application/pdf"), flux, "pdf")


def _en_piece_jointe(reponse: HttpResponse, flux: Flux, extension: str) -> HttpResponse:
    """Le nom du fichier déposé n'y entre pas : il peut contenir n'importe quoi."""
    nom = f"rapport-import-{flux.date_reference:%Y-%m-%d}-{flux.type}.{extension}"
    reponse["Content-Disposition"] = f'attachment; filename="{nom}"'
    return reponse


@require_safe
@exige("flux.consulter", "dossier.consulter")
def liste(request: HttpRequest, public_id: UUID, rubrique: str) -> HttpResponse:
    """Dossiers ou personnes derrière un chiffre, dans le périmètre de l'agent."""
    flux = listes.acceder_flux(request.perimetre, public_id)
    connue = listes.RUBRIQUES.get(rubrique)
    if connue is None:
        raise Http404
    if connue.personnes:
        page = Paginator(listes.personnes_de_la_rubrique(flux, rubrique, request.perimetre), PAR_PAGE)
    else:
        page = Paginator(listes.dossiers_de_la_rubrique(flux, rubrique, request.perimetre), PAR_PAGE)
    lue = page.get_page(request.GET.get("page"))
    contexte_liste = {
        "flux": flux,
        "rubrique": connue,
        "page": lue,
        "personnes": list(lue) if connue.personnes else [],
        "lignes": [] if connue.personnes else listes.lignes_de_dossiers(list(lue), request.perimetre),
        "total": flux.rapport[connue.chemin[0]][connue.chemin[1]],
    }
    return render(request, "echanges/flux_liste.html", contexte_liste)


@require_safe
@exige("flux.consulter", "dossier.consulter")
def anomalies(request: HttpRequest, public_id: UUID, code: str) -> HttpResponse:
    flux = listes.acceder_flux(request.perimetre, public_id)
    totaux = {ligne["code"]: ligne["nombre"] for ligne in flux.rapport["anomalies"]}
    if code not in totaux:
        raise Http404
    page = Paginator(listes.anomalies_du_flux(flux, code, request.perimetre), PAR_PAGE)
    contexte_liste = {
        "flux": flux,
        "code": code,
        "explication": expliquer(code),
        "page": page.get_page(request.GET.get("page")),
        "total": totaux[code],
    }
    return render(request, "echanges/flux_anomalies.html", contexte_liste)

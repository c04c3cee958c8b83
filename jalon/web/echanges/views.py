"""Déposer un flux et suivre son import."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.echanges.imports import (
    EN_VIE,
    confirmer_simulation,
    demander_import,
    depot_present,
    imports_vivants,
    peut_confirmer,
    reprendre_import,
    taille_maximale,
)
from jalon.echanges.models import Flux, Import
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.web.echanges.forms import DepotForm
from jalon.web.echanges.presentation import contexte as contexte_rapport
from jalon.web.socle.acces import exige

PAR_PAGE = 20
RAPPELES = 5
"""Imports sans rapport (refusés, coupés, simulés) encore montrés sous le formulaire."""


@require_safe
@exige("flux.consulter")
def imports(request: HttpRequest) -> HttpResponse:
    suivis = _suivis()
    if request.htmx:  # type: ignore[attr-defined]
        reponse = render(request, "echanges/_suivis.html", {"suivis": suivis, "en_vie": _un_vivant(suivis)})
        if not _un_vivant(suivis):
            # Tout est fini : la page entière se recharge, pour que la liste des flux se complète.
            reponse["HX-Refresh"] = "true"
        return _selon_htmx(reponse)
    return _selon_htmx(_page_imports(request, DepotForm(), suivis))


def _page_imports(
    request: HttpRequest, form: DepotForm, suivis: list[dict[str, Any]], statut: int = 200
) -> HttpResponse:
    flux = Flux.objects.select_related("importe_par").order_by("-importe_le", "-id")
    page = Paginator(flux, PAR_PAGE).get_page(request.GET.get("page"))
    for ligne in page:
        ligne.total_anomalies = sum(anomalie["nombre"] for anomalie in ligne.rapport["anomalies"])  # type: ignore[attr-defined]
    contexte = {
        "form": form,
        "suivis": suivis,
        "en_vie": _un_vivant(suivis),
        "page": page,
        "taille_max": taille_maximale() // 1_000_000,
    }
    return render(request, "echanges/imports.html", contexte, status=statut)


@require_POST
@exige("flux.importer")
def deposer(request: HttpRequest) -> HttpResponse:
    form = DepotForm(request.POST, request.FILES)
    if form.is_valid():
        fichier = form.cleaned_data["fichier"]
        try:
            import_ = demander_import(
                fichier.chunks(), acteur=request.user, nom=fichier.name, simulation=form.cleaned_data["simulation"]
            )
        except JalonError as refus:
            form.add_error("fichier", str(refus))
        else:
            return redirect("import_detail", import_.public_id)
    return _page_imports(request, form, _suivis(), 422)


@require_safe
@exige("flux.consulter")
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """L'avancement, puis l'issue ; un import réussi mène tout droit à son rapport."""
    import_ = _acceder_import(request.perimetre, public_id)
    suivi = _suivre(import_, imports_vivants())
    if request.htmx:  # type: ignore[attr-defined]
        reponse = render(request, "echanges/_avancement.html", {"suivi": suivi})
        if not suivi["en_vie"]:
            reponse["HX-Refresh"] = "true"
        return _selon_htmx(reponse)
    if import_.flux is not None:
        return redirect("flux_rapport", import_.flux.public_id)
    contexte: dict[str, Any] = {"suivi": suivi, "import": import_, "simule": import_.rapport is not None}
    if import_.rapport is not None:
        contexte |= contexte_rapport(import_.rapport, None, request.perimetre)
    return _selon_htmx(render(request, "echanges/import.html", contexte))


@require_POST
@exige("flux.importer")
def reprendre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    import_ = reprendre_import(_acceder_import(request.perimetre, public_id), acteur=request.user)
    messages.success(request, "L’import repart depuis le début du fichier.")
    return redirect("import_detail", import_.public_id)


@require_POST
@exige("flux.importer")
def confirmer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    import_ = confirmer_simulation(_acceder_import(request.perimetre, public_id), acteur=request.user)
    return redirect("import_detail", import_.public_id)


def _acceder_import(perimetre: Perimetre, public_id: UUID) -> Import:
    perimetre.exiger("flux.consulter")
    import_ = Import.objects.filter(public_id=public_id).select_related("flux", "demande_par").first()
    if import_ is None:
        raise HorsPerimetreError("Cet import n’existe pas. Vérifiez le lien, ou partez de la liste des imports.")
    return import_


def _suivis() -> list[dict[str, Any]]:
    """Imports en cours, puis les derniers qui n'ont pas de rapport dans la liste des flux."""
    sans_flux = Import.objects.filter(flux=None).select_related("demande_par")
    en_vie = list(sans_flux.filter(etat__in=EN_VIE).order_by("id"))
    finis = list(sans_flux.exclude(etat__in=EN_VIE).order_by("-demande_le", "-id")[:RAPPELES])
    vivants = imports_vivants()
    return [_suivre(import_, vivants) for import_ in en_vie + finis]


def _suivre(import_: Import, vivants: set[int]) -> dict[str, Any]:
    """Un import en cours dont plus aucun travail ne tient le verrou se montre interrompu, avant même d'être marqué."""
    coupe = import_.etat == Import.Etat.EN_COURS and import_.pk not in vivants
    etat = Import.Etat.INTERROMPU if coupe else Import.Etat(import_.etat)
    return {
        "import": import_,
        "etat": etat,
        "en_vie": etat in EN_VIE,
        "reprenable": etat == Import.Etat.INTERROMPU and depot_present(import_),
        "confirmable": peut_confirmer(import_),
    }


def _un_vivant(suivis: list[dict[str, Any]]) -> bool:
    return any(suivi["en_vie"] for suivi in suivis)


def _selon_htmx(reponse: HttpResponse) -> HttpResponse:
    """La même adresse rend une page ou un fragment : un cache ne doit pas prendre l'un pour l'autre."""
    patch_vary_headers(reponse, ["HX-Request"])
    reponse["Cache-Control"] = "no-store"
    return reponse

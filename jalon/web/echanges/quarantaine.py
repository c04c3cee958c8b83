"""Foyers mis en quarantaine : les lire, les rejouer, les écarter."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.echanges.models import Quarantaine
from jalon.echanges.rejeux import (
    DEMANDE,
    demander_rejeu,
    demander_tous_les_rejeux,
    derniers_essais,
    lire_fragment,
    masquer_numeros,
)
from jalon.echanges.services import ecarter_quarantaine
from jalon.socle.errors import HorsPerimetreError
from jalon.traces.models import Acte, Lecture
from jalon.traces.services import noter_lecture
from jalon.web.echanges.forms import EcarterForm
from jalon.web.socle.acces import exige

PAR_PAGE = 25
ETATS = ("a_traiter", "traites", "tous")
DEJA_DEMANDE = "Le rejeu est déjà demandé : son résultat s’affichera ici."


@require_safe
@exige("quarantaine.traiter")
def liste(request: HttpRequest) -> HttpResponse:
    etat = request.GET.get("etat", "a_traiter")
    etat = etat if etat in ETATS else "a_traiter"
    du_flux = _du_flux(request.GET.get("flux", ""))
    foyers = du_flux.select_related("flux", "traite_par")
    if etat == "a_traiter":
        foyers = foyers.filter(etat=Quarantaine.Etat.A_TRAITER)
    elif etat == "traites":
        foyers = foyers.exclude(etat=Quarantaine.Etat.A_TRAITER)
    page = Paginator(foyers.order_by("-flux_id", "rang", "id"), PAR_PAGE).get_page(request.GET.get("page"))
    essais = derniers_essais(page)
    lignes = [_ligne(foyer, essais.get(foyer.public_id)) for foyer in page]
    contexte = {
        "page": page,
        "lignes": lignes,
        "etat": etat,
        "flux": request.GET.get("flux", ""),
        "a_traiter": Quarantaine.objects.filter(etat=Quarantaine.Etat.A_TRAITER).count(),
        "en_attente": any(ligne["en_attente"] for ligne in lignes),
    }
    return render(request, "echanges/quarantaine.html", contexte)


def _du_flux(identifiant: str) -> Any:
    """Foyers d'un flux, ou tous ; un identifiant mal recopié ne montre rien."""
    if not identifiant:
        return Quarantaine.objects.all()
    try:
        return Quarantaine.objects.filter(flux__public_id=identifiant)
    except (ValidationError, ValueError):
        return Quarantaine.objects.none()


def _ligne(foyer: Quarantaine, essai: Acte | None) -> dict[str, Any]:
    a_traiter = foyer.etat == Quarantaine.Etat.A_TRAITER
    return {
        "foyer": foyer,
        "a_traiter": a_traiter,
        "motif": masquer_numeros(foyer.motif),
        "essai": essai if a_traiter else None,
        "en_attente": a_traiter and essai is not None and essai.code == DEMANDE,
    }


@require_safe
@exige("quarantaine.traiter")
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _page_detail(request, _acceder_quarantaine(request.perimetre, public_id), None)


def _page_detail(request: HttpRequest, foyer: Quarantaine, form: EcarterForm | None) -> HttpResponse:
    """Ouvre un foyer : son fragment est un dossier, il ne se lit qu'avec le droit et laisse une trace."""
    fragment = ""
    # La relecture de l'état, toutes les deux secondes, n'emporte pas le fragment : ce n'est pas une ouverture.
    if request.perimetre.peut("dossier.consulter") and not request.htmx:  # type: ignore[attr-defined]
        fragment = lire_fragment(foyer, voit_nir=request.perimetre.voit_nir)
        for nature in (Lecture.Nature.FOYER, *([Lecture.Nature.NIR] if request.perimetre.voit_nir else [])):
            noter_lecture(
                nature, agent=request.user, organisme=request.perimetre.organisme_principal, ecran="quarantaine"
            )
    ligne = _ligne(foyer, derniers_essais([foyer]).get(foyer.public_id))
    contexte = {"ligne": ligne, "foyer": foyer, "fragment": fragment, "form": form or EcarterForm()}
    return render(request, "echanges/quarantaine_detail.html", contexte, status=422 if form else 200)


def _acceder_quarantaine(perimetre: Perimetre, public_id: UUID) -> Quarantaine:
    perimetre.exiger("quarantaine.traiter")
    foyer = Quarantaine.objects.filter(public_id=public_id).select_related("flux", "traite_par").first()
    if foyer is None or not perimetre.tout:
        raise HorsPerimetreError(
            "Ce foyer n’existe pas, ou la quarantaine n’est pas dans votre périmètre. Partez de la liste."
        )
    return foyer


@require_POST
@exige("quarantaine.traiter")
def rejouer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    if demander_rejeu(_acceder_quarantaine(request.perimetre, public_id), acteur=request.user):
        messages.success(request, "Rejeu demandé. Jalon s’en occupe en fond : le résultat s’affichera ici.")
    else:
        messages.info(request, DEJA_DEMANDE)
    return redirect("quarantaine_detail", public_id)


@require_POST
@exige("quarantaine.traiter")
def tout_rejouer(request: HttpRequest) -> HttpResponse:
    if demandes := demander_tous_les_rejeux(acteur=request.user):
        pluriel = "s" if demandes > 1 else ""
        messages.success(request, f"Rejeu demandé pour {demandes} foyer{pluriel}. Le résultat s’affichera ici.")
    else:
        messages.info(request, DEJA_DEMANDE)
    return redirect("quarantaine")


@require_POST
@exige("quarantaine.traiter")
def ecarter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    foyer = _acceder_quarantaine(request.perimetre, public_id)
    form = EcarterForm(request.POST)
    if not form.is_valid():
        return _page_detail(request, foyer, form)
    ecarter_quarantaine(foyer, acteur=request.user, motif=form.cleaned_data["motif"])
    messages.success(request, "Foyer écarté. Le motif est au journal.")
    return redirect("quarantaine")

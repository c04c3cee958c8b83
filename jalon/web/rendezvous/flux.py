"""Lire son agenda Jalon dans son propre logiciel, par une adresse secrète que l'on ouvre et ferme."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.rendezvous.ical import composer_flux, creer_flux, flux_de, lire_flux, revoquer_flux
from jalon.socle.rls import set_context
from jalon.web.lien.limite import TropDeDemandesError, compter_demande
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige

LONGUEUR_JETON = 128


@require_http_methods(["GET", "HEAD", "POST"])
@exige("agenda.gerer")
def adresse(request: HttpRequest) -> HttpResponse:
    """L'état de mon adresse ; en ouvrir une ne la montre que cette fois."""
    url = ""
    if request.method == "POST":
        _, jeton = creer_flux(request.user, acteur=request.user, perimetre=request.perimetre)
        url = request.build_absolute_uri(reverse("agenda_flux", args=[jeton]))
    reponse = render(request, "rendezvous/adresse.html", {"flux": flux_de(request.user), "url": url})
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige("agenda.gerer")
def fermer(request: HttpRequest) -> HttpResponse:
    """Ferme l'adresse : les logiciels qui la lisent ne reçoivent plus rien."""

    def acte() -> str:
        revoquer_flux(request.user, acteur=request.user, perimetre=request.perimetre)
        return "Adresse fermée : plus aucun logiciel ne lit votre agenda."

    tenter(request, acte)
    return redirect("agenda_adresse")


@login_not_required
@require_safe
def flux(request: HttpRequest, jeton: str) -> HttpResponse:
    """L'agenda de l'agent de ce jeton, sous son propre périmètre ; rien d'autre ne s'ouvre par là."""
    try:
        compter_demande(request)
    except TropDeDemandesError as refus:
        return HttpResponse(str(refus), status=429, content_type="text/plain; charset=utf-8")
    ouvert = lire_flux(jeton[:LONGUEUR_JETON])
    perimetre = Perimetre.de(ouvert.agent) if ouvert is not None else Perimetre.vide()
    if ouvert is None or not perimetre.peut("agenda.gerer"):
        return HttpResponse(
            "Cette adresse d'agenda n'est plus ouverte.", status=404, content_type="text/plain; charset=utf-8"
        )
    set_context(perimetre.reglages())
    reponse = HttpResponse(composer_flux(ouvert), content_type="text/calendar; charset=utf-8")
    reponse["Cache-Control"] = "no-store"
    reponse["X-Robots-Tag"] = "noindex, nofollow"
    return reponse

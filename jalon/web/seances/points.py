"""Les points d'une instance générale : les inscrire, décider, suivre ce qui a été confié."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from jalon.instances.acces import PREPARER, acceder_seance, exiger_conduite, tient_instance
from jalon.instances.points import acceder_point, ajouter_point, decider_point, retirer_point, suivre_point
from jalon.socle.errors import HorsPerimetreError
from jalon.web.orientations.actes import tenter
from jalon.web.seances.forms import DecisionPointForm, PointForm, premiere_erreur
from jalon.web.socle.acces import exige


@require_POST
@exige(PREPARER)
def ajouter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ajoute un point à l'ordre du jour."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    formulaire = PointForm(request.POST, seance=trouvee)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return _retour(public_id)
    lu = formulaire.cleaned_data

    def acte() -> str:
        point = ajouter_point(trouvee, acteur=request.user, perimetre=request.perimetre, **lu)
        return f"Point n° {point.rang} inscrit."

    tenter(request, acte)
    return _retour(public_id)


@require_POST
@exige(PREPARER)
def retirer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Retire un point de l'ordre du jour."""
    point = acceder_point(request.perimetre, public_id)
    _exiger_de_tenir(request, point.seance.instance)

    def acte() -> str:
        retirer_point(point, acteur=request.user, perimetre=request.perimetre)
        return "Le point est retiré de l’ordre du jour."

    tenter(request, acte)
    return _retour(point.seance.public_id)


@require_POST
def decider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Écrit la décision d'un point, qui la porte, et pour quand."""
    point = acceder_point(request.perimetre, public_id)
    exiger_conduite(request.perimetre, point.seance)
    formulaire = DecisionPointForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return _retour(point.seance.public_id, point.public_id)
    lu = formulaire.cleaned_data

    def acte() -> str:
        decider_point(point, acteur=request.user, perimetre=request.perimetre, **lu)
        return f"Décision du point n° {point.rang} gardée ; elle se reprend jusqu’à la clôture."

    tenter(request, acte)
    return _retour(point.seance.public_id, point.public_id)


@require_POST
@exige(PREPARER)
def suivre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Dit qu'une décision est faite."""
    point = acceder_point(request.perimetre, public_id)
    _exiger_de_tenir(request, point.seance.instance)

    def acte() -> str:
        suivre_point(point, acteur=request.user, perimetre=request.perimetre, suite=request.POST.get("suite", ""))
        return "C’est noté : cette décision est faite."

    tenter(request, acte)
    return redirect(f"{reverse('instance', args=[point.seance.instance.public_id])}#a-suivre")


def _exiger_de_tenir(request: HttpRequest, instance: object) -> None:
    if not tient_instance(request.perimetre, instance):
        raise HorsPerimetreError("Cette instance n’est pas dans votre périmètre : demandez à son secrétaire.")


def _retour(seance: UUID, point: UUID | None = None) -> HttpResponse:
    ancre = f"point-{point}" if point else "ordre-du-jour"
    return redirect(f"{reverse('seance', args=[seance])}#{ancre}")

"""Les lettres en nombre : les demander, les suivre, prendre le fichier de l'imprimeur, noter leur départ."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from jalon.documents.lots import EN_VIE, etat_reel, lots_vivants
from jalon.documents.models import EtatEnvoi, EtatLot
from jalon.documents.services import lire_document
from jalon.orientations.notifications import (
    DROIT,
    acceder_lot,
    constater_depart_lot,
    decisions_a_notifier,
    produire_notifications,
    reprendre_notifications,
)
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.notifications.forms import ChoixForm, DepartForm, FiltreForm
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.forms import premiere_erreur
from jalon.web.socle.acces import exige


@require_POST
@exige(DROIT)
def produire(request: HttpRequest) -> HttpResponse:
    """Met en file les lettres des personnes cochées, ou de tout le filtre."""
    perimetre = request.perimetre
    filtre = QueryDict(request.POST.get("filtre", ""))
    retour = f"{reverse('notifications')}{'?' if filtre else ''}{filtre.urlencode()}"
    form = ChoixForm(request.POST)
    if not form.is_valid():
        messages.error(request, premiere_erreur(form))
        return redirect(retour)
    decisions = decisions_a_notifier(perimetre)
    decisions = (
        FiltreForm(filtre).filtrer(decisions)
        if form.cleaned_data["tout"]
        else decisions.filter(public_id__in=form.choisies)
    )
    try:
        lot = produire_notifications(decisions, acteur=request.user, perimetre=perimetre)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return redirect(retour)
    return redirect("notifications_lot", lot.public_id)


@require_safe
@exige(DROIT)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """L'avancement, puis le fichier de l'imprimeur et ce qui a été laissé de côté. On peut quitter la page."""
    lot = acceder_lot(request.perimetre, public_id)
    etat = etat_reel(lot, lots_vivants())
    en_vie = etat in EN_VIE
    a_poster = lot.envois.filter(etat=EtatEnvoi.A_ENVOYER).count() if etat == EtatLot.TERMINE else 0
    contexte = {"lot": lot, "etat": etat, "en_vie": en_vie, "a_poster": a_poster, "form": DepartForm()}
    if request.htmx:
        reponse = render(request, "notifications/_avancement.html", contexte)
        if not en_vie:
            reponse["HX-Refresh"] = "true"
    else:
        reponse = render(request, "notifications/lot.html", contexte)
    patch_vary_headers(reponse, ["HX-Request"])
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_safe
@exige(DROIT)
def planche(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Toutes les lettres du lot en un fichier, triées par code postal, commune et nom."""
    perimetre = request.perimetre
    lot = acceder_lot(perimetre, public_id)
    if lot.planche is None:
        raise HorsPerimetreError("Le fichier de ce lot n'est pas encore prêt : suivez son avancement.")
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=perimetre.organisme_principal, nombre=lot.total,
        ecran="notifications_planche",
    )  # fmt: skip
    reponse = HttpResponse(lire_document(lot.planche), content_type="application/pdf")
    reponse["Content-Disposition"] = f'attachment; filename="notifications-{lot.date_courrier:%Y-%m-%d}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige(DROIT)
def reprendre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    lot = acceder_lot(request.perimetre, public_id)

    def acte() -> str:
        reprendre_notifications(lot, acteur=request.user, perimetre=request.perimetre)
        return "La production reprend où elle s’était arrêtée : aucune lettre ne sera faite deux fois."

    tenter(request, acte)
    return redirect("notifications_lot", public_id)


@require_POST
@exige(DROIT)
def depart(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note que les lettres du lot sont parties."""
    lot = acceder_lot(request.perimetre, public_id)
    form = DepartForm(request.POST)
    if not form.is_valid():
        messages.error(request, premiere_erreur(form))
        return redirect("notifications_lot", public_id)

    def acte() -> str:
        nombre = constater_depart_lot(
            lot,
            acteur=request.user,
            perimetre=request.perimetre,
            preuve=form.cleaned_data["preuve"],
        )
        return f"Départ noté pour {nombre} lettre{'s' if nombre > 1 else ''}."

    tenter(request, acte)
    return redirect("notifications_lot", public_id)

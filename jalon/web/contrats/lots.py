"""Des contrats à imprimer en nombre : les demander, suivre leur production, prendre le fichier de l'imprimeur."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from jalon.contrats.lots import DROIT, acceder_lot, produire_lot, reprendre_lot
from jalon.contrats.services import contrats_du_perimetre
from jalon.documents.lots import EN_VIE, etat_reel, lots_vivants
from jalon.documents.services import lire_document
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.contrats.forms import ChoixForm
from jalon.web.contrats.liste import Liste
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.forms import premiere_erreur
from jalon.web.socle.acces import exige


@require_POST
@exige(DROIT)
def produire(request: HttpRequest) -> HttpResponse:
    """Met en file les contrats cochés, ou tous ceux du filtre encore en écriture."""
    perimetre = request.perimetre
    filtre = QueryDict(request.POST.get("filtre", "").removeprefix("?"))
    retour = f"{reverse('contrats')}{'?' if filtre else ''}{filtre.urlencode()}"
    form = ChoixForm(request.POST)
    if not form.is_valid():
        messages.error(request, premiere_erreur(form))
        return redirect(retour)
    contrats = (
        Liste(perimetre, filtre).contrats()
        if form.cleaned_data["tout"]
        else contrats_du_perimetre(perimetre).filter(public_id__in=form.choisis)
    )
    try:
        lot = produire_lot(contrats, acteur=request.user, perimetre=perimetre)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return redirect(retour)
    return redirect("contrats_lot", lot.public_id)


@require_safe
@exige(DROIT)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """L'avancement, puis le fichier de l'imprimeur et ce qui a été laissé de côté. On peut quitter la page."""
    lot = acceder_lot(request.perimetre, public_id)
    etat = etat_reel(lot, lots_vivants())
    en_vie = etat in EN_VIE
    contexte = {"lot": lot, "etat": etat, "en_vie": en_vie, "faits": lot.total - len(lot.ecartes)}
    if request.htmx:
        reponse = render(request, "contrats/_avancement.html", contexte)
        if not en_vie:
            reponse["HX-Refresh"] = "true"
    else:
        reponse = render(request, "contrats/lot.html", contexte)
    patch_vary_headers(reponse, ["HX-Request"])
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_safe
@exige(DROIT)
def planche(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Tous les contrats du lot en un fichier, par organisme puis par nom."""
    perimetre = request.perimetre
    lot = acceder_lot(perimetre, public_id)
    if lot.planche is None:
        raise HorsPerimetreError("Le fichier de ce lot n'est pas encore prêt : suivez son avancement.")
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=perimetre.organisme_principal,
        nombre=lot.total - len(lot.ecartes), ecran="contrats_planche",
    )  # fmt: skip
    reponse = HttpResponse(lire_document(lot.planche), content_type="application/pdf")
    reponse["Content-Disposition"] = f'attachment; filename="contrats-{lot.date_courrier:%Y-%m-%d}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige(DROIT)
def reprendre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    lot = acceder_lot(request.perimetre, public_id)

    def acte() -> str:
        reprendre_lot(lot, acteur=request.user, perimetre=request.perimetre)
        return "La production reprend où elle s’était arrêtée : aucun contrat ne sera fait deux fois."

    tenter(request, acte)
    return redirect("contrats_lot", public_id)

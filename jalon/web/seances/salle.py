"""La séance, dossier après dossier : ce que l'on sait, ce que l'on décide, sans quitter le clavier."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, push_url

from jalon.instances.acces import acceder_dossier_seance, exiger_conduite, siege_de
from jalon.instances.models import DossierSeance, EtatDossierSeance, MembreInstance
from jalon.instances.ordre_du_jour import noter_dossier, retirer_membre
from jalon.instances.orientation import Deliberation, ajourner_dossier, maintenir_orientation, statuer
from jalon.socle.errors import JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import tenter
from jalon.web.seances.contenu import lire_salle
from jalon.web.seances.forms import DecisionForm, premiere_erreur

CHAMPS = (
    "type", "organisme", "motif", "parcours", "referent", "correspondant", "precision", "avis", "motif_ecart",
    "motif_depassement", "motif_ajournement", "motif_maintien",
)  # fmt: skip


@require_GET
def dossier(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le dossier ouvert en séance ; l'ouvrir est une lecture, notée comme telle."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=trouve.personne.public_id, ecran="séance",
    )  # fmt: skip
    return _salle(request, trouve)


def _salle(
    request: HttpRequest, trouve: DossierSeance, *, saisie: dict[str, str] | None = None, refus: str = ""
) -> HttpResponse:
    contexte: dict[str, Any] = {"salle": lire_salle(request.perimetre, trouve, saisie), "refus": refus}
    # htmx n'échange que ce qui réussit : un refus lui revient comme une page ordinaire, avec sa phrase.
    statut = 422 if refus and not request.htmx else 200
    reponse = render(request, "seances/salle.html", contexte, status=statut)
    reponse["Cache-Control"] = "no-store"
    return push_url(reponse, False) if refus and request.htmx else reponse


@require_POST
def decider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Retient un choix, maintient ou ajourne, puis passe au dossier suivant."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    exiger_conduite(request.perimetre, trouve.seance)
    actes = {"ajourner": _ajourner, "maintenir": _maintenir}
    try:
        actes.get(request.POST.get("acte", ""), _statuer)(request, trouve)
    except JalonError as refus:
        saisie = {champ: request.POST.get(champ, "") for champ in CHAMPS}
        return _salle(request, trouve, saisie=saisie, refus=str(refus))
    return _mener(request, _suivant(request, trouve))


def _statuer(request: HttpRequest, trouve: DossierSeance) -> None:
    formulaire = DecisionForm(request.POST)
    if not formulaire.is_valid():
        raise JalonError(premiere_erreur(formulaire))
    lu = formulaire.cleaned_data
    statuer(
        trouve, acteur=request.user, perimetre=request.perimetre, choix=formulaire.choix,
        deliberation=Deliberation(lu["avis"], lu["motif_ecart"], lu["motif_depassement"]),
    )  # fmt: skip


def _maintenir(request: HttpRequest, trouve: DossierSeance) -> None:
    maintenir_orientation(
        trouve, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif_maintien", ""),
        avis=request.POST.get("avis", ""),
    )  # fmt: skip


def _ajourner(request: HttpRequest, trouve: DossierSeance) -> None:
    ajourner_dossier(
        trouve, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif_ajournement", "")
    )


def _mener(request: HttpRequest, adresse: str) -> HttpResponse:
    """Mène à une page ; hors de la salle, htmx doit la charger en entier."""
    if request.htmx and not adresse.startswith(reverse("seances") + "dossiers/"):
        return HttpResponseClientRedirect(adresse)
    return redirect(adresse)


def _suivant(request: HttpRequest, trouve: DossierSeance) -> str:
    """Le dossier à examiner d'après, sinon le premier qui reste, sinon la relecture avant clôture."""
    reste = trouve.seance.dossiers.filter(etat=EtatDossierSeance.INSCRIT).order_by("rang", "pk")
    suivant = reste.filter(rang__gt=trouve.rang).first() or reste.first()
    if suivant is not None:
        return reverse("seance_dossier", args=[suivant.public_id])
    messages.success(request, "Tous les dossiers sont examinés : relisez, puis closez la séance.")
    droit = request.perimetre.peut("seances.presider")
    return reverse("seance_clore" if droit else "seance", args=[trouve.seance.public_id])


@require_POST
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note ou opinion d'un membre, en un geste."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)

    def acte() -> str:
        posee = noter_dossier(
            trouve, acteur=request.user, perimetre=request.perimetre, opinion=request.POST.get("opinion", ""),
            texte=request.POST.get("texte", ""),
        )  # fmt: skip
        return "Votre note est gardée : les seuls membres la lisent." if posee else "Votre note est effacée."

    tenter(request, acte)
    return redirect("seance_dossier", public_id=public_id)


@require_POST
def retrait(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Un membre se retire d'un dossier ; s'il s'agit de soi, le dossier se referme."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    seance = trouve.seance
    soi = siege_de(request.perimetre, seance.instance)
    cle = request.POST.get("membre", "")
    membre = (
        MembreInstance.objects.filter(instance=seance.instance, public_id__in=[cle] if len(cle) == 36 else [])
        .select_related("agent", "qualite")
        .first()
    )  # fmt: skip

    def acte() -> str:
        if membre is None:
            raise JalonError("Choisissez le membre qui se retire.")
        retirer_membre(
            trouve, acteur=request.user, perimetre=request.perimetre, membre=membre, motif=request.POST.get("motif", "")
        )
        return f"{membre.nom} s’est retiré de ce dossier ; le procès-verbal le dira."

    if tenter(request, acte) and membre is not None and soi is not None and membre.pk == soi.pk:
        return _mener(request, reverse("seance", args=[seance.public_id]))
    return redirect("seance_dossier", public_id=public_id)

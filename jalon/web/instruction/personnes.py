"""Créer une personne suivie sans dossier RSA, ses publics, ses coordonnées (F013)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from jalon.personnes.creation import (
    DoublonPossibleError,
    clore_public,
    creer_personne,
    declarer_public,
)
from jalon.personnes.models import PublicPersonne
from jalon.personnes.selectors import acceder_personne, coordonnees_de
from jalon.personnes.services import DROITS_COORDONNEES, mettre_a_jour_coordonnees
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.instruction.commun import noter, ouvrir_personne, premiere_erreur
from jalon.web.instruction.forms import (
    CoordonneesForm,
    CreationForm,
    PublicForm,
    communes_du_departement,
)
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige


@exige("personnes.creer")
@sensitive_post_parameters("nir")
@require_http_methods(["GET", "POST"])
def creer(request: HttpRequest) -> HttpResponse:
    """Ouvre le dossier d'une personne que la caisse ne signale pas ; les ressemblances se comparent avant."""
    formulaire = CreationForm(request.POST or None, perimetre=request.perimetre)
    doublons: tuple[Any, ...] = ()
    refus = ""
    if request.method == "POST" and formulaire.is_valid():
        lu = formulaire.cleaned_data
        try:
            with transaction.atomic():
                personne = creer_personne(
                    formulaire.identite, acteur=request.user, perimetre=request.perimetre, commune=lu["commune"],
                    public=lu["public"], depuis=lu["depuis"], ecartees=_uuids(request.POST.getlist("ecartees")),
                )  # fmt: skip
                mettre_a_jour_coordonnees(
                    personne, acteur=request.user, perimetre=request.perimetre, commune=lu["commune"]
                )
        except DoublonPossibleError as doute:
            doublons, refus = doute.doublons, str(doute)
            for doublon in doublons:
                noter(request, doublon.personne, "comparaison avant création")
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as erreur:
            refus = str(erreur)
        else:
            messages.success(request, "Dossier ouvert. Notez comment joindre la personne.")
            return redirect("personne_coordonnees", personne.public_id)
    reponse = render(
        request, "instruction/creer.html",
        {
            "form": formulaire, "doublons": doublons, "refus": refus, "communes": communes_du_departement(),
            "saisie_identite": formulaire.cleaned_data if doublons else {},
        },
    )  # fmt: skip
    reponse["Cache-Control"] = "no-store"
    return reponse


def _uuids(valeurs: list[str]) -> list[UUID]:
    lues = []
    for valeur in valeurs:
        try:
            lues.append(UUID(valeur))
        except ValueError:
            continue
    return lues


@exige("dossier.consulter")
@require_http_methods(["GET", "POST"])
def coordonnees(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Comment joindre la personne, et de quels publics elle relève."""
    personne = ouvrir_personne(request, public_id, droit="dossier.consulter", ecran="coordonnées")
    connues = coordonnees_de(personne)
    peut = bool(request.perimetre.droits & DROITS_COORDONNEES)
    if request.method == "POST":
        if not peut:
            raise DroitManquantError("Votre rôle ne permet pas de changer les coordonnées.")
        formulaire = CoordonneesForm(request.POST)
        if formulaire.is_valid() and tenter(
            request,
            lambda: _dire(
                mettre_a_jour_coordonnees(
                    personne, acteur=request.user, perimetre=request.perimetre, **formulaire.valeurs
                )
            ),
        ):
            try:
                acceder_personne(request.perimetre, public_id)
            except HorsPerimetreError:
                messages.info(request, "Cette personne vit maintenant hors de votre territoire.")
                return redirect("accueil")
            return redirect("personne_coordonnees", public_id)
    else:
        formulaire = CoordonneesForm(initial=CoordonneesForm.initiales(connues))
    reponse = render(
        request, "instruction/coordonnees.html",
        {
            "personne": personne, "coordonnees": connues, "form": formulaire, "peut": peut,
            "communes": communes_du_departement() if peut else [], "public_form": PublicForm(),
            "publics": list(
                PublicPersonne.objects.filter(personne=personne).select_related("public").order_by("-periode", "pk")
            ),
        },
    )  # fmt: skip
    reponse["Cache-Control"] = "no-store"
    return reponse


def _dire(_: object) -> str:
    return "Coordonnées enregistrées."


@exige("personnes.creer")
@require_POST
def declarer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note un public de la personne."""
    personne = acceder_personne(request.perimetre, public_id, droit="personnes.creer")
    formulaire = PublicForm(request.POST)

    def acte() -> str:
        if not formulaire.is_valid():
            raise JalonError(premiere_erreur(formulaire))
        ligne = declarer_public(personne, acteur=request.user, perimetre=request.perimetre, **formulaire.cleaned_data)
        return f"Public noté : {ligne.public}."

    tenter(request, acte)
    return redirect("personne_coordonnees", personne.public_id)


@exige("personnes.creer")
@require_POST
def clore(request: HttpRequest, public_id: UUID, code: str) -> HttpResponse:
    """Note que la personne ne relève plus de ce public."""
    personne = acceder_personne(request.perimetre, public_id, droit="personnes.creer")
    jour: date = timezone.localdate()
    ligne = PublicPersonne.objects.filter(
        personne=personne, public__code=code, periode__contains=jour, periode__endswith=None
    ).first()

    def acte() -> str:
        if ligne is None:
            raise JalonError("Cette personne ne relève pas de ce public aujourd'hui : rien n'a changé.")
        clore_public(ligne, acteur=request.user, perimetre=request.perimetre)
        return "Public clos."

    tenter(request, acte)
    return redirect("personne_coordonnees", personne.public_id)

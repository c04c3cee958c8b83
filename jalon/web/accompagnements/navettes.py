"""Fiches navettes : ouvrir, lire, répondre, clore. Qui n'en a pas besoin ne sait pas qu'elles existent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.accompagnements.models import NatureMessage
from jalon.accompagnements.navettes import (
    RAPPEL_SANTE,
    acceder_navette,
    clore_navette,
    destinataires_possibles,
    ecrire_message,
    fiches_lisibles,
    noms_des_destinataires,
    ouvrir_navette,
)
from jalon.personnes.selectors import acceder_personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.accompagnements.forms import MessageForm, NavetteForm, premiere_erreur
from jalon.web.socle.acces import exige

MONTREES = 100


@require_safe
@exige("dossier.consulter")
def navettes(request: HttpRequest) -> HttpResponse:
    """Les fiches navettes de l'agent, ouvertes d'abord."""
    lues = list(
        fiches_lisibles(request.perimetre)
        .filter(close_le=None)
        .select_related("personne", "auteur")
        .order_by("-ouverte_le", "-pk")[:MONTREES]
    )
    noms = noms_des_destinataires(lues)
    return render(request, "accompagnements/navettes.html", {"fiches": [(f, noms[f.pk]) for f in lues]})


@require_http_methods(["GET", "HEAD", "POST"])
@exige("suivi.ecrire")
def navette_ouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ouvre une fiche adressée à ceux qui suivent la personne ; un refus garde ce qui est écrit."""
    personne = acceder_personne(request.perimetre, public_id)
    organismes, agents = destinataires_possibles(personne, sauf=request.user)
    if request.method == "POST":
        formulaire = NavetteForm(request.POST, organismes, agents)
        try:
            if not formulaire.is_valid():
                raise JalonError(premiere_erreur(formulaire))
            fiche = ouvrir_navette(personne, acteur=request.user, perimetre=request.perimetre, **formulaire.valeurs)
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "La fiche est envoyée : ses destinataires la liront dans leurs fiches navettes.")
            return redirect("navette", public_id=fiche.public_id)
    contexte = {
        "personne": personne,
        "destinataires": [
            *((f"agent:{a.public_id}", str(a)) for a in agents),
            *((f"organisme:{o.public_id}", f"Toute l’équipe : {o.libelle}") for o in organismes),
        ],
        "natures": NatureMessage.choices,
        "saisie": _saisie(request, "objet", "nature", "texte", "entretien_le", "participants"),
        "choisis": request.POST.getlist("a"),
        "rappel_sante": RAPPEL_SANTE,
        "jour": timezone.localdate(),
    }
    return render(request, "accompagnements/navette_ouvrir.html", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("dossier.consulter")
def navette(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La fiche, ses messages, et la réponse ; l'ouvrir est une lecture du dossier."""
    fiche = acceder_navette(request.perimetre, public_id)
    if request.method == "POST":
        formulaire = MessageForm(request.POST)
        try:
            if not formulaire.is_valid():
                raise JalonError(premiere_erreur(formulaire))
            ecrire_message(fiche, acteur=request.user, perimetre=request.perimetre, **formulaire.valeurs)
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "Votre message est dans la fiche.")
            return redirect("navette", public_id=fiche.public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=fiche.personne.public_id, ecran="fiche navette",
    )  # fmt: skip
    contexte = {
        "fiche": fiche,
        "personne": fiche.personne,
        "destinataires": noms_des_destinataires([fiche])[fiche.pk],
        "fils": list(fiche.messages.select_related("auteur").order_by("ecrit_le", "pk")),
        "natures": NatureMessage.choices,
        "saisie": _saisie(request, "nature", "texte", "entretien_le", "participants"),
        "rappel_sante": RAPPEL_SANTE,
        "jour": timezone.localdate(),
    }
    reponse = render(request, "accompagnements/navette.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige("suivi.ecrire")
def navette_clore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« C'est réglé »."""
    fiche = acceder_navette(request.perimetre, public_id, droit="suivi.ecrire")
    try:
        clore_navette(fiche, acteur=request.user, perimetre=request.perimetre)
        messages.success(request, "La fiche est close ; elle reste lisible par les mêmes personnes.")
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    return redirect("navette", public_id=fiche.public_id)


def _saisie(request: HttpRequest, *noms: str) -> dict[str, str]:
    return {nom: request.POST.get(nom, "") for nom in noms}

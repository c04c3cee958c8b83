"""Gestes sur une demande : chacun refuse en message et revient à la demande."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from jalon.droits import services
from jalon.droits.demandes import DemandeInstruction
from jalon.droits.instruction import lieux_habilites
from jalon.droits.selectors import acceder_demande
from jalon.socle.errors import JalonError
from jalon.web.instruction.commun import premiere_erreur
from jalon.web.instruction.forms import LeForm, SimulationForm, lire_soumise
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige

DROIT = "instruction.saisir"
Acte = Callable[[HttpRequest, DemandeInstruction], str]
Vue = Callable[[HttpRequest, UUID], HttpResponse]


def geste(acte: Acte) -> Vue:
    """Vue d'un geste : la demande par le périmètre, l'acte tenté, un message, et retour."""

    @exige(DROIT)
    @require_POST
    def vue(request: HttpRequest, public_id: UUID) -> HttpResponse:
        demande = acceder_demande(request.perimetre, public_id)
        tenter(request, lambda: acte(request, demande))
        if demande_visible(request, public_id):
            return redirect("instruction", public_id)
        messages.info(request, "Le dossier n'est plus ouvert à votre service : rien d'autre ne l'attend ici.")
        return redirect("instructions")

    vue.__doc__ = acte.__doc__
    return vue


def demande_visible(request: HttpRequest, public_id: UUID) -> bool:
    """Un geste peut refermer le dossier à l'organisme qui l'a fait."""
    try:
        acceder_demande(request.perimetre, public_id)
    except JalonError:
        return False
    return True


def _qui(request: HttpRequest) -> dict[str, object]:
    return {"acteur": request.user, "perimetre": request.perimetre}


def _le(request: HttpRequest) -> date | None:
    formulaire = LeForm(request.POST)
    if not formulaire.is_valid():
        raise JalonError("Cette date ne se lit pas : écrivez-la comme 12/04/2026.")
    return formulaire.cleaned_data["le"]


@geste
def pieces(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Pièces reçues, inutiles, ou demandées en plus : l'état de toutes d'un coup."""
    envoye = request.POST
    etats = {nom.removeprefix("piece_"): valeur for nom, valeur in envoye.items() if nom.startswith("piece_")}
    demande = services.noter_pieces(
        demande, **_qui(request), le=_le(request), ajoutees=envoye.getlist("ajoutees"),
        recues=[code for code, etat in etats.items() if etat == "recue"],
        ecartees=[code for code, etat in etats.items() if etat == "ecartee"],
    )  # fmt: skip
    return "Pièces notées."


@geste
def complement(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Information donnée, ou données recueillies."""
    if request.POST.get("quoi") == "donnees":
        services.noter_donnees(demande, **_qui(request), le=_le(request))
        return "Recueil noté."
    services.noter_information(demande, **_qui(request), le=_le(request))
    return "Information sur les droits et devoirs notée."


@geste
def soumission(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Soumise ou non, à première vue."""
    services.preciser_soumission(demande, **_qui(request), soumise=lire_soumise(request.POST.get("soumise", "")))
    return "Noté."


@geste
def simulation(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Résultat d'une simulation faite ailleurs."""
    formulaire = SimulationForm(request.POST)
    if not formulaire.is_valid():
        raise JalonError(premiere_erreur(formulaire))
    services.noter_simulation(demande, **_qui(request), **formulaire.cleaned_data)
    return "Simulation gardée."


@geste
def instruire(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Dossier complet."""
    services.instruire_demande(demande, **_qui(request), le=_le(request))
    return "Demande instruite : il reste à la transmettre à l'organisme payeur."


@geste
def transmettre(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Vers l'organisme payeur."""
    services.transmettre_demande(
        demande, **_qui(request), caisse=request.POST.get("caisse", "")[:120],
        numero_demande=request.POST.get("numero_demande", "")[:22], le=_le(request),
    )  # fmt: skip
    return "Demande transmise. Le fichier de la caisse dira quand le droit est ouvert."


@geste
def retour(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Renvoyée incomplète par l'organisme payeur."""
    services.noter_retour(demande, **_qui(request), motif=request.POST.get("motif", "")[:200], le=_le(request))
    return "Retour noté : demandez à la personne ce qui manque."


@geste
def liquider(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Lier au dossier reçu de la caisse."""
    demande = services.liquider_demande(demande, **_qui(request))
    return f"La décision de la caisse est reprise : demande {demande.get_etat_display().lower()}."


@geste
def classer(request: HttpRequest, demande: DemandeInstruction) -> str:
    """Sans suite."""
    services.classer_sans_suite(demande, **_qui(request), motif=request.POST.get("motif", ""))
    return "Demande classée sans suite."


@geste
def confier(request: HttpRequest, demande: DemandeInstruction) -> str:
    """À un autre lieu d'instruction."""
    code = request.POST.get("organisme", "")
    organisme = next((o for o in lieux_habilites(timezone.localdate()) if o.code == code), None)
    if organisme is None:
        raise JalonError("Choisissez dans la liste l'organisme à qui confier la demande.")
    services.confier_demande(demande, **_qui(request), organisme=organisme, motif=request.POST.get("motif", "")[:200])
    return f"Demande confiée à {organisme}."

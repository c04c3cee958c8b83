"""Les actes en un geste : noter la tenue, annuler, convoquer, relancer ou retirer une invitation."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from jalon.rendezvous.propositions import acceder_proposition, relancer_proposition, retirer_proposition
from jalon.rendezvous.rappels import convoquer_rendez_vous
from jalon.rendezvous.rendez_vous import acceder_rendez_vous, annuler_rendez_vous, constater_rendez_vous
from jalon.socle.errors import JalonError
from jalon.web.orientations.actes import tenter
from jalon.web.rendezvous.fixer import adresse_du_lien
from jalon.web.rendezvous.forms import ConstatForm
from jalon.web.socle.acces import exige


@require_POST
@exige("dossier.consulter")
def constater(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Honoré, excusé ou non venu."""
    trouve = acceder_rendez_vous(request.perimetre, public_id)

    def acte() -> str:
        formulaire = ConstatForm(request.POST)
        if not formulaire.is_valid():
            raise JalonError("Choisissez « honoré », « excusé » ou « non venu ».")
        fait = constater_rendez_vous(
            trouve, acteur=request.user, perimetre=request.perimetre, etat=formulaire.cleaned_data["etat"],
            motif=formulaire.cleaned_data["motif"],
        )  # fmt: skip
        suite = " Un contact avec la personne est à faire : il est dans les tâches." if fait.etat == "manque" else ""
        return f"Noté : {fait.get_etat_display().lower()}.{suite}"

    tenter(request, acte)
    return redirect("rendez_vous", trouve.public_id)


@require_POST
@exige("dossier.consulter")
def annuler(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le service annule ; la personne est prévenue par ce qu'elle accepte."""
    trouve = acceder_rendez_vous(request.perimetre, public_id)

    def acte() -> str:
        annuler_rendez_vous(
            trouve, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif", "")
        )
        return "Rendez-vous annulé. La personne est prévenue par les messages qu’elle accepte ; sinon, appelez-la."

    tenter(request, acte)
    return redirect("rendez_vous", trouve.public_id)


@require_POST
@exige("dossier.consulter")
def convoquer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Écrit et envoie la convocation."""
    trouve = acceder_rendez_vous(request.perimetre, public_id)
    tenter(
        request,
        lambda: (
            f"Convocation écrite. {convoquer_rendez_vous(trouve, acteur=request.user, perimetre=request.perimetre)[1].dit}"
        ),
    )
    return redirect("rendez_vous", trouve.public_id)


@require_POST
@exige("dossier.consulter")
def relancer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Écrit de nouveau à la personne qui n'a pas choisi."""
    proposition = acceder_proposition(request.perimetre, public_id)

    def acte() -> str:
        bilan = relancer_proposition(
            proposition, acteur=request.user, perimetre=request.perimetre, adresse_du_lien=adresse_du_lien(request)
        )
        return f"Relance envoyée. {bilan.dit}"

    tenter(request, acte)
    return redirect("rendez_vous_personne", proposition.personne.public_id)


@require_POST
@exige("dossier.consulter")
def retirer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Retire une invitation sans réponse."""
    proposition = acceder_proposition(request.perimetre, public_id)

    def acte() -> str:
        retirer_proposition(proposition, acteur=request.user, perimetre=request.perimetre)
        return "Invitation retirée : son lien ne marche plus."

    tenter(request, acte)
    return redirect("rendez_vous_personne", proposition.personne.public_id)

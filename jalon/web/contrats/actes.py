"""Les actes du circuit depuis la page d'un contrat : proposer, rouvrir, recevoir, valider, renvoyer, enregistrer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats import signatures, validation
from jalon.contrats.circuit import exiger_acte
from jalon.contrats.models import Contrat
from jalon.contrats.services import acceder_contrat
from jalon.documents.services import lire_document
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.contrats.circuit import erreurs, formulaire
from jalon.web.contrats.circuit_forms import ActeForm
from jalon.web.contrats.redaction import ouvrir
from jalon.web.contrats.views import montrer
from jalon.web.socle.acces import exige

Donnees = dict[str, Any]
Accomplir = Callable[[Contrat, Agent, Perimetre, Donnees], object]
FAITS: dict[str, tuple[Accomplir, str]] = {
    "proposer_signature": (
        lambda c, a, p, d: signatures.proposer_signature(c, acteur=a, perimetre=p, debut=d["debut"], duree=d["duree"]),
        "Le texte est arrêté : il peut être signé.",
    ),
    "rouvrir": (
        lambda c, a, p, d: signatures.rouvrir(c, acteur=a, perimetre=p, motif=d.get("motif", "")),
        "L’écriture reprend. Le texte d’avant ne vaut plus : il sera à signer de nouveau.",
    ),
    "recevoir": (
        lambda c, a, p, d: validation.recevoir(c, acteur=a, perimetre=p, le=d["le"]),
        "La réception est notée.",
    ),
    "soumettre_lecture": (
        lambda c, a, p, d: validation.soumettre_lecture(
            c, acteur=a, perimetre=p, motif=d["motif"], prevue_le=d["prevue_le"]
        ),
        "Le contrat attend sa lecture commune.",
    ),
    "valider": (
        lambda c, a, p, d: validation.valider(c, acteur=a, perimetre=p),
        "Le contrat est validé : il court du jour convenu.",
    ),
    "renvoyer": (
        lambda c, a, p, d: validation.renvoyer(c, acteur=a, perimetre=p, motif=d["motif"]),
        "Le contrat est renvoyé, avec ce qu’il faut changer.",
    ),
    "reprendre": (
        lambda c, a, p, d: validation.reprendre(c, acteur=a, perimetre=p),
        "L’écriture reprend. Le contrat sera à signer de nouveau.",
    ),
    "abandonner": (
        lambda c, a, p, d: validation.abandonner(c, acteur=a, perimetre=p, motif=d["motif"]),
        "Le contrat est abandonné ; ce qui est écrit reste au dossier.",
    ),
    "enregistrer": (
        lambda c, a, p, d: validation.enregistrer_reference(
            c, acteur=a, perimetre=p, reference=d["reference"], debut=d["debut"], duree=d["duree"],
            accepte_le=d["accepte_le"], referent_externe=d["referent_externe"],
        ),
        "Le contrat est enregistré.",
    ),
}  # fmt: skip
"""Acte → ce qui l'accomplit, et ce que l'on en dit. Signer et lire en commun ont leur page."""


@require_POST
@exige("contrats.consulter")
def accomplir(request: HttpRequest, contrat: UUID, acte: str) -> HttpResponse:
    """Fait passer le contrat par cet acte ; refusé, la page revient avec ce qui était rempli."""
    perimetre: Perimetre = request.perimetre
    ouvert = acceder_contrat(perimetre, contrat)
    if acte not in FAITS:
        raise HorsPerimetreError("Cet acte n'existe pas : servez-vous des boutons de la page du contrat.")
    faire, dit = FAITS[acte]
    form: ActeForm | None = None
    try:
        form = formulaire(ouvert, exiger_acte(ouvert, acte, perimetre, "à vérifier"), request.POST)
        if not form.is_valid():
            messages.error(request, erreurs(form))
            return _revenir(request, contrat, form)
        faire(ouvert, request.user, perimetre, form.cleaned_data)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return _revenir(request, contrat, form)
    messages.success(request, dit)
    if acte in ("rouvrir", "reprendre"):
        return redirect("contrat_ecrire", contrat=contrat)
    if acte == "proposer_signature":
        return redirect("contrat_signer", contrat=contrat)
    return redirect("contrat", contrat=contrat)


def _revenir(request: HttpRequest, contrat: UUID, form: ActeForm | None) -> HttpResponse:
    """La page du contrat, avec ce qui était rempli ; sans formulaire, il n'y a rien à corriger."""
    if form is None:
        return redirect("contrat", contrat=contrat)
    return montrer(request, ouvrir(request, contrat, droit="contrats.consulter", ecran="contrat"), form)


@require_safe
@exige("contrats.consulter")
def texte(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Le texte exact soumis aux signatures, à relire ou à imprimer."""
    ouvert = acceder_contrat(request.perimetre, contrat)
    if ouvert.document is None:
        raise HorsPerimetreError(
            "Ce contrat n'a pas encore de texte arrêté : il se produit en le proposant à la signature."
        )
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=ouvert.personne.public_id, ecran="texte d’un contrat",
    )  # fmt: skip
    reponse = HttpResponse(lire_document(ouvert.document), content_type="application/pdf")
    reponse["Content-Disposition"] = f'inline; filename="{ouvert.document.nom_fichier}"'
    reponse["Cache-Control"] = "no-store"
    return reponse

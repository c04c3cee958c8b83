"""Ouvrir un contrat, et sa page : où il en est, ce qui y est écrit, ce qui vient ensuite."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from jalon.contrats import objectifs, redaction
from jalon.contrats.enums import EtatContrat, EtatObjectif
from jalon.contrats.models import Contrat
from jalon.contrats.services import orientation_en_vigueur, ouvrir_contrat, types_proposes
from jalon.manquements.retours import retour_sous_condition
from jalon.personnes.selectors import acceder_personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.contrats.circuit import contexte_circuit
from jalon.web.contrats.circuit_forms import ActeForm
from jalon.web.contrats.liste import badge
from jalon.web.contrats.redaction import ouvrir as ouvrir_page
from jalon.web.contrats.redaction import page
from jalon.web.contrats.saisie import composer_page
from jalon.web.contrats.suivi import contexte_suivi
from jalon.web.socle.acces import exige


@exige("contrat.rediger")
@require_http_methods(["GET", "HEAD", "POST"])
def ouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choisir la sorte de contrat : celle de l'orientation d'abord. Dans un couple, chacun a le sien."""
    personne = acceder_personne(request.perimetre, public_id, droit="contrat.rediger")
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=personne.public_id, ecran="ouverture d’un contrat",
    )  # fmt: skip
    jour = timezone.localdate()
    types = types_proposes(personne, jour)
    statut = 200
    if request.method == "POST":
        choisi = next((t for t in types if t.code == request.POST.get("type")), None)
        try:
            if choisi is None:
                raise JalonError("Choisissez un des contrats proposés.")
            ouvert = ouvrir_contrat(personne, acteur=request.user, perimetre=request.perimetre, type=choisi, jour=jour)
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
            statut = 409
        else:
            return redirect("contrat" if ouvert.reference_seule else "contrat_ecrire", contrat=ouvert.public_id)
    decision = orientation_en_vigueur(personne, jour)
    contexte = {
        "personne": personne,
        "types": types,
        "attendu": decision.type.contrat if decision is not None else "",
        "decision": decision,
        "en_preparation": Contrat.objects.filter(personne=personne, etat__in=EtatContrat.en_preparation())
        .select_related("type")
        .order_by("-pk")
        .first(),
        "choisi": request.POST.get("type", ""),
        "retour": retour_sous_condition(personne, jour) if request.perimetre.peut("manquements.consulter") else None,
    }
    return page(request, "ouvrir", contexte, status=statut)


@exige("contrats.consulter")
@require_safe
def contrat(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Le contrat : ses dates, son circuit, ce qui y est écrit, son plan."""
    return montrer(request, ouvrir_page(request, contrat, droit="contrats.consulter", ecran="contrat"))


def montrer(request: HttpRequest, ouvert: Contrat, refuse: ActeForm | None = None) -> HttpResponse:
    """La page du contrat ; `refuse` est le formulaire d'un acte à corriger, tel que l'agent l'a rempli."""
    perimetre = request.perimetre
    en_ecriture = ouvert.etat in EtatContrat.ecrits() and ouvert.version_id is not None
    contexte = {
        "contrat": ouvert,
        "personne": ouvert.personne,
        "badge": badge(ouvert, timezone.localdate()),
        "page": composer_page(redaction.champs_de(ouvert), {}),
        "objectifs": objectifs.plan(ouvert),
        "etats": EtatObjectif.choices,
        "manques": redaction.manques(ouvert) if en_ecriture else [],
        "en_ecriture": en_ecriture,
        "peut_ecrire": en_ecriture and perimetre.peut("contrat.rediger"),
        "peut_avancer": ouvert.etat in EtatContrat.vivants() and perimetre.peut("contrat.rediger"),
        "circuit": contexte_circuit(ouvert, perimetre, refuse),
        "suivi": contexte_suivi(ouvert, perimetre),
        "jour": timezone.localdate(),
    }
    return page(request, "contrat", contexte, status=409 if refuse is not None else 200)

"""Notifier une décision : ce qui reste à notifier, la lettre d'une personne, la réception constatée."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jalon.documents.lots import etat_reel, lots_vivants
from jalon.documents.models import Document, Envoi, LotDocuments
from jalon.orientations.lettres import correspondant_de, joindre_agent, referent_de
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from jalon.orientations.notifications import (
    DROIT,
    NATURE,
    acceder_decision,
    acceder_notification,
    apercu_notification,
    constater_reception,
    decisions_a_notifier,
    echeance_contrat,
    notifications_sans_reception,
    produire_notification,
)
from jalon.personnes.adresses import adresses_postales
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.notifications.forms import FiltreForm, ProduireForm, ReceptionForm
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.forms import premiere_erreur
from jalon.web.socle.acces import exige

PAR_PAGE = 50
LOTS_MONTRES = 5


@require_safe
@exige(DROIT)
def notifications(request: HttpRequest) -> HttpResponse:
    """Les décisions que les personnes ne connaissent pas encore par écrit, les plus anciennes d'abord."""
    perimetre = request.perimetre
    filtre = FiltreForm(request.GET)
    toutes = decisions_a_notifier(perimetre)
    retenues = filtre.filtrer(toutes).select_related("personne", "type", "organisme", "territoire")
    page = Paginator(retenues.order_by("decidee_le", "pk"), PAR_PAGE).get_page(request.GET.get("page"))
    lignes = list(page)
    adresses = adresses_postales([decision.personne_id for decision in lignes])
    contexte = {
        "page": page,
        "lignes": [{"decision": d, "adresse": adresses[d.personne_id]} for d in lignes],
        "filtre": filtre,
        "requete": request.GET.urlencode(),
        "lots": _lots(request),
        "onglets": _onglets("notifications", page.paginator.count if not filtre.actif else toutes.count(), None),
    }
    return render(request, "notifications/notifications.html", contexte)


@require_safe
@exige(DROIT)
def receptions(request: HttpRequest) -> HttpResponse:
    """Les lettres parties dont la réception n'est pas certaine : leur délai de contrat ne court pas encore."""
    perimetre = request.perimetre
    filtre = FiltreForm(request.GET)
    toutes = notifications_sans_reception(perimetre)
    retenues = filtre.filtrer(toutes, "decision__").select_related(
        "decision__personne", "decision__type", "decision__organisme"
    )
    page = Paginator(retenues.order_by("produite_le", "pk"), PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "page": page,
        "filtre": filtre,
        "onglets": _onglets("receptions", None, page.paginator.count if not filtre.actif else toutes.count()),
    }
    return render(request, "notifications/receptions.html", contexte)


def _onglets(courant: str, a_notifier: int | None, sans_reception: int | None) -> list[dict[str, Any]]:
    return [
        {
            "texte": "À notifier", "url": reverse("notifications"), "courant": courant == "notifications",
            "nombre": a_notifier,
        },
        {
            "texte": "Réception à constater", "url": reverse("notifications_receptions"),
            "courant": courant == "receptions", "nombre": sans_reception,
        },
    ]  # fmt: skip


def _lots(request: HttpRequest) -> list[dict[str, Any]]:
    """Les derniers lots de l'agent, en cours ou finis."""
    lots = LotDocuments.objects.filter(nature=NATURE, demande_par=request.user).order_by("-demande_le", "-pk")
    derniers = list(lots[:LOTS_MONTRES])
    vivants = lots_vivants() if derniers else set()
    return [{"lot": lot, "etat": etat_reel(lot, vivants)} for lot in derniers]


@require_safe
@exige(DROIT)
def notification(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La lettre d'une décision : ce qu'elle dira, à qui, les lettres déjà produites et leur réception."""
    decision = acceder_decision(request.perimetre, public_id)
    return _page(request, decision, ProduireForm(), None)


def _page(
    request: HttpRequest,
    decision: DecisionOrientation,
    produire_form: ProduireForm,
    reception_form: ReceptionForm | None,
    *,
    statut: int = 200,
) -> HttpResponse:
    perimetre = request.perimetre
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=perimetre.organisme_principal,
        personne=decision.personne.public_id, ecran="notification",
    )  # fmt: skip
    lettres = list(decision.notifications.select_related("produite_par").order_by("-produite_le", "-pk"))
    derniere = lettres[0] if lettres else None
    adresse = adresses_postales([decision.personne_id])[decision.personne_id]
    referent, joindre_referent = referent_de(decision)
    correspondant = correspondant_de(decision)
    contexte = {
        "decision": decision,
        "postale": adresse,
        "contrat": mot(decision.type.contrat).singulier,
        "referent": " : ".join(filter(None, (referent, joindre_referent))),
        "correspondant": " : ".join(filter(None, (str(correspondant), joindre_agent(correspondant))))
        if correspondant
        else "",
        "lettres": _avec_envois(lettres),
        "derniere": derniere,
        "en_vigueur": decision.annulee_le is None and decision.periode.upper is None,
        "echeance": echeance_contrat(derniere) if derniere else None,
        "produire_form": produire_form,
        "reception_form": reception_form or ReceptionForm(initial={"le": timezone.localdate()}),
    }
    return render(request, "notifications/notification.html", contexte, status=statut)


def _avec_envois(lettres: list[NotificationOrientation]) -> list[dict[str, Any]]:
    """Chaque lettre avec ce que l'on sait de son envoi."""
    documents = {
        d.public_id: d
        for d in Document.objects.filter(public_id__in=[lettre.lettre for lettre in lettres]).order_by("pk")
    }
    envois = {
        e.document_id: e for e in Envoi.objects.filter(document__in=documents.values()).order_by("demande_le", "pk")
    }
    lignes = []
    for lettre in lettres:
        document = documents.get(lettre.lettre) if lettre.lettre else None
        lignes.append({"notification": lettre, "envoi": envois.get(document.pk) if document else None})
    return lignes


@require_safe
@exige(DROIT)
def apercu(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La lettre telle qu'elle partirait, marquée comme aperçu ; rien n'est gardé."""
    perimetre = request.perimetre
    decision = acceder_decision(perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=perimetre.organisme_principal,
        personne=decision.personne.public_id, ecran="notification_apercu",
    )  # fmt: skip
    try:
        octets = apercu_notification(decision)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return redirect("notification", public_id)
    reponse = HttpResponse(octets, content_type="application/pdf")
    reponse["Content-Disposition"] = 'inline; filename="apercu-notification.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige(DROIT)
def produire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Produit la lettre et sa copie ; un refus garde ce qui est écrit."""
    perimetre = request.perimetre
    decision = acceder_decision(perimetre, public_id)
    form = ProduireForm(request.POST)
    if not form.is_valid():
        return _page(request, decision, form, None, statut=422)

    def acte() -> str:
        produire_notification(decision, acteur=request.user, perimetre=perimetre, **form.cleaned_data)
        return "La lettre est au dossier, avec sa copie pour l’organisme. Elle reste à envoyer ou à remettre."

    if tenter(request, acte):
        return redirect("notification", public_id)
    return _page(request, decision, form, None, statut=422)


@require_POST
@exige(DROIT)
def reception(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note le jour de réception certaine, et ce qui le prouve."""
    perimetre = request.perimetre
    lettre = acceder_notification(perimetre, public_id)
    decision = acceder_decision(perimetre, lettre.decision.public_id)
    form = ReceptionForm(request.POST)
    if not form.is_valid():
        messages.error(request, premiere_erreur(form))
        return _page(request, decision, ProduireForm(), form, statut=422)

    def acte() -> str:
        recue = constater_reception(lettre, acteur=request.user, perimetre=perimetre, **form.cleaned_data)
        echeance = echeance_contrat(recue)
        contrat = mot(decision.type.contrat).singulier
        return f"Réception notée. Le {contrat} est à conclure avant le {echeance:%d/%m/%Y}."

    if tenter(request, acte):
        return redirect("notification", decision.public_id)
    return _page(request, decision, ProduireForm(), form, statut=422)

"""Fixer, reporter, ou inviter à choisir : les trois formulaires d'un rendez-vous."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.ecriture import date_en_lettres
from jalon.personnes.selectors import acceder_personne
from jalon.rendezvous.agenda import Creneau, creneaux_libres
from jalon.rendezvous.models import ObjetRendezVous
from jalon.rendezvous.propositions import dernier_jour_possible, proposer_creneaux
from jalon.rendezvous.rappels import convoquer_rendez_vous
from jalon.rendezvous.rendez_vous import acceder_rendez_vous, fixer_rendez_vous, reporter_rendez_vous
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.rendezvous.agenda import debut_demande
from jalon.web.rendezvous.forms import FixerForm, ProposerForm, ReporterForm, agents_possibles, organismes_de
from jalon.web.rendezvous.personne import noter_ouverture, peut_agir
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_heure

CRENEAUX_MONTRES = 24


def par_jour(creneaux: list[Creneau]) -> list[tuple[str, list[Creneau]]]:
    """Les créneaux rangés par jour : « mardi 1er décembre »."""
    jours: dict[date, list[Creneau]] = {}
    for creneau in creneaux:
        jours.setdefault(timezone.localdate(creneau.debut), []).append(creneau)
    return [(date_en_lettres(jour, avec_jour=True).rpartition(" ")[0], siens) for jour, siens in jours.items()]


def _exiger_agir(perimetre: Perimetre) -> None:
    if not peut_agir(perimetre):
        perimetre.exiger("suivi.ecrire")


def _libres(agent: Agent | None) -> list[Creneau]:
    if agent is None:
        return []
    jour = timezone.localdate()
    return creneaux_libres(agent, du=jour, au=dernier_jour_possible(jour))


def _moment(debut: datetime | None, libres: list[Creneau]) -> dict[str, Any]:
    """Ce que le créneau choisi remplit d'avance."""
    if debut is None:
        return {}
    local = timezone.localtime(debut)
    rempli: dict[str, Any] = {"date": local.date(), "heure": local.time()}
    choisi = next((c for c in libres if c.debut == debut), None)
    if choisi is not None:
        rempli |= {
            "duree": choisi.duree, "modalite": choisi.modalite, "lieu": choisi.lieu,
            "organisme": choisi.organisme.public_id,
        }  # fmt: skip
    return rempli


@require_http_methods(["GET", "HEAD", "POST"])
@exige("dossier.consulter")
def fixer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Fixe un rendez-vous avec la personne, seul ou à plusieurs, avec ou sans convocation écrite."""
    perimetre: Perimetre = request.perimetre
    _exiger_agir(perimetre)
    personne = acceder_personne(perimetre, public_id)
    agents = agents_possibles(perimetre, personne)
    agent = next((a for a in agents if str(a.public_id) == request.GET.get("agent", "")), agents[0] if agents else None)
    libres, organismes = _libres(agent), organismes_de(perimetre, personne)
    initial = {
        "objet": ObjetRendezVous.ENTRETIEN, "agent": agent.public_id if agent is not None else None,
        "organisme": organismes[0].public_id if organismes else None,
    } | _moment(debut_demande(request), libres)  # fmt: skip
    formulaire = FixerForm(request.POST or None, perimetre=perimetre, personne=personne, initial=initial)
    if request.method == "POST" and formulaire.is_valid():
        lus = formulaire.cleaned_data
        try:
            with transaction.atomic():
                fixe = fixer_rendez_vous(
                    personne, acteur=request.user, perimetre=perimetre,
                    creneau=formulaire.creneau(lus["organisme"], lus["agent"]), objet=lus["objet"],
                    participants=list(lus["participants"]), externes=formulaire.noms_externes,
                )  # fmt: skip
                dit = f"Rendez-vous fixé, {date_heure(fixe.debut)}."
                if lus["convoquer"]:
                    _, bilan = convoquer_rendez_vous(fixe, acteur=request.user, perimetre=perimetre)
                    dit += f" Convocation écrite. {bilan.dit}"
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, dit)
            return redirect("rendez_vous", fixe.public_id)
    if request.method != "POST":
        noter_ouverture(request, personne)
    contexte = {
        "personne": personne, "form": formulaire, "agent": agent, "libres": par_jour(libres[:CRENEAUX_MONTRES]),
        "agents": agents, "suite": f"&agent={agent.public_id}" if agent is not None else "",
    }  # fmt: skip
    return render(request, "rendezvous/fixer.html", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("dossier.consulter")
def reporter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Remplace un rendez-vous par un autre ; la personne est prévenue."""
    perimetre: Perimetre = request.perimetre
    _exiger_agir(perimetre)
    ancien = acceder_rendez_vous(perimetre, public_id)
    libres = _libres(ancien.agent)
    formulaire = ReporterForm(request.POST or None, rendez_vous=ancien, initial=_moment(debut_demande(request), libres))
    if request.method == "POST" and formulaire.is_valid():
        try:
            nouveau = reporter_rendez_vous(
                ancien, acteur=request.user, perimetre=perimetre, motif=formulaire.cleaned_data["motif"],
                creneau=formulaire.creneau(ancien.organisme, ancien.agent),
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, f"Rendez-vous reporté : {date_heure(nouveau.debut)}.")
            return redirect("rendez_vous", nouveau.public_id)
    contexte = {
        "personne": ancien.personne, "rendez_vous": ancien, "form": formulaire,
        "libres": par_jour(libres[:CRENEAUX_MONTRES]),
    }  # fmt: skip
    return render(request, "rendezvous/reporter.html", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("dossier.consulter")
def proposer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Envoie à la personne le lien où choisir elle-même son créneau."""
    perimetre: Perimetre = request.perimetre
    _exiger_agir(perimetre)
    personne = acceder_personne(perimetre, public_id)
    jour = timezone.localdate()
    formulaire = ProposerForm(
        request.POST or None, perimetre=perimetre, personne=personne, du=jour,
        au=min(jour + timedelta(days=20), dernier_jour_possible(jour)),
    )  # fmt: skip
    if request.method == "POST" and formulaire.is_valid():
        try:
            _, bilan = proposer_creneaux(
                personne, acteur=request.user, perimetre=perimetre, adresse_du_lien=adresse_du_lien(request),
                **formulaire.cleaned_data,
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, f"Invitation à choisir envoyée. {bilan.dit}")
            return redirect("rendez_vous_personne", personne.public_id)
    if request.method != "POST":
        noter_ouverture(request, personne)
    return render(request, "rendezvous/proposer.html", {"personne": personne, "form": formulaire})


def adresse_du_lien(request: HttpRequest) -> Any:
    """Donne à l'acte de quoi écrire l'adresse complète de la page de la personne."""

    def adresse(jeton: str) -> str:
        return request.build_absolute_uri(reverse("lien_rendez_vous", args=[jeton]))

    return adresse

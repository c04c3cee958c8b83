"""Agents et habilitations : la liste, la fiche, et les actes de l'administrateur."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.agents import services
from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.selectors import (
    acceder_affectation,
    acceder_agent,
    agents_du_perimetre,
    avec_affectations_en_cours,
)
from jalon.agents.verrouillage import blocage_en_cours
from jalon.referentiels.profil.vocabulaire import Droit
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.administration.forms import (
    AffectationForm,
    AgentForm,
    FiltreAgentsForm,
    FinAffectationForm,
    MotifForm,
)
from jalon.web.administration.libelles import DROITS
from jalon.web.comptes.liens import envoyer_lien_mot_de_passe
from jalon.web.comptes.second_facteur import FACTEURS, a_un_second_facteur
from jalon.web.socle.acces import exige

PAR_PAGE = 50


@require_safe
@exige("agents.consulter")
def liste(request: HttpRequest) -> HttpResponse:
    filtre = FiltreAgentsForm(request.GET)
    agents = filtre.filter(agents_du_perimetre(request.perimetre)).annotate(
        a_second_facteur=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTEURS))
    )
    page = Paginator(avec_affectations_en_cours(agents), PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "administration/agents.html", {"page": page, "filtre": filtre, "actif": bool(request.GET)})


@require_safe
@exige("agents.consulter")
def fiche(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id)
    affectations = agent.affectations.select_related("profil", "organisme", "territoire").order_by("-periode", "id")
    jour = timezone.localdate()
    courantes = [a for a in affectations if not a.periode.isempty and (a.periode.upper or date.max) > jour]
    contexte = {
        "agent": agent,
        "courantes": courantes,
        "passees": [a for a in affectations if a not in courantes],
        "second_facteur": a_un_second_facteur(agent.pk),
        "bloque_jusque": blocage_en_cours(agent.email),
        "gere": request.perimetre.peut(services.DROIT),
        "soi_meme": agent.pk == request.user.pk,
        "jour": jour,
    }
    return render(request, "administration/agent.html", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("agents.gerer")
def creer(request: HttpRequest) -> HttpResponse:
    form = AgentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                agent = services.creer_agent(**form.cleaned_data, acteur=request.user)
                envoyer_lien_mot_de_passe(agent)
        except JalonError as refus:
            form.add_error(None, str(refus))
        else:
            messages.success(request, f"Compte créé. {agent} reçoit un courriel pour choisir son mot de passe.")
            return redirect("affectation_creer", agent.public_id)
    return render(request, "administration/agent_creer.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("agents.gerer")
def affecter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id, droit="agents.gerer")
    form = AffectationForm(request.POST or None, initial={"du": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            affectation = services.affecter_agent(agent, acteur=request.user, **form.cleaned_data)
        except (DroitManquantError, HorsPerimetreError):
            raise
        except JalonError as refus:
            form.add_error(None, str(refus))
        else:
            messages.success(request, f"{agent} : {affectation.profil.libelle}, {affectation.organisme.libelle}.")
            return redirect("agent", agent.public_id)
    contexte = {"form": form, "agent": agent, "profils": ProfilHabilitation.objects.order_by("libelle", "id")}
    return render(request, "administration/affectation_creer.html", contexte, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("agents.gerer")
def terminer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    affectation = acceder_affectation(request.perimetre, public_id)
    form = FinAffectationForm(request.POST or None, initial={"au": timezone.localdate()})
    contexte = {"affectation": affectation}

    def agir(form: Form) -> str:
        services.terminer_affectation(affectation, acteur=request.user, au=form.cleaned_data["au"])
        return "La fin du rôle est enregistrée."

    return _acte(request, affectation.agent, form, agir, "administration/affectation_terminer.html", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("agents.gerer")
def reinitialiser_facteur(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id, droit="agents.gerer")

    def agir(form: Form) -> str:
        services.reinitialiser_second_facteur(agent, acteur=request.user, motif=form.cleaned_data["motif"])
        return f"Second facteur réinitialisé : {agent} en posera un à sa prochaine connexion."

    return _acte(request, agent, MotifForm(request.POST or None), agir, "administration/second_facteur.html", {})


def _acte(request: HttpRequest, agent: Agent, form: Form, agir, gabarit: str, contexte: dict) -> HttpResponse:
    """Montre le formulaire d'un acte, l'accomplit s'il est valable, et explique un refus sur place."""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, agir(form))
        except (DroitManquantError, HorsPerimetreError):
            raise
        except JalonError as refus:
            form.add_error(None, str(refus))
        else:
            return redirect("agent", agent.public_id)
    return render(request, gabarit, {**contexte, "agent": agent, "form": form}, status=422 if form.errors else 200)


@require_POST
@exige("agents.gerer")
def desactiver(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id, droit="agents.gerer")
    return _geste(request, agent, services.desactiver_agent, f"Compte fermé : {agent} est déconnecté partout.")


@require_POST
@exige("agents.gerer")
def rouvrir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id, droit="agents.gerer")
    return _geste(request, agent, services.rouvrir_agent, "Compte rouvert.")


@require_POST
@exige("agents.gerer")
def debloquer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id, droit="agents.gerer")
    return _geste(request, agent, services.lever_blocage, f"Blocage levé : {agent} peut se connecter.")


@require_POST
@exige("agents.gerer")
def renvoyer_lien(request: HttpRequest, public_id: UUID) -> HttpResponse:
    agent = acceder_agent(request.perimetre, public_id, droit="agents.gerer")

    def envoyer(agent: Agent, *, acteur: Agent) -> None:
        if not agent.is_active:
            raise JalonError("Ce compte est fermé : rouvrez-le avant d'envoyer un lien.")
        envoyer_lien_mot_de_passe(agent)

    return _geste(request, agent, envoyer, f"Lien envoyé à {agent.email}.")


def _geste(request: HttpRequest, agent: Agent, acte, confirmation: str) -> HttpResponse:
    """Accomplit un acte sans formulaire et revient à la fiche, avec la confirmation ou le refus expliqué."""
    try:
        acte(agent, acteur=request.user)
    except (DroitManquantError, HorsPerimetreError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, confirmation)
    return redirect("agent", agent.public_id)


@require_safe
@exige("agents.consulter")
def profils_habilitation(request: HttpRequest) -> HttpResponse:
    """Table rôle × droit, telle que le profil du département l'a posée : elle se change dans le profil."""
    profils = list(ProfilHabilitation.objects.order_by("libelle", "id"))
    lignes = [(DROITS.get(droit, str(droit)), [droit in profil.droits for profil in profils]) for droit in Droit]
    lignes.append(("Voir le contenu de santé", [profil.voit_sante for profil in profils]))
    return render(request, "administration/profils_habilitation.html", {"profils": profils, "lignes": lignes})

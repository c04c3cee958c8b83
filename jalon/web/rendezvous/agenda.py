"""Ma semaine, celle d'un collègue, et les plages que j'ouvre aux rendez-vous."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.accompagnements.models import AbsenceAgent, DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.selectors import filtre_perimetre
from jalon.rendezvous import agenda
from jalon.rendezvous.ical import flux_de
from jalon.rendezvous.models import EtatRendezVous, RendezVous
from jalon.rendezvous.propositions import en_attente
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.socle.textes import normaliser
from jalon.web.orientations.actes import tenter
from jalon.web.rendezvous.forms import PlageForm
from jalon.web.socle.acces import exige

CHOIX_MAXIMAL = 60
TOUS_LES_JOURS = 5
LIBERES = (EtatRendezVous.ANNULE, EtatRendezVous.EXCUSE, EtatRendezVous.REPORTE)


@dataclass(frozen=True)
class Ligne:
    """Un moment de la journée : un rendez-vous, un temps pris sans qu'on voie avec qui, ou un créneau libre."""

    genre: str
    debut: datetime
    fin: datetime
    rendez_vous: RendezVous | None = None
    creneau: agenda.Creneau | None = None


@dataclass
class Jour:
    """Une colonne de la semaine."""

    date: date
    ferie: bool
    absent: bool
    lignes: list[Ligne] = field(default_factory=list)

    @property
    def passe(self) -> bool:
        return self.date < timezone.localdate()

    @property
    def aujourdhui(self) -> bool:
        return self.date == timezone.localdate()


def _semaine(agent: Agent, perimetre: Perimetre, lundi: date) -> list[Jour]:
    """Sept lectures au plus, quel que soit le nombre de rendez-vous."""
    dimanche = lundi + timedelta(days=6)
    absences = list(AbsenceAgent.objects.filter(agent=agent).order_by("pk").values_list("periode", flat=True))
    jours = {
        jour: Jour(jour, agenda.est_ferie(jour), any(jour in absence for absence in absences))
        for jour in (lundi + timedelta(days=n) for n in range(7))
    }
    vus: set[UUID] = set()
    for rendez_vous in agenda.rendez_vous_de(agent, lundi, dimanche).filter(filtre_perimetre(perimetre, "personne__")):
        vus.add(rendez_vous.public_id)
        fin = rendez_vous.debut + timedelta(minutes=rendez_vous.duree)
        jours[timezone.localdate(rendez_vous.debut)].lignes.append(
            Ligne("rendez_vous", rendez_vous.debut, fin, rendez_vous=rendez_vous)
        )
    for temps in agenda.occupations(agent, lundi, dimanche):
        if temps.source not in vus:
            debut = max(temps.periode.lower, agenda.bornes_du_jour(lundi, lundi)[0])
            jours[timezone.localdate(debut)].lignes.append(Ligne("pris", debut, temps.periode.upper))
    for creneau in agenda.creneaux_libres(agent, du=lundi, au=dimanche):
        jours[timezone.localdate(creneau.debut)].lignes.append(
            Ligne("libre", creneau.debut, creneau.fin, creneau=creneau)
        )
    for jour in jours.values():
        jour.lignes.sort(key=lambda ligne: (ligne.debut, ligne.genre))
    return [jour for rang, jour in enumerate(jours.values()) if rang < TOUS_LES_JOURS or jour.lignes]


def _lundi_demande(request: HttpRequest) -> date:
    try:
        demande = parse_date(request.GET.get("semaine", ""))
    except ValueError:
        demande = None
    return agenda.lundi_de(demande or timezone.localdate())


def _contexte(request: HttpRequest, agent: Agent) -> dict[str, Any]:
    perimetre: Perimetre = request.perimetre
    lundi = _lundi_demande(request)
    jours = _semaine(agent, perimetre, lundi)
    soi = perimetre.agent is not None and perimetre.agent.pk == agent.pk
    prevus = sum(
        ligne.rendez_vous is not None and ligne.rendez_vous.etat not in LIBERES
        for jour in jours
        for ligne in jour.lignes
    )
    return {
        "agent": agent,
        "soi": soi,
        "jours": jours,
        "lundi": lundi,
        "dimanche": lundi + timedelta(days=6),
        "avant": lundi - timedelta(days=7),
        "apres": lundi + timedelta(days=7),
        "cette_semaine": agenda.lundi_de(timezone.localdate()),
        "prevus": prevus,
        "libres": sum(ligne.genre == "libre" for jour in jours for ligne in jour.lignes),
        "propositions": list(en_attente(perimetre, agent=agent)),
        "peut_agir": perimetre.peut("suivi.ecrire") or perimetre.peut("reunions.gerer"),
    }


@require_safe
@exige("agenda.gerer")
def semaine(request: HttpRequest) -> HttpResponse:
    """Ma semaine : rendez-vous, créneaux libres, invitations qui attendent une réponse."""
    return _sans_cache(render(request, "rendezvous/semaine.html", _contexte(request, request.user)))


@require_safe
def semaine_agent(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """L'agenda d'un agent, pour qui suit sa charge ; un rendez-vous hors du périmètre n'y est qu'un temps pris."""
    agent = agenda.acceder_agenda(request.perimetre, public_id)
    return _sans_cache(render(request, "rendezvous/semaine.html", _contexte(request, agent)))


def _sans_cache(reponse: HttpResponse) -> HttpResponse:
    reponse["Cache-Control"] = "no-store"
    return reponse


# --- Plages


@require_http_methods(["GET", "HEAD", "POST"])
@exige("agenda.gerer")
def plages(request: HttpRequest) -> HttpResponse:
    """Les temps de la semaine que j'ouvre, et le formulaire d'un temps de plus."""
    formulaire = PlageForm(request.POST or None, perimetre=request.perimetre)
    if request.method == "POST" and formulaire.is_valid():
        try:
            plage = agenda.ouvrir_plage(
                request.user, acteur=request.user, perimetre=request.perimetre, **formulaire.cleaned_data
            )
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(
                request, f"Plage ouverte : {plage.get_jour_display().lower()}, {plage.debut:%H:%M} à {plage.fin:%H:%M}."
            )
            return redirect("agenda_plages")
    contexte = {
        "form": formulaire, "plages": agenda.plages_de(request.user, timezone.localdate()),
        "flux": flux_de(request.user),
    }  # fmt: skip
    return render(request, "rendezvous/plages.html", contexte)


@require_POST
@exige("agenda.gerer")
def plage_fermer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ferme une plage à partir d'aujourd'hui."""
    plage = agenda.acceder_plage(request.perimetre, public_id)

    def acte() -> str:
        agenda.fermer_plage(plage, acteur=request.user, perimetre=request.perimetre)
        return "Plage fermée. Les rendez-vous déjà pris restent dans votre agenda."

    tenter(request, acte)
    return redirect("agenda_plages")


# --- De l'agenda vers une personne


@require_safe
@exige("agenda.gerer")
def choisir_personne(request: HttpRequest) -> HttpResponse:
    """Qui recevoir à cette heure ? Les personnes dont je suis référent, par nom."""
    demande = normaliser(request.GET.get("q", ""))
    designations = (
        DesignationReferent.objects.filter(
            filtre_perimetre(request.perimetre, "personne__"), agent=request.user,
            periode__contains=timezone.localdate(),
        )
        .select_related("personne")
        .order_by("personne__nom", "personne__prenom", "pk")
    )  # fmt: skip
    toutes = [d.personne for d in designations]
    trouvees = [p for p in toutes if all(mot in normaliser(f"{p.nom} {p.prenom}") for mot in demande.split())]
    contexte = {
        "personnes": trouvees[:CHOIX_MAXIMAL], "total": len(trouvees), "maximum": CHOIX_MAXIMAL,
        "q": request.GET.get("q", ""), "debut": debut_demande(request),
    }  # fmt: skip
    return _sans_cache(render(request, "rendezvous/personnes.html", contexte))


def debut_demande(request: HttpRequest) -> datetime | None:
    """L'heure que porte l'adresse (`?debut=2026-11-24T14:00:00+01:00`) ; rien si elle est illisible."""
    try:
        lu = parse_datetime(request.GET.get("debut", "").replace(" ", "+"))
    except ValueError:
        return None
    if lu is None:
        return None
    return lu if timezone.is_aware(lu) else timezone.make_aware(lu)

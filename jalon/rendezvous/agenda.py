"""L'agenda d'un référent : les plages qu'il ouvre, les créneaux qui y restent libres, le temps déjà pris (F023).

Un créneau libre est une plage de la semaine, moins les temps pris, les absences de l'agent et les jours fériés.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID

from dateutil.easter import easter
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import Q, QuerySet
from django.utils import timezone

from jalon.accompagnements.charge import acceder_referent
from jalon.accompagnements.models import AbsenceAgent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.rendezvous.models import (
    Modalite,
    OccupationAgenda,
    PlageAgenda,
    RendezVous,
)
from jalon.rendezvous.services import valider
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT = "agenda.gerer"
JOURS_DE_SEMAINE = 7


@dataclass(frozen=True)
class Creneau:
    """Avec qui, quand, où et comment."""

    organisme: Organisme
    debut: datetime
    agent: Agent | None = None
    duree: int = 45
    modalite: str = Modalite.SUR_PLACE
    lieu: str = ""
    adresse_visio: str = ""

    @property
    def fin(self) -> datetime:
        return self.debut + timedelta(minutes=self.duree)

    @property
    def comment(self) -> str:
        return Modalite(self.modalite).label


# --- Jours fériés


@lru_cache(maxsize=32)
def jours_feries(annee: int) -> frozenset[date]:
    """Les onze jours fériés de France (code du travail, L3133-1)."""
    paques = easter(annee)
    mobiles = {paques + timedelta(days=ecart) for ecart in (1, 39, 50)}
    fixes = {
        date(annee, mois, jour)
        for mois, jour in ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    }
    return frozenset(mobiles | fixes)


def est_ferie(jour: date) -> bool:
    return jour in jours_feries(jour.year)


# --- Plages de la semaine


def plages_de(agent: Agent, jour: date) -> list[PlageAgenda]:
    """Plages ouvertes ce jour-là ou plus tard, dans l'ordre de la semaine."""
    return list(
        PlageAgenda.objects.filter(agent=agent, periode__isempty=False)
        .filter(Q(periode__endswith=None) | Q(periode__endswith__gt=jour))
        .select_related("organisme")
        .order_by("jour", "debut", "pk")
    )


@transaction.atomic
def ouvrir_plage(
    agent: Agent,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    organisme: Organisme,
    jour: int,
    debut: time,
    fin: time,
    du: date,
    au: date | None = None,
    duree: int = 45,
    modalite: str = Modalite.SUR_PLACE,
    lieu: str = "",
) -> PlageAgenda:
    """Ouvre aux rendez-vous un temps de chaque semaine, du premier au dernier jour compris ; sans dernier jour, il court.

    Lève `DroitManquantError`, ou `JalonError` si la plage en chevauche une autre ou n'a pas la place d'un rendez-vous.
    """
    perimetre.exiger(DROIT)
    if acteur.pk != agent.pk:
        raise HorsPerimetreError("Chacun ouvre les plages de son propre agenda.")
    if organisme.pk not in perimetre.organismes:
        raise HorsPerimetreError("Vous n'êtes pas affecté à cet organisme : choisissez-en un dans la liste.")
    if du < timezone.localdate():
        raise JalonError("Une plage s'ouvre aujourd'hui ou plus tard : changez sa première date.")
    if au is not None and au < du:
        raise JalonError("Le dernier jour doit suivre le premier.")
    if jour not in PlageAgenda.Jour.values:
        raise JalonError("Choisissez un jour de la semaine.")
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    plage = PlageAgenda(
        agent=agent, organisme=organisme, jour=jour, debut=debut, fin=fin, duree=duree, modalite=modalite,
        lieu=lieu.strip(), periode=DateRange(du, au + timedelta(days=1) if au is not None else None),
    )  # fmt: skip
    valider(plage)
    if _minutes(debut, fin) < duree:
        raise JalonError(
            f"Cette plage dure {_minutes(debut, fin)} minutes, un rendez-vous {duree} : allongez la plage, ou raccourcissez "
            "le rendez-vous."
        )
    genante = (
        PlageAgenda.objects.filter(agent=agent, jour=jour, debut__lt=fin, fin__gt=debut, periode__overlap=plage.periode)
        .order_by("debut", "pk")
        .first()
    )
    if genante is not None:
        raise JalonError(
            f"Une plage est déjà ouverte le {genante.get_jour_display().lower()} de {genante.debut:%H:%M} à "
            f"{genante.fin:%H:%M} : fermez-la d'abord, ou changez les heures."
        )
    plage.save()
    tracer(
        "rendezvous.plage.ouverte", plage, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"Plage ouverte : {plage}"[:300],
    )  # fmt: skip
    return plage


def acceder_plage(perimetre: Perimetre, public_id: UUID) -> PlageAgenda:
    """Une plage de son propre agenda. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(DROIT)
    plage = PlageAgenda.objects.filter(public_id=public_id, agent=perimetre.agent).first()
    if plage is None:
        raise HorsPerimetreError("Cette plage n'existe pas ou n'est pas dans votre agenda.")
    return plage


@transaction.atomic
def fermer_plage(plage: PlageAgenda, *, acteur: Agent, perimetre: Perimetre) -> PlageAgenda:
    """Ferme une plage à partir d'aujourd'hui ; les rendez-vous déjà pris restent."""
    perimetre.exiger(DROIT)
    plage = PlageAgenda.objects.select_for_update(of=("self",)).get(pk=plage.pk)
    if plage.agent_id != acteur.pk:
        raise HorsPerimetreError("Chacun ferme les plages de son propre agenda.")
    jour = timezone.localdate()
    if plage.periode.isempty or (plage.periode.upper is not None and plage.periode.upper <= jour):
        raise TransitionRefuseeError("Cette plage est déjà fermée : il n'y a rien à faire.")
    commencee = plage.periode.lower < jour
    plage.periode = DateRange(plage.periode.lower, jour) if commencee else DateRange(empty=True)
    plage.save(update_fields=["periode"])
    tracer(
        "rendezvous.plage.fermee", plage, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"Plage fermée : {plage}"[:300],
    )  # fmt: skip
    return plage


def _minutes(debut: time, fin: time) -> int:
    return (fin.hour - debut.hour) * 60 + fin.minute - debut.minute


# --- Créneaux libres


def creneaux_libres(
    agent: Agent, *, du: date, au: date, duree: int | None = None, organisme: Organisme | None = None
) -> list[Creneau]:
    """Créneaux à venir, du premier au dernier jour compris, dans l'ordre ; trois lectures quel que soit leur nombre.

    `duree` remplace celle de la plage ; `organisme` ne garde que les plages tenues pour lui.
    """
    if au < du:
        return []
    plages = PlageAgenda.objects.filter(agent=agent, periode__overlap=DateRange(du, au + timedelta(days=1)))
    if organisme is not None:
        plages = plages.filter(organisme=organisme)
    par_jour: dict[int, list[PlageAgenda]] = {}
    for plage in plages.select_related("organisme").order_by("debut", "pk"):
        par_jour.setdefault(plage.jour, []).append(plage)
    if not par_jour:
        return []
    pris = list(occupations(agent, du, au).values_list("periode", flat=True))
    absences = list(
        AbsenceAgent.objects.filter(agent=agent, periode__overlap=DateRange(du, au + timedelta(days=1)))
        .order_by("pk")
        .values_list("periode", flat=True)
    )
    maintenant = timezone.now()
    libres = []
    for jour in (du + timedelta(days=n) for n in range((au - du).days + 1)):
        if est_ferie(jour) or any(jour in absence for absence in absences):
            continue
        for plage in par_jour.get(jour.isoweekday(), []):
            if jour in plage.periode:
                libres += [
                    creneau
                    for creneau in _decouper(plage, agent, jour, duree or plage.duree)
                    if creneau.debut > maintenant and not _chevauche(creneau, pris)
                ]
    return libres


def _decouper(plage: PlageAgenda, agent: Agent, jour: date, duree: int) -> Iterable[Creneau]:
    debut = timezone.make_aware(datetime.combine(jour, plage.debut))
    fin = timezone.make_aware(datetime.combine(jour, plage.fin))
    while debut + timedelta(minutes=duree) <= fin:
        yield Creneau(
            organisme=plage.organisme, debut=debut, agent=agent, duree=duree, modalite=plage.modalite, lieu=plage.lieu
        )
        debut += timedelta(minutes=duree)


def _chevauche(creneau: Creneau, pris: Iterable[DateTimeTZRange]) -> bool:
    return any(temps.lower < creneau.fin and creneau.debut < temps.upper for temps in pris)


# --- Temps pris


def bornes_du_jour(du: date, au: date) -> tuple[datetime, datetime]:
    """Du premier instant du premier jour au premier instant du lendemain du dernier."""
    return (
        timezone.make_aware(datetime.combine(du, time())),
        timezone.make_aware(datetime.combine(au + timedelta(days=1), time())),
    )


def occupations(agent: Agent, du: date, au: date) -> QuerySet[OccupationAgenda]:
    """Temps pris par cet agent, du premier au dernier jour compris."""
    debut, fin = bornes_du_jour(du, au)
    return OccupationAgenda.objects.filter(agent=agent, periode__overlap=DateTimeTZRange(debut, fin)).order_by(
        "periode", "pk"
    )


def occuper(rendez_vous: RendezVous, agents: Iterable[Agent]) -> None:
    """Prend ce temps dans l'agenda de chaque agent. Lève `JalonError` si l'un d'eux est déjà pris."""
    fin = rendez_vous.debut + timedelta(minutes=rendez_vous.duree)
    # Toujours dans le même ordre : deux rendez-vous à plusieurs ne s'attendent pas l'un l'autre.
    for agent in sorted(agents, key=lambda a: a.pk):
        try:
            with transaction.atomic():
                OccupationAgenda.objects.create(
                    agent=agent, source=rendez_vous.public_id, periode=DateTimeTZRange(rendez_vous.debut, fin)
                )
        except IntegrityError as erreur:
            raise deja_pris(agent, rendez_vous.debut) from erreur


def deja_pris(agent: Agent | None, debut: datetime) -> JalonError:
    nom = agent if agent is not None else "Cet agent"
    return JalonError(
        f"{nom} a déjà un rendez-vous sur ce temps ({timezone.localtime(debut):%d/%m à %H:%M}) : choisissez une autre heure."
    )


def liberer(rendez_vous: RendezVous) -> None:
    """Rend ce temps à tous les agents qui y étaient attendus."""
    OccupationAgenda.objects.filter(source=rendez_vous.public_id).delete()


# --- Lire un agenda


def acceder_agenda(perimetre: Perimetre, public_id: UUID) -> Agent:
    """L'agent dont on ouvre l'agenda : soi, ou un référent de son périmètre pour qui en suit la charge."""
    if perimetre.agent is not None and perimetre.agent.public_id == public_id:
        perimetre.exiger(DROIT)
        return perimetre.agent
    return acceder_referent(perimetre, public_id, droit="charge.consulter")


def rendez_vous_de(agent: Agent, du: date, au: date) -> QuerySet[RendezVous]:
    """Rendez-vous d'un agent, les siens et ceux où il participe, du premier au dernier jour compris, dans l'ordre.

    La sécurité par ligne ne rend que ceux des personnes que l'on voit.
    """
    debut, fin = bornes_du_jour(du, au)
    return (
        RendezVous.objects.filter(
            Q(agent=agent) | Q(participants__agent=agent), debut__gte=debut, debut__lt=fin
        )
        .select_related("personne", "organisme", "agent")
        .distinct()
        .order_by("debut", "pk")
    )  # fmt: skip


def lundi_de(jour: date) -> date:
    return jour - timedelta(days=jour.isoweekday() - 1)

"""Combien de personnes chaque référent accompagne, et combien il peut en accompagner (R41, F041, I18).

Une charge se compte en entier, même sur des territoires que l'agent ne lit pas : un nombre ne dit rien de personne,
et un référent partagé par deux territoires n'a qu'une charge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from jalon.accompagnements.models import AbsenceAgent, DesignationReferent, TempsReferent
from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.traces.services import tracer

PORTEFEUILLE = "portefeuille.consulter"


def charge_referent(agent: Agent, jour: date, *, sauf: Personne | None = None) -> int:
    """Personnes distinctes dont cet agent est le référent unique à cette date (I18)."""
    with effets_complets():
        tenues = DesignationReferent.objects.filter(agent=agent, periode__contains=jour)
        if sauf is not None:
            tenues = tenues.exclude(personne=sauf)
        return tenues.values("personne").distinct().count()


def charges(agents: Iterable[int], jour: date) -> dict[int, int]:
    """Charge de chacun de ces agents, en une lecture."""
    with effets_complets():
        comptes = (
            DesignationReferent.objects.filter(agent__in=list(agents), periode__contains=jour)
            .order_by()
            .values("agent_id")
            .annotate(nombre=Count("personne", distinct=True))
            .values_list("agent_id", "nombre")
        )
        return {agent: nombre for agent, nombre in comptes if agent is not None}


def charges_organismes(organismes: Iterable[str], jour: date) -> dict[str, int]:
    """Personnes dont le référent est de chacun de ces organismes (par leur libellé)."""
    with effets_complets():
        return dict(
            DesignationReferent.objects.filter(organisme__libelle__in=list(organismes), periode__contains=jour)
            .order_by()
            .values("organisme__libelle")
            .annotate(nombre=Count("personne", distinct=True))
            .values_list("organisme__libelle", "nombre")
        )


def charge_maximale(agent: Agent, jour: date) -> int:
    """`referent.charge_maximale`, rapportée à la part du temps que l'agent donne à l'accompagnement."""
    return charges_maximales([agent.pk], jour)[agent.pk]


def parts(agents: Iterable[int], jour: date) -> dict[int, int]:
    """Part du temps, en pourcentage, de ceux qui ne sont pas référents à plein temps."""
    lues = TempsReferent.objects.filter(agent__in=list(agents), periode__contains=jour).order_by("pk")
    return dict(lues.values_list("agent_id", "part"))


def charges_maximales(agents: Iterable[int], jour: date) -> dict[int, int]:
    """Charge maximale de chacun de ces agents, arrondie à l'unité, d'au moins une personne."""
    cles = list(agents)
    pleine, connues = nombre("referent.charge_maximale", jour), parts(cles, jour)
    return {
        cle: max(1, int((pleine * connues.get(cle, 100) / 100).quantize(Decimal(1), ROUND_HALF_UP))) for cle in cles
    }


@dataclass(frozen=True)
class ChargeReferent:
    """La charge d'un référent, et ce qu'en voit qui regarde."""

    agent: Agent
    organismes: tuple[str, ...]
    charge: int
    visibles: int
    maximum: int
    part: int
    absence: AbsenceAgent | None

    @property
    def reste(self) -> int:
        return max(0, self.maximum - self.charge)

    @property
    def depasse(self) -> int:
        return max(0, self.charge - self.maximum)

    @property
    def ailleurs(self) -> int:
        return self.charge - self.visibles


def referents_du_perimetre(perimetre: Perimetre, jour: date) -> QuerySet[Agent]:
    """Référents de mes organismes ou de ceux qui servent mes territoires, et ceux des personnes que je vois."""
    if perimetre.agent is None:
        return Agent.objects.none()
    role = Affectation.objects.filter(
        agent=OuterRef("pk"), periode__contains=jour, profil__droits__contains=[PORTEFEUILLE]
    )
    tient = DesignationReferent.objects.filter(agent=OuterRef("pk"), periode__contains=jour)
    if perimetre.tout:
        return Agent.objects.filter(Q(Exists(role), is_active=True) | Q(Exists(tient)))
    proche = role.filter(
        Q(organisme__in=perimetre.organismes)
        | Q(organisme__territoires__in=perimetre.territoires)
        | Q(territoire__in=perimetre.territoires)
    )
    des_miens = tient.filter(filtre_perimetre(perimetre, "personne__"))
    return Agent.objects.filter(Q(Exists(proche), is_active=True) | Q(Exists(des_miens)))


def acceder_referent(perimetre: Perimetre, public_id: UUID, *, droit: str) -> Agent:
    """Rend le référent si l'agent a ce droit et qu'il est dans son périmètre."""
    perimetre.exiger(droit)
    agent = referents_du_perimetre(perimetre, timezone.localdate()).filter(public_id=public_id).first()
    if agent is None:
        raise HorsPerimetreError("Ce référent n'existe pas ou n'est pas dans votre périmètre. Revenez à la liste.")
    return agent


def lire_charges(perimetre: Perimetre, agents: Iterable[Agent], jour: date) -> list[ChargeReferent]:
    """La charge de chacun de ces référents, en un nombre fixe de lectures ; les plus chargés d'abord."""
    retenus = list(agents)
    cles = [agent.pk for agent in retenus]
    totales, maximales, temps = charges(cles, jour), charges_maximales(cles, jour), parts(cles, jour)
    visibles = dict(
        DesignationReferent.objects.filter(
            filtre_perimetre(perimetre, "personne__"), agent__in=cles, periode__contains=jour
        )
        .order_by()
        .values("agent_id")
        .annotate(nombre=Count("personne", distinct=True))
        .values_list("agent_id", "nombre")
    )
    absences = {
        absence.agent_id: absence
        for absence in AbsenceAgent.objects.filter(agent__in=cles, periode__contains=jour)
        .select_related("remplacant")
        .order_by("pk")
    }
    organismes: dict[int, list[str]] = {}
    for agent, libelle in (
        Affectation.objects.filter(agent__in=cles, periode__contains=jour, profil__droits__contains=[PORTEFEUILLE])
        .order_by("organisme__libelle")
        .values_list("agent_id", "organisme__libelle")
        .distinct()
    ):
        organismes.setdefault(agent, []).append(libelle)
    lues = [
        ChargeReferent(
            agent=agent, organismes=tuple(organismes.get(agent.pk, [])), charge=totales.get(agent.pk, 0),
            visibles=visibles.get(agent.pk, 0), maximum=maximales[agent.pk], part=temps.get(agent.pk, 100),
            absence=absences.get(agent.pk),
        )
        for agent in retenus
    ]  # fmt: skip
    return sorted(lues, key=lambda c: (-c.charge, c.agent.nom, c.agent.prenom, c.agent.pk))


@transaction.atomic
def poser_temps(agent: Agent, *, acteur: Agent, perimetre: Perimetre, part: int) -> None:
    """Note la part du temps que ce référent donne à l'accompagnement, à compter d'aujourd'hui ; l'histoire reste."""
    perimetre.exiger("portefeuille.transferer")
    if not 1 <= part <= 100:
        raise JalonError("La part du temps va de 1 à 100 % : corrigez-la.")
    jour = timezone.localdate()
    actuelle = TempsReferent.objects.select_for_update(of=("self",)).filter(agent=agent, periode__contains=jour).first()
    avant = actuelle.part if actuelle is not None else 100
    if actuelle is not None:
        debut = actuelle.periode.lower
        actuelle.periode = DateRange(debut, jour) if debut < jour else DateRange(empty=True)
        actuelle.save(update_fields=["periode"])
    TempsReferent.objects.create(agent=agent, part=part, periode=DateRange(jour, None))
    tracer(
        "accompagnements.temps.pose", agent, acteur=acteur, organisme=perimetre.organisme_principal, de=f"{avant} %",
        vers=f"{part} %", resume=f"Temps d'accompagnement de {agent} : {part} %"[:300],
    )  # fmt: skip

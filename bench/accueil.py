"""Mesure la page d'accueil d'un référent qui suit 120 personnes, au milieu de 20 000 contrats.

Tout est écrit dans une transaction que l'on défait : la base mesurée garde ses lignes d'avant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import repeat

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from bench.contrats import CONTRATS, agent_de, analyser, conclure, requetes
from bench.imports import Mesure
from bench.pages import client_de, durees_p95
from jalon.accompagnements.models import Accompagnement, DesignationReferent, NatureAccompagnement
from jalon.agents.models import Affectation, Agent
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.rendezvous.models import EtatRendezVous, Modalite, ObjetRendezVous, RendezVous

ROLE = "referent_solidarite"
SUIVIES = 120
CIBLE = 120
TABLES = ("accompagnements_designationreferent", "accompagnements_accompagnement", "rendezvous_rendezvous")


def confier(personnes: Sequence[Personne], jour: date, agent: Agent, organisme: Organisme) -> None:
    """Nomme l'agent référent de ces personnes ; la moitié ont un rendez-vous passé, et un autre à venir."""
    periode = DateRange(jour - timedelta(days=90), None)
    DesignationReferent.objects.bulk_create(
        [
            DesignationReferent(
                personne=personne, agent=agent, organisme=organisme, designe_par=agent, periode=periode
            )
            for personne in personnes
        ]
    )  # fmt: skip
    Accompagnement.objects.bulk_create(
        [
            Accompagnement(
                personne=personne, organisme=organisme, territoire_id=personne.territoire_id, agent=agent,
                nature=NatureAccompagnement.REFERENCE, periode=periode,
            )
            for personne in personnes
        ]
    )  # fmt: skip
    matin = timezone.make_aware(datetime.combine(jour, time(8)))
    RendezVous.objects.bulk_create(
        [
            RendezVous(
                personne=personne, agent=agent, organisme=organisme, objet=ObjetRendezVous.ENTRETIEN, lieu="Accueil",
                modalite=Modalite.SUR_PLACE, etat=EtatRendezVous.HONORE if sens < 0 else EtatRendezVous.FIXE,
                debut=matin + timedelta(days=sens * (rang // 6), minutes=45 * (rang % 6)), duree=45,
                constate_le=matin if sens < 0 else None, constate_par=agent if sens < 0 else None, fixe_par=agent,
            )
            for rang, personne in enumerate(personnes[::2])
            for sens in (-1, 1)
        ]
    )  # fmt: skip
    analyser(TABLES)


def mesurer(dire: Callable[[str], None]) -> list[Mesure]:
    dire("Accueil d'un référent")
    jour, agent = timezone.localdate(), agent_de(ROLE)
    organisme = Affectation.objects.filter(agent=agent).select_related("organisme").order_by("pk")[0].organisme
    with transaction.atomic():
        libres = Personne.objects.filter(fusionnee_dans=None, designations_referent=None, contrats=None)
        personnes = list(libres.order_by("pk")[: CONTRATS + SUIVIES])
        suivies, autres = personnes[:SUIVIES], personnes[SUIVIES:]
        confier(suivies, jour, agent, organisme)
        conclure(suivies[: SUIVIES * 3 // 4], jour, [agent])
        conclure(autres, jour, list(Agent.objects.filter(is_active=True).exclude(pk=agent.pk).order_by("pk")[:20]))
        client = client_de(ROLE)
        mediane, p95 = durees_p95(client, repeat("/"))
        detail = f"médiane {mediane:.0f} ms, {requetes(client, '/')} requêtes, {len(suivies)} personnes suivies"
        transaction.set_rollback(True)
    return [Mesure("Accueil d'un référent (p95)", p95, "ms", CIBLE, detail)]

"""Mesure les lettres en nombre : composer, mettre aux dossiers, assembler le fichier de l'imprimeur."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from bench.imports import Mesure
from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import ContenuDocument, Document, Envoi, EtatLot, LotDocuments
from jalon.organismes.models import Organisme
from jalon.orientations.models import DecisionOrientation, NotificationOrientation, OrigineDecision, TypeOrientation
from jalon.orientations.notifications import executer_notifications, produire_notifications
from jalon.personnes.models import Personne

LETTRES = 10_000
CIBLE = 60


def _decider(nombre: int, jour: date) -> int:
    """Oriente des personnes de la base, au hasard des types et des organismes qui les reçoivent."""
    alea = random.Random(62)
    types = list(TypeOrientation.objects.order_by("pk"))
    organismes = {
        type.pk: list(Organisme.objects.filter(type__categorie__in=type.categories).order_by("pk")) for type in types
    }
    agents = list(Agent.objects.order_by("pk")[:5])
    personnes = Personne.objects.filter(rattachements__role="DEM", rattachements__periode__endswith=None).order_by("pk")
    decisions = []
    for personne in personnes.distinct()[:nombre]:
        type = alea.choice(types)
        decisions.append(
            DecisionOrientation(
                personne=personne, type=type, organisme=alea.choice(organismes[type.pk]), referent=alea.choice(agents),
                correspondant=alea.choice(agents), territoire_id=personne.territoire_id,
                origine=OrigineDecision.CAMPAGNE, decidee_le=jour, decidee_par=agents[0], periode=DateRange(jour, None),
            )
        )  # fmt: skip
    return len(DecisionOrientation.objects.bulk_create(decisions, batch_size=2_000))


@transaction.atomic
def _effacer() -> None:
    NotificationOrientation.objects.all().delete()
    Envoi.objects.all().delete()
    LotDocuments.objects.all().delete()
    ContenuDocument.objects.all().delete()
    Document.objects.all().delete()
    DecisionOrientation.objects.all().delete()


def mesurer(dire: Callable[[str], None]) -> list[Mesure]:
    """De la demande au fichier de l'imprimeur, sur une base à taille réelle."""
    dire(f"{LETTRES} lettres")
    _effacer()
    jour = timezone.localdate()
    faites = _decider(LETTRES, jour)
    acteur = Agent.objects.filter(affectations__profil=ProfilHabilitation.objects.get(code="siege")).order_by("pk")[0]
    depart = time.perf_counter()
    lot = produire_notifications(
        DecisionOrientation.objects.all(), acteur=acteur, perimetre=Perimetre.de(acteur), jour=jour
    )
    executer_notifications(lot.public_id)
    duree = time.perf_counter() - depart
    lot.refresh_from_db()
    if lot.etat != EtatLot.TERMINE or lot.planche is None:
        raise SystemExit(f"Le lot de lettres s'est arrêté : {lot.message}")
    detail = (
        f"{lot.total} lettres sur {faites} décisions ({len(lot.ecartes)} adresses insuffisantes), "
        f"{lot.total / duree:.0f} par seconde, fichier de {lot.planche.taille / 1_000_000:.0f} Mo"
    )
    _effacer()
    return [Mesure("Lettres : composer, garder, assembler", duree, "s", CIBLE, detail)]

"""Une réunion, une invitation, en un mot."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.rendezvous.invitations import inviter_personnes
from jalon.rendezvous.models import Invitation, MotifAbsence, Reunion
from jalon.rendezvous.selectors import protocoles_en_vigueur
from jalon.rendezvous.services import Seance, planifier_reunion
from tests.distribution import Distribution


def seance(jour: date | None = None, **champs: Any) -> Seance:
    valeurs = {
        "date": jour or timezone.localdate() + timedelta(days=20), "debut": time(9), "fin": time(11, 30),
        "lieu": "Maison du Département", "adresse": "1 rue des Essais, 62000 Ville", "capacite": 10, **champs,
    }  # fmt: skip
    return Seance(**valeurs)


def une_reunion(distribution: Distribution, *, agent: Agent | None = None, **champs: Any) -> Reunion:
    acteur = agent or distribution.orienteur
    territoire = champs.pop("territoire", distribution.territoire)
    return planifier_reunion(
        protocoles_en_vigueur(timezone.localdate())[0], acteur=acteur, perimetre=Perimetre.de(acteur),
        territoire=territoire, seance=seance(**champs),
    )  # fmt: skip


def ramener(reunion: Reunion, jour: date | None = None) -> Reunion:
    """Fait de la réunion une réunion d'aujourd'hui : on ne planifie pas dans le passé."""
    Reunion.objects.filter(pk=reunion.pk).update(date=jour or timezone.localdate())
    reunion.refresh_from_db()
    return reunion


def inviter(distribution: Distribution, reunion: Reunion, *personnes: Personne) -> list[Invitation]:
    acteur = distribution.orienteur
    cles: list[UUID] = [personne.public_id for personne in personnes]
    return inviter_personnes(reunion, acteur=acteur, perimetre=Perimetre.de(acteur), personnes=cles).faites


def qui(distribution: Distribution) -> dict[str, Any]:
    """L'orienteur et son périmètre, que tout acte demande."""
    return {"acteur": distribution.orienteur, "perimetre": Perimetre.de(distribution.orienteur)}


def motif(code: str) -> MotifAbsence:
    return MotifAbsence.objects.get(code=code)

"""Un référent qui reçoit, une personne qu'il suit, un créneau, en un mot."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Personne
from jalon.rendezvous.agenda import Creneau, est_ferie, ouvrir_plage
from jalon.rendezvous.models import PlageAgenda
from jalon.rendezvous.propositions import proposer_creneaux
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

LIEU = "CCAS, bureau 3"


def referent(distribution: Distribution) -> dict[str, Any]:
    """Le référent du CCAS et son périmètre, que tout acte demande."""
    return {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}


def suivie(distribution: Distribution, **champs: Any) -> Personne:
    """Une personne que le CCAS accompagne."""
    return une_allocataire(
        territoire=distribution.territoire, accompagnee_par=distribution.organisme("ccas"), **champs
    )  # fmt: skip


def joignable(personne: Personne, **champs: Any) -> Personne:
    """Elle accepte les courriels, et les SMS si on le dit."""
    Coordonnees.objects.create(
        personne=personne, **{"courriel": "camille@exemple.fr", "accepte_courriel": True, **champs}
    )
    return personne


def jour_ouvre(dans: int = 3) -> date:
    """Un jour de semaine à venir, ni férié ni trop proche."""
    jour = timezone.localdate() + timedelta(days=dans)
    while jour.isoweekday() > 5 or est_ferie(jour):
        jour += timedelta(days=1)
    return jour


def instant(jour: date, heure: int, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(jour, time(heure, minute)))


def un_creneau(distribution: Distribution, *, agent: Agent | None = None, **champs: Any) -> Creneau:
    valeurs: dict[str, Any] = {
        "organisme": distribution.organisme("ccas"), "debut": instant(jour_ouvre(), 14),
        "agent": agent or distribution.partenaire, "lieu": LIEU, **champs,
    }  # fmt: skip
    return Creneau(**valeurs)


def une_plage(distribution: Distribution, jour: date, **champs: Any) -> PlageAgenda:
    """Une matinée du référent, ce jour de la semaine : 9 h à 12 h, par 45 minutes."""
    valeurs: dict[str, Any] = {
        "organisme": distribution.organisme("ccas"), "jour": jour.isoweekday(), "debut": time(9), "fin": time(12),
        "du": timezone.localdate(), "lieu": LIEU, **champs,
    }  # fmt: skip
    return ouvrir_plage(distribution.partenaire, **referent(distribution), **valeurs)


def proposer(distribution: Distribution, personne: Personne, **champs: Any) -> tuple[Any, Any, str]:
    """Invite à choisir ; rend l'invitation, ce qui est parti, et le jeton du lien."""
    jetons: list[str] = []

    def adresse(jeton: str) -> str:
        jetons.append(jeton)
        return f"https://jalon.example/lien/{jeton}/rendez-vous/"

    jour = timezone.localdate()
    valeurs: dict[str, Any] = {
        "agent": distribution.partenaire, "organisme": distribution.organisme("ccas"), "objet": "entretien",
        "du": jour, "au": jour + timedelta(days=20), **champs,
    }  # fmt: skip
    proposition, bilan = proposer_creneaux(personne, adresse_du_lien=adresse, **referent(distribution), **valeurs)
    return proposition, bilan, jetons[-1]

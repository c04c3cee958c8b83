"""Les rendez-vous au format des agendas (iCalendar, RFC 5545), et l'adresse secrète qui les donne.

Un agenda extérieur échappe à Jalon : il reçoit l'heure, le lieu et les initiales de la personne, jamais son nom, même à
la demande de l'agent. Le nom se lit dans Jalon, où l'ouverture d'un dossier laisse sa trace.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from icalendar import Calendar, Event

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.liens import OCTETS_JETON, empreinte
from jalon.referentiels.parametres import mot
from jalon.rendezvous.agenda import DROIT, rendez_vous_de
from jalon.rendezvous.messages import ou_et_comment
from jalon.rendezvous.models import EtatRendezVous, FluxAgenda, Invitation, Modalite, RendezVous
from jalon.rendezvous.services import fin_de
from jalon.socle.errors import HorsPerimetreError, TransitionRefuseeError
from jalon.traces.services import tracer

PRODUIT = "-//Jalon//Rendez-vous//FR"
PASSE = timedelta(days=30)
AVENIR = timedelta(days=365)
TENUS = (EtatRendezVous.FIXE, EtatRendezVous.HONORE)


@dataclass(frozen=True)
class Evenement:
    """Ce qu'un agenda doit savoir, et rien de plus."""

    cle: str
    debut: datetime
    fin: datetime
    titre: str
    lieu: str = ""


def composer(evenements: Iterable[Evenement], *, nom: str = "") -> bytes:
    """Fichier d'agenda ; les heures sont en temps universel, chaque agenda les rend dans le sien."""
    calendrier = Calendar()
    calendrier.add("prodid", PRODUIT)
    calendrier.add("version", "2.0")
    if nom:
        calendrier.add("x-wr-calname", nom)
    for evenement in evenements:
        ligne = Event()
        ligne.add("uid", f"{evenement.cle}@jalon")
        ligne.add("dtstamp", timezone.now().astimezone(UTC))
        ligne.add("dtstart", evenement.debut.astimezone(UTC))
        ligne.add("dtend", evenement.fin.astimezone(UTC))
        ligne.add("summary", _une_ligne(evenement.titre))
        if evenement.lieu:
            ligne.add("location", _une_ligne(evenement.lieu))
        calendrier.add_component(ligne)
    return bytes(calendrier.to_ical())


def _une_ligne(texte: str) -> str:
    return " ".join(texte.split())


def evenement_de_la_personne(rendez_vous: RendezVous) -> Evenement:
    """Pour l'agenda de la personne, que d'autres voient peut-être : ni son nom, ni l'objet, ni avec qui."""
    evenement = _evenement(rendez_vous, _rendez_vous())
    return replace(evenement, lieu="Chez vous") if rendez_vous.modalite == Modalite.DOMICILE else evenement


def evenement_de_la_reunion(invitation: Invitation) -> Evenement:
    """Pour l'agenda de la personne : l'heure et le lieu, sans dire de quelle réunion il s'agit."""
    reunion = invitation.reunion
    debut = timezone.make_aware(datetime.combine(reunion.date, reunion.debut))
    lieu = ", ".join(filter(None, (reunion.lieu, reunion.adresse)))
    return Evenement(str(invitation.public_id), debut, fin_de(reunion), _rendez_vous(), lieu)


def _evenement_de_l_agent(rendez_vous: RendezVous) -> Evenement:
    personne = rendez_vous.personne
    return _evenement(rendez_vous, f"{_rendez_vous()} {personne.prenom[:1]}. {personne.nom[:1]}.")


def _rendez_vous() -> str:
    nom = mot("rendez_vous").singulier
    return nom[:1].upper() + nom[1:]


def _evenement(rendez_vous: RendezVous, titre: str) -> Evenement:
    fin = rendez_vous.debut + timedelta(minutes=rendez_vous.duree)
    lieu = (
        ou_et_comment(rendez_vous) if rendez_vous.modalite == Modalite.SUR_PLACE else rendez_vous.get_modalite_display()
    )
    return Evenement(str(rendez_vous.public_id), rendez_vous.debut, fin, titre, lieu)


# --- L'adresse secrète d'un agent


def flux_de(agent: Agent) -> FluxAgenda | None:
    """L'adresse ouverte de cet agent, s'il en a une."""
    return FluxAgenda.objects.filter(agent=agent, revoque_le=None).first()


@transaction.atomic
def creer_flux(agent: Agent, *, acteur: Agent, perimetre: Perimetre) -> tuple[FluxAgenda, str]:
    """Ouvre l'adresse et rend son jeton, lisible cette seule fois ; une adresse déjà ouverte est d'abord fermée."""
    perimetre.exiger(DROIT)
    if acteur.pk != agent.pk:
        raise HorsPerimetreError("Chacun ouvre l'adresse de son propre agenda.")
    Agent.objects.select_for_update(of=("self",), no_key=True).get(pk=agent.pk)
    FluxAgenda.objects.filter(agent=agent, revoque_le=None).update(revoque_le=timezone.now())
    jeton = secrets.token_urlsafe(OCTETS_JETON)
    flux = FluxAgenda.objects.create(agent=agent, empreinte=empreinte(jeton))
    tracer(
        "rendezvous.flux.cree", flux, acteur=acteur, organisme=perimetre.organisme_principal,
        resume="Adresse d'agenda ouverte",
    )  # fmt: skip
    return flux, jeton


@transaction.atomic
def revoquer_flux(agent: Agent, *, acteur: Agent, perimetre: Perimetre) -> FluxAgenda:
    """Ferme l'adresse : l'agenda extérieur ne reçoit plus rien. Lève `TransitionRefuseeError`."""
    perimetre.exiger(DROIT)
    if acteur.pk != agent.pk:
        raise HorsPerimetreError("Chacun ferme l'adresse de son propre agenda.")
    flux = FluxAgenda.objects.select_for_update(of=("self",)).filter(agent=agent, revoque_le=None).first()
    if flux is None:
        raise TransitionRefuseeError("Votre agenda n'a pas d'adresse ouverte : il n'y a rien à fermer.")
    flux.revoque_le = timezone.now()
    flux.save(update_fields=["revoque_le"])
    tracer(
        "rendezvous.flux.revoque", flux, acteur=acteur, organisme=perimetre.organisme_principal,
        resume="Adresse d'agenda fermée",
    )  # fmt: skip
    return flux


def lire_flux(jeton: str) -> FluxAgenda | None:
    """L'adresse ouverte de ce jeton ; `None` si elle est fermée, inconnue, ou si son agent n'a plus de compte actif."""
    return (
        FluxAgenda.objects.filter(empreinte=empreinte(jeton), revoque_le=None, agent__is_active=True)
        .select_related("agent")
        .first()
    )


def composer_flux(flux: FluxAgenda) -> bytes:
    """Les rendez-vous tenus ou prévus de l'agent ; la sécurité par ligne ne rend que ceux qu'il voit encore."""
    jour = timezone.localdate()
    lignes = rendez_vous_de(flux.agent, jour - PASSE, jour + AVENIR).filter(etat__in=TENUS)
    flux.lu_le = timezone.now()
    flux.save(update_fields=["lu_le"])
    return composer([_evenement_de_l_agent(ligne) for ligne in lignes], nom="Jalon")

"""Les textes des courriers, les documents, les notifications."""

from __future__ import annotations

from datetime import date
from typing import Any

from jalon.agents.perimetre import Perimetre
from jalon.documents.models import ModeleCourrier
from jalon.documents.services import enregistrer_document
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from jalon.orientations.notifications import produire_notifications
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution
from tests.fabriques import une_allocataire, une_decision


def courrier(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": ModeleCourrier.objects.get(code="signature").public_id}


def version_courrier(distribution: Distribution) -> dict[str, Any]:
    return {**courrier(distribution), "numero": 1}


def document_garde(distribution: Distribution) -> dict[str, Any]:
    personne = une_allocataire(territoire=distribution.territoire)
    garde = enregistrer_document(b"%PDF", acteur=None, nature="lettre", titre="Lettre", personne=personne.public_id)
    return {"public_id": garde.public_id}


def decision_a_notifier(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": une_decision(distribution).public_id}


def lettre_produite(distribution: Distribution) -> dict[str, Any]:
    produite = NotificationOrientation.objects.create(
        decision=une_decision(distribution), produite_le=date(2026, 11, 3), produite_par=distribution.siege
    )
    return {"public_id": produite.public_id}


def lot_lettres(distribution: Distribution) -> dict[str, Any]:
    """Demandé par l'orienteur : un collègue ne le voit pas, le siège oui."""
    une_decision(distribution)
    agent = distribution.orienteur
    demande = produire_notifications(DecisionOrientation.objects.all(), acteur=agent, perimetre=Perimetre.de(agent))
    return {"public_id": demande.public_id}


FABRIQUES.update(
    {
        f.__name__: f
        for f in (courrier, version_courrier, document_garde, decision_a_notifier, lettre_produite, lot_lettres)
    }
)

GERE = {"siege": 200, "administrateur": 200}
CHANGE = {"siege": 302, "administrateur": 302}
NOTIFIE = {"orienteur": 200, "etrangere": 404, "siege": 200}

ROUTES = {
    "courriers": acces(**GERE),
    "courrier_modifier": acces(objet="courrier", **GERE),
    "courrier_apercu": acces(methode="post", objet="courrier", siege=422, administrateur=422),
    "courrier_restaurer": acces(methode="post", objet="version_courrier", **CHANGE),
    "document_telecharger": acces(
        objet="document_garde", operateur=404, partenaire=404, orienteur=200, etrangere=404, siege=200
    ),
    "notifications": acces(orienteur=200, etrangere=200, siege=200),
    "notifications_receptions": acces(orienteur=200, etrangere=200, siege=200),
    "notifications_produire": acces(methode="post", orienteur=302, etrangere=302, siege=302),
    "notifications_lot": acces(objet="lot_lettres", **NOTIFIE),
    "notifications_planche": acces(objet="lot_lettres", orienteur=404, etrangere=404, siege=404),
    "notifications_reprendre": acces(methode="post", objet="lot_lettres", orienteur=302, etrangere=404, siege=302),
    "notifications_depart": acces(methode="post", objet="lot_lettres", orienteur=302, etrangere=404, siege=302),
    "notification": acces(objet="decision_a_notifier", **NOTIFIE),
    "notification_apercu": acces(objet="decision_a_notifier", **NOTIFIE),
    "notification_produire": acces(
        methode="post", objet="decision_a_notifier", orienteur=302, etrangere=404, siege=302
    ),
    "notification_reception": acces(methode="post", objet="lettre_produite", orienteur=422, etrangere=404, siege=422),
}

"""Le livret : les pages de la personne, sans compte, et la page de l'agent."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from jalon.passeport.models import Experience
from tests.acces.objets import FABRIQUES, personne
from tests.acces.regles import Regle, acces, publique
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def etape_inconnue(distribution: Distribution) -> dict[str, Any]:
    return {"etape_id": uuid4()}


def papier_inconnu(distribution: Distribution) -> dict[str, Any]:
    return {"document_id": uuid4()}


def rendez_vous_inconnu(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": uuid4()}


def contrat_inconnu(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": uuid4()}


def rubrique_inconnue(distribution: Distribution) -> dict[str, Any]:
    return {"contrat": uuid4(), "code": "ma_situation"}


def experience_inconnue(distribution: Distribution) -> dict[str, Any]:
    return {"experience_id": uuid4()}


def experience_de_la_personne(distribution: Distribution) -> dict[str, Any]:
    connue = une_allocataire(territoire=distribution.territoire)
    tenue = Experience.objects.create(personne=connue, nature="emploi", intitule="Cuisine")
    return {"public_id": connue.public_id, "experience_id": tenue.public_id}


FABRIQUES.update(
    {
        f.__name__: f
        for f in (
            personne,
            etape_inconnue,
            papier_inconnu,
            rendez_vous_inconnu,
            contrat_inconnu,
            rubrique_inconnue,
            experience_inconnue,
            experience_de_la_personne,
        )
    }
)

CONSULTE = {"orienteur": 200, "etrangere": 404, "siege": 200, "partenaire": 404, "operateur": 404}
"""Être agent n'ouvre aucune page de la personne : sans sa visite, tous vont à la porte."""


def sans_visite(methode: str = "get", objet: str = "") -> Regle:
    return acces(sinon=302, methode=methode, objet=objet, anonyme=302)


ROUTES = {
    "livret": publique(),
    "livret_code": sans_visite(),
    "livret_quitter": sans_visite("post"),
    "livret_accueil": sans_visite(),
    "livret_parcours": sans_visite(),
    "livret_etape": sans_visite("post", "etape_inconnue"),
    "livret_rendez_vous": sans_visite(),
    "livret_rendez_vous_absence": sans_visite("post", "rendez_vous_inconnu"),
    "livret_rendez_vous_agenda": sans_visite("get", "rendez_vous_inconnu"),
    "livret_contrats": sans_visite(),
    "livret_contrat": sans_visite("get", "contrat_inconnu"),
    "livret_contrat_rubrique": sans_visite("post", "rubrique_inconnue"),
    "livret_contrat_objectif": sans_visite("post", "contrat_inconnu"),
    "livret_contrat_signer": sans_visite("get", "contrat_inconnu"),
    "livret_contrat_code": sans_visite("post", "contrat_inconnu"),
    "livret_contrat_texte": sans_visite("get", "contrat_inconnu"),
    "livret_papiers": sans_visite(),
    "livret_papier": sans_visite("get", "papier_inconnu"),
    "livret_entretiens": sans_visite(),
    "livret_demarches": sans_visite(),
    "livret_competences": sans_visite(),
    "livret_experience_ajouter": sans_visite(),
    "livret_experience": sans_visite("get", "experience_inconnue"),
    "livret_cv": sans_visite(),
    "livret_telecharger": sans_visite(),
    "livret_droits": sans_visite(),
    "livret_agent": acces(objet="personne", **CONSULTE),
    "livret_agent_telecharger": acces(objet="personne", **CONSULTE),
    "livret_agent_cv": acces(objet="personne", **CONSULTE),
    "livret_agent_creer": acces(methode="post", objet="personne", partenaire=404),
    "livret_agent_lettre": acces(methode="post", objet="personne", partenaire=404),
    "livret_agent_fermer": acces(methode="post", objet="personne", partenaire=404),
    "livret_agent_montrer": acces(methode="post", objet="personne", partenaire=404),
    "livret_agent_competences": acces(objet="personne", orienteur=200, etrangere=404, partenaire=404),
    "livret_agent_experience_ajouter": acces(objet="personne", orienteur=200, etrangere=404, partenaire=404),
    "livret_agent_experience": acces(objet="experience_de_la_personne", orienteur=200, etrangere=404, partenaire=404),
    "livret_agent_demarche": acces(objet="personne", orienteur=200, etrangere=404, partenaire=404),
}

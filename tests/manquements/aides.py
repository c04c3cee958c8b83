"""Ce que les essais de la procédure partagent : qui agit, et un dossier prêt à saisir."""

from __future__ import annotations

from datetime import date
from typing import Any

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.manquements.models import Manquement, MotifManquement
from jalon.manquements.saisine import ajouter_fait, choisir_contact, ecrire_expose, preparer_manquement
from jalon.personnes.models import Personne
from tests.manquements.fabriques import il_y_a, un_contact, un_rendez_vous_manque, une_personne_suivie


def qui(agent: Agent) -> dict[str, Any]:
    """L'agent et son périmètre, tels que chaque acte les demande."""
    return {"acteur": agent, "perimetre": Perimetre.de(agent)}


def motif(code: str = "convocation") -> MotifManquement:
    return MotifManquement.objects.get(code=code)


def une_preparation(
    distribution: Any, *, personne: Personne | None = None, faits_le: date | None = None, **rendez_vous: Any
) -> Manquement:
    """Saisine complète, faite par les actes eux-mêmes : un rendez-vous manqué, un contact, un exposé."""
    personne = personne or une_personne_suivie(distribution)
    faits_le = faits_le or il_y_a(30)
    manque = un_rendez_vous_manque(distribution, personne, faits_le, **rendez_vous)
    referent = qui(distribution.partenaire)
    manquement = preparer_manquement(personne, motif=motif(), **referent)
    ajouter_fait(manquement, date=faits_le, rendez_vous=manque, **referent)
    choisir_contact(manquement, contact=un_contact(distribution, personne, il_y_a(20)), **referent)
    manquement.refresh_from_db()
    return ecrire_expose(manquement, expose="La personne n'est pas venue.", numero_lu=manquement.numero, **referent)

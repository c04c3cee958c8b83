"""Des lettres de procédure parties par la poste, et ce que la poste en rend."""

from __future__ import annotations

from datetime import date

from jalon.agents.models import Agent
from jalon.documents.models import Envoi
from jalon.manquements.avertissement import envoyer_avertissement
from jalon.manquements.decisions import notifier_decision
from jalon.manquements.models import DecisionSanction, Manquement
from jalon.personnes.courriers import noter_retour
from jalon.personnes.models import Adresse, Personne
from tests.distribution import Distribution
from tests.fabriques import une_adresse
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement
from tests.manquements.sanctions import regle, une_sanction


def rendre(document: object, agent: Agent, motif: str = "adresse", presente_le: date | None = None) -> Envoi:
    """La poste a rendu le pli aujourd'hui."""
    envoi = Envoi.objects.get(document=document)
    personne = Personne.objects.get(public_id=envoi.personne)
    return noter_retour(personne, envoi, revenu_le=il_y_a(0), motif=motif, presente_le=presente_le, **qui(agent))


def demenager(personne: Personne) -> None:
    Adresse.objects.filter(foyer__rattachements__personne=personne).update(numero="3", voie="DES ACACIAS")


def un_avertissement(distribution: Distribution) -> Manquement:
    """Une procédure dont la lettre d'avertissement vient de partir."""
    saisi = un_manquement(distribution, etat="saisi", faits_le=il_y_a(30))
    return envoyer_avertissement(saisi, adresse_du_lien=lambda jeton: jeton, **qui(distribution.siege))


def notifiee(distribution: Distribution) -> DecisionSanction:
    decision = une_sanction(distribution, il_y_a(0), la_regle=regle("plein_emploi", "premiere"), etat="decidee")
    une_adresse(decision.personne)
    return notifier_decision(decision, **qui(distribution.siege))

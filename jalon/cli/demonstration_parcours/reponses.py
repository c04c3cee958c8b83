"""Ce que des personnes fictives répondent : un recueil plausible, une grille remplie, et ce qui change ensuite.

Un seul nombre, l'éloignement de l'emploi (0 : tout près, 1 : très loin), incline toutes les réponses d'une personne :
le recueil et la grille ne se contredisent pas. Rien ne touche à la santé au-delà d'un niveau.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

from jalon.diagnostics.enums import (
    Anciennete,
    Disponibilite,
    Formation,
    GardeEnfant,
    Logement,
    Niveau,
    ParcoursEnvisage,
    Permis,
    SituationEmploi,
)
from jalon.diagnostics.models import CONTRAINTES, VersionGrille

METIERS: Final = (
    "Agent d'entretien", "Aide à domicile", "Cariste", "Vendeuse", "Maçon", "Cuisinier de collectivité",
    "Préparatrice de commandes", "Secrétaire", "Jardinier", "Conducteur de bus",
)  # fmt: skip
PASSES: Final = (
    "Plusieurs contrats courts, puis une période sans emploi.",
    "A travaillé dans la même entreprise jusqu'à sa fermeture.",
    "A élevé ses enfants et souhaite reprendre.",
    "Missions d'intérim, la dernière s'est arrêtée au printemps.",
)
DIFFICULTES: Final = (
    "Le bus ne passe que le matin et le soir.",
    "Les factures d'énergie ont augmenté et le budget est serré.",
    "Ne sait pas à qui s'adresser pour ses démarches en ligne.",
    "Cherche une solution de garde le mercredi.",
)
COMPETENCES: Final = ("Sait organiser son travail seul.", "À l'aise avec le public.", "Permis de cariste à renouveler.")
SANS_REPONSE: Final = 0.04
"""Part des questions laissées sans réponse : personne n'est tenu de répondre."""


def _pencher(alea: random.Random, choix: Mapping[str, float], eloignement: float) -> str:
    """Un choix parmi d'autres, rangés du plus près au plus loin de l'emploi, selon l'éloignement."""
    poids = [1 / (0.08 + abs(place - eloignement)) for place in choix.values()]
    return alea.choices(list(choix), poids)[0]


def recueil(alea: random.Random, eloignement: float) -> dict[str, Any]:
    """Les cases d'un recueil, dans la forme du brouillon."""
    niveaux: dict[str, float] = {Niveau.AUCUNE: 0.0, Niveau.MODEREE: 0.5, Niveau.FORTE: 1.0}
    valeurs: dict[str, Any] = {champ: _pencher(alea, niveaux, eloignement * alea.random()) for champ in CONTRAINTES}
    metier = alea.choice(METIERS)
    return valeurs | {
        "situation_passee": alea.choice(PASSES),
        "dernier_emploi": metier,
        "anciennete": _pencher(
            alea,
            {
                Anciennete.MOINS_6_MOIS: 0.1, Anciennete.MOINS_1_AN: 0.3, Anciennete.MOINS_2_ANS: 0.5,
                Anciennete.MOINS_5_ANS: 0.7, Anciennete.PLUS_5_ANS: 0.95,
            },
            eloignement,
        ),
        "difficultes": alea.choice(DIFFICULTES),
        "disponibilite": _pencher(
            alea,
            {Disponibilite.IMMEDIATE: 0.1, Disponibilite.PARTIELLE: 0.45, Disponibilite.SOUS_CONDITION: 0.8},
            eloignement,
        ),
        "garde_enfant": alea.choice((GardeEnfant.SANS_OBJET, GardeEnfant.SOLUTION, GardeEnfant.PARTIELLE)),
        "logement": _pencher(
            alea,
            {
                Logement.LOCATAIRE_SOCIAL: 0.2, Logement.LOCATAIRE_PRIVE: 0.4, Logement.HEBERGE: 0.75,
                Logement.STRUCTURE: 1.0,
            },
            eloignement,
        ),
        "formation": _pencher(
            alea, {Formation.NIVEAU_4: 0.1, Formation.NIVEAU_3: 0.45, Formation.SANS: 0.9}, eloignement
        ),
        "competences": alea.choice(COMPETENCES),
        "situation_emploi": SituationEmploi.TEMPS_PARTIEL if eloignement < 0.15 else SituationEmploi.SANS_EMPLOI,
        "emploi_recherche": metier if alea.random() < 0.6 else alea.choice(METIERS),
        "permis": _pencher(alea, {Permis.OBTENU: 0.1, Permis.EN_COURS: 0.5, Permis.AUCUN: 0.9}, eloignement),
        "transports_commun": alea.random() < 0.7,
        "distance_maximale": alea.choice((5, 10, 20, 30)),
    }  # fmt: skip


def _maximums(version: VersionGrille) -> dict[str, int]:
    return {item.code: max(echelon.rang for echelon in item.echelons.all()) for item in version.items.all()}


def echelons(alea: random.Random, version: VersionGrille, eloignement: float) -> dict[str, int | None]:
    """Un rang par question, autour de l'éloignement ; quelques questions sans réponse."""
    reponses: dict[str, int | None] = {}
    for code, maximum in _maximums(version).items():
        vise = 1 + round((maximum - 1) * min(1.0, max(0.0, alea.gauss(eloignement, 0.22))))
        reponses[code] = None if alea.random() < SANS_REPONSE else vise
    if all(rang is None for rang in reponses.values()):
        reponses[next(iter(reponses))] = 1
    return reponses


def progresser(alea: random.Random, version: VersionGrille, avant: Mapping[str, int | None]) -> dict[str, int | None]:
    """Les réponses quelques semaines plus tard : la plupart inchangées, un tiers plus proches de l'emploi."""
    maximums = _maximums(version)
    suite: dict[str, int | None] = {}
    for code, maximum in maximums.items():
        rang = avant.get(code)
        pas = alea.choices((-1, 0, 1), (0.35, 0.55, 0.1))[0]
        suite[code] = None if rang is None else min(maximum, max(1, rang + pas))
    return suite


def parcours_envisage(version: VersionGrille, reponses: Mapping[str, int | None]) -> str:
    """Ce que l'ensemble des réponses fait envisager."""
    maximums = _maximums(version)
    parts = [(rang - 1) / max(1, maximums[code] - 1) for code, rang in reponses.items() if rang is not None]
    moyenne = sum(parts) / len(parts)
    if moyenne < 0.45:
        return ParcoursEnvisage.PROFESSIONNEL
    return ParcoursEnvisage.SOCIAL if moyenne > 0.55 else ParcoursEnvisage.ATTENTE

"""Ce qu'une procédure permet selon son état : la même table refuse les actes et ouvre les boutons.

Décider n'est pas ici : une sanction a ses propres garanties, que la base vérifie.
"""

from __future__ import annotations

from typing import Final

from jalon.manquements.models import EtatManquement
from jalon.socle.errors import TransitionRefuseeError

PREPARE, SAISI = frozenset({EtatManquement.PREPARE}), frozenset({EtatManquement.SAISI})
AVERTI = frozenset({EtatManquement.AVERTI})
A_ECOUTER = AVERTI | {EtatManquement.AVIS_RENDU}
"""La personne répond, se fait assister et apporte ses preuves jusqu'à la décision."""

MANQUEMENT: Final[dict[str, tuple[frozenset[EtatManquement], EtatManquement | None]]] = {
    "ecrire_expose": (PREPARE, None),
    "ajouter_fait": (PREPARE, None),
    "retirer_fait": (PREPARE | SAISI, None),
    "choisir_contact": (PREPARE, None),
    "saisir": (PREPARE, EtatManquement.SAISI),
    "declarer_tort": (PREPARE | SAISI | A_ECOUTER, None),
    "avertir": (SAISI, EtatManquement.AVERTI),
    "constater_reception": (AVERTI, None),
    "renvoyer": (AVERTI, None),
    "recevoir_observation": (A_ECOUTER, None),
    "joindre_piece": (A_ECOUTER, None),
    "reconnaitre_motif": (A_ECOUTER, None),
    "proposer_audition": (A_ECOUTER, None),
    "noter_audition": (A_ECOUTER, None),
    "convoquer_instance": (AVERTI, None),
    "rendre_avis": (AVERTI, EtatManquement.AVIS_RENDU),
    "classer": (PREPARE | SAISI | A_ECOUTER, EtatManquement.CLASSE),
}
"""Acte → états d'où il part, état où il mène (`None` : il reste)."""

_SUITES: Final = {
    EtatManquement.PREPARE: "saisissez d'abord l'instance, une fois la préparation complète",
    EtatManquement.SAISI: "avertissez d'abord la personne par écrit",
    EtatManquement.AVERTI: "la personne a été avertie, ce qui lui est reproché ne change plus",
    EtatManquement.AVIS_RENDU: "l'avis est rendu, il reste à décider ou à classer",
    EtatManquement.SANCTIONNE: "une décision est prise, un recours seul peut la faire changer",
    EtatManquement.CLASSE: "elle est close, il n'y a plus rien à y faire",
}


def actes_permis(etat: str) -> frozenset[str]:
    """Actes que cet état permet."""
    return frozenset(acte for acte, (depuis, _) in MANQUEMENT.items() if etat in depuis)


def exiger_acte(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si une procédure dans cet état n'admet pas l'acte."""
    if etat not in MANQUEMENT[acte][0]:
        connu = EtatManquement(etat)
        raise TransitionRefuseeError(f"Cette procédure est « {connu.label.lower()} » : {_SUITES[connu]}.")

"""Ce que chaque acte permet : acte → états d'où il part. La même table ouvre les boutons des écrans."""

from __future__ import annotations

from jalon.rendezvous.models import EtatInvitation, EtatJustificatif, EtatRendezVous, EtatReunion
from jalon.socle.errors import TransitionRefuseeError

REUNION: dict[str, frozenset[str]] = {
    "modifier": frozenset({EtatReunion.PLANIFIEE}),
    "inviter": frozenset({EtatReunion.PLANIFIEE, EtatReunion.CONVOQUEE}),
    "convoquer": frozenset({EtatReunion.PLANIFIEE, EtatReunion.CONVOQUEE}),
    "annuler": frozenset({EtatReunion.PLANIFIEE, EtatReunion.CONVOQUEE}),
    "noter_presence": frozenset({EtatReunion.PLANIFIEE, EtatReunion.CONVOQUEE}),
    "clore": frozenset({EtatReunion.PLANIFIEE, EtatReunion.CONVOQUEE}),
    "rouvrir": frozenset({EtatReunion.TENUE}),
}

INVITATION: dict[str, frozenset[str]] = {
    "retirer": EtatInvitation.attendues(),
    "convoquer": frozenset({EtatInvitation.INVITEE}),
    "noter_presence": EtatInvitation.attendues() | EtatInvitation.comptees(),
    "excuser": EtatInvitation.attendues() | {EtatInvitation.ABSENTE, EtatInvitation.EXCUSEE},
    "tenir_entretien": frozenset({EtatInvitation.PRESENTE}),
    "remplir_questionnaire": EtatInvitation.attendues() | EtatInvitation.comptees(),
}

JUSTIFICATIF: dict[str, frozenset[str]] = {
    "joindre_preuve": EtatJustificatif.a_examiner(),
    "accepter": EtatJustificatif.a_examiner(),
    "refuser": EtatJustificatif.a_examiner(),
}

RENDEZ_VOUS: dict[str, frozenset[str]] = {
    "annuler": frozenset({EtatRendezVous.FIXE}),
    "constater": frozenset({EtatRendezVous.FIXE, EtatRendezVous.HONORE, EtatRendezVous.MANQUE}),
    "excuser": frozenset({EtatRendezVous.FIXE, EtatRendezVous.MANQUE}),
    "reporter": frozenset({EtatRendezVous.FIXE}),
    "convoquer": frozenset({EtatRendezVous.FIXE}),
}

_SUITES = {
    EtatReunion.TENUE: "sa feuille est close : rouvrez-la pour la corriger.",
    EtatReunion.ANNULEE: "elle n'aura pas lieu : choisissez une autre date.",
    EtatReunion.CONVOQUEE: "les convocations sont parties : annulez-la pour en changer la date ou le lieu.",
    EtatReunion.PLANIFIEE: "elle n'a pas encore eu lieu.",
}


def exiger_reunion(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si une réunion dans cet état n'admet pas l'acte."""
    if etat not in REUNION[acte]:
        raise TransitionRefuseeError(
            f"Cette réunion est « {EtatReunion(etat).label.lower()} » ; {_SUITES[EtatReunion(etat)]}"
        )


def exiger_invitation(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si une invitation dans cet état n'admet pas l'acte."""
    if etat not in INVITATION[acte]:
        raise TransitionRefuseeError(
            f"Cette invitation est « {EtatInvitation(etat).label.lower()} » : cet acte n'est plus possible. "
            "Rechargez la page pour voir où elle en est."
        )


def exiger_rendez_vous(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si un rendez-vous dans cet état n'admet pas l'acte."""
    if etat not in RENDEZ_VOUS[acte]:
        suite = {
            "annuler": "il ne s'annule plus.",
            "reporter": "il ne se reporte plus ; fixez-en un autre.",
            "excuser": "il n'y a pas d'absence à excuser.",
            "convoquer": "la convocation n'aurait plus d'objet.",
        }.get(acte, "sa tenue ne se note plus.")
        raise TransitionRefuseeError(f"Ce rendez-vous est « {EtatRendezVous(etat).label.lower()} » : {suite}")


def exiger_justificatif(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si un justificatif dans cet état n'admet pas l'acte."""
    if etat not in JUSTIFICATIF[acte]:
        raise TransitionRefuseeError(f"Cette absence a déjà été examinée : « {EtatJustificatif(etat).label.lower()} ».")

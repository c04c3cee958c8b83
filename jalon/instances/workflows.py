"""Ce que chaque état permet : acte → états d'où il part. La même table ouvre les boutons des écrans."""

from __future__ import annotations

from jalon.instances.models import EtatDossierSeance, EtatSeance
from jalon.socle.errors import TransitionRefuseeError

SEANCE: dict[str, frozenset[str]] = {
    "modifier": frozenset({EtatSeance.PREPAREE}),
    "inscrire": frozenset({EtatSeance.PREPAREE, EtatSeance.CONVOQUEE}),
    "retirer": frozenset({EtatSeance.PREPAREE, EtatSeance.CONVOQUEE, EtatSeance.OUVERTE}),
    "convoquer": frozenset({EtatSeance.PREPAREE}),
    "noter_presence": frozenset({EtatSeance.CONVOQUEE, EtatSeance.OUVERTE}),
    "ouvrir": frozenset({EtatSeance.CONVOQUEE}),
    "noter": frozenset({EtatSeance.CONVOQUEE, EtatSeance.OUVERTE}),
    "statuer": frozenset({EtatSeance.OUVERTE}),
    "clore": frozenset({EtatSeance.OUVERTE}),
    "annuler": frozenset({EtatSeance.PREPAREE, EtatSeance.CONVOQUEE}),
    "ajouter_point": frozenset({EtatSeance.PREPAREE, EtatSeance.CONVOQUEE, EtatSeance.OUVERTE}),
    "fixer_passages": frozenset({EtatSeance.PREPAREE, EtatSeance.CONVOQUEE}),
    "convoquer_personnes": frozenset({EtatSeance.PREPAREE, EtatSeance.CONVOQUEE}),
    "consulter": frozenset({EtatSeance.CONVOQUEE, EtatSeance.OUVERTE}),
}
"""`consulter` dit quand un membre lit les dossiers : de la convocation à la clôture, pas un jour de plus."""

DOSSIER: dict[str, frozenset[str]] = {
    "statuer": frozenset({EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE, EtatDossierSeance.AJOURNE}),
    "ajourner": frozenset({EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE}),
    "retirer": frozenset({EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE}),
    "noter": frozenset({EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE}),
    "consulter": frozenset({EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE, EtatDossierSeance.AJOURNE}),
}

_SUITES_SEANCE = {
    EtatSeance.PREPAREE: "convoquez d'abord ses membres.",
    EtatSeance.CONVOQUEE: "ses membres sont convoqués : ouvrez-la, ou annulez-la pour en changer.",
    EtatSeance.OUVERTE: "elle se tient en ce moment.",
    EtatSeance.CLOSE: "son procès-verbal est figé : un oubli se reprend à la prochaine.",
    EtatSeance.ANNULEE: "elle n'aura pas lieu : planifiez-en une autre.",
}


def permet(etat: str, acte: str) -> bool:
    """Cet acte part de cet état de séance."""
    return etat in SEANCE[acte]


def permet_dossier(etat: str, acte: str) -> bool:
    """Cet acte part de cet état de dossier."""
    return etat in DOSSIER[acte]


def exiger_seance(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si une séance dans cet état n'admet pas l'acte."""
    if etat not in SEANCE[acte]:
        raise TransitionRefuseeError(
            f"Cette séance est « {EtatSeance(etat).label.lower()} » : {_SUITES_SEANCE[EtatSeance(etat)]}"
        )


def exiger_dossier(etat: str, acte: str) -> None:
    """Lève `TransitionRefuseeError` si un dossier dans cet état n'admet pas l'acte."""
    if etat not in DOSSIER[acte]:
        raise TransitionRefuseeError(
            f"Ce dossier est « {EtatDossierSeance(etat).label.lower()} » : cet acte n'est plus possible. "
            "Rechargez la page pour voir où il en est."
        )

"""Le chemin d'une demande : la même table ouvre les actes et les boutons (R04)."""

from __future__ import annotations

from dataclasses import dataclass

from jalon.droits.demandes import DemandeInstruction, EtatDemande
from jalon.socle.errors import TransitionRefuseeError

OUVERTS = frozenset(EtatDemande.ouverts())


@dataclass(frozen=True, slots=True)
class Pas:
    """Un acte, les états d'où il part, celui où il mène, et le refus à afficher ailleurs."""

    depuis: frozenset[str]
    vers: str
    verbe: str


PAS: dict[str, Pas] = {
    "attendre_pieces": Pas(
        frozenset({EtatDemande.DEPOSEE, EtatDemande.PIECES_ATTENDUES}),
        EtatDemande.PIECES_ATTENDUES,
        "attendre des pièces",
    ),
    "instruire": Pas(
        frozenset({EtatDemande.DEPOSEE, EtatDemande.PIECES_ATTENDUES}), EtatDemande.INSTRUITE, "être dite instruite"
    ),
    "transmettre": Pas(frozenset({EtatDemande.INSTRUITE}), EtatDemande.TRANSMISE, "être transmise"),
    "retourner": Pas(frozenset({EtatDemande.TRANSMISE}), EtatDemande.PIECES_ATTENDUES, "revenir incomplète"),
    # R05 : en flux de masse, la caisse liquide avant que l'instruction soit complète.
    "liquider": Pas(OUVERTS, EtatDemande.LIQUIDEE, "être liquidée"),
    "classer": Pas(OUVERTS, EtatDemande.SANS_SUITE, "être classée sans suite"),
    "confier": Pas(
        frozenset({EtatDemande.DEPOSEE, EtatDemande.PIECES_ATTENDUES, EtatDemande.INSTRUITE}),
        "",
        "être confiée ailleurs",
    ),
}


def permis(demande: DemandeInstruction) -> frozenset[str]:
    """Actes ouverts dans l'état présent : ce sont les boutons de l'écran."""
    return frozenset(code for code, pas in PAS.items() if demande.etat in pas.depuis)


def exiger_pas(demande: DemandeInstruction, acte: str) -> Pas:
    """Lève `TransitionRefuseeError` si l'acte n'est pas possible d'où en est la demande."""
    pas = PAS[acte]
    if demande.etat not in pas.depuis:
        attendus = ", ".join(f"« {EtatDemande(etat).label.lower()} »" for etat in EtatDemande if etat in pas.depuis)
        raise TransitionRefuseeError(
            f"Cette demande est « {demande.get_etat_display().lower()} » : elle ne peut pas {pas.verbe}. "
            f"Il faut qu'elle soit {attendus}."
        )
    return pas

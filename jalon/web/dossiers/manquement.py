"""La procédure d'une personne sur sa page : ce qui est attendu et jusqu'à quand. Ce qui est reproché se lit ailleurs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import UUID

from jalon.manquements.models import EtatDecision, EtatManquement
from jalon.manquements.retours import Retour, retour_sous_condition
from jalon.web.dossiers.selectors import DossierPersonne
from jalon.web.templatetags.jalon import date_courte, jours, mot_defini

OUVERTE = "Une procédure est ouverte"
DECIDEE = "Une décision est prise"


@dataclass(frozen=True, slots=True)
class BlocProcedure:
    """Une procédure en deux lignes ; `quand` est vide lorsque rien n'est daté."""

    public_id: UUID
    titre: str
    attend: str
    quand: str = ""


def blocs_procedure(dossier: DossierPersonne, jour: date) -> list[BlocProcedure]:
    """Celles qui attendent encore quelque chose ; closes, il n'en reste que les lignes de « Ce qui s'est passé »."""
    lues = dossier.lignes.get("procedures", [])
    return [bloc for bloc in (_bloc(lue, jour) for lue in lues) if bloc is not None]


def retour_de(dossier: DossierPersonne, jour: date) -> Retour | None:
    """Le contrat à signer avant tout retour (L262-38) ; rien n'est lu si aucune décision n'a été prise."""
    if not any(lue.decision_etat for lue in dossier.lignes.get("procedures", [])):
        return None
    return retour_sous_condition(dossier.personne, jour)


def _bloc(lue: SimpleNamespace, jour: date) -> BlocProcedure | None:
    if lue.etat == EtatManquement.PREPARE:
        return BlocProcedure(
            lue.public_id, "Une procédure se prépare", "La saisine est à finir, ou à abandonner.",
            "Rien n’est parti à la personne.",
        )  # fmt: skip
    if lue.etat == EtatManquement.SAISI:
        return BlocProcedure(lue.public_id, OUVERTE, *_saisie(lue))
    if lue.etat == EtatManquement.AVERTI:
        return BlocProcedure(lue.public_id, OUVERTE, *_avertie(lue, jour))
    if lue.etat == EtatManquement.AVIS_RENDU:
        return BlocProcedure(
            lue.public_id, OUVERTE, "L’avis est rendu.", "La décision est à prendre, dans un sens ou l’autre."
        )
    if lue.etat == EtatManquement.SANCTIONNE:
        return _decidee(lue, jour)
    return None


def _saisie(lue: SimpleNamespace) -> tuple[str, str]:
    if lue.service_en_cause:
        return "Le service est en cause : la procédure est à classer.", "Aucune sanction n’est possible."
    return "La lettre à la personne est à envoyer.", "Rien ne se décide avant qu’elle ait pu répondre."


def _avertie(lue: SimpleNamespace, jour: date) -> tuple[str, str]:
    if lue.motif_legitime:
        return "Le motif est légitime : la procédure est à classer.", "Rien n’est reproché."
    if lue.averti_recu_le is None and lue.avertissement_rendu_le is not None:
        return "La lettre est revenue.", f"Rendue par la poste le {date_courte(lue.avertissement_rendu_le)}."
    if lue.averti_recu_le is None:
        return "La réception de la lettre est à noter.", f"Envoyée le {date_courte(lue.averti_le)}."
    limite = lue.observations_jusqu_au
    if lue.reponse_le is None and limite is not None and limite >= jour:
        reste = (limite - jour).days
        return (
            f"La personne peut répondre jusqu’au {date_courte(limite)}.",
            f"Encore {jours(reste)}." if reste else "C’est le dernier jour.",
        )
    dit = f"Elle a répondu le {date_courte(lue.reponse_le)}." if lue.reponse_le else (
        f"Le délai pour répondre a fini le {date_courte(limite)}."
    )  # fmt: skip
    if lue.demande_audition and lue.audition_proposee_le is None:
        return "La personne demande à être entendue : un jour est à lui proposer.", dit
    seance = mot_defini("seance")
    return f"{seance[:1].upper()}{seance[1:]} doit donner son avis.", dit


def _decidee(lue: SimpleNamespace, jour: date) -> BlocProcedure | None:
    if lue.recours_echeance is not None:
        echeance = date_courte(lue.recours_echeance)
        retard = "Ce délai est dépassé." if lue.recours_echeance < jour else ""
        return BlocProcedure(
            lue.public_id, "La personne conteste la décision", f"La réponse est due avant le {echeance}.", retard
        )
    if lue.decision_etat == EtatDecision.DECIDEE:
        return BlocProcedure(
            lue.public_id, DECIDEE, "La lettre à la personne est à envoyer.", "Sans elle, rien ne s’applique."
        )
    periode = lue.decision_periode
    if lue.decision_etat != EtatDecision.NOTIFIEE or periode is None or periode.isempty or periode.upper <= jour:
        return None
    fin = date_courte(periode.upper - timedelta(days=1))
    return BlocProcedure(
        lue.public_id, "Une décision s’applique", f"Jusqu’au {fin}.", f"Elle peut être levée avant. {_apprise(lue)}"
    )


def _apprise(lue: SimpleNamespace) -> str:
    if lue.decision_recue_le is not None:
        return f"La personne a reçu la lettre le {date_courte(lue.decision_recue_le)}."
    if lue.decision_rendue_le is not None:
        return f"La lettre est revenue le {date_courte(lue.decision_rendue_le)} : la personne peut ne pas la connaître."
    return f"Lettre envoyée le {date_courte(lue.decision_notifiee_le)}, réception à noter."

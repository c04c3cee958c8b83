"""Classer une procédure sans sanction, et le dire à la personne si elle avait été avertie."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.manquements.constats import poser_constats
from jalon.manquements.lettres import lettre_classement
from jalon.manquements.models import EtatManquement, Manquement, MotifClassement, SensAvis
from jalon.manquements.services import INSTRUIRE, est_soumise, exiger_un_des_droits, franchir, verrouiller
from jalon.manquements.workflows import exiger_acte
from jalon.socle.errors import JalonError

A_PRECISER: Final = frozenset({MotifClassement.SUITE, MotifClassement.ERREUR})


def motifs_possibles(manquement: Manquement, jour: date | None = None) -> list[MotifClassement]:
    """Motifs que le dossier permet. Quand le service est en cause, c'est pour cela que l'on classe (R62, I23)."""
    return [motif for motif in MotifClassement if not _refus(manquement, motif, jour or timezone.localdate())]


def _refus(manquement: Manquement, motif: MotifClassement, jour: date) -> str:
    if manquement.service_en_cause and motif != MotifClassement.SERVICE:
        return "Le dossier montre que le service est en cause : classez pour ce motif."
    if motif == MotifClassement.SERVICE and not manquement.service_en_cause:
        return "Le dossier ne montre aucun tort du service : s'il y en a un, reconnaissez-le d'abord."
    if motif == MotifClassement.MOTIF_LEGITIME and not manquement.motif_legitime:
        return "Aucun motif légitime n'est reconnu : reconnaissez d'abord la raison de la personne, avec sa preuve."
    if motif == MotifClassement.AVIS:
        avis = getattr(manquement, "avis", None)
        if avis is None or avis.sens not in (SensAvis.DEFAVORABLE, SensAvis.PARTAGE):
            return "L'instance n'a pas rendu d'avis défavorable ou partagé : choisissez un autre motif."
    if motif == MotifClassement.NON_SOUMISE and est_soumise(manquement.personne_id, jour):
        return "Cette personne est soumise aux droits et devoirs aujourd'hui : choisissez un autre motif."
    return ""


@transaction.atomic
def classer(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    motif: MotifClassement | str,
    precision: str = "",
    jour: date | None = None,
) -> Manquement:
    """Clôt la procédure sans sanction. La personne avertie reçoit une lettre qui le lui dit et pourquoi.

    Qui prépare peut renoncer à sa préparation ; ensuite, c'est à qui instruit. Lève `JalonError` (motif que le dossier
    contredit, précision absente), `TransitionRefuseeError`, `DroitManquantError`.
    """
    if manquement.etat == EtatManquement.PREPARE:
        exiger_un_des_droits(perimetre)
    else:
        perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "classer")
    if manquement.etat != EtatManquement.PREPARE:
        perimetre.exiger(INSTRUIRE)
    if motif not in MotifClassement.values:
        raise JalonError("Choisissez pourquoi classer dans la liste : la personne lira cette raison.")
    motif, jour, precision = MotifClassement(motif), jour or timezone.localdate(), " ".join(precision.split())
    poser_constats(manquement)
    refus = _refus(manquement, motif, jour)
    if refus:
        raise JalonError(refus)
    if motif in A_PRECISER and not precision:
        raise JalonError("Dites en une phrase pourquoi : le dossier gardera cette précision.")
    manquement.motif_classement, manquement.precision_classement = motif, precision[:500]
    manquement.clos_le = jour
    if manquement.averti_le is not None:
        manquement.classement = lettre_classement(manquement, acteur=acteur, jour=jour)
    return franchir(
        manquement, "classer", acteur=acteur, perimetre=perimetre, motif=precision,
        champs=("motif_classement", "precision_classement", "clos_le", "classement"),
        resume=f"Classé sans sanction : {motif.label.lower()}",
    )  # fmt: skip

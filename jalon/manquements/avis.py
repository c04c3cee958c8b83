"""L'avis de l'instance sur une procédure, rendu en séance, ou réputé rendu quand le régime le prévoit (R63, R262-71).

Un avis ne décide rien. Il ne se rend qu'une fois la personne entendue ou mise à même de répondre.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.manquements.constats import poser_constats
from jalon.manquements.models import AvisManquement, Manquement, NatureSanction, SensAvis, VoteAvis
from jalon.manquements.services import INSTRUIRE, franchir, regime_du, verrouiller
from jalon.manquements.workflows import exiger_acte
from jalon.socle.errors import JalonError, TransitionRefuseeError

TEXTE_MAXIMAL = 2_000


def observations_closes(manquement: Manquement, jour: date) -> bool:
    """La personne a répondu, ou son délai est fini ; jamais avant que la lettre soit reçue à une date certaine."""
    dernier = manquement.observations_jusqu_au
    if dernier is None:
        return False
    return dernier < jour or (manquement.reponse_le is not None and manquement.reponse_le <= jour)


@transaction.atomic
def noter_convocation_instance(manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, le: date) -> Manquement:
    """L'instance est convoquée pour cette procédure : le délai de son avis court. La première convocation compte."""
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "convoquer_instance")
    if manquement.instance_convoquee_le is not None and manquement.instance_convoquee_le <= le:
        return manquement
    manquement.instance_convoquee_le = le
    return franchir(
        manquement, "convoquer_instance", acteur=acteur, perimetre=perimetre, champs=("instance_convoquee_le",),
        resume=f"Instance convoquée le {le:%d/%m/%Y}",
    )  # fmt: skip


@transaction.atomic
def enregistrer_avis(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    sens: str,
    vote: str,
    rendu_le: date,
    seance: UUID,
    nature: str = "",
    taux: int | None = None,
    duree: int | None = None,
    texte: str = "",
) -> AvisManquement:
    """Garde l'avis d'une séance. Réf. : R63. Seul un avis favorable propose une sanction.

    Les torts du service sont recalculés : un tort apparu depuis la séance, ou un motif légitime reconnu, refuse l'avis
    favorable (R62). Lève `JalonError`, `TransitionRefuseeError` (délai d'observations, audition demandée, tort),
    `DroitManquantError`.
    """
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "rendre_avis")
    if sens not in SensAvis.values or vote not in VoteAvis.values or vote == VoteAvis.REPUTE:
        raise JalonError("Un avis de séance est favorable, défavorable ou partagé, et dit comment il a été voté.")
    if (sens == SensAvis.PARTAGE) != (vote == VoteAvis.PARTAGE):
        raise JalonError("Un avis partagé vient de voix partagées, et d'elles seules : accordez l'avis et le vote.")
    if nature and nature not in NatureSanction.values:
        raise JalonError("Choisissez la sanction proposée dans la liste.")
    if sens != SensAvis.FAVORABLE and (nature or taux is not None or duree is not None):
        raise JalonError("Seul un avis favorable propose une sanction : retirez la proposition.")
    if rendu_le > timezone.localdate():
        raise JalonError("Un avis se garde quand il est rendu : choisissez aujourd'hui ou un jour passé.")
    _exiger_contradictoire(manquement, rendu_le)
    avis = AvisManquement(
        manquement=manquement, sens=sens, vote=vote, nature=nature, taux=taux, duree=duree,
        texte=texte.strip()[:TEXTE_MAXIMAL], rendu_le=rendu_le, seance=seance,
    )  # fmt: skip
    _garder(avis)
    franchir(
        manquement, "rendre_avis", acteur=acteur, perimetre=perimetre, champs=(),
        resume=f"Avis rendu : {avis.get_sens_display().lower()}, {avis.get_vote_display().lower()}",
    )  # fmt: skip
    return avis


def _exiger_contradictoire(manquement: Manquement, jour: date) -> None:
    """La personne a reçu l'avertissement, a répondu ou laissé passer son délai, et a pu être entendue (R61)."""
    if manquement.observations_jusqu_au is None:
        raise TransitionRefuseeError(
            "La réception de l'avertissement n'est pas prouvée : aucun avis ne peut être rendu."
        )
    if not observations_closes(manquement, jour):
        raise TransitionRefuseeError(
            f"La personne peut répondre jusqu'au {manquement.observations_jusqu_au:%d/%m/%Y} et ne l'a pas encore fait : "
            "l'avis attend."
        )
    if manquement.demande_audition and manquement.entendue_le is None:
        proposee = manquement.audition_proposee_le
        if proposee is None or proposee > jour:
            raise TransitionRefuseeError("La personne a demandé à être entendue : convoquez-la d'abord (R61).")


def exiger_hors_de_cause(manquement: Manquement, *, service_en_cause: bool) -> None:
    """Aucun avis favorable si le service est en cause ou si la personne avait un motif légitime (R62)."""
    if service_en_cause:
        raise TransitionRefuseeError(
            "Le service est en cause : l'avis ne peut pas être favorable à une sanction (R62). Relisez les torts du "
            "service dans la procédure : elle se classe, ou l'avis se reprend."
        )
    if manquement.motif_legitime:
        raise TransitionRefuseeError(
            "Un motif légitime est reconnu à la personne : l'avis ne peut pas être favorable à une sanction. La "
            "procédure se classe, ou l'avis se reprend."
        )


def _garder(avis: AvisManquement) -> None:
    poser_constats(avis.manquement)
    if avis.sens == SensAvis.FAVORABLE:
        exiger_hors_de_cause(avis.manquement, service_en_cause=avis.manquement.service_en_cause)
    try:
        with transaction.atomic():
            avis.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError("Un avis est déjà rendu sur cette procédure : il ne se refait pas.") from erreur


def avis_repute_le(manquement: Manquement, jour: date) -> date | None:
    """Premier jour où l'avis peut être réputé rendu ; aucun si le régime du jour ne le prévoit pas."""
    regime = regime_du(jour)
    if not regime.avis_repute or manquement.instance_convoquee_le is None:
        return None
    return manquement.instance_convoquee_le + relativedelta(months=regime.avis_mois, days=1)


@transaction.atomic
def reputer_avis(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, jour: date | None = None
) -> AvisManquement:
    """Constate que l'instance, convoquée, n'a pas répondu dans le délai de la loi. Réf. : R262-71.

    Le régime du jour doit le prévoir. Lève `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(INSTRUIRE)
    jour = jour or timezone.localdate()
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "rendre_avis")
    regime = regime_du(jour)
    if not regime.avis_repute:
        raise TransitionRefuseeError(
            f"Sous le régime {regime.libelle}, un avis ne se présume pas : attendez celui de l'instance."
        )
    premier = avis_repute_le(manquement, jour)
    if premier is None:
        raise TransitionRefuseeError("L'instance n'a pas encore été convoquée : son délai ne court pas.")
    if jour < premier:
        raise TransitionRefuseeError(
            f"L'instance peut répondre jusqu'au {premier - relativedelta(days=1):%d/%m/%Y} : attendez ce jour."
        )
    _exiger_contradictoire(manquement, jour)
    avis = AvisManquement(manquement=manquement, vote=VoteAvis.REPUTE, rendu_le=jour)
    _garder(avis)
    franchir(
        manquement, "rendre_avis", acteur=acteur, perimetre=perimetre, champs=(),
        resume="Avis réputé rendu, l'instance n'ayant pas répondu dans son délai",
    )  # fmt: skip
    return avis

"""Examiner un dossier en séance, quelle que soit la nature de l'instance : le prendre, l'ajourner, noter l'examen."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import exiger_conduite
from jalon.instances.models import (
    AvisDossier,
    AvisSeance,
    ChoixOrientation,
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    Seance,
)
from jalon.instances.ordre_du_jour import verrouiller_dossier
from jalon.instances.quorum import sieges_tenus
from jalon.instances.seances import oublier_les_auditions, verrouiller_seance
from jalon.instances.workflows import exiger_dossier, exiger_seance
from jalon.manquements.models import EtatManquement, Manquement
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

CHOIX_VIDE = {
    "maintien": False, "type": None, "parcours": None, "motif": None, "precision": "", "organisme": None,
    "referent": None, "correspondant": None, "motif_ecart": "", "motif_depassement": "",
}  # fmt: skip
AVIS_VIDE = {
    "sens": "", "voix_pour": None, "voix_contre": None, "regle": None, "nature": "", "taux": None, "duree": None,
    "texte": "",
}  # fmt: skip


@transaction.atomic
def ajourner_dossier(dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, motif: str) -> DossierSeance:
    """Remet un dossier à une autre séance ; ce qui l'y a conduit reste ouvert, son délai court toujours."""
    if not motif.strip():
        raise JalonError("Dites pourquoi ajourner : une pièce manque, quelqu'un doit être entendu…")
    dossier, _ = prendre_dossier(dossier, acteur, perimetre, "ajourner")
    oublier_les_auditions(DossierSeance.objects.filter(pk=dossier.pk))
    ChoixOrientation.objects.filter(dossier=dossier).update(**CHOIX_VIDE)
    AvisDossier.objects.filter(dossier=dossier).update(**AVIS_VIDE)
    dossier.etat, dossier.motif, dossier.avis = EtatDossierSeance.AJOURNE, motif.strip(), ""
    dossier.examine_par, dossier.examine_le, dossier.sorti_le = acteur, timezone.now(), timezone.localdate()
    dossier.save(update_fields=["etat", "motif", "avis", "examine_par", "examine_le", "sorti_le"])
    tracer_examen(dossier, acteur, perimetre, "Dossier ajourné", vers=EtatDossierSeance.AJOURNE, motif=motif.strip())
    return dossier


def prendre_dossier(
    dossier: DossierSeance, acteur: Agent, perimetre: Perimetre, acte: str
) -> tuple[DossierSeance, Seance]:
    """Verrouille la séance puis le dossier, et vérifie que l'acteur peut y statuer."""
    seance = verrouiller_seance(dossier.seance)
    exiger_conduite(perimetre, seance)
    exiger_seance(seance.etat, "statuer")
    dossier = verrouiller_dossier(dossier)
    exiger_dossier(dossier.etat, acte)
    if DeportMembre.objects.filter(dossier=dossier, membre__agent=acteur).exists():
        raise DroitManquantError("Vous vous êtes retiré de ce dossier : un autre membre doit en noter la décision.")
    if acte == "statuer":
        _exiger_une_presidence(dossier, seance)
    if dossier.etat == EtatDossierSeance.AJOURNE and _ailleurs(dossier):
        raise TransitionRefuseeError("Ce dossier ajourné est déjà inscrit à une autre séance.")
    if dossier.etat == EtatDossierSeance.AJOURNE and dossier.convoquee_le is not None and acte != "ajourner":
        _rendre_l_audition(dossier, seance)
    dossier.seance = seance
    return dossier, seance


def _exiger_une_presidence(dossier: DossierSeance, seance: Seance) -> None:
    """Qui s'est retiré d'un dossier ne le préside pas non plus. Lève `TransitionRefuseeError`."""
    if DeportMembre.objects.filter(dossier=dossier, membre=seance.president_id).exists():
        raise TransitionRefuseeError(
            f"{seance.president} préside, et un retrait est noté pour ce dossier : passez la présidence à un autre "
            "membre le temps de l'examiner, ou ajournez-le."
        )


def _rendre_l_audition(dossier: DossierSeance, seance: Seance) -> None:
    """Repris dans la séance où la personne était convoquée, un dossier ajourné garde l'audition qui lui fut proposée."""
    Manquement.objects.filter(
        avis_seances__dossier=dossier, etat=EtatManquement.AVERTI, entendue_le=None, audition_proposee_le=None
    ).update(audition_proposee_le=seance.date)


def _ailleurs(dossier: DossierSeance) -> bool:
    return (
        DossierSeance.objects.filter(
            personne_id=dossier.personne_id, nature=dossier.nature,
            etat__in=[EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE],
        )
        .exclude(pk=dossier.pk)
        .exists()
    )  # fmt: skip


def marquer_examine(dossier: DossierSeance, acteur: Agent, vote: str) -> None:
    """Le dossier est examiné ; rien ne s'applique avant la clôture. Lève `JalonError` si le vote n'est pas dit."""
    if vote not in AvisSeance.values:
        raise JalonError("Dites si la séance est unanime, décide à la majorité, ou se partage.")
    dossier.etat, dossier.avis, dossier.motif = EtatDossierSeance.EXAMINE, vote, ""
    dossier.examine_par, dossier.examine_le, dossier.sorti_le = acteur, timezone.now(), None
    dossier.preside_par, dossier.siegeaient = dossier.seance.president, sieges_tenus(dossier.seance)
    dossier.save(
        update_fields=["etat", "avis", "motif", "examine_par", "examine_le", "sorti_le", "preside_par", "siegeaient"]
    )


def tracer_examen(
    dossier: DossierSeance, acteur: Agent, perimetre: Perimetre, resume: str, *, vers: str, motif: str = ""
) -> None:
    """Note au journal ce que la séance vient de retenir."""
    tracer(
        "instances.dossier.examine", dossier, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[dossier.personne.public_id], vers=vers, motif=motif, resume=resume[:300],
    )  # fmt: skip

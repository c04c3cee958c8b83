"""Décider d'une orientation en séance : un choix provisoire, appliqué à la clôture (R30, R32, F037)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction
from django.utils import timezone

from jalon.accompagnements.charge import charge_maximale, charge_referent
from jalon.accompagnements.referents import ChargeDepasseeError, Depassement, orienter_personne
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.examen import CHOIX_VIDE, marquer_examine, prendre_dossier, tracer_examen
from jalon.instances.models import (
    AvisSeance,
    ChoixOrientation,
    DossierSeance,
    EtatDossierSeance,
    Seance,
)
from jalon.orientations.decisions import Choix, verifier_choix
from jalon.orientations.models import AvisReorientation, DemandeReorientation, EtatReorientation, OrigineDecision
from jalon.orientations.reorientations import refuser_demande, rendre_avis, transmettre_demande
from jalon.referentiels.parametres import mot, vrai
from jalon.socle.errors import JalonError

DROITS_DE_LA_SEANCE = frozenset({"orientation.decider", "referent.designer", "reorientation.examiner"})


@dataclass(frozen=True)
class Deliberation:
    """Ce que la séance dit d'un dossier, à côté du choix lui-même."""

    avis: str = AvisSeance.UNANIME
    motif_ecart: str = ""
    motif_depassement: str = ""


@transaction.atomic
def statuer(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, choix: Choix, deliberation: Deliberation
) -> DossierSeance:
    """Retient un choix pour ce dossier ; rien ne s'applique avant la clôture, et un choix se reprend jusque-là.

    Le choix est jugé dès maintenant comme une décision directe le serait (R30, R43), et la charge du référent compte
    les dossiers déjà examinés de la séance : la clôture ne réserve que ce qui a changé entre-temps.
    Lève `JalonError`, `ChargeDepasseeError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    dossier, seance = prendre_dossier(dossier, acteur, perimetre, "statuer")
    jour = timezone.localdate()
    verifier_choix(choix, dossier.personne, jour)
    depassement = ""
    if choix.referent is not None:
        depassement = _verifier_charge(seance, dossier, choix.referent, deliberation.motif_depassement, jour)
    _poser(
        dossier, acteur, deliberation.avis, type=choix.type, parcours=choix.parcours, motif=choix.motif,
        precision=choix.precision.strip(), organisme=choix.organisme, referent=choix.referent,
        correspondant=choix.correspondant, motif_ecart=deliberation.motif_ecart.strip(),
        motif_depassement=depassement,
    )  # fmt: skip
    tracer_examen(dossier, acteur, perimetre, f"{choix.type.libelle} : {choix.organisme}", vers=choix.type.code)
    return dossier


@transaction.atomic
def maintenir_orientation(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, motif: str, avis: str = AvisSeance.UNANIME
) -> DossierSeance:
    """En réponse à une demande d'en changer, la séance garde l'orientation en vigueur et dit pourquoi (R63-R64)."""
    dossier, _ = prendre_dossier(dossier, acteur, perimetre, "statuer")
    choix = ChoixOrientation.objects.get(dossier=dossier)
    if choix.demande_id is None:
        raise JalonError(
            "Cette personne n'a pas d'orientation à maintenir : choisissez-en une, ou ajournez le dossier."
        )
    if not motif.strip():
        raise JalonError("Dites pourquoi l'orientation est maintenue : la personne et son référent le liront.")
    _poser(dossier, acteur, avis, maintien=True, precision=motif.strip())
    tracer_examen(dossier, acteur, perimetre, "Orientation maintenue", vers="maintien", motif=motif.strip())
    return dossier


def _poser(dossier: DossierSeance, acteur: Agent, avis: str, **champs: object) -> None:
    if avis == AvisSeance.PARTAGE:
        raise JalonError("Voix partagées, rien n'est décidé : départagez-vous, ou ajournez le dossier.")
    ChoixOrientation.objects.filter(dossier=dossier).update(**{**CHOIX_VIDE, **champs})
    marquer_examine(dossier, acteur, avis)


def charge_prevue(seance: Seance, agent: Agent, jour: date, *, sauf: DossierSeance | None = None) -> int:
    """Charge du référent, et ce que la séance lui a déjà confié sans l'avoir encore appliqué (R41)."""
    promis = ChoixOrientation.objects.filter(
        dossier__seance=seance, dossier__etat=EtatDossierSeance.EXAMINE, referent=agent
    )
    if sauf is not None:
        promis = promis.exclude(dossier=sauf)
    return charge_referent(agent, jour) + promis.count()


def _verifier_charge(seance: Seance, dossier: DossierSeance, referent: Agent, motif: str, jour: date) -> str:
    """Motif du dépassement s'il y en a un ; lève si le profil bloque ou si le motif manque."""
    charge, maximum = charge_prevue(seance, referent, jour, sauf=dossier), charge_maximale(referent, jour)
    if charge < maximum:
        return ""
    constat = (
        f"{referent} accompagnerait {charge} personnes, dossiers de cette séance compris, "
        f"pour une charge maximale de {maximum}"
    )
    if vrai("referent.depassement_bloquant", jour):
        raise ChargeDepasseeError(f"{constat} : choisissez quelqu'un d'autre.", bloquant=True)
    if not motif.strip():
        raise ChargeDepasseeError(f"{constat}. Choisissez quelqu'un d'autre, ou dites pourquoi.", bloquant=False)
    return motif.strip()


def appliquer(dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre) -> None:
    """Applique le choix retenu, au nom de la séance. Mêmes refus qu'une décision directe.

    Présider emporte le droit d'appliquer ce que la séance a décidé : il n'est pas besoin d'être soi-même orienteur.
    """
    seance = replace(perimetre, droits=perimetre.droits | DROITS_DE_LA_SEANCE)
    choix = dossier.choix
    demande = _instruire_la_demande(dossier, acteur, seance)
    if choix.maintien and demande is not None:
        refuser_demande(demande, acteur=acteur, perimetre=seance, motif=choix.precision)
        return
    if choix.type is None or choix.organisme is None:
        raise JalonError(f"Aucune {mot('orientation').singulier} n'a été choisie pour ce dossier.")
    retenu = Choix(
        type=choix.type, organisme=choix.organisme, motif=choix.motif, precision=choix.precision,
        parcours=choix.parcours, referent=choix.referent, correspondant=choix.correspondant,
    )  # fmt: skip
    choix.decision = orienter_personne(
        dossier.personne, acteur=acteur, perimetre=seance, choix=retenu, origine=OrigineDecision.SEANCE,
        proposition=choix.proposition, motif_ecart=choix.motif_ecart, demande=demande, attendue=choix.attente,
        depassement=Depassement(bool(choix.motif_depassement), choix.motif_depassement),
    )  # fmt: skip
    choix.save(update_fields=["decision"])


def _instruire_la_demande(dossier: DossierSeance, acteur: Agent, perimetre: Perimetre) -> DemandeReorientation | None:
    """La séance rend l'avis qui précède toute réorientation (R64) ; rien si le dossier n'en demande pas."""
    choix = dossier.choix
    demande = choix.demande
    if demande is None:
        return None
    if demande.etat == EtatReorientation.DEMANDEE:
        demande = transmettre_demande(demande, acteur=acteur, perimetre=perimetre)
    if demande.etat == EtatReorientation.TRANSMISE:
        seance = dossier.seance
        demande = rendre_avis(
            demande, acteur=acteur, perimetre=perimetre,
            avis=AvisReorientation.DEFAVORABLE if choix.maintien else AvisReorientation.FAVORABLE,
            texte=f"Avis {dossier.get_avis_display().lower()} de la séance n° {seance.numero} du {seance.date:%d/%m/%Y}. "
            f"{choix.precision}",
        )  # fmt: skip
    return demande

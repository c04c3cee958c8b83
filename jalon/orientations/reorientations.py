"""Changer d'orientation : le référent demande, le correspondant transmet, un avis est rendu, puis l'on décide (F042).

Une réorientation se compte et se voit : changer souvent de sphère, c'est perdre la personne en route (R37, R64).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.models import (
    AvisReorientation,
    DecisionOrientation,
    DemandeReorientation,
    EtatReorientation,
    MotifOrientation,
    Sphere,
    TypeOrientation,
)
from jalon.orientations.workflows import REORIENTATION
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot, nombre
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

CODE = "orientations.reorientation"


# --- L'alternance entre sphères


@dataclass(frozen=True)
class Alternance:
    """Combien de fois une personne a changé d'orientation, et combien de fois de sphère (R37)."""

    reorientations: int
    changements: int
    seuil: int

    @property
    def signalee(self) -> bool:
        return self.changements >= self.seuil


def alternance(personne: Personne, jour: date) -> Alternance:
    """Changements de sphère d'une personne, décisions annulées écartées."""
    return alternances([personne.pk], jour)[personne.pk]


def alternances(personnes: Collection[int], jour: date) -> dict[int, Alternance]:
    """Pour toute une liste, en une requête."""
    seuil = int(nombre("orientation.alternances_signalees", jour))
    spheres: dict[int, list[str]] = {personne: [] for personne in personnes}
    decisions = (
        DecisionOrientation.objects.filter(personne__in=list(personnes), annulee_le=None)
        .order_by("personne_id", "decidee_le", "pk")
        .values_list("personne_id", "type__sphere")
    )
    for personne, sphere in decisions:
        spheres[personne].append(sphere)
    return {
        personne: Alternance(max(0, len(suite) - 1), sum(a != b for a, b in pairwise(suite)), seuil)
        for personne, suite in spheres.items()
    }


# --- Lire


def demandes(perimetre: Perimetre) -> QuerySet[DemandeReorientation]:
    """Demandes des personnes du périmètre, avec leur direction (« social → professionnel »)."""
    if perimetre.agent is None:
        return DemandeReorientation.objects.none()
    return DemandeReorientation.objects.filter(filtre_perimetre(perimetre, "personne__")).annotate(
        sens=Case(
            When(decision__type__sphere=Sphere.SOCIALE, type_souhaite__sphere=Sphere.SOCIALE, then=Value("meme")),
            When(type_souhaite__sphere=Sphere.SOCIALE, then=Value("vers_social")),
            When(decision__type__sphere=Sphere.SOCIALE, then=Value("vers_pro")),
            default=Value("meme"), output_field=CharField(),
        )
    )  # fmt: skip


def acceder_demande(perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter") -> DemandeReorientation:
    """Rend la demande si la personne est dans le périmètre. Lève `HorsPerimetreError`, `DroitManquantError`."""
    perimetre.exiger(droit)
    demande = (
        demandes(perimetre)
        .filter(public_id=public_id)
        .select_related(
            "personne__territoire", "decision__type", "decision__organisme", "type_souhaite", "organisme_souhaite", "motif",
            "demandee_par", "correspondant", "avis_par", "decidee_par", "nouvelle_decision__type",
        )
        .first()
    )  # fmt: skip
    if demande is None:
        raise HorsPerimetreError(
            f"Cette demande de {mot('reorientation').singulier} n'existe pas, ou n'est pas dans votre périmètre."
        )
    return demande


def demande_en_cours(personne: Personne) -> DemandeReorientation | None:
    """La demande encore ouverte de cette personne."""
    return (
        DemandeReorientation.objects.filter(personne=personne, etat__in=EN_COURS)
        .select_related("type_souhaite", "demandee_par")
        .first()
    )


EN_COURS = frozenset({EtatReorientation.DEMANDEE, EtatReorientation.TRANSMISE, EtatReorientation.AVIS_RENDU})
EST_EN_COURS = Q(etat__in=EN_COURS)


# --- Agir


@transaction.atomic
def demander_reorientation(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    type_souhaite: TypeOrientation,
    argumentaire: str,
    avis_personne: str = "",
    motif: MotifOrientation | None = None,
    organisme_souhaite: Organisme | None = None,
    correspondant: Agent | None = None,
) -> DemandeReorientation:
    """Demande que la personne change d'orientation ; le correspondant la recevra. Réf. : [001] P1 III.1.2, F042.

    Les mots de la personne se gardent à part de l'argumentaire. Une demande à la fois. Lève `JalonError`,
    `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("reorientation.demander")
    if not argumentaire.strip():
        raise JalonError("Dites pourquoi changer : qui rendra l'avis ne connaît pas encore la personne.")
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    decision = (
        DecisionOrientation.objects.filter(personne=personne, periode__endswith=None, periode__isempty=False)
        .select_related("type", "organisme")
        .first()
    )
    if decision is None:
        raise TransitionRefuseeError(
            "Cette personne n'est pas encore orientée : elle attend sa première décision, pas une "
            f"{mot('reorientation').singulier}."
        )
    if motif is not None and type_souhaite.sphere not in motif.spheres:
        raise JalonError(
            f"Le motif « {motif.libelle} » ne fonde pas « {type_souhaite.libelle} » : changez l'un ou l'autre."
        )
    if type_souhaite.pk == decision.type_id and (
        organisme_souhaite is None or organisme_souhaite.pk == decision.organisme_id
    ):
        raise JalonError(
            f"La personne est déjà orientée « {decision.type.libelle} », {decision.organisme} : choisissez un autre "
            "type, ou un autre organisme."
        )
    demande = DemandeReorientation(
        personne=personne, decision=decision, type_souhaite=type_souhaite, organisme_souhaite=organisme_souhaite,
        motif=motif, argumentaire=argumentaire.strip(), avis_personne=avis_personne.strip(), demandee_par=acteur,
        demandee_le=timezone.localdate(), correspondant=correspondant,
    )  # fmt: skip
    try:
        with transaction.atomic():
            demande.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            f"Une demande de {mot('reorientation').singulier} est déjà en cours pour cette personne : suivez celle-là."
        ) from erreur
    _tracer(demande, "demandee", acteur, perimetre, motif=argumentaire.strip())
    return demande


@transaction.atomic
def transmettre_demande(demande: DemandeReorientation, *, acteur: Agent, perimetre: Perimetre) -> DemandeReorientation:
    """Le correspondant porte la demande devant qui rendra l'avis."""
    perimetre.exiger("reorientation.examiner")
    demande = _verrouiller(demande, "transmettre")
    demande.correspondant = demande.correspondant or acteur
    return _passer(demande, "transmettre", acteur, perimetre, champs=["correspondant"])


@transaction.atomic
def rendre_avis(
    demande: DemandeReorientation, *, acteur: Agent, perimetre: Perimetre, avis: str, texte: str
) -> DemandeReorientation:
    """Donne l'avis qui précède toute réorientation, et ses motifs. Réf. : R64, [001] A I.2."""
    perimetre.exiger("reorientation.examiner")
    if avis not in AvisReorientation.values:
        raise JalonError("Un avis est favorable ou défavorable : choisissez l'un des deux.")
    if not texte.strip():
        raise JalonError("Un avis se motive : écrivez sur quoi il se fonde, la personne peut le demander.")
    demande = _verrouiller(demande, "rendre_avis")
    demande.avis, demande.avis_texte = avis, texte.strip()
    demande.avis_le, demande.avis_par = timezone.localdate(), acteur
    return _passer(
        demande, "rendre_avis", acteur, perimetre, champs=["avis", "avis_texte", "avis_le", "avis_par"],
        motif=texte.strip(),
    )  # fmt: skip


@transaction.atomic
def refuser_demande(
    demande: DemandeReorientation, *, acteur: Agent, perimetre: Perimetre, motif: str
) -> DemandeReorientation:
    """Garde l'orientation en vigueur, et dit pourquoi. Accepter passe par la décision elle-même."""
    perimetre.exiger("orientation.decider")
    if not motif.strip():
        raise JalonError("Un refus se motive : le référent et la personne liront ce motif.")
    demande = _verrouiller(demande, "refuser")
    demande.motif_refus = motif.strip()[:500]
    demande.decidee_le, demande.decidee_par = timezone.localdate(), acteur
    return _passer(
        demande, "refuser", acteur, perimetre, champs=["motif_refus", "decidee_le", "decidee_par"], motif=motif.strip()
    )


@transaction.atomic
def retirer_demande(
    demande: DemandeReorientation, *, acteur: Agent, perimetre: Perimetre, motif: str
) -> DemandeReorientation:
    """L'auteur de la demande y renonce ; le dossier garde qu'elle a existé."""
    perimetre.exiger("reorientation.demander")
    if demande.demandee_par_id != acteur.pk:
        raise TransitionRefuseeError(f"Cette demande est celle de {demande.demandee_par} : demandez-lui de la retirer.")
    if not motif.strip():
        raise JalonError("Dites pourquoi retirer la demande : le dossier gardera ce motif.")
    return _passer(_verrouiller(demande, "retirer"), "retirer", acteur, perimetre, champs=[], motif=motif.strip())


def verrouiller_acceptation(demande: DemandeReorientation) -> DemandeReorientation:
    """Prend la demande pour l'accepter par une décision ; refuse sans avis, ou si elle est close (R64)."""
    return _verrouiller(demande, "accepter")


def _verrouiller(demande: DemandeReorientation, acte: str) -> DemandeReorientation:
    verrouillee = (
        DemandeReorientation.objects.select_for_update(of=("self",))
        .select_related("personne", "type_souhaite", "decision__type", "demandee_par")
        .filter(pk=demande.pk)
        .first()
    )
    if verrouillee is None:
        raise HorsPerimetreError("Cette demande n'est pas dans votre périmètre : demandez à qui elle est confiée.")
    _verifier(verrouillee, acte)
    return verrouillee


def _verifier(demande: DemandeReorientation, acte: str) -> None:
    if demande.etat in REORIENTATION[acte][0]:
        return
    suite = {
        EtatReorientation.DEMANDEE: "transmettez-la d'abord pour avis",
        EtatReorientation.TRANSMISE: "un avis doit d'abord être rendu",
        EtatReorientation.AVIS_RENDU: "l'avis est déjà rendu, il reste à décider",
    }.get(EtatReorientation(demande.etat), "il n'y a plus rien à y faire")
    raise TransitionRefuseeError(f"Cette demande est « {demande.get_etat_display().lower()} » : {suite}.")


def _passer(
    demande: DemandeReorientation, acte: str, acteur: Agent, perimetre: Perimetre, *, champs: list[str], **suite: Any
) -> DemandeReorientation:
    de, vers = demande.etat, REORIENTATION[acte][1]
    assert vers is not None
    demande.etat = vers
    demande.save(update_fields=["etat", *champs])
    _tracer(demande, vers, acteur, perimetre, de=de, **suite)
    return demande


def _tracer(
    demande: DemandeReorientation, participe: str, acteur: Agent, perimetre: Perimetre, *, de: str = "", motif: str = ""
) -> None:
    tracer(
        f"{CODE}.{participe}", demande, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[demande.personne.public_id], de=de, vers=demande.etat, motif=motif[:500],
        resume=f"Réorientation {demande.get_etat_display().lower()} : {demande.type_souhaite.libelle}"[:300],
    )  # fmt: skip

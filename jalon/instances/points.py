"""Les points d'une instance générale : ce qui est à l'ordre du jour, ce qui est décidé, qui le porte, si c'est fait."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import PREPARER, acceder_seance, exiger_conduite
from jalon.instances.models import EtatSeance, NatureInstance, PointSeance, Seance, ThemeInstance
from jalon.instances.ordre_du_jour import exiger_nature
from jalon.instances.quorum import sieges_tenus
from jalon.instances.seances import verrouiller_seance
from jalon.instances.workflows import exiger_seance
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def acceder_point(perimetre: Perimetre, public_id: UUID) -> PointSeance:
    """Rend le point d'une séance que l'agent voit. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    point = PointSeance.objects.filter(public_id=public_id, retire_le=None).select_related("seance", "theme").first()
    if point is None:
        acceder_seance(perimetre, public_id)
        raise HorsPerimetreError("Ce point n'existe plus : revenez à la séance.")
    point.seance = acceder_seance(perimetre, point.seance.public_id)
    return point


@transaction.atomic
def ajouter_point(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, theme: ThemeInstance, intitule: str, expose: str = ""
) -> PointSeance:
    """Ajoute un point à l'ordre du jour, à la suite ; en séance encore, sous « questions diverses »."""
    perimetre.exiger(PREPARER)
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "ajouter_point")
    exiger_nature(seance, NatureInstance.GENERALE)
    if theme.type_id != seance.instance.type_id or not theme.actif:
        raise JalonError("Ce thème n'est pas de cette instance : choisissez-en un de la liste.")
    dernier = seance.points.aggregate(m=Max("rang"))["m"] or 0
    point = PointSeance(
        seance=seance, theme=theme, rang=dernier + 1, intitule=intitule.strip(), expose=expose.strip(),
        inscrit_par=acteur,
    )  # fmt: skip
    _enregistrer(point)
    _tracer(point, "inscrit", acteur, perimetre)
    return point


@transaction.atomic
def retirer_point(point: PointSeance, *, acteur: Agent, perimetre: Perimetre) -> PointSeance:
    """Retire de l'ordre du jour un point sur lequel rien n'est décidé."""
    perimetre.exiger(PREPARER)
    exiger_seance(verrouiller_seance(point.seance).etat, "ajouter_point")
    point = _verrouiller(point)
    if point.decision:
        raise TransitionRefuseeError("Une décision est écrite pour ce point : il reste au procès-verbal.")
    point.retire_le = timezone.localdate()
    point.save(update_fields=["retire_le"])
    _tracer(point, "retire", acteur, perimetre)
    return point


@transaction.atomic
def decider_point(
    point: PointSeance,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    decision: str,
    responsable: str = "",
    echeance: date | None = None,
) -> PointSeance:
    """Écrit ce que l'instance décide, qui le porte et pour quand ; se reprend jusqu'à la clôture ([003] 5.6)."""
    seance = verrouiller_seance(point.seance)
    exiger_conduite(perimetre, seance)
    exiger_seance(seance.etat, "statuer")
    point = _verrouiller(point)
    if not decision.strip() and (responsable.strip() or echeance is not None):
        raise JalonError("Écrivez la décision avant de dire qui la porte et pour quand.")
    if echeance is not None and not responsable.strip():
        raise JalonError("Une échéance a quelqu'un pour la tenir : dites qui.")
    if echeance is not None and echeance < seance.date:
        raise JalonError("L'échéance est avant la séance : choisissez une date à venir.")
    point.decision, point.responsable, point.echeance = decision.strip(), responsable.strip(), echeance
    point.siegeaient = sieges_tenus(seance) if point.decision else {}
    _enregistrer(point)
    _tracer(point, "decide", acteur, perimetre)
    return point


@transaction.atomic
def suivre_point(point: PointSeance, *, acteur: Agent, perimetre: Perimetre, suite: str) -> PointSeance:
    """Dit qu'une décision d'une séance close est faite, et comment. Le procès-verbal, lui, ne change pas."""
    perimetre.exiger(PREPARER)
    seance = verrouiller_seance(point.seance)
    if seance.etat != EtatSeance.CLOSE:
        raise TransitionRefuseeError("Cette séance n'est pas close : la décision peut encore changer.")
    point = _verrouiller(point)
    if not point.decision:
        raise TransitionRefuseeError("Rien n'a été décidé sur ce point : il n'y a pas de suite à noter.")
    if point.fait_le is not None:
        raise TransitionRefuseeError(f"Cette décision est dite faite depuis le {point.fait_le:%d/%m/%Y}.")
    if not suite.strip():
        raise JalonError("Dites en une phrase ce qui a été fait : la prochaine séance le lira.")
    point.fait_le, point.suite = timezone.localdate(), suite.strip()[:500]
    point.save(update_fields=["fait_le", "suite"])
    _tracer(point, "fait", acteur, perimetre)
    return point


def _verrouiller(point: PointSeance) -> PointSeance:
    return (
        PointSeance.objects.select_for_update(of=("self",))
        .select_related("seance__instance__type", "theme")
        .get(pk=point.pk)
    )


def _enregistrer(point: PointSeance) -> None:
    try:
        point.full_clean()
    except ValidationError as erreur:
        raise JalonError(" ".join(erreur.messages)) from erreur
    point.save()


def _tracer(point: PointSeance, participe: str, acteur: Agent, perimetre: Perimetre) -> None:
    tracer(
        f"instances.point.{participe}", point, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"{point.seance.instance} : {point.intitule}"[:300],
    )  # fmt: skip

"""Qui entre dans une séance, et jusqu'à quand (F037, issue des instances).

Deux portes. Qui prépare ou préside tient les séances de ses territoires. Qui siège ne lit un dossier que par l'ordre
du jour d'une séance dont il est membre, de la convocation à la clôture, sauf s'il s'en est retiré.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.models import (
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    Instance,
    MembreInstance,
    NatureInstance,
    Seance,
)
from jalon.instances.workflows import DOSSIER, SEANCE
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import DroitManquantError, HorsPerimetreError

PREPARER, PRESIDER, SIEGER = "seances.preparer", "seances.presider", "seances.sieger"
SEANCE_INCONNUE = (
    "Cette séance n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, ou demandez à son secrétaire."
)
DOSSIER_FERME = (
    "Ce dossier n'est pas à l'ordre du jour d'une séance où vous siégez, ou la séance est close : "
    "un dossier se lit de la convocation à la clôture."
)


def exiger_une_porte(perimetre: Perimetre) -> None:
    """Lève `DroitManquantError` si l'agent ne prépare, ne préside ni ne siège."""
    if not any(perimetre.peut(droit) for droit in (PREPARER, PRESIDER, SIEGER)):
        perimetre.exiger(SIEGER)


def tient(perimetre: Perimetre) -> bool:
    """L'agent prépare ou préside des séances."""
    return perimetre.peut(PREPARER) or perimetre.peut(PRESIDER)


def _sieges(agent: Agent, jour: date) -> QuerySet[MembreInstance]:
    return MembreInstance.objects.filter(agent=agent, periode__contains=jour).order_by()


def _portee(perimetre: Perimetre, prefixe: str) -> Q:
    """« Cette instance est de mes territoires, si je la tiens, ou j'y siège aujourd'hui »."""
    if perimetre.agent is None:
        return Q(pk__in=[])
    portee = Q(pk__in=[])
    if tient(perimetre):
        if perimetre.tout:
            return Q()
        portee |= Q(**{f"{prefixe}territoire_id__in": perimetre.territoires})
    if perimetre.peut(SIEGER):
        sieges = _sieges(perimetre.agent, timezone.localdate()).values("instance_id")
        portee |= Q(**{f"{prefixe}pk__in": sieges})
    return portee


def instances_du_perimetre(perimetre: Perimetre) -> QuerySet[Instance]:
    """Instances que l'agent tient ou dont il est membre."""
    return Instance.objects.filter(_portee(perimetre, ""), actif=True).select_related("type", "territoire")


def seances_du_perimetre(perimetre: Perimetre) -> QuerySet[Seance]:
    """Séances de ces instances."""
    return Seance.objects.filter(_portee(perimetre, "instance__")).select_related(
        "instance__type", "instance__territoire", "president__agent", "secretaire"
    )


def seances_ou_inscrire(perimetre: Perimetre) -> QuerySet[Seance]:
    """Séances d'orientation à venir dont l'agent prépare l'ordre du jour, la plus proche d'abord ; aucune sans ce droit."""
    if not perimetre.peut(PREPARER):
        return Seance.objects.none()
    tenues = Q() if perimetre.tout else Q(instance__territoire_id__in=perimetre.territoires)
    return (
        seances_du_perimetre(perimetre)
        .filter(
            tenues,
            etat__in=SEANCE["inscrire"],
            date__gte=timezone.localdate(),
            instance__type__nature=NatureInstance.ORIENTATION,
        )
        .order_by("date", "heure", "pk")
    )


def tient_instance(perimetre: Perimetre, instance: Instance) -> bool:
    """L'agent tient les séances de cette instance-là : il la voit autrement que comme membre."""
    return tient(perimetre) and (perimetre.tout or instance.territoire_id in perimetre.territoires)


def acceder_instance(perimetre: Perimetre, public_id: UUID, *, droit: str = "") -> Instance:
    """Rend l'instance ; avec `droit`, il faut la tenir. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    if droit:
        perimetre.exiger(droit)
    else:
        exiger_une_porte(perimetre)
    instance = instances_du_perimetre(perimetre).filter(public_id=public_id).first()
    if instance is None or (droit and not tient_instance(perimetre, instance)):
        raise HorsPerimetreError(
            "Cette instance n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
            "ou demandez à votre responsable."
        )
    return instance


def acceder_seance(perimetre: Perimetre, public_id: UUID, *, droit: str = "") -> Seance:
    """Rend la séance ; avec `droit`, il faut la tenir. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    if droit:
        perimetre.exiger(droit)
    else:
        exiger_une_porte(perimetre)
    seance = seances_du_perimetre(perimetre).filter(public_id=public_id).first()
    if seance is None or (droit and not tient_instance(perimetre, seance.instance)):
        raise HorsPerimetreError(SEANCE_INCONNUE)
    return seance


def siege_de(perimetre: Perimetre, instance: Instance) -> MembreInstance | None:
    """À quel titre l'agent siège aujourd'hui dans cette instance."""
    if perimetre.agent is None:
        return None
    return (
        _sieges(perimetre.agent, timezone.localdate())
        .filter(instance=instance)
        .select_related("qualite", "agent", "organisme")
        .order_by("pk")
        .first()
    )


def conduit(perimetre: Perimetre, seance: Seance) -> bool:
    """L'agent saisit les décisions : il préside ici, ou tient le secrétariat de cette séance."""
    if perimetre.agent is None or not tient_instance(perimetre, seance.instance):
        return False
    return perimetre.peut(PRESIDER) or (perimetre.peut(PREPARER) and seance.secretaire_id == perimetre.agent.pk)


def exiger_conduite(perimetre: Perimetre, seance: Seance) -> None:
    """Lève `DroitManquantError` à qui ne préside ni ne tient le secrétariat."""
    if not conduit(perimetre, seance):
        raise DroitManquantError(
            "Seuls la présidence et le secrétariat de la séance y notent les décisions. Demandez-leur la main."
        )


def lit_le_pv(perimetre: Perimetre, seance: Seance) -> bool:
    """L'agent lit le procès-verbal avec les noms : il tient l'instance, et ne s'est retiré d'aucun de ses dossiers."""
    if not tient_instance(perimetre, seance.instance):
        return False
    return not DeportMembre.objects.filter(dossier__seance=seance, membre__agent=perimetre.agent).exists()


def _dont_il_s_est_retire(agent: Agent) -> QuerySet[DeportMembre, Any]:
    return DeportMembre.objects.filter(membre__agent=agent).order_by().values("dossier_id")


def dossiers_ouverts(perimetre: Perimetre, seance: Seance) -> QuerySet[DossierSeance]:
    """Dossiers de cette séance que l'agent lit aujourd'hui.

    Qui tient l'instance : ceux des personnes de son périmètre, avant comme après. Qui n'y fait que siéger : ceux de
    l'ordre du jour, de la convocation à la clôture, sauf ceux dont il s'est retiré.
    """
    lus = DossierSeance.objects.filter(seance=seance)
    if perimetre.agent is None:
        return lus.none()
    retire_de = _dont_il_s_est_retire(perimetre.agent)
    if tient_instance(perimetre, seance.instance):
        return lus.filter(filtre_perimetre(perimetre, "personne__")).exclude(pk__in=retire_de)
    if (
        not perimetre.peut(SIEGER)
        or seance.etat not in SEANCE["consulter"]
        or siege_de(perimetre, seance.instance) is None
    ):
        return lus.none()
    return lus.filter(etat__in=DOSSIER["consulter"]).exclude(pk__in=retire_de)


def dossiers_retires(perimetre: Perimetre, seance: Seance) -> QuerySet[DossierSeance]:
    """Dossiers dont s'est retiré qui tient la séance : il en sait le rang et l'état, jamais de qui il s'agit (F037).

    Vide pour qui n'y fait que siéger : la base ne lui dit plus rien d'un dossier dont il s'est retiré.
    """
    if perimetre.agent is None or not tient_instance(perimetre, seance.instance):
        return DossierSeance.objects.none()
    return (
        DossierSeance.objects.filter(seance=seance, pk__in=_dont_il_s_est_retire(perimetre.agent))
        .exclude(etat=EtatDossierSeance.RETIRE)
        .only("rang", "etat")
        .order_by("rang")
    )


def acceder_dossier_seance(perimetre: Perimetre, public_id: UUID) -> DossierSeance:
    """Rend un dossier de l'ordre du jour à qui tient la séance, ou y siège, tant qu'il le peut.

    Lève `DroitManquantError` ou `HorsPerimetreError` : on ne dit pas si le dossier existe.
    """
    exiger_une_porte(perimetre)
    seance = seances_du_perimetre(perimetre).filter(dossiers__public_id=public_id).first()
    dossier = (
        dossiers_ouverts(perimetre, seance)
        .filter(public_id=public_id)
        .select_related("personne__territoire", "theme", "examine_par")
        .first()
        if seance is not None
        else None
    )
    if seance is None or dossier is None:
        raise HorsPerimetreError(DOSSIER_FERME)
    dossier.seance = seance
    return dossier

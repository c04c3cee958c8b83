"""Entendre les personnes devant l'instance : leur heure de passage, leur convocation, leur venue (R61)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.acces import PREPARER, conduit
from jalon.instances.models import DossierSeance, NatureInstance, Seance
from jalon.instances.ordre_du_jour import VIVANTS, exiger_nature, verrouiller_dossier
from jalon.instances.seances import verrouiller_seance
from jalon.instances.workflows import exiger_dossier, exiger_seance
from jalon.manquements.observations import noter_audition, proposer_audition
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROITS_DE_LA_SEANCE = frozenset({"manquements.consulter", "manquement.instruire"})


@transaction.atomic
def fixer_passages(
    seance: Seance, *, acteur: Agent, perimetre: Perimetre, premier: time, minutes: int, dossiers: Iterable[UUID] = ()
) -> list[DossierSeance]:
    """Donne une heure de passage à chaque personne à entendre, dans l'ordre du jour.

    `dossiers` : ceux à entendre ; vide, ceux des personnes qui ont demandé à l'être. Une personne déjà convoquée garde
    son heure. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(PREPARER)
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "fixer_passages")
    exiger_nature(seance, NatureInstance.AVIS)
    if not 5 <= minutes <= 120:
        raise JalonError("Comptez de 5 à 120 minutes par personne.")
    voulus = list(dossiers)
    siens = seance.dossiers.filter(etat__in=VIVANTS, avis_rendu__manquement__isnull=False)
    siens = (
        siens.filter(public_id__in=voulus) if voulus else siens.filter(avis_rendu__manquement__demande_audition=True)
    )
    libres = list(siens.filter(convoquee_le=None).select_for_update(of=("self",)).order_by("rang", "pk"))
    if not libres:
        raise JalonError("Personne n'est à entendre : cochez des dossiers, ou aucune personne ne l'a demandé.")
    prises = set(
        seance.dossiers.filter(etat__in=VIVANTS, passage_a__isnull=False)
        .exclude(pk__in=[d.pk for d in libres])
        .order_by("passage_a")
        .values_list("passage_a", flat=True)
    )
    seance.dossiers.filter(pk__in=[d.pk for d in libres]).update(passage_a=None)
    moment = datetime.combine(seance.date, premier)
    for dossier in libres:
        while moment.time() in prises:
            moment += timedelta(minutes=minutes)
        if moment.date() != seance.date:
            raise JalonError("Les passages dépasseraient la journée : réduisez la durée, ou avancez la première heure.")
        dossier.passage_a = moment.time()
        moment += timedelta(minutes=minutes)
    DossierSeance.objects.bulk_update(libres, ["passage_a"])
    tracer(
        "instances.passages.fixes", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"{seance.instance} : {len(libres)} heures de passage"[:300],
    )  # fmt: skip
    return libres


@transaction.atomic
def convoquer_personnes(seance: Seance, *, acteur: Agent, perimetre: Perimetre) -> list[DossierSeance]:
    """Écrit la lettre de convocation de chaque personne qui a une heure de passage et n'est pas encore convoquée (R61).

    La lettre dit le reproche, l'heure, le lieu, et qu'elle peut venir avec la personne de son choix. On ne convoque pas
    pour le jour même. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(PREPARER)
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "convoquer_personnes")
    a_convoquer = list(
        seance.dossiers.filter(etat__in=VIVANTS, passage_a__isnull=False, convoquee_le=None)
        .select_related("avis_rendu__manquement__motif", "avis_rendu__manquement__personne", "personne")
        .select_for_update(of=("self",))
        .order_by("passage_a", "pk")
    )
    if not a_convoquer:
        raise JalonError("Personne n'est à convoquer : fixez d'abord les heures de passage.")
    au_nom = replace(perimetre, droits=perimetre.droits | DROITS_DE_LA_SEANCE)
    for dossier in a_convoquer:
        manquement = dossier.avis_rendu.manquement
        assert manquement is not None, "seule une procédure a une heure de passage"
        assert dossier.passage_a is not None
        dossier.convocation = proposer_audition(
            manquement, acteur=acteur, perimetre=au_nom, le=seance.date, heure=dossier.passage_a,
            lieu=seance.lieu,
        )  # fmt: skip
        dossier.convoquee_le = timezone.localdate()
    DossierSeance.objects.bulk_update(a_convoquer, ["convocation", "convoquee_le"])
    tracer(
        "instances.personnes.convoquees", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[d.personne.public_id for d in a_convoquer],
        resume=f"{seance.instance} : {len(a_convoquer)} personnes convoquées"[:300],
    )  # fmt: skip
    return a_convoquer


@transaction.atomic
def noter_venue(
    dossier: DossierSeance, *, acteur: Agent, perimetre: Perimetre, assistee_par: str = ""
) -> DossierSeance:
    """Note que la personne a été entendue par la séance, et qui l'assistait (R61)."""
    seance = verrouiller_seance(dossier.seance)
    if not conduit(perimetre, seance):
        raise DroitManquantError(
            f"Seuls la présidence et le secrétariat notent une {mot('audition').singulier}. Demandez-leur la main."
        )
    exiger_seance(seance.etat, "statuer")
    exiger_nature(seance, NatureInstance.AVIS)
    dossier = verrouiller_dossier(dossier)
    exiger_dossier(dossier.etat, "noter")
    if dossier.entendue_le is not None:
        raise TransitionRefuseeError(f"La personne est notée entendue le {dossier.entendue_le:%d/%m/%Y}.")
    dossier.entendue_le, dossier.assistee_par = timezone.localdate(), assistee_par.strip()[:160]
    dossier.save(update_fields=["entendue_le", "assistee_par"])
    avis = dossier.avis_rendu
    if avis.manquement is not None:
        au_nom = replace(perimetre, droits=perimetre.droits | DROITS_DE_LA_SEANCE)
        noter_audition(
            avis.manquement, acteur=acteur, perimetre=au_nom, entendue_le=dossier.entendue_le,
            assistee_par=dossier.assistee_par,
        )  # fmt: skip
    tracer(
        "instances.personne.entendue", dossier, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[dossier.personne.public_id],
        resume=f"Entendue{', assistée' if dossier.assistee_par else ''} ({seance.instance})"[:300],
    )  # fmt: skip
    return dossier

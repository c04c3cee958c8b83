"""Clore une séance : appliquer ce qu'elle a décidé, figer son procès-verbal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.avis import appliquer_avis, relire_les_torts
from jalon.instances.examen import AVIS_VIDE, CHOIX_VIDE
from jalon.instances.models import (
    AvisDossier,
    ChoixOrientation,
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    EtatPresence,
    EtatSeance,
    NatureInstance,
    PresenceSeance,
    Seance,
)
from jalon.instances.orientation import appliquer
from jalon.instances.papiers import enregistrer_pv
from jalon.instances.quorum import calculer_quorum, presences, qualites_du_type
from jalon.instances.seances import oublier_les_auditions, verrouiller_seance
from jalon.instances.selectors import lire_ordre_du_jour, points_de
from jalon.instances.workflows import exiger_seance
from jalon.personnes.fusion import effets_complets
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

FAUTE_DE_TEMPS = "Non examiné pendant la séance"
A_DEMENAGE = "La personne a changé de territoire : son dossier se rouvre là où elle vit"
"""Sorti du périmètre de la présidence depuis la convocation, un dossier ne reste pas à l'ordre du jour d'une séance close."""
APPLICATIONS = {NatureInstance.ORIENTATION: appliquer, NatureInstance.AVIS: appliquer_avis}
"""Ce que la clôture fait d'un dossier examiné, par nature d'instance ; une instance générale n'a pas de dossier."""


@transaction.atomic
def clore_seance(seance: Seance, *, acteur: Agent, perimetre: Perimetre) -> Seance:
    """Applique toutes les décisions retenues et fige le procès-verbal. Réf. : F037, R32.

    Chaque dossier s'applique derrière son propre point de reprise : celui qui ne le peut plus (déjà orienté par un
    autre, référent complet, quorum perdu par un retrait, tort du service apparu depuis) ne défait pas les autres. Il
    sort « à revoir », avec sa phrase au procès-verbal, et la personne reste dans la file pour la prochaine séance. Un
    dossier non examiné est ajourné. Sans quorum, rien ne se décide : la clôture est refusée. Un départ après l'examen ne
    défait pas ce qui fut examiné au complet. Lève `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("seances.presider")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "clore")
    lues, qualites = presences(seance), qualites_du_type(seance)
    examines = _verrouiller_les_examines(seance)
    if defaut := defaut_de_quorum(seance):
        raise TransitionRefuseeError(defaut)
    retires: dict[int, set[int]] = {}
    for deport in DeportMembre.objects.filter(dossier__in=examines).order_by("pk"):
        retires.setdefault(deport.dossier_id, set()).add(deport.membre_id)
    for dossier in examines:
        try:
            with transaction.atomic():
                sortis = retires.get(dossier.pk, set())
                sans = calculer_quorum(seance, lues, qualites, sortis, vus=dossier.siegeaient)
                if dossier.preside_par_id in sortis:
                    raise TransitionRefuseeError(
                        f"{dossier.preside_par} présidait, et s'est ensuite retiré de ce dossier."
                    )
                if not sans.atteint:
                    raise TransitionRefuseeError(f"Sans les membres qui se sont retirés : {sans.phrase}")
                APPLICATIONS[NatureInstance(dossier.nature)](dossier, acteur=acteur, perimetre=perimetre)
                _sortir(dossier, EtatDossierSeance.APPLIQUE, "")
        except JalonError as refus:
            _sortir(dossier, EtatDossierSeance.A_REVOIR, str(refus))
            if dossier.nature == NatureInstance.AVIS:
                relire_les_torts(dossier)
    vus = _siegeaient(seance, EtatDossierSeance.APPLIQUE)
    with effets_complets():
        _ajourner_le_reste(seance, FAUTE_DE_TEMPS)
        _ajourner_le_reste(seance, A_DEMENAGE, examines=True)
        return _fermer(seance, acteur, perimetre, vus=vus)


def defaut_de_quorum(seance: Seance) -> str:
    """Pourquoi la séance ne peut pas se clore, faute de quorum ; vide si tout ce qu'elle a décidé l'a été au complet."""
    lues, qualites = presences(seance), qualites_du_type(seance)
    present = calculer_quorum(seance, lues, qualites)
    decides = [] if present.atteint else _siegeaient(seance, EtatDossierSeance.EXAMINE)
    seuls = sum(1 for vus in decides if not calculer_quorum(seance, lues, qualites, vus=vus).atteint)
    if not seuls:
        return ""
    combien = "" if seuls == len(decides) else f" ({seuls} sur {len(decides)}, après un départ)"
    return (
        f"{present.phrase} Sans quorum, rien ne se décide{combien} : notez les arrivées, ajournez ce qui a été examiné "
        "sans lui, ou levez la séance sans décision."
    )


def _siegeaient(seance: Seance, etat: str) -> list[dict[str, int]]:
    """Qui siégeait pour chaque dossier dans cet état, et pour chaque point décidé."""
    dossiers = seance.dossiers.filter(etat=etat).order_by("pk").values_list("siegeaient", flat=True)
    points = seance.points.exclude(decision="").order_by("pk").values_list("siegeaient", flat=True)
    return [*dossiers, *points]


@transaction.atomic
def lever_seance(seance: Seance, *, acteur: Agent, perimetre: Perimetre, motif: str) -> Seance:
    """Lève la séance sans rien décider (quorum non atteint, interruption) ; tous ses dossiers sont ajournés.

    Ce qui était saisi, avis, choix ou décision sur un point, n'a pas été pris : il s'efface, et le procès-verbal dit
    pourquoi la séance est levée. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("seances.presider")
    seance = verrouiller_seance(seance)
    exiger_seance(seance.etat, "clore")
    if not motif.strip():
        raise JalonError("Dites pourquoi lever la séance sans décision : le procès-verbal le mentionne.")
    with effets_complets():
        _ajourner_le_reste(seance, motif.strip(), examines=True)
        seance.points.update(decision="", responsable="", echeance=None, siegeaient={})
        return _fermer(seance, acteur, perimetre, motif=motif.strip())


def _verrouiller_les_examines(seance: Seance) -> list[DossierSeance]:
    return list(
        DossierSeance.objects.select_for_update(of=("self",))
        .filter(seance=seance, etat=EtatDossierSeance.EXAMINE)
        .select_related(
            "personne", "theme", "seance", "choix__type", "choix__organisme__type", "choix__motif", "choix__parcours",
            "choix__referent", "choix__correspondant", "choix__proposition", "choix__demande", "choix__attente",
            "avis_rendu__manquement", "avis_rendu__demande", "avis_rendu__contrat", "preside_par__agent",
        )
        .order_by("rang", "pk")
    )  # fmt: skip


def _sortir(dossier: DossierSeance, etat: str, motif: str) -> None:
    dossier.etat, dossier.motif, dossier.sorti_le = etat, motif[:500], timezone.localdate()
    dossier.save(update_fields=["etat", "motif", "sorti_le"])


def _ajourner_le_reste(seance: Seance, motif: str, *, examines: bool = False) -> None:
    """Remet les dossiers restants à une autre séance, sans l'avis ni le choix provisoires, comme `ajourner_dossier`."""
    etats = [EtatDossierSeance.INSCRIT, *([EtatDossierSeance.EXAMINE] if examines else [])]
    reste = seance.dossiers.filter(etat__in=etats)
    oublier_les_auditions(reste)
    ChoixOrientation.objects.filter(dossier__in=reste).update(**CHOIX_VIDE)
    AvisDossier.objects.filter(dossier__in=reste).update(**AVIS_VIDE)
    reste.update(etat=EtatDossierSeance.AJOURNE, avis="", motif=motif[:500], sorti_le=timezone.localdate())


def _fermer(
    seance: Seance, acteur: Agent, perimetre: Perimetre, *, vus: Sequence[Mapping[str, int]] = (), motif: str = ""
) -> Seance:
    """Fige le procès-verbal. Le quorum qu'il dit est celui de la fin ou, perdu par un départ, le plus faible de ceux
    sous lesquels on a décidé.
    """
    seance.etat, seance.close_le = EtatSeance.CLOSE, timezone.now()
    PresenceSeance.objects.filter(seance=seance, etat=EtatPresence.ATTENDU).update(etat=EtatPresence.ABSENT)
    lues = presences(seance)
    dossiers = lire_ordre_du_jour(seance.dossiers.all())
    prefetch_related_objects(dossiers, "preside_par__agent", "preside_par__qualite")
    qualites = qualites_du_type(seance)
    quorum = calculer_quorum(seance, lues, qualites)
    if not quorum.atteint and vus:
        quorum = min((calculer_quorum(seance, lues, qualites, vus=v) for v in vus), key=lambda q: q.presents)
    seance.quorum_atteint = quorum.atteint
    pv, sans_noms = enregistrer_pv(
        seance, acteur=acteur, perimetre=perimetre, lues=lues, quorum=quorum, dossiers=dossiers,
        points=points_de(seance), motif_levee=motif,
    )  # fmt: skip
    seance.pv, seance.pv_anonyme = pv.public_id, sans_noms.public_id
    seance.save(update_fields=["etat", "close_le", "quorum_atteint", "pv", "pv_anonyme"])
    decides = sum(d.etat == EtatDossierSeance.APPLIQUE for d in dossiers)
    tracer(
        "instances.seance.close", seance, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[d.personne.public_id for d in dossiers if d.etat == EtatDossierSeance.APPLIQUE],
        de=EtatSeance.OUVERTE, vers=EtatSeance.CLOSE, motif=motif,
        donnees={"decides": decides, "dossiers": len(dossiers), "pv_sha256": pv.sha256},
        resume=f"{seance.instance} : séance n° {seance.numero} close, {decides} décisions"[:300],
    )  # fmt: skip
    return seance

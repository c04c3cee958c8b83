"""Lire une séance : son calendrier, son ordre du jour, qui attend d'y être inscrit, ce qu'elle a décidé."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from jalon.agents.perimetre import Perimetre
from jalon.instances.models import DossierSeance, EtatDossierSeance, EtatSeance, Instance, Seance
from jalon.organismes.selectors import avec_descendants
from jalon.orientations.models import AttenteOrientation, DemandeReorientation
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.reorientations import EST_EN_COURS, demandes

VIVANTS = (EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE)


# --- Calendrier


@dataclass(frozen=True)
class Rythme:
    """Une instance au regard de son rythme : dernière séance tenue, prochaine prévue, retard."""

    instance: Instance
    derniere: Seance | None
    prochaine: Seance | None
    attendue_le: date | None
    retard: int

    @property
    def alerte(self) -> bool:
        """Le rythme n'est pas tenu, et rien n'est prévu à temps."""
        return self.retard > 0

    @property
    def jamais(self) -> bool:
        return self.derniere is None and self.prochaine is None


def rythmes(instances: Sequence[Instance], jour: date) -> list[Rythme]:
    """Où en est chaque instance de son rythme ([001] P1 II.2 : bimensuelle), en deux lectures."""
    tenues = Seance.objects.filter(
        instance__in=instances, etat__in=[EtatSeance.OUVERTE, EtatSeance.CLOSE]
    ).order_by("instance_id", "-date", "-pk")  # fmt: skip
    dernieres = {seance.instance_id: seance for seance in tenues.distinct("instance_id")}
    prevues = Seance.objects.filter(
        instance__in=instances, etat__in=[EtatSeance.PREPAREE, EtatSeance.CONVOQUEE], date__gte=jour
    ).order_by("instance_id", "date", "pk")  # fmt: skip
    prochaines = {seance.instance_id: seance for seance in prevues.distinct("instance_id")}
    return [_rythme(i, dernieres.get(i.pk), prochaines.get(i.pk), jour) for i in instances]


def _rythme(instance: Instance, derniere: Seance | None, prochaine: Seance | None, jour: date) -> Rythme:
    pas = instance.type.rythme_jours
    attendue = derniere.date + timedelta(days=pas) if derniere is not None and pas else None
    vue = prochaine.date if prochaine is not None else jour
    retard = max(0, (vue - attendue).days) if attendue is not None else 0
    return Rythme(instance, derniere, prochaine, attendue, retard)


def avec_nombres(seances: QuerySet[Seance]) -> QuerySet[Seance]:
    """Ajoute le nombre de dossiers à examiner, examinés et décidés."""
    return seances.annotate(
        inscrits=Count("dossiers", filter=Q(dossiers__etat__in=VIVANTS)),
        decides=Count("dossiers", filter=Q(dossiers__etat=EtatDossierSeance.APPLIQUE)),
    )


# --- Qui peut être inscrit


def candidats(perimetre: Perimetre, seance: Seance) -> AttenteOrientationQuerySet:
    """Attentes du territoire de l'instance, du périmètre, qui ne sont à l'ordre du jour de rien."""
    inscrite = DossierSeance.objects.filter(personne_id=OuterRef("personne_id"), etat__in=VIVANTS)
    return (
        AttenteOrientationQuerySet(AttenteOrientation)
        .en_cours()
        .du_perimetre(perimetre)
        .filter(~Exists(inscrite), territoire_id__in=avec_descendants([seance.instance.territoire_id]))
    )


def demandes_a_examiner(perimetre: Perimetre, seance: Seance) -> QuerySet[DemandeReorientation]:
    """Demandes de réorientation en cours du territoire, qui ne sont à l'ordre du jour de rien."""
    inscrite = DossierSeance.objects.filter(personne_id=OuterRef("personne_id"), etat__in=VIVANTS)
    return demandes(perimetre).filter(
        ~Exists(inscrite), EST_EN_COURS, personne__territoire_id__in=avec_descendants([seance.instance.territoire_id])
    )


# --- Ordre du jour


def lire_ordre_du_jour(dossiers: QuerySet[DossierSeance]) -> list[DossierSeance]:
    """Dossiers avec ce que montre une ligne, dans l'ordre."""
    return list(
        dossiers.exclude(etat=EtatDossierSeance.RETIRE)
        .select_related(
            "personne", "theme", "choix__type", "choix__organisme", "choix__referent", "choix__motif",
            "choix__proposition__type", "choix__attente", "choix__demande",
        )
        .order_by("rang", "pk")
    )  # fmt: skip


@dataclass(frozen=True)
class Avancement:
    """Où en est la séance : examinés sur total."""

    faits: int
    total: int

    @property
    def reste(self) -> int:
        return self.total - self.faits


def avancement(dossiers: Sequence[DossierSeance]) -> Avancement:
    return Avancement(sum(d.etat != EtatDossierSeance.INSCRIT for d in dossiers), len(dossiers))


@dataclass(frozen=True)
class Bilan:
    """Ce que la séance a décidé, ou s'apprête à décider."""

    par_type: list[tuple[str, str, int]]
    """Code du type, libellé, nombre."""
    maintenus: int
    ajournes: list[DossierSeance]
    a_revoir: list[DossierSeance]
    ecarts: list[DossierSeance]
    depassements: list[DossierSeance]
    non_examines: int

    @property
    def decides(self) -> int:
        return sum(nombre for _, _, nombre in self.par_type) + self.maintenus


def bilan(dossiers: Sequence[DossierSeance]) -> Bilan:
    """Résume un ordre du jour déjà lu, avant comme après la clôture."""
    retenus = [d for d in dossiers if d.etat in (EtatDossierSeance.EXAMINE, EtatDossierSeance.APPLIQUE)]
    types: Counter[tuple[int, str, str]] = Counter(
        (d.choix.type.ordre, d.choix.type.code, d.choix.type.libelle) for d in retenus if d.choix.type is not None
    )
    return Bilan(
        par_type=[(code, libelle, nombre) for (_, code, libelle), nombre in sorted(types.items())],
        maintenus=sum(d.choix.maintien for d in retenus),
        ajournes=[d for d in dossiers if d.etat == EtatDossierSeance.AJOURNE],
        a_revoir=[d for d in dossiers if d.etat == EtatDossierSeance.A_REVOIR],
        ecarts=[d for d in retenus if s_ecarte_de_l_avis(d)],
        depassements=[d for d in retenus if d.choix.motif_depassement],
        non_examines=sum(d.etat == EtatDossierSeance.INSCRIT for d in dossiers),
    )


def d_une_issue(dossiers: Sequence[DossierSeance], issue: str) -> list[DossierSeance]:
    """Les dossiers derrière un nombre du bilan : un type, `maintien`, ou un état ; tous si rien n'est demandé."""
    if not issue:
        return list(dossiers)
    return [dossier for dossier in dossiers if issue in (dossier.etat, _choix_retenu(dossier))]


def _choix_retenu(dossier: DossierSeance) -> str:
    """Code du type retenu, `maintien`, ou rien tant que le dossier n'est ni examiné ni décidé."""
    if dossier.etat not in (EtatDossierSeance.EXAMINE, EtatDossierSeance.APPLIQUE):
        return ""
    choix: Any = dossier.choix
    if choix.maintien:
        return "maintien"
    return choix.type.code if choix.type is not None else ""


def s_ecarte_de_l_avis(dossier: DossierSeance) -> bool:
    """Le choix de la séance n'est pas celui que l'avis calculé proposait (I29)."""
    choix: Any = dossier.choix
    avis = choix.proposition
    return avis is not None and avis.type_id is not None and choix.type_id is not None and avis.type_id != choix.type_id

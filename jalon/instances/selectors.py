"""Lire une séance : son calendrier, son ordre du jour, qui attend d'y être inscrit, ce qu'elle a décidé."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.contrats.services import contrats_du_perimetre
from jalon.instances.models import (
    DossierSeance,
    EffetTheme,
    EtatDossierSeance,
    EtatSeance,
    Instance,
    NatureInstance,
    PointSeance,
    Seance,
    SensAvisDossier,
    ThemeInstance,
)
from jalon.manquements.models import EtatManquement, Manquement
from jalon.organismes.selectors import avec_descendants
from jalon.orientations.models import AttenteOrientation, DemandeReorientation, EtatReorientation
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.reorientations import EST_EN_COURS, demandes
from jalon.personnes.selectors import filtre_perimetre

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
    """Ajoute le nombre de dossiers ou de points à examiner, et décidés."""
    return seances.annotate(
        inscrits=Count("dossiers", filter=Q(dossiers__etat__in=VIVANTS), distinct=True),
        decides=Count("dossiers", filter=Q(dossiers__etat=EtatDossierSeance.APPLIQUE), distinct=True),
        points_inscrits=Count("points", filter=Q(points__retire_le=None), distinct=True),
        points_decides=Count(
            "points", filter=Q(points__retire_le=None) & ~Q(points__decision=""), distinct=True
        ),
    )  # fmt: skip


# --- Qui peut être inscrit


def candidats(perimetre: Perimetre, seance: Seance) -> AttenteOrientationQuerySet:
    """Attentes du territoire de l'instance, du périmètre, qui ne sont à l'ordre du jour de rien."""
    return (
        AttenteOrientationQuerySet(AttenteOrientation)
        .en_cours()
        .du_perimetre(perimetre)
        .filter(
            ~_inscrite(NatureInstance.ORIENTATION), territoire_id__in=avec_descendants([seance.instance.territoire_id])
        )
    )


def _inscrite(nature: str) -> Exists:
    """« Cette personne est à l'ordre du jour d'une instance de cette nature »."""
    return Exists(DossierSeance.objects.filter(personne_id=OuterRef("personne_id"), etat__in=VIVANTS, nature=nature))


def demandes_a_examiner(perimetre: Perimetre, seance: Seance) -> QuerySet[DemandeReorientation]:
    """Demandes de réorientation en cours du territoire, qui ne sont à l'ordre du jour de rien.

    Une instance qui donne un avis ne prend que les demandes qui l'attendent encore, dans les sens de ses thèmes.
    """
    nature = seance.instance.type.nature
    vivante = DossierSeance.objects.filter(etat__in=VIVANTS)
    libres = demandes(perimetre).filter(
        ~_inscrite(nature),
        ~Exists(vivante.filter(choix__demande_id=OuterRef("pk"))),
        ~Exists(vivante.filter(avis_rendu__demande_id=OuterRef("pk"))),
        EST_EN_COURS,
        personne__territoire_id__in=avec_descendants([seance.instance.territoire_id]),
    )
    if nature != NatureInstance.AVIS:
        return libres
    themes = themes_de(seance, EffetTheme.REORIENTATION)
    attend_un_avis = libres.filter(etat__in=[EtatReorientation.DEMANDEE, EtatReorientation.TRANSMISE])
    if themes and not all(theme.direction for theme in themes):
        return attend_un_avis
    directions = Q(sens__in=[theme.direction for theme in themes])
    return attend_un_avis.filter(directions)


def themes_de(seance: Seance, effet: str) -> list[ThemeInstance]:
    """Thèmes de cette instance qui ont cet effet, dans l'ordre."""
    return list(
        ThemeInstance.objects.filter(type=seance.instance.type_id, actif=True, effet=effet).order_by("ordre", "pk")
    )


def manquements_a_examiner(perimetre: Perimetre, seance: Seance) -> QuerySet[Manquement]:
    """Procédures du territoire qui attendent l'avis de cette instance, et qu'aucune autre n'examine (R63).

    Le délai d'observations doit être fini au jour de la séance, ou la personne avoir répondu. Une procédure où le
    service est en cause, ou dont le motif légitime est reconnu, se classe : elle ne vient pas en séance (R62).
    """
    themes = themes_de(seance, EffetTheme.MANQUEMENT)
    return Manquement.objects.filter(
        filtre_perimetre(perimetre, "personne__"),
        ~_inscrite(NatureInstance.AVIS),
        Q(observations_jusqu_au__lt=seance.date) | Q(reponse_le__isnull=False),
        motif__fraude__in={theme.fraude for theme in themes},
        etat=EtatManquement.AVERTI,
        service_en_cause=False,
        motif_legitime=False,
        personne__fusionnee_dans=None,
        personne__territoire_id__in=avec_descendants([seance.instance.territoire_id]),
    )


def contrats_a_lire(perimetre: Perimetre, seance: Seance) -> QuerySet[Contrat]:
    """Contrats en lecture commune du territoire, qu'aucune instance n'examine (R50, F053)."""
    if not themes_de(seance, EffetTheme.CONTRAT_COMPLEXE):
        return Contrat.objects.none()
    return contrats_du_perimetre(perimetre).filter(
        ~_inscrite(NatureInstance.AVIS),
        etat=EtatContrat.EN_LECTURE,
        personne__territoire_id__in=avec_descendants([seance.instance.territoire_id]),
    )


# --- Points d'une instance générale


def points_de(seance: Seance) -> list[PointSeance]:
    """Points à l'ordre du jour, dans l'ordre."""
    return list(seance.points.filter(retire_le=None).select_related("theme").order_by("rang", "pk"))


def decisions_a_suivre(instance: Instance, *, sauf: Seance | None = None) -> list[PointSeance]:
    """Décisions confiées par cette instance et pas encore dites faites, la plus pressée d'abord."""
    ouvertes = PointSeance.objects.filter(
        seance__instance=instance, seance__etat=EtatSeance.CLOSE, retire_le=None, fait_le=None
    ).exclude(responsable="")
    if sauf is not None:
        ouvertes = ouvertes.exclude(seance=sauf)
    return list(ouvertes.select_related("seance", "theme").order_by("echeance", "seance__date", "rang", "pk"))


# --- Ordre du jour


def lire_ordre_du_jour(dossiers: QuerySet[DossierSeance]) -> list[DossierSeance]:
    """Dossiers avec ce que montre une ligne, dans l'ordre."""
    return list(
        dossiers.exclude(etat=EtatDossierSeance.RETIRE)
        .select_related(
            "personne", "theme", "choix__type", "choix__organisme", "choix__referent", "choix__motif",
            "choix__proposition__type", "choix__attente", "choix__demande", "avis_rendu__manquement__motif",
            "avis_rendu__demande__type_souhaite", "avis_rendu__demande__decision__type", "avis_rendu__contrat__type",
            "avis_rendu__regle",
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
    """Code du type d'orientation ou du sens de l'avis, libellé, nombre."""
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
    choisis = [d for d in retenus if d.nature == NatureInstance.ORIENTATION]
    issues: Counter[tuple[int, str, str]] = Counter(
        (d.choix.type.ordre, d.choix.type.code, d.choix.type.libelle) for d in choisis if d.choix.type is not None
    )
    rangs = list(SensAvisDossier)
    issues.update(
        (rangs.index(sens := SensAvisDossier(d.avis_rendu.sens)), sens.value, f"Avis {sens.label.lower()}s")
        for d in retenus
        if d.nature == NatureInstance.AVIS
    )
    return Bilan(
        par_type=[(code, libelle, nombre) for (_, code, libelle), nombre in sorted(issues.items())],
        maintenus=sum(d.choix.maintien for d in choisis),
        ajournes=[d for d in dossiers if d.etat == EtatDossierSeance.AJOURNE],
        a_revoir=[d for d in dossiers if d.etat == EtatDossierSeance.A_REVOIR],
        ecarts=[d for d in choisis if s_ecarte_de_l_avis(d)],
        depassements=[d for d in choisis if d.choix.motif_depassement],
        non_examines=sum(d.etat == EtatDossierSeance.INSCRIT for d in dossiers),
    )


def d_une_issue(dossiers: Sequence[DossierSeance], issue: str) -> list[DossierSeance]:
    """Les dossiers derrière un nombre du bilan : un type, `maintien`, un sens d'avis, ou un état ; tous si rien n'est demandé."""
    if not issue:
        return list(dossiers)
    return [dossier for dossier in dossiers if issue in (dossier.etat, _choix_retenu(dossier))]


def _choix_retenu(dossier: DossierSeance) -> str:
    """Code du type retenu, `maintien`, sens de l'avis, ou rien tant que le dossier n'est ni examiné ni décidé."""
    if dossier.etat not in (EtatDossierSeance.EXAMINE, EtatDossierSeance.APPLIQUE):
        return ""
    if dossier.nature == NatureInstance.AVIS:
        return str(dossier.avis_rendu.sens)
    choix: Any = dossier.choix
    if choix.maintien:
        return "maintien"
    return choix.type.code if choix.type is not None else ""


def s_ecarte_de_l_avis(dossier: DossierSeance) -> bool:
    """Le choix de la séance n'est pas celui que l'avis calculé proposait (I29)."""
    choix: Any = dossier.choix
    avis = choix.proposition
    return avis is not None and avis.type_id is not None and choix.type_id is not None and avis.type_id != choix.type_id

"""L'horloge de l'accompagnement après un passage au-dessus du seuil (R27, F011).

L'accompagnement est dû six mois ; ensuite la fin est proposée à qui accompagne. Rien ne s'arrête tout seul.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Exists, OuterRef
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, EtatMaintien, Maintien
from jalon.agents.models import Agent
from jalon.droits.models import EtatDossier, Situation, Soumission
from jalon.organismes.models import ServiceInstructeur
from jalon.personnes.models import EtatTache, Tache, TypeTache
from jalon.personnes.services import fermer_tache
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

TRANSITIONS: dict[str, frozenset[str]] = {
    "clore": frozenset({EtatMaintien.FIN_PROPOSEE}),
    "prolonger": frozenset({EtatMaintien.EN_COURS, EtatMaintien.FIN_PROPOSEE}),
}
"""Acte → états d'où il part ; la même table ouvre les boutons de l'écran."""


@dataclass(frozen=True)
class BilanMaintiens:
    """Ce qu'un passage de l'horloge a fait."""

    proposees: int = 0
    repassees: int = 0


@transaction.atomic
def proposer_fins(*, a_la_date: date) -> BilanMaintiens:
    """Propose la fin des maintiens échus ; clôt ceux dont la personne est repassée sous le seuil.

    Rejouable : un maintien déjà traité n'est plus « en cours ». Deux passages simultanés s'attendent sur les
    mêmes lignes, et le second ne trouve plus rien à faire. Réf. : R27, F011.
    """
    echus = list(
        Maintien.objects.select_for_update(of=("self",))
        .filter(etat=EtatMaintien.EN_COURS, echeance__lte=a_la_date)
        .select_related("personne")
        .order_by("pk")
    )
    if not echus:
        return BilanMaintiens()
    soumises = _personnes_soumises(maintien.personne_id for maintien in echus)
    repassees = [m for m in echus if m.personne_id in soumises]
    proposees = [m for m in echus if m.personne_id not in soumises]
    for maintien in repassees:
        _changer(
            maintien, EtatMaintien.REPASSEE, acteur=None, motif="", clos_le=a_la_date,
            resume="Repassée sous le seuil : l'accompagnement continue",
        )  # fmt: skip
    for maintien in proposees:
        _changer(
            maintien, EtatMaintien.FIN_PROPOSEE, acteur=None, motif="", clos_le=None,
            resume="Délai d'accompagnement atteint : la fin est proposée",
        )  # fmt: skip
    _ouvrir_taches(proposees, a_la_date)
    return BilanMaintiens(proposees=len(proposees), repassees=len(repassees))


def _personnes_soumises(personnes: Iterable[int]) -> set[int]:
    """Personnes soumises aujourd'hui aux droits et devoirs dans un dossier dont le droit est ouvert (R23, R25)."""
    ouvert = Situation.objects.filter(
        dossier=OuterRef("dossier_id"), etat__in=EtatDossier.ouverts(),
        periode__endswith=None, periode__isempty=False,
    )  # fmt: skip
    lignes = Soumission.objects.filter(
        Exists(ouvert), personne_id__in=set(personnes), soumise=True, periode__endswith=None, periode__isempty=False
    )
    return set(lignes.order_by("pk").values_list("personne_id", flat=True))


def _ouvrir_taches(maintiens: list[Maintien], jour: date) -> None:
    """Confie l'examen à qui accompagne, à défaut au service instructeur du territoire."""
    tenus: dict[int, Accompagnement] = {}
    en_cours = Accompagnement.objects.filter(
        personne_id__in=[m.personne_id for m in maintiens], periode__contains=jour
    ).order_by("periode", "pk")
    for accompagnement in en_cours:
        tenus.setdefault(accompagnement.personne_id, accompagnement)
    services = dict(ServiceInstructeur.objects.order_by("pk").values_list("territoire_id", "organisme_id"))
    taches = []
    for maintien in maintiens:
        tenu = tenus.get(maintien.personne_id)
        territoire = maintien.personne.territoire_id
        taches.append(
            Tache(
                type=TypeTache.FIN_ACCOMPAGNEMENT,
                personne_id=maintien.personne_id,
                organisme_id=tenu.organisme_id if tenu else services.get(territoire or 0),
                agent_id=tenu.agent_id if tenu else None,
                territoire_id=territoire,
                ouverte_le=jour,
            )
        )
    Tache.objects.bulk_create(taches, batch_size=1_000, ignore_conflicts=True)


@transaction.atomic
def clore_maintien(maintien: Maintien, *, acteur: Agent, motif: str) -> Maintien:
    """Accepte la fin proposée : le maintien est clos, et l'accompagnement de l'organisme qui répond finit ce soir."""
    motif = _exiger_motif(motif)
    maintien = _verrouiller(maintien, "clore")
    jour = timezone.localdate()
    _changer(
        maintien, EtatMaintien.CLOS, acteur=acteur, motif=motif, clos_le=jour,
        resume="Fin de l'accompagnement acceptée",
    )  # fmt: skip
    tache = _fermer_la_tache(maintien, acteur=acteur, motif=motif, jour=jour)
    if tache is not None and tache.organisme_id is not None:
        _finir_accompagnements(maintien, tache.organisme_id, acteur=acteur, jour=jour)
    return maintien


@transaction.atomic
def prolonger_maintien(maintien: Maintien, *, acteur: Agent, jusquau: date, motif: str) -> Maintien:
    """Garde l'accompagnement jusqu'à une date choisie ; la fin sera de nouveau proposée ce jour-là."""
    motif = _exiger_motif(motif)
    maintien = _verrouiller(maintien, "prolonger")
    jour = timezone.localdate()
    if jusquau <= max(jour, maintien.echeance):
        raise JalonError(
            f"La nouvelle date doit suivre aujourd'hui et le {maintien.echeance:%d/%m/%Y} : choisissez une date plus "
            "lointaine, ou acceptez la fin de l'accompagnement."
        )
    maintien.echeance = jusquau
    maintien.save(update_fields=["echeance"])
    _changer(
        maintien, EtatMaintien.EN_COURS, acteur=acteur, motif=motif, clos_le=None,
        resume=f"Accompagnement prolongé jusqu'au {jusquau:%d/%m/%Y}",
    )  # fmt: skip
    _fermer_la_tache(maintien, acteur=acteur, motif=motif, jour=jour)
    return maintien


def _exiger_motif(motif: str) -> str:
    if not motif.strip():
        raise JalonError("Dites en quelques mots pourquoi : la personne et vos collègues liront ce motif.")
    return motif.strip()


def _verrouiller(maintien: Maintien, acte: str) -> Maintien:
    maintien = Maintien.objects.select_for_update(of=("self",)).select_related("personne").get(pk=maintien.pk)
    if maintien.etat not in TRANSITIONS[acte]:
        raise TransitionRefuseeError(
            f"Cet accompagnement est « {maintien.get_etat_display().lower()} » : il n'y a plus rien à décider ici."
            if maintien.clos_le
            else f"Cet accompagnement est dû jusqu'au {maintien.echeance:%d/%m/%Y} : sa fin n'est pas encore proposée."
        )
    return maintien


def _changer(
    maintien: Maintien, vers: EtatMaintien, *, acteur: Agent | None, motif: str, clos_le: date | None, resume: str
) -> None:
    de = maintien.etat
    maintien.etat, maintien.clos_le = vers, clos_le
    maintien.save(update_fields=["etat", "clos_le"])
    tracer(
        f"accompagnements.maintien.{vers}", maintien, acteur=acteur, personnes=[maintien.personne.public_id],
        de=de, vers=vers, motif=motif, resume=resume,
    )  # fmt: skip


def _fermer_la_tache(maintien: Maintien, *, acteur: Agent, motif: str, jour: date) -> Tache | None:
    tache = (
        Tache.objects.select_for_update(of=("self",))
        .select_related("personne")
        .filter(personne_id=maintien.personne_id, type=TypeTache.FIN_ACCOMPAGNEMENT, etat=EtatTache.A_FAIRE)
        .first()
    )
    if tache is None:
        return None
    return fermer_tache(tache, acteur=acteur, etat=EtatTache.FAITE, motif=motif, jour=jour)


def _finir_accompagnements(maintien: Maintien, organisme: int, *, acteur: Agent, jour: date) -> None:
    """Borne les périodes en cours de cet organisme : le dernier jour d'accompagnement est aujourd'hui."""
    en_cours = Accompagnement.objects.select_for_update(of=("self",)).filter(
        personne_id=maintien.personne_id, organisme_id=organisme, periode__contains=jour
    )
    for accompagnement in en_cours.order_by("pk"):
        accompagnement.periode = DateRange(accompagnement.periode.lower, jour + timedelta(days=1))
        accompagnement.save(update_fields=["periode"])
        tracer(
            "accompagnements.accompagnement.termine", accompagnement, acteur=acteur,
            personnes=[maintien.personne.public_id], resume="Accompagnement terminé après le maintien",
        )  # fmt: skip

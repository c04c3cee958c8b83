"""La charte de qualité de l'instruction : fiabilité et rapidité, mesurées sur les demandes elles-mêmes (F022, R10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, F, OuterRef, Q

from jalon.agents.perimetre import Perimetre
from jalon.droits.demandes import DemandeInstruction, EtatDemande, RetourDemande
from jalon.droits.instruction import reglage
from jalon.droits.selectors import DemandeQuerySet, demandes, personnes_du_territoire
from jalon.referentiels.profil.instruction import CodeCritere, Critere


@dataclass(frozen=True, slots=True)
class Mesure:
    """Ce qu'un critère veut dire : ses mots, son unité, et dans quel sens la cible se lit."""

    libelle: str
    definition: str
    famille: str
    unite: str
    au_plus: bool
    population: Callable[[DemandeQuerySet, date, date], DemandeQuerySet]
    retenues: Callable[[DemandeQuerySet], DemandeQuerySet] | None = None
    duree: tuple[str, str] | None = None


def _transmises(q: DemandeQuerySet, du: date, au: date) -> DemandeQuerySet:
    """Transmises dans la période, renvoyées depuis ou non."""
    renvois = RetourDemande.objects.filter(demande=OuterRef("pk"), retournee_le__gte=du, retournee_le__lte=au)
    return q.filter(Q(transmise_le__gte=du, transmise_le__lte=au) | Exists(renvois))


def _retournees(q: DemandeQuerySet) -> DemandeQuerySet:
    return q.filter(Exists(RetourDemande.objects.filter(demande=OuterRef("pk"))))


MESURES: dict[CodeCritere, Mesure] = {
    CodeCritere.DOSSIERS_RETOURNES: Mesure(
        "Dossiers renvoyés incomplets",
        "Demandes renvoyées au moins une fois par l'organisme payeur, parmi celles transmises dans la période.",
        "Fiabilité", "%", True, _transmises, retenues=_retournees,
    ),
    CodeCritere.DEPOT_COMPLET: Mesure(
        "Du dépôt au dossier complet",
        "Nombre médian de jours entre le dépôt et la fin de l'instruction, pour les demandes instruites dans la période.",
        "Rapidité", "jours", True,
        lambda q, du, au: q.filter(instruite_le__gte=du, instruite_le__lte=au), duree=("depot_le", "instruite_le"),
    ),
    CodeCritere.COMPLET_LIQUIDE: Mesure(
        "Du dossier complet à la liquidation",
        "Nombre médian de jours entre la fin de l'instruction et la liquidation, pour les demandes liquidées dans la "
        "période ; celles liquidées avant la fin de l'instruction n'y sont pas.",
        "Rapidité", "jours", True,
        lambda q, du, au: q.filter(liquidee_le__gte=du, liquidee_le__lte=au, instruite_le__lte=F("liquidee_le")),
        duree=("instruite_le", "liquidee_le"),
    ),
    CodeCritere.DEPOT_LIQUIDE: Mesure(
        "Du dépôt à la liquidation",
        "Nombre médian de jours entre le dépôt et la liquidation, pour les demandes liquidées dans la période (I17).",
        "Rapidité", "jours", True,
        lambda q, du, au: q.filter(liquidee_le__gte=du, liquidee_le__lte=au), duree=("depot_le", "liquidee_le"),
    ),
    CodeCritere.COMPLEMENT_DANS_DELAI: Mesure(
        "Complément fait dans le délai",
        "Demandes dont l'information et le recueil ont été faits dans le délai, parmi celles déposées dans la période "
        "dont le délai est passé ou le complément fait (I16).",
        "Rapidité", "%", False,
        lambda q, du, au: q.filter(depot_le__gte=du, depot_le__lte=au)
        .exclude(etat=EtatDemande.SANS_SUITE)
        .filter(Q(complement_le__isnull=False) | Q(echeance__lt=au)),
        retenues=lambda q: q.filter(complement_le__lte=F("echeance")),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resultat:
    """Un critère mesuré : valeur, base, cible, et s'il est tenu (rien si la base est vide)."""

    code: str
    mesure: Mesure
    cible: int
    du: date
    au: date
    base: int
    retenues: int
    valeur: Decimal | None

    @property
    def tenu(self) -> bool | None:
        if self.valeur is None:
            return None
        return self.valeur <= self.cible if self.mesure.au_plus else self.valeur >= self.cible


def _lues(perimetre: Perimetre, organisme: str, territoire: str) -> DemandeQuerySet:
    lues = demandes().du_perimetre(perimetre)
    if organisme:
        lues = lues.filter(organisme__code=organisme)
    if territoire:
        lues = lues.filter(personne_id__in=personnes_du_territoire(territoire))
    return lues


def _periode(critere: Critere, jour: date) -> tuple[date, date]:
    return jour - relativedelta(months=critere.periode_mois), jour


def resultats(perimetre: Perimetre, jour: date, *, organisme: str = "", territoire: str = "") -> list[Resultat]:
    """Chaque critère de la charte, mesuré ce jour sur le périmètre."""
    return [_mesurer(c, _lues(perimetre, organisme, territoire), jour) for c in reglage().charte]


def _mesurer(critere: Critere, lues: DemandeQuerySet, jour: date) -> Resultat:
    mesure = MESURES[critere.critere]
    du, au = _periode(critere, jour)
    population = mesure.population(lues, du, au)
    valeur: Decimal | None = None
    if mesure.duree is not None:
        durees = [(fin - debut).days for debut, fin in population.order_by("pk").values_list(*mesure.duree)]
        base = retenues = len(durees)
        valeur = Decimal(str(median(durees))) if durees else None
    else:
        assert mesure.retenues is not None
        base, retenues = population.count(), mesure.retenues(population).count()
        valeur = Decimal(100 * retenues) / base if base else None
    return Resultat(critere.critere.value, mesure, critere.cible, du, au, base, retenues, valeur)


def derriere(
    perimetre: Perimetre, code: str, jour: date, *, retenues: bool, organisme: str = "", territoire: str = ""
) -> DemandeQuerySet:
    """Demandes derrière le chiffre : toute la base, ou celles que le numérateur retient."""
    critere = next((c for c in reglage().charte if c.critere.value == code), None)
    if critere is None:
        return demandes().none()
    mesure = MESURES[critere.critere]
    population = mesure.population(_lues(perimetre, organisme, territoire), *_periode(critere, jour))
    if retenues and mesure.retenues is not None:
        population = mesure.retenues(population)
    return population


def detail(demande: DemandeInstruction, code: str) -> int | None:
    """Durée de cette demande pour un critère de rapidité, en jours."""
    mesure = MESURES[CodeCritere(code)]
    if mesure.duree is None:
        return None
    debut, fin = (getattr(demande, champ) for champ in mesure.duree)
    return (fin - debut).days if debut and fin else None

"""Ce que les indicateurs et le tableau de bord des contrats mesurent : bases, délais, ancienneté, suites de contrats.

Une personne compte une fois, dans son dernier contrat de la période ou sa dernière suite de contrats.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from dateutil.relativedelta import relativedelta

from jalon.contrats.enums import Famille
from jalon.observatoire.contrats_faits import (
    ENGAGEMENTS,
    Champ,
    Situee,
    Valide,
    contrats_du_champ,
    entrees,
    signatures,
    soumises,
    titulaires,
    valides,
)
from jalon.observatoire.referencement import du_public
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import ajouter_mois

JOURS_DE_VALIDATION = 30
"""Jours au plus pour valider, dans la mesure publiée ([000] § II) ; le délai du service, lui, est un paramètre."""
MOIS_DU_TAUX_MOYEN = 12
TRANCHES = (
    ("moins_1", "Moins d'un an", 1), ("1_3", "De 1 à moins de 3 ans", 3), ("3_5", "De 3 à moins de 5 ans", 5),
    ("5_8", "De 5 à moins de 8 ans", 8), ("8_10", "De 8 à moins de 10 ans", 10), ("10_plus", "10 ans et plus", 0),
)  # fmt: skip
LONGTEMPS = 5
"""Années de présence au-delà desquelles l'absence de contrat se compte (I19)."""


# --- Valeurs centrales


def dixieme(valeur: float | Decimal) -> Decimal:
    return Decimal(str(valeur)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def mediane(valeurs: Sequence[int]) -> Decimal | None:
    """La valeur du milieu ; rien sans valeur."""
    return dixieme(median(valeurs)) if valeurs else None


def moyenne(valeurs: Sequence[int]) -> Decimal | None:
    """Rien sans valeur."""
    return dixieme(Decimal(sum(valeurs)) / len(valeurs)) if valeurs else None


# --- Bases


def sociales(champ: Champ) -> dict[int, Situee]:
    """Personnes soumises dont la dernière orientation est de sphère sociale."""
    return {cle: vue for cle, vue in soumises(champ).items() if vue.sociale}


def professionnelles(champ: Champ) -> dict[int, Situee]:
    """Personnes soumises orientées vers la sphère professionnelle, hors service public de l'emploi."""
    return {cle: vue for cle, vue in soumises(champ).items() if vue.professionnelle}


def fins_de_mois(jour: date, nombre: int = MOIS_DU_TAUX_MOYEN) -> list[date]:
    """Les derniers jours de mois jusqu'à `jour` compris, le plus ancien d'abord."""
    premier = (jour + timedelta(days=1)).replace(day=1)
    return [premier - relativedelta(months=rang) - timedelta(days=1) for rang in reversed(range(nombre))]


# --- Délais (I13, I14)


def _du_public(champ: Champ, personnes: Collection[int]) -> Collection[int]:
    """Celles de ces personnes qui sont du public demandé."""
    if not champ.public:
        return personnes
    retenues = du_public(Personne.objects.filter(pk__in=list(personnes)), champ.public, champ.jour)
    return set(retenues.order_by().values_list("pk", flat=True))


def derniers_valides(champ: Champ) -> list[Valide]:
    """Le dernier contrat validé de chaque personne dans la période, hors reconduction sans acte et contrat écrit ailleurs."""
    dernier: dict[int, Valide] = {}
    for contrat in contrats_du_champ(champ, valides(champ, set(Famille) - {Famille.PROJET})):
        recent = champ.du is None or contrat.valide_le >= champ.du
        connu = dernier.get(contrat.personne)
        if recent and not contrat.tacite and (connu is None or contrat.valide_le >= connu.valide_le):
            dernier[contrat.personne] = contrat
    gardees = _du_public(champ, dernier)
    return [c for cle, c in dernier.items() if cle in gardees]


def delais(contrats: Iterable[Valide], *, depuis: str) -> list[int]:
    """Jours de la signature, ou de la réception, à la validation ; un contrat sans cette date n'en a pas."""
    connus = ((getattr(c, depuis), c.valide_le) for c in contrats)
    return [(valide - origine).days for origine, valide in connus if origine is not None]


@dataclass(frozen=True)
class Conclusion:
    """Une personne orientée dont le délai est passé : le jour de son orientation, et celui de sa signature dans le délai."""

    personne: int
    lieu: str
    orientee_le: date
    signe_le: date | None


def conclusions(champ: Champ, *, famille: str, parametre: str, base: Mapping[int, Situee]) -> list[Conclusion]:
    """Personnes orientées dans la période dont le délai est passé à la date, et ce qu'elles ont signé dans ce délai."""
    signees, rendues = signatures(champ, famille), []
    for cle, vue in base.items():
        if vue.orientation is None or (champ.du is not None and vue.orientation.decidee_le < champ.du):
            continue
        debut = vue.orientation.decidee_le
        limite = ajouter_mois(debut, parametre)
        if limite <= champ.jour:
            dans_le_delai = [jour for jour in signees.get(cle, ()) if debut <= jour <= limite]
            rendues.append(Conclusion(cle, vue.lieu, debut, min(dans_le_delai, default=None)))
    return rendues


# --- Ancienneté (I19)


def tranche(entree: date, jour: date) -> str:
    """Tranche d'ancienneté d'une personne entrée ce jour-là."""
    for code, _, ans in TRANCHES[:-1]:
        if entree > jour - relativedelta(years=ans):
            return code
    return TRANCHES[-1][0]


def anciennetes(champ: Champ) -> tuple[dict[int, date], set[int]]:
    """Entrée de chaque personne soumise du champ, et celles qui ont un contrat validé en cours."""
    base = soumises(champ)
    return entrees(champ.jour, base.keys()), titulaires(champ, ENGAGEMENTS) & base.keys()


# --- Entre deux contrats (I21)


@dataclass(frozen=True)
class Suite:
    """Le dernier contrat commencé d'une personne, et les jours qui le séparent du précédent, s'il y en a un."""

    contrat: Valide
    ecart: int | None

    @property
    def duree(self) -> int:
        return (self.contrat.fin - self.contrat.debut).days


def suites(champ: Champ) -> list[Suite]:
    """La dernière suite de contrats de chaque personne, d'après ce qui avait commencé à la date."""
    par_personne: dict[int, list[Valide]] = defaultdict(list)
    for contrat in valides(champ, set(Famille) - {Famille.PROJET}):
        if contrat.debut <= champ.jour and contrat.fin > contrat.debut:
            par_personne[contrat.personne].append(contrat)
    rendues = []
    for contrats in par_personne.values():
        *avant, dernier = contrats
        if champ.du is None or dernier.debut >= champ.du:
            ecart = max((dernier.debut - avant[-1].fin).days, 0) if avant else None
            rendues.append(Suite(dernier, ecart))
    gardees = _du_public(champ, [c.personne for c in contrats_du_champ(champ, [s.contrat for s in rendues])])
    return [s for s in rendues if s.contrat.personne in gardees]


def ecarts(vues: Iterable[Suite]) -> list[int]:
    return [s.ecart for s in vues if s.ecart is not None]

"""Les faits datés dont les indicateurs de contrats sont faits : orientations, contrats, signatures, ancienneté.

Tout se lit tel que c'était connu à la date : une orientation annulée depuis compte encore la veille de son annulation,
un contrat rompu depuis courait encore la veille de sa rupture, une signature retirée depuis valait encore la veille.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta
from django.db.models import DateField, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Least

from jalon.accompagnements.models import Accompagnement, NatureAccompagnement
from jalon.contrats.enums import EtatContrat, Famille, Signataire
from jalon.contrats.models import Contrat, SignatureContrat
from jalon.droits.models import EtatDossier, Situation
from jalon.observatoire.referencement import du_public, population, soumissions
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import DecisionOrientation, Sphere
from jalon.personnes.models import Personne, RolePersonne

ENGAGEMENTS = frozenset({Famille.SOLIDARITE, Famille.PROFESSIONNEL, Famille.INSERTION, Famille.ENGAGEMENT})
"""Contrats d'engagements réciproques et d'insertion, et celui qui leur succède en 2025."""
AVEC_ALLOCATION = ENGAGEMENTS | {Famille.PROJET}
"""Les mêmes, et le projet écrit par le service public de l'emploi."""


@dataclass(frozen=True)
class Champ:
    """Ce qu'un indicateur compte : une date ou une période, et au besoin un territoire, un service, un type, un public."""

    jour: date
    du: date | None = None
    feuilles: frozenset[str] | None = None
    """Territoires retenus ; `None` : tout le département, personnes sans territoire comprises."""
    service: str = ""
    type: str = ""
    public: str = ""

    def retient(self, lieu: str) -> bool:
        return self.feuilles is None or lieu in self.feuilles


# --- Orientations


class Orientation(NamedTuple):
    """La dernière orientation d'une personne, telle qu'on la connaissait à la date."""

    sphere: str
    service_public_emploi: bool
    """Elle adresse au service public de l'emploi."""
    organisme: str
    territoire: str
    decidee_le: date


def orientations(jour: date) -> dict[int, Orientation]:
    """Dernière orientation décidée à la date pour chaque personne, et non annulée ce jour-là."""
    lues = (
        DecisionOrientation.objects.filter(Q(annulee_le=None) | Q(annulee_le__gt=jour), decidee_le__lte=jour)
        .order_by("personne_id", "-decidee_le", "-pk")
        .distinct("personne_id")
        .values_list(
            "personne_id", "type__sphere", "type__categories", "organisme__type__categorie", "organisme__code",
            "territoire__code", "decidee_le",
        )
    )  # fmt: skip
    emploi = CategorieOrganisme.FRANCE_TRAVAIL
    return {
        personne: Orientation(
            sphere, list(recus) == [emploi] or categorie == emploi, organisme, territoire or "", decidee_le
        )
        for personne, sphere, recus, categorie, organisme, territoire, decidee_le in lues
    }


# --- Personnes


class Situee(NamedTuple):
    """Une personne comptée, à sa place : le territoire de son orientation, sinon le sien."""

    lieu: str
    orientation: Orientation | None

    @property
    def sociale(self) -> bool:
        return self.orientation is not None and self.orientation.sphere == Sphere.SOCIALE

    @property
    def professionnelle(self) -> bool:
        """De sphère professionnelle ou socio-professionnelle, hors service public de l'emploi."""
        vue = self.orientation
        return vue is not None and vue.sphere != Sphere.SOCIALE and not vue.service_public_emploi


def allocataires(jour: date) -> QuerySet[Personne]:
    """Titulaires d'un dossier dont le droit est ouvert à la date : un par foyer."""
    ouverts = Situation.objects.filter(etat__in=EtatDossier.ouverts(), periode__contains=jour)
    return Personne.objects.filter(
        fusionnee_dans=None, rattachements__role=RolePersonne.DEMANDEUR, rattachements__periode__contains=jour,
        rattachements__foyer__dossiers__in=ouverts.order_by().values("dossier"),
    ).distinct()  # fmt: skip


def situer(champ: Champ, personnes: QuerySet[Personne], jour: date | None = None) -> dict[int, Situee]:
    """Range chaque personne du champ à sa place ; les autres n'y sont pas. `jour` : une autre date que celle du champ."""
    jour = jour or champ.jour
    decidees = orientations(jour)
    rangees = {}
    for cle, territoire in du_public(personnes, champ.public, jour).order_by().values_list("pk", "territoire__code"):
        vue = decidees.get(cle)
        lieu = (vue.territoire if vue is not None else "") or territoire or ""
        if champ.retient(lieu) and (not champ.service or (vue is not None and vue.organisme == champ.service)):
            rangees[cle] = Situee(lieu, vue)
    return rangees


def soumises(champ: Champ, jour: date | None = None) -> dict[int, Situee]:
    """Personnes soumises aux droits et devoirs dont le droit est ouvert."""
    return situer(champ, population(jour or champ.jour), jour)


def entrees(jour: date, personnes: Collection[int]) -> dict[int, date]:
    """Plus ancienne demande des dossiers ouverts de chaque personne, le RMI d'avant compris."""
    premiere = Least("dossier__date_demande", Coalesce("dossier__date_demande_rmi", "dossier__date_demande"))
    lues = soumissions(jour).values("personne").annotate(entree=Min(premiere, output_field=DateField()))
    return {cle: entree for cle, entree in lues.values_list("personne", "entree") if cle in personnes}


def suivies_ailleurs(jour: date) -> set[int]:
    """Personnes qu'un autre dispositif que le référent unique accompagne à la date (logement, santé, action sociale)."""
    suivis = Accompagnement.objects.filter(nature=NatureAccompagnement.SUIVI, periode__contains=jour)
    return set(suivis.order_by().values_list("personne_id", flat=True))


# --- Contrats


class Valide(NamedTuple):
    """Un contrat validé à la date, et sa fin telle qu'on la connaissait ce jour-là."""

    personne: int
    debut: date
    fin: date
    signe_le: date | None
    recu_le: date | None
    valide_le: date
    tacite: bool
    organisme: str
    organisme_libelle: str
    territoire: str


def _du_type(contrats: QuerySet[Contrat], champ: Champ) -> QuerySet[Contrat]:
    return contrats.filter(type__code=champ.type) if champ.type else contrats


def valides(champ: Champ, familles: Iterable[str], jour: date | None = None) -> list[Valide]:
    """Contrats validés au plus tard à la date, par début ; un contrat écrit ailleurs vaut du jour où il est accepté."""
    jour = jour or champ.jour
    lus: Iterable[tuple[Any, ...]] = (
        _du_type(Contrat.objects.filter(type__famille__in=familles, personne__fusionnee_dans=None), champ)
        .annotate(effet_le=Coalesce("valide_le", "signe_le"))
        .filter(effet_le__lte=jour, debut__isnull=False, duree__isnull=False, periode__isnull=False)
        .order_by("personne_id", "debut", "pk")
        .values_list(
            "personne_id", "debut", "duree", "periode", "clos_le", "signe_le", "recu_le", "effet_le", "tacite",
            "organisme__code", "organisme__libelle", "territoire__code",
        )
    )  # fmt: skip
    rendus = []
    for personne, debut, duree, periode, clos_le, signe_le, recu_le, effet_le, tacite, code, libelle, lieu in lus:
        fin = debut + relativedelta(months=duree)
        if clos_le is not None and clos_le <= jour:
            fin = debut if periode.isempty else periode.upper
        rendus.append(
            Valide(personne, debut, fin, signe_le, recu_le, effet_le, tacite, code, libelle, lieu or "")
        )  # fmt: skip
    return rendus


def titulaires(champ: Champ, familles: Iterable[str], jour: date | None = None) -> set[int]:
    """Personnes qui ont un contrat validé et en cours à la date."""
    jour = jour or champ.jour
    return {c.personne for c in valides(champ, familles, jour) if c.debut <= jour < c.fin}


def contrats_du_champ(champ: Champ, contrats: Iterable[Valide]) -> list[Valide]:
    """Contrats du territoire et du service demandés, tels qu'ils étaient le jour du contrat."""
    return [
        c for c in contrats if champ.retient(c.territoire) and (not champ.service or c.organisme == champ.service)
    ]  # fmt: skip


def signatures(champ: Champ, famille: str) -> dict[int, list[date]]:
    """Jours où chaque personne a eu un contrat de cette famille signé par les deux, connus à la date.

    Une signature retirée après la date (contrat renvoyé, puis repris) compte encore ; un contrat abandonné, plus.
    """
    jour, trouvees = champ.jour, defaultdict[int, list[date]](list)
    contrats = _du_type(Contrat.objects.filter(type__famille=famille, personne__fusionnee_dans=None), champ)
    signes = contrats.filter(signe_le__lte=jour).exclude(etat=EtatContrat.ABANDONNE, clos_le__lte=jour)
    dates: Iterable[tuple[int, Any]] = signes.order_by("pk").values_list("personne_id", "signe_le")
    for personne, le in dates:
        trouvees[personne].append(le)
    retirees: Iterable[tuple[int, int, str, date]] = (
        SignatureContrat.objects.filter(contrat__in=contrats, signee_le__lte=jour, sans_effet_le__gt=jour)
        .order_by("pk")
        .values_list("contrat_id", "contrat__personne_id", "signataire", "signee_le")
    )
    par_contrat: dict[tuple[int, int], dict[str, date]] = defaultdict(dict)
    for contrat, personne, signataire, le in retirees:
        par_contrat[contrat, personne][signataire] = le
    for (_, personne), vues in par_contrat.items():
        if len(vues) == len(Signataire):
            trouvees[personne].append(max(vues.values()))
    return trouvees

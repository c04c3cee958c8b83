"""Les contrats qui vont finir, ceux qui ont fini sans suite, les écarts entre contrats (R56, F051, I21).

Rien n'est envoyé ni noté : l'alerte se calcule à chaque lecture depuis la période et les délais du département. Elle ne
peut donc paraître deux fois, ni survivre à un renouvellement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, NatureBilan
from jalon.contrats.models import BilanContrat, Contrat
from jalon.contrats.services import contrats_du_perimetre
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import nombre


class Alerte(StrEnum):
    """Ce que l'approche du terme demande au référent."""

    AUCUNE = ""
    PREMIERE = "premiere"
    DERNIERE = "derniere"
    ECHU = "echu"


@dataclass(frozen=True)
class Delais:
    """Jours avant le terme où le référent est prévenu, au jour de la lecture."""

    premiere: int
    derniere: int

    @classmethod
    def au(cls, jour: date) -> Delais:
        return cls(int(nombre("contrat.alerte_premiere", jour)), int(nombre("contrat.alerte_derniere", jour)))

    def alerte(self, terme: date | None, jour: date) -> Alerte:
        """Le terme est le premier jour sans contrat : ce jour-là, le contrat est échu."""
        if terme is None:
            return Alerte.AUCUNE
        restants = (terme - jour).days
        if restants <= 0:
            return Alerte.ECHU
        if restants <= self.derniere:
            return Alerte.DERNIERE
        return Alerte.PREMIERE if restants <= self.premiere else Alerte.AUCUNE


def alerte(contrat: Contrat, jour: date) -> Alerte:
    """L'alerte d'un contrat vivant ; aucune pour les autres."""
    if contrat.etat not in EtatContrat.vivants() or contrat.periode is None or contrat.periode.isempty:
        return Alerte.AUCUNE
    return Delais.au(jour).alerte(contrat.periode.upper, jour)


# --- Listes


def vivants(perimetre: Perimetre) -> QuerySet[Contrat]:
    """Contrats en vigueur ou dont le bilan est fait, dans le périmètre ; `terme` est le premier jour sans contrat."""
    return (
        contrats_du_perimetre(perimetre).filter(etat__in=EtatContrat.vivants()).annotate(terme=F("periode__endswith"))
    )


def a_echeance(
    perimetre: Perimetre, jour: date, *, du: date | None = None, au: date | None = None
) -> QuerySet[Contrat]:
    """Contrats dont le terme tombe dans [du, au[ ; par défaut, ceux que la première alerte signale."""
    du = du or jour + timedelta(days=1)
    au = au or jour + timedelta(days=Delais.au(jour).premiere + 1)
    return vivants(perimetre).filter(periode__endswith__gte=du, periode__endswith__lt=au)


def echus(perimetre: Perimetre, jour: date) -> QuerySet[Contrat]:
    """Contrats arrivés à leur terme sans avoir été renouvelés, terminés ni rompus."""
    return vivants(perimetre).filter(periode__endswith__lte=jour)


def sans_bilan_final(contrats: QuerySet[Contrat]) -> QuerySet[Contrat]:
    """Ceux dont le bilan final n'est pas clos."""
    return contrats.filter(~Exists(_bilan_final_clos()))


def _bilan_final_clos() -> QuerySet[BilanContrat]:
    return BilanContrat.objects.filter(contrat=OuterRef("pk"), nature=NatureBilan.FINAL, clos_le__isnull=False)


def avec_suite_en_preparation(contrats: QuerySet[Contrat]) -> QuerySet[Contrat]:
    """`suite_preparee` : le contrat suivant est déjà en écriture ou en signature."""
    prepare = Contrat.objects.filter(precedent=OuterRef("pk"), etat__in=EtatContrat.en_preparation())
    return contrats.annotate(suite_preparee=Exists(prepare))


def par_terme(contrats: QuerySet[Contrat]) -> QuerySet[Contrat]:
    """Dans l'ordre des échéances, que l'index sert."""
    return contrats.order_by("periode__endswith", "pk")


# --- Calendrier


@dataclass(frozen=True)
class Semaine:
    """Une semaine du calendrier, bornée au mois montré : [du, au[."""

    du: date
    au: date
    nombre: int
    courante: bool

    @property
    def dernier_jour(self) -> date:
        return self.au - timedelta(days=1)


@dataclass(frozen=True)
class Mois:
    """Les échéances d'un mois, semaine par semaine."""

    premier: date
    semaines: tuple[Semaine, ...]

    @property
    def suivant(self) -> date:
        return self.premier + relativedelta(months=1)

    @property
    def precedent(self) -> date:
        return self.premier - relativedelta(months=1)

    @property
    def nombre(self) -> int:
        return sum(semaine.nombre for semaine in self.semaines)


def semaines_du_mois(premier: date) -> list[tuple[date, date]]:
    """Semaines du lundi au dimanche, coupées aux bords du mois : chaque jour est dans une seule, et une seule fois."""
    fin = premier + relativedelta(months=1)
    semaines, du = [], premier
    while du < fin:
        au = min(du + timedelta(days=7 - du.weekday()), fin)
        semaines.append((du, au))
        du = au
    return semaines


@dataclass(frozen=True)
class Tranche:
    """Des jours de terme, [du, au[, et combien de leurs premiers contrats une page laisse à celle d'avant."""

    du: date
    au: date
    saute: int


@dataclass(frozen=True)
class Termes:
    """Combien de contrats vivants arrivent à leur terme chaque jour, et combien d'entre eux sans bilan final clos."""

    jours: dict[date, tuple[int, int]]

    @classmethod
    def de(cls, contrats: QuerySet[Contrat]) -> Termes:
        """En une requête : les onglets et le calendrier d'un écran se lisent ensuite sans rien redemander."""
        lus = (
            contrats.filter(periode__endswith__isnull=False)
            .order_by()
            .values(fin=F("periode__endswith"))
            .annotate(n=Count("pk"), sans_bilan=Count("pk", filter=~Exists(_bilan_final_clos())))
            .values_list("fin", "n", "sans_bilan")
        )
        return cls({fin: (n, sans_bilan) for fin, n, sans_bilan in lus})

    def nombre(self, du: date, au: date, *, sans_bilan: bool = False) -> int:
        """Contrats dont le terme tombe dans [du, au[."""
        return sum(n[sans_bilan] for fin, n in self.jours.items() if du <= fin < au)

    def situer(self, du: date, au: date, rang: int, combien: int, *, sans_bilan: bool = False) -> Tranche:
        """Les jours où tombent les contrats de rang [rang, rang + combien[ parmi ceux dont le terme est dans [du, au[.

        Une page d'une longue liste ne lit ainsi que ces jours-là.
        """
        jours, passes, avant = [], 0, 0
        for fin in sorted(self.jours):
            n = self.jours[fin][sans_bilan]
            if du <= fin < au and n and passes < rang + combien:
                if passes + n > rang:
                    jours.append(fin)
                else:
                    avant += n
                passes += n
        return Tranche(jours[0], jours[-1] + timedelta(days=1), rang - avant) if jours else Tranche(du, du, 0)


def calendrier(termes: Termes, mois: date, jour: date) -> Mois:
    """Combien de contrats finissent chaque semaine du mois."""
    premier = mois.replace(day=1)
    return Mois(
        premier,
        tuple(Semaine(du, au, termes.nombre(du, au), du <= jour < au) for du, au in semaines_du_mois(premier)),
    )


# --- Écarts et durées


@dataclass(frozen=True)
class Ecart:
    """Jours sans contrat entre deux contrats d'une personne."""

    avant: Contrat
    apres: Contrat
    jours: int


def duree_en_jours(contrat: Contrat) -> int:
    """Jours où le contrat a valu ou vaudra ; zéro s'il a été rompu avant de commencer."""
    periode = contrat.periode
    if periode is None or periode.isempty or periode.lower is None or periode.upper is None:
        return 0
    return int((periode.upper - periode.lower).days)


def ecarts_entre_contrats(personne: Personne) -> list[Ecart]:
    """Un écart par couple de contrats qui se suivent, zéro compris, du plus ancien au plus récent (I21, R56).

    Les contrats écrits ailleurs n'y entrent pas : leurs dates recouvrent celles des autres.
    """
    dates = list(
        Contrat.objects.filter(personne=personne, reference_seule=False, periode__isnull=False, periode__isempty=False)
        .select_related("type")
        .order_by("periode__startswith", "pk")
    )
    return [
        Ecart(avant, apres, (apres.periode.lower - avant.periode.upper).days)
        for avant, apres in zip(dates, dates[1:], strict=False)
    ]


def du_referent(contrats: QuerySet[Contrat], agent: Agent) -> QuerySet[Contrat]:
    """Ceux des personnes dont cet agent est le référent ; sans référent nommé, ceux qu'il a signés."""
    en_cours = DesignationReferent.objects.filter(periode__endswith=None, periode__isempty=False)
    nommee = en_cours.filter(personne=OuterRef("personne_id"))
    return contrats.filter(
        Q(personne__in=en_cours.filter(agent=agent).order_by().values("personne")) | Q(~Exists(nommee), referent=agent)
    )

"""Référencement : qui a un référent, qui n'en a pas encore, et les indicateurs I07, I08 et I18 (R41, R42, F045).

Tout se lit à une date, dans les faits datés de Jalon : l'indicateur d'hier se recalcule demain. Une personne est
rangée dans le territoire qui est le sien aujourd'hui.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from jalon.accompagnements.models import DesignationReferent, TempsReferent
from jalon.droits.models import EtatDossier, Situation, Soumission
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.territoires import arbre
from jalon.orientations.models import DecisionOrientation, Sphere
from jalon.personnes.models import Personne, Sexe
from jalon.referentiels.parametres import ParametreAbsentError, mot, nombre
from jalon.socle.errors import JalonError
from jalon.socle.nombres import en_pourcent

ANCIENNETE = "referencement.anciennete_minimale"
AVEC_REFERENT, EN_COURS, NOUVELLE, SANS_REFERENT = "avec_referent", "en_cours", "nouvelle", "sans_referent"
ETATS = (NOUVELLE, SANS_REFERENT, EN_COURS, AVEC_REFERENT)
"""Les quatre états du référencement : chaque personne est dans un seul, et leur somme est la population."""
AGES = (("moins_25", "Moins de 25 ans", 25), ("25_29", "25 à 29 ans", 30), ("30_49", "30 à 49 ans", 50))
AGE_DERNIER = ("50_plus", "50 ans et plus")


# --- Population et états


def limite_anciennete(jour: date) -> date:
    """Veille du premier jour « récent » : présent depuis plus de 3 mois et 1 jour, c'est avoir demandé avant elle."""
    return jour - relativedelta(months=int(nombre(ANCIENNETE, jour))) - timedelta(days=1)


def soumissions(jour: date) -> QuerySet[Soumission]:
    ouverte = Situation.objects.filter(
        dossier=OuterRef("dossier"), etat__in=EtatDossier.ouverts(), periode__contains=jour
    )
    return Soumission.objects.filter(Exists(ouverte), soumise=True, periode__contains=jour).order_by()


def population(jour: date) -> QuerySet[Personne]:
    """Personnes soumises aux droits et devoirs dont le droit est ouvert à la date : celles qui ont droit à un référent."""
    return Personne.objects.filter(pk__in=soumissions(jour).values("personne"), fusionnee_dans=None)


def _au_jour(modele: type[Any], jour: date, **filtres: Any) -> Exists:
    return Exists(modele.objects.filter(personne=OuterRef("pk"), periode__contains=jour, **filtres))


def presents_depuis_longtemps(jour: date) -> Q:
    """Présents depuis plus de 3 mois et 1 jour (R42), d'après la plus ancienne demande de leurs dossiers ouverts."""
    anciennes = soumissions(jour).filter(dossier__date_demande__lt=limite_anciennete(jour))
    return Q(pk__in=anciennes.values("personne"))


def avec_etat(personnes: QuerySet[Any], jour: date) -> QuerySet[Any]:
    """Range chaque personne dans un état du référencement, `etat_referencement`."""
    rangees: QuerySet[Any] = personnes.annotate(
        etat_referencement=Case(
            When(_au_jour(DesignationReferent, jour), then=Value(AVEC_REFERENT)),
            When(_au_jour(DecisionOrientation, jour), then=Value(EN_COURS)),
            When(presents_depuis_longtemps(jour), then=Value(SANS_REFERENT)),
            default=Value(NOUVELLE),
            output_field=CharField(),
        )
    )
    return rangees


def avec_age(personnes: QuerySet[Any], jour: date) -> QuerySet[Any]:
    """Tranche d'âge à la date, `tranche`."""
    rangees: QuerySet[Any] = personnes.annotate(
        tranche=Case(
            *(When(date_naissance__gt=jour - relativedelta(years=ans), then=Value(code)) for code, _, ans in AGES),
            default=Value(AGE_DERNIER[0]),
            output_field=CharField(),
        )
    )
    return rangees


def publics() -> list[tuple[str, str]]:
    """Publics du tableau de bord : âges, puis sexes."""
    return [
        *((code, libelle) for code, libelle, _ in AGES),
        AGE_DERNIER,
        ("femmes", "Femmes"),
        ("hommes", "Hommes"),
    ]


def du_public(personnes: QuerySet[Any], code: str, jour: date) -> QuerySet[Any]:
    """Personnes d'un public de `publics()` ; toutes si le code est vide ou inconnu."""
    if code in ("femmes", "hommes"):
        return personnes.filter(sexe=Sexe.FEMME if code == "femmes" else Sexe.HOMME)
    if code in dict(publics()):
        return avec_age(personnes, jour).filter(tranche=code)
    return personnes


def exiger_public(code: str) -> str:
    """Le code d'un public de `publics()`, ou rien. Lève `JalonError`."""
    if code and code not in dict(publics()):
        raise JalonError(f"Le public « {code} » n'existe pas. Connus : {', '.join(dict(publics()))}.")
    return code


def libelle_etat(etat: str) -> str:
    """Nom d'un état, avec les mots du département."""
    referent = mot("referent").singulier
    return {
        NOUVELLE: f"Nouveaux entrants, sans {referent}",
        SANS_REFERENT: f"Connus depuis longtemps, sans {referent}",
        EN_COURS: f"Structure désignée, {referent} à nommer",
        AVEC_REFERENT: f"Avec un {referent}",
    }[etat]


@dataclass(frozen=True)
class Ligne:
    """Effectifs d'un territoire, d'un public ou de l'ensemble, par état."""

    code: str
    libelle: str
    effectifs: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.effectifs.values())

    @property
    def taux(self) -> Decimal | None:
        return en_pourcent(self.effectifs.get(AVEC_REFERENT, 0), self.total)


def compter(personnes: QuerySet[Personne], jour: date) -> dict[tuple[int | None, str, str, str], int]:
    """Effectif par (territoire, état, tranche d'âge, sexe), en une lecture."""
    lues = (
        avec_age(avec_etat(personnes, jour), jour)
        .order_by()
        .values("territoire_id", "etat_referencement", "tranche", "sexe")
        .annotate(nombre=Count("pk"))
        .values_list("territoire_id", "etat_referencement", "tranche", "sexe", "nombre")
    )
    return {(territoire, etat, tranche, sexe): nombre for territoire, etat, tranche, sexe, nombre in lues}


# --- Indicateurs


@dataclass(frozen=True)
class Indicateur:
    """Ce qu'un indicateur dit de lui-même, et comment il se compte."""

    code: str
    titre: str
    definition: str
    numerateur: str
    denominateur: str
    unite: str
    source: str
    calcul: Callable[[date, QuerySet[Personne]], list[dict[str, Any]]]
    """Valeurs de l'indicateur à une date sur une population : la principale d'abord, ses variantes ensuite."""


def _valeur(definition: str, numerateur: int, denominateur: int, *, code: str) -> dict[str, Any]:
    return {
        "code": code, "definition": definition, "numerateur": numerateur, "denominateur": denominateur,
        "valeur": en_pourcent(numerateur, denominateur),
    }  # fmt: skip


def _avec_referent(personnes: QuerySet[Personne], jour: date) -> QuerySet[Personne]:
    return personnes.filter(_au_jour(DesignationReferent, jour))


def _referencement(jour: date, personnes: QuerySet[Personne]) -> list[dict[str, Any]]:
    anciennes = personnes.filter(presents_depuis_longtemps(jour))
    return [
        _valeur(
            "Personnes soumises qui ont un référent unique, sur toutes les personnes soumises.",
            _avec_referent(personnes, jour).count(), personnes.count(), code="D",
        ),
        _valeur(
            "Personnes présentes depuis plus de 3 mois et 1 jour qui ont un référent unique, sur toutes celles qui "
            "sont présentes depuis plus de 3 mois et 1 jour.",
            _avec_referent(anciennes, jour).count(), anciennes.count(), code="D'",
        ),
    ]  # fmt: skip


def _referents_professionnels(jour: date, personnes: QuerySet[Personne]) -> list[dict[str, Any]]:
    referencees = _avec_referent(personnes, jour)
    professionnelles = referencees.filter(
        _au_jour(DecisionOrientation, jour, type__sphere__in=[Sphere.PROFESSIONNELLE, Sphere.SOCIOPROFESSIONNELLE])
    ).count()
    return [
        _valeur(
            "Personnes dont le référent est professionnel, sur toutes les personnes soumises.",
            professionnelles, personnes.count(), code="D",
        ),
        _valeur(
            "Personnes dont le référent est professionnel, sur celles qui ont un référent unique.",
            professionnelles, referencees.count(), code="D référencées",
        ),
    ]  # fmt: skip


def _file_active(jour: date, personnes: QuerySet[Personne]) -> list[dict[str, Any]]:
    liens = DesignationReferent.objects.filter(personne__in=personnes, periode__contains=jour, agent__isnull=False)
    accompagnees = liens.order_by().values("personne").distinct().count()
    agents = list(liens.order_by().values_list("agent_id", flat=True).distinct())
    parts = dict(
        TempsReferent.objects.filter(agent__in=agents, periode__contains=jour)
        .order_by("pk")
        .values_list("agent_id", "part")
    )
    centiemes = sum(parts.get(agent, 100) for agent in agents)
    etp = (Decimal(centiemes) / 100).quantize(Decimal("0.01"))

    def moyenne(denominateur: Decimal) -> Decimal | None:
        return (Decimal(accompagnees) / denominateur).quantize(Decimal("0.01"), ROUND_HALF_UP) if denominateur else None

    return [
        {
            "code": "ETP", "numerateur": accompagnees, "denominateur": etp, "valeur": moyenne(etp),
            "definition": "Personnes qui ont un référent dans Jalon, par référent en équivalent temps plein.",
        },
        {
            "code": "agents", "numerateur": accompagnees, "denominateur": len(agents),
            "valeur": moyenne(Decimal(len(agents))),
            "definition": "Personnes qui ont un référent dans Jalon, par référent.",
        },
    ]  # fmt: skip


_SOURCE = "Désignations de référent et décisions d'orientation datées de Jalon ; droits reçus de la CAF et de la MSA."
INDICATEURS: dict[str, Indicateur] = {
    i.code: i
    for i in (
        Indicateur(
            code="I07",
            titre="Taux de référencement",
            definition=(
                "Part des personnes soumises aux droits et devoirs, dont le droit est ouvert à la date, qui ont un "
                "référent unique à cette date ; la variante ne retient que celles qui sont présentes depuis plus de "
                "3 mois et 1 jour, d'après la date de demande (R42)."
            ),
            numerateur="Personnes qui ont un référent unique à la date.",
            denominateur="Personnes soumises à la date ; variante : présentes depuis plus de 3 mois et 1 jour.",
            unite="%",
            source=_SOURCE,
            calcul=_referencement,
        ),
        Indicateur(
            code="I08",
            titre="Part orientée vers des référents professionnels",
            definition=(
                "Part des personnes dont le référent est professionnel : leur orientation à la date est d'une sphère "
                "professionnelle ou socio-professionnelle. La source ne dit pas quel dénominateur elle retient : les "
                "deux sont donnés. Une personne qui a un référent sans orientation connue n'est pas comptée "
                "professionnelle."
            ),
            numerateur="Personnes qui ont un référent et une orientation professionnelle à la date.",
            denominateur="Personnes soumises à la date ; variante : personnes qui ont un référent.",
            unite="%",
            source=_SOURCE,
            calcul=_referents_professionnels,
        ),
        Indicateur(
            code="I18",
            titre="File active par référent",
            definition=(
                "Personnes soumises qui ont à la date un référent unique dans Jalon, rapportées au temps de ces "
                "référents ; un référent dont le temps n'est pas renseigné compte pour un temps plein."
            ),
            numerateur="Personnes qui ont un référent dans Jalon à la date.",
            denominateur="Référents en équivalent temps plein ; variante : nombre de référents.",
            unite="personnes par référent",
            source=_SOURCE,
            calcul=_file_active,
        ),
    )
}


def calculer(code: str, jour: date, territoire: str | None = None, *, public: str = "") -> dict[str, Any]:
    """Un indicateur à une date, pour tout le département ou un territoire (par son code), et au besoin un public.

    Rend `{code, titre, date, territoire, unite, source, definition, valeur, numerateur, denominateur, variantes}` ; la
    division est faite en `Decimal`. Lève `TableauInconnuError`, `TerritoireInconnuError`, `JalonError` (public inconnu).
    """
    indicateur = INDICATEURS.get(code.upper())
    if indicateur is None:
        connus = ", ".join(INDICATEURS)
        raise TableauInconnuError(f"L'indicateur « {code} » n'existe pas. Indicateurs connus : {connus}.")
    personnes = du_public(population(jour), exiger_public(public), jour)
    if territoire:
        personnes = personnes.filter(territoire__code__in=arbre().sous(territoire))
    principale, *variantes = indicateur.calcul(jour, personnes)
    return {
        "code": indicateur.code, "titre": indicateur.titre, "date": jour, "territoire": territoire,
        "unite": indicateur.unite, "source": indicateur.source, "definition": indicateur.definition,
        "valeur": principale["valeur"], "numerateur": principale["numerateur"],
        "denominateur": principale["denominateur"], "variantes": [principale, *variantes],
    }  # fmt: skip


def objectif(jour: date) -> Decimal | None:
    """Part de personnes référencées que vise le département, s'il en a fixé une à cette date."""
    try:
        return nombre("objectif.referencement", jour)
    except ParametreAbsentError:
        return None


def lignes(
    comptes: dict[tuple[int | None, str, str, str], int], axe: str, modalites: Sequence[tuple[Any, str, str]]
) -> list[Ligne]:
    """Tableau des états pour chaque modalité (clé, code, libellé) d'un axe : territoire, tranche ou sexe."""
    rang = {"territoire": 0, "tranche": 2, "sexe": 3}[axe]
    return [
        Ligne(
            code, libelle,
            {
                etat: sum(n for case, n in comptes.items() if case[1] == etat and case[rang] == cle)
                for etat in ETATS
            },
        )
        for cle, code, libelle in modalites
    ]  # fmt: skip


def ensemble(comptes: dict[tuple[int | None, str, str, str], int]) -> Ligne:
    """Effectifs de toute la population comptée."""
    return Ligne("", "Ensemble", {e: sum(n for case, n in comptes.items() if case[1] == e) for e in ETATS})

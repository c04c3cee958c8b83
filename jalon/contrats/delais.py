"""Les contrats au-delà de leur délai : à valider depuis leur signature (R49), à conclure depuis l'orientation (R48, F054).

Chaque liste se lit par un référent, un territoire ou le département : c'est la même, vue par chacun.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import (
    CharField,
    Count,
    DateField,
    Exists,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.contrats.services import contrats_du_perimetre
from jalon.organismes.models import Territoire
from jalon.orientations.models import DecisionOrientation, NotificationOrientation
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.models import Parametre


class PlusMois(Func):
    """Une date et un nombre de mois, comptés par PostgreSQL comme ailleurs : 31 janvier + 1 mois = 28 février."""

    template = "(%(expressions)s::int))::date"
    arg_joiner = " + make_interval(months => "
    output_field = DateField()


def _mois_du_parametre(code: str, depart: str) -> Subquery:
    """Valeur, au jour de départ, du paramètre que nomme la colonne `code`."""
    return Subquery(
        Parametre.objects.filter(code=OuterRef(code), periode__contains=OuterRef(depart)).values("valeur")[:1],
        output_field=CharField(),
    )


# --- À valider (R49)


def a_valider(perimetre: Perimetre) -> QuerySet[Contrat]:
    """Contrats signés par les deux et pas encore validés, avec le dernier jour de leur délai (`echeance_le`)."""
    return (
        contrats_du_perimetre(perimetre)
        .filter(etat__in=EtatContrat.a_valider(), reference_seule=False)
        .annotate(echeance_le=PlusMois(F("signe_le"), _mois_du_parametre("type__delai_validation", "signe_le")))
    )


def au_dela_du_delai(perimetre: Perimetre, jour: date | None = None) -> QuerySet[Contrat]:
    """Ceux dont le délai de validation est passé."""
    return a_valider(perimetre).filter(echeance_le__lt=jour or timezone.localdate())  # type: ignore[misc]


# --- À conclure (R48)


def a_conclure(perimetre: Perimetre) -> QuerySet[DecisionOrientation]:
    """Orientations en vigueur, reçues avec certitude, sans contrat conclu depuis ; avec `recue_le` et `echeance_le`.

    Un contrat est conclu quand les deux l'ont signé, ou quand il a été enregistré. Un contrat qui court encore au jour de
    la décision suffit : on ne demande pas d'en écrire un second.
    """
    recues = (
        NotificationOrientation.objects.filter(decision=OuterRef("pk"), recue_le__isnull=False)
        .order_by()
        .values("decision")
        .annotate(premiere=Min("recue_le"))
        .values("premiere")
    )
    conclus = Contrat.objects.filter(personne=OuterRef("personne"), signe_le__isnull=False).exclude(
        etat=EtatContrat.ABANDONNE
    )
    jour = timezone.localdate()
    return (
        DecisionOrientation.objects.filter(
            filtre_perimetre(perimetre, "personne__"), annulee_le=None, periode__contains=jour,
            personne__fusionnee_dans=None,
        )
        .annotate(recue_le=Subquery(recues, output_field=DateField()))
        .filter(recue_le__isnull=False)
        .filter(
            ~Exists(conclus.filter(signe_le__gte=OuterRef("decidee_le"))),
            ~Exists(conclus.filter(etat__in=EtatContrat.vivants(), periode__contains=jour)),
        )
        .annotate(echeance_le=PlusMois(F("recue_le"), _mois_du_parametre("type__delai_contrat", "recue_le")))
    )  # fmt: skip


def conclusions_en_retard(perimetre: Perimetre, jour: date | None = None) -> QuerySet[DecisionOrientation]:
    """Celles dont le délai du contrat est passé (L262-35, L262-36)."""
    return a_conclure(perimetre).filter(echeance_le__lt=jour or timezone.localdate())  # type: ignore[misc]


# --- Par niveau


@dataclass(frozen=True)
class ParTerritoire:
    """Nombre d'un territoire, qui ouvre sa liste."""

    code: str
    libelle: str
    nombre: int


def par_territoire(lignes: QuerySet[Contrat] | QuerySet[DecisionOrientation]) -> list[ParTerritoire]:
    """Compte une liste par territoire de la personne ; ceux qui n'ont rien n'y sont pas."""
    comptes: dict[int | None, int] = dict(
        lignes.order_by()
        .values("personne__territoire")
        .annotate(n=Count("pk"))
        .values_list("personne__territoire", "n")
    )
    territoires = Territoire.objects.filter(pk__in=[t for t in comptes if t is not None]).order_by("ordre", "pk")
    rendus = [ParTerritoire(t.code, t.libelle, comptes[t.pk]) for t in territoires]
    if None in comptes:
        rendus.append(ParTerritoire("sans", "Sans territoire", comptes[None]))
    return rendus


def du_territoire(code: str) -> Q:
    """Filtre d'une liste par territoire de la personne ; « sans » pour celles qui n'en ont pas."""
    return Q(personne__territoire=None) if code == "sans" else Q(personne__territoire__code=code)


def du_referent(perimetre: Perimetre, contrats: bool) -> Q:
    """Ce qui revient à l'agent lui-même : les contrats dont il est référent, ou les personnes qu'il suit."""
    if contrats:
        return Q(referent=perimetre.agent)
    return Q(
        personne__designations_referent__agent=perimetre.agent,
        personne__designations_referent__periode__contains=timezone.localdate(),
    )

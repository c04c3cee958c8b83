"""Les personnes suivies sans contrat (R51) : qui, depuis quand, avec quel référent, dans le délai ou non."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Case, Count, DateField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Greatest

from jalon.accompagnements.models import Accompagnement, DesignationReferent, NatureAccompagnement
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.organismes.models import Organisme
from jalon.orientations.models import DecisionOrientation, NotificationOrientation, TypeOrientation
from jalon.personnes.models import Personne
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.referentiels.models import Parametre


class Delai(models.TextChoices):
    """Où en est le délai pour conclure un contrat."""

    PASSE = "passe", "Délai passé"
    DANS_LE_DELAI = "dans_le_delai", "Dans le délai"
    SANS_DELAI = "sans_delai", "Sans délai fixé"


class _PlusMois(Func):
    """Le même jour, tant de mois plus tard, au sens du calendrier (31 janvier + 1 mois = fin février)."""

    template = "(%(expressions)s + make_interval(months => %(mois)s))::date"
    output_field = DateField()

    def __init__(self, depart: str, mois: int) -> None:
        super().__init__(F(depart), mois=int(mois))


def sans_contrat(perimetre: Perimetre, jour: date) -> QuerySet[Personne]:
    """Personnes accompagnées ce jour, par un référent ou dans une action, qu'aucun contrat ne couvre (R51).

    `depuis` : premier jour suivi sans contrat, c'est-à-dire le début du plus ancien suivi en cours ou la fin du dernier
    contrat. `echeance` : dernier jour pour conclure, compté de la réception de la notification, à défaut de la décision,
    ou de la fin du dernier contrat si elle est plus récente ; nulle sans décision d'orientation. `prepare` : un contrat
    est déjà en écriture ou en signature. Un contrat écrit ailleurs compte comme un contrat.
    """
    suivis = Accompagnement.objects.filter(personne=OuterRef("pk"), periode__contains=jour)
    contrats = Contrat.objects.filter(personne=OuterRef("pk"))
    decision = DecisionOrientation.objects.filter(
        personne=OuterRef("pk"), annulee_le=None, periode__contains=jour
    ).order_by("-pk")
    recue = (
        NotificationOrientation.objects.filter(decision=OuterRef("decision_pk"), recue_le__isnull=False)
        .order_by("recue_le", "pk")
        .values("recue_le")[:1]
    )
    dernier = (
        contrats.filter(periode__endswith__lte=jour, periode__isempty=False)
        .order_by("-periode__endswith")
        .values("periode__endswith")[:1]
    )
    return (
        personnes_du_perimetre(perimetre)
        .filter(Exists(suivis), ~Exists(contrats.filter(periode__contains=jour)))
        .annotate(
            prepare=Exists(contrats.filter(etat__in=EtatContrat.en_preparation())),
            decision_pk=Subquery(decision.values("pk")[:1]),
            decision_type=Subquery(decision.values("type_id")[:1]),
            decidee_le=Subquery(decision.values("decidee_le")[:1]),
            dernier_contrat=Subquery(dernier, output_field=DateField()),
            debut_suivi=Subquery(
                suivis.order_by("periode__startswith").values("periode__startswith")[:1], output_field=DateField()
            ),
        )
        .annotate(
            depuis=Greatest(F("debut_suivi"), F("dernier_contrat")),
            depart=Greatest(Coalesce(Subquery(recue), F("decidee_le")), F("dernier_contrat")),
        )
        .annotate(echeance=_echeance())
        .annotate(
            delai=Case(
                When(echeance=None, then=Value(Delai.SANS_DELAI.value)),
                When(echeance__lt=jour, then=Value(Delai.PASSE.value)),
                default=Value(Delai.DANS_LE_DELAI.value),
            )
        )
    )


def _echeance() -> Case:
    """Le délai est celui du type d'orientation, avec la valeur en vigueur au jour de départ : le passé ne change pas."""
    types = list(TypeOrientation.objects.order_by("pk").values_list("pk", "delai_contrat"))
    valeurs = Parametre.objects.filter(code__in={code for _, code in types}).order_by("code", "pk")
    cas = []
    for valeur in valeurs:
        bornes = Q(decision_pk__isnull=False)
        if valeur.periode.lower is not None:
            bornes &= Q(depart__gte=valeur.periode.lower)
        if valeur.periode.upper is not None:
            bornes &= Q(depart__lt=valeur.periode.upper)
        concernes = [cle for cle, code in types if code == valeur.code]
        cas.append(When(bornes & Q(decision_type__in=concernes), then=_PlusMois("depart", int(valeur.valeur))))
    return Case(*cas, default=Value(None), output_field=DateField())


def compter_delais(personnes: QuerySet[Personne]) -> dict[str, int]:
    """Personnes dans chaque délai, dont un contrat se prépare (`prepare`), et toutes (`total`), en une requête."""
    lus = personnes.order_by().aggregate(
        **{f"n_{d.value}": Count("pk", filter=Q(delai=d.value)) for d in Delai},
        n_prepare=Count("pk", filter=Q(prepare=True)), n_total=Count("pk"),
    )  # fmt: skip
    return {nom.removeprefix("n_"): int(n) for nom, n in lus.items()}


def par_organisme(personnes: QuerySet[Personne], jour: date) -> list[tuple[Organisme, int]]:
    """Personnes distinctes sans contrat, par organisme qui les suit, du plus grand nombre au plus petit.

    Une personne suivie à deux endroits compte dans chacun : le contrat est à proposer par l'un ou l'autre.
    """
    comptes = dict(
        Accompagnement.objects.filter(personne__in=personnes.order_by().values("pk"), periode__contains=jour)
        .order_by()
        .values("organisme_id")
        .annotate(n=Count("personne", distinct=True))
        .values_list("organisme_id", "n")
    )
    organismes = Organisme.objects.filter(pk__in=comptes).select_related("type").order_by("libelle", "pk")
    return sorted(((o, comptes[o.pk]) for o in organismes), key=lambda couple: -couple[1])


def suivies_par(personnes: QuerySet[Personne], organisme: Organisme, jour: date) -> QuerySet[Personne]:
    suivi = Accompagnement.objects.filter(personne=OuterRef("pk"), organisme=organisme, periode__contains=jour)
    return personnes.filter(Exists(suivi))


def suivi_principal(
    personnes: list[Personne], jour: date
) -> dict[int, tuple[Accompagnement, DesignationReferent | None]]:
    """Pour une page : le suivi de chaque personne (celui du référent d'abord) et son référent, en deux requêtes."""
    cles = [personne.pk for personne in personnes]
    designations = {
        d.personne_id: d
        for d in DesignationReferent.objects.filter(personne__in=cles, periode__contains=jour)
        .select_related("agent", "organisme")
        .order_by("pk")
    }
    suivis: dict[int, Accompagnement] = {}
    lus = (
        Accompagnement.objects.filter(personne__in=cles, periode__contains=jour)
        .select_related("organisme", "agent")
        .annotate(
            second=Case(When(nature=NatureAccompagnement.REFERENCE, then=Value(0)), default=Value(1)),
            debut=Cast(F("periode__startswith"), DateField()),
        )
        .order_by("second", "debut", "pk")
    )
    for suivi in lus:
        suivis.setdefault(suivi.personne_id, suivi)
    return {cle: (suivis[cle], designations.get(cle)) for cle in cles if cle in suivis}

"""Les listes de procédures, chacune avec son compte : ce qui attend un geste, et de qui."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.manquements.models import EtatManquement, Manquement, RegleSanction
from jalon.manquements.services import manquements_du_perimetre, regime_du
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import JalonError


@dataclass(frozen=True)
class Liste:
    """Une liste : son code dans l'adresse, son nom, et son nombre."""

    code: str
    libelle: str
    nombre: int


def _listes() -> dict[str, str]:
    return {
        "en_preparation": "En préparation",
        "a_instruire": "À instruire",
        "a_prouver": "Réception à prouver",
        "delai_court": "Délai qui court",
        "delai_fini": "Délai fini ou réponse reçue",
        "sans_avis": "Sans avis à temps",
        "a_decider": "À décider",
        "service_en_cause": "Service en cause",
        "motif_reconnu": "Motif légitime, à classer",
        "closes": "Closes",
    }


def conditions(jour: date | None = None) -> dict[str, Q]:
    """Condition de chaque liste ce jour ; une procédure peut être dans plusieurs."""
    jour = jour or timezone.localdate()
    regime = regime_du(jour)
    averti = Q(etat=EtatManquement.AVERTI)
    finies = Q(observations_jusqu_au__lt=jour) | Q(observations_jusqu_au__isnull=False, reponse_le__lte=jour)
    sans_avis_exige = RegleSanction.objects.filter(regime=regime, avis_exige=False)
    decidables = Q(etat=EtatManquement.AVIS_RENDU)
    for fraude in sorted(set(sans_avis_exige.order_by("fraude").values_list("fraude", flat=True))):
        decidables |= averti & finies & Q(motif__fraude=fraude)
    hors_de_cause = Q(service_en_cause=False, motif_legitime=False)
    return {
        "en_preparation": Q(etat=EtatManquement.PREPARE),
        "a_instruire": Q(etat=EtatManquement.SAISI),
        "a_prouver": averti & Q(averti_recu_le=None),
        "delai_court": averti & Q(observations_jusqu_au__gte=jour) & (Q(reponse_le=None) | Q(reponse_le__gt=jour)),
        "delai_fini": averti & finies,
        "sans_avis": averti & Q(instance_convoquee_le__lte=derniere_convocation_echue(jour, regime.avis_mois)),
        "a_decider": decidables & hors_de_cause,
        "service_en_cause": Q(etat__in=EtatManquement.ouverts(), service_en_cause=True),
        "motif_reconnu": Q(etat__in=EtatManquement.ouverts(), motif_legitime=True),
        "closes": Q(etat__in=[EtatManquement.SANCTIONNE, EtatManquement.CLASSE]),
    }


def derniere_convocation_echue(jour: date, mois: int) -> date:
    """Dernier jour de convocation dont le délai d'avis est passé ce jour, de quantième à quantième (R262-71).

    Le délai qui finit le dernier jour d'un mois court peut être parti du 28 comme du 31.
    """
    veille = jour - timedelta(days=1)
    convoquee = veille - relativedelta(months=mois)
    return convoquee + relativedelta(day=31) if jour.day == 1 else convoquee


def liste(perimetre: Perimetre, code: str, jour: date | None = None) -> QuerySet[Manquement]:
    """Procédures d'une liste, la plus pressée d'abord. Lève `JalonError` si la liste n'existe pas."""
    connues = conditions(jour)
    if code not in connues:
        raise JalonError(f"Cette liste de {mot('manquement').pluriel} n'existe pas : choisissez-en une de la page.")
    return _pour_liste(manquements_du_perimetre(perimetre).filter(connues[code])).order_by(
        "observations_jusqu_au", "saisi_le", "prepare_le", "pk"
    )


def comptes(perimetre: Perimetre, jour: date | None = None) -> list[Liste]:
    """Nombre de chaque liste, en une requête."""
    nombres = manquements_du_perimetre(perimetre).aggregate(
        **{code: Count("pk", filter=condition) for code, condition in conditions(jour).items()}
    )
    return [Liste(code, libelle, nombres[code]) for code, libelle in _listes().items()]


def a_instruire(perimetre: Perimetre, jour: date | None = None) -> QuerySet[Manquement]:
    """L'instance est saisie, la personne pas encore avertie."""
    return liste(perimetre, "a_instruire", jour)


def delai_court(perimetre: Perimetre, jour: date | None = None) -> QuerySet[Manquement]:
    """La personne peut encore répondre et ne l'a pas fait."""
    return liste(perimetre, "delai_court", jour)


def delai_fini(perimetre: Perimetre, jour: date | None = None) -> QuerySet[Manquement]:
    """Le délai est passé, ou la personne a répondu : à inscrire en séance."""
    return liste(perimetre, "delai_fini", jour)


def sans_avis(perimetre: Perimetre, jour: date | None = None) -> QuerySet[Manquement]:
    """L'instance convoquée n'a pas répondu dans le délai de la loi."""
    return liste(perimetre, "sans_avis", jour)


def a_decider(perimetre: Perimetre, jour: date | None = None) -> QuerySet[Manquement]:
    """L'avis est rendu, ou le régime du jour permet de décider sans lui ; ni tort du service ni motif légitime."""
    return liste(perimetre, "a_decider", jour)


def manquements_de(personne: Personne) -> QuerySet[Manquement]:
    """Toutes les procédures d'une personne, la plus récente d'abord."""
    return _pour_liste(Manquement.objects.filter(personne=personne)).order_by("-prepare_le", "-pk")


def _pour_liste(lignes: QuerySet[Manquement]) -> QuerySet[Manquement]:
    return lignes.select_related("personne__territoire", "motif", "organisme", "territoire", "contact")


LISTES: Final = tuple(_listes())

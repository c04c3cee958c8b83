"""Les listes toutes faites : une vue par moment de la procédure, comptées en une requête."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from jalon.contrats.models import Contrat
from jalon.manquements import selectors
from jalon.manquements.models import EtatDecision, EtatManquement, RecoursSanction
from jalon.rendezvous.models import EtatRendezVous, RendezVous


@dataclass(frozen=True, slots=True)
class Vue:
    """Une liste toute faite : son code dans l'adresse, son nom, ce qu'elle attend, et de qui."""

    code: str
    texte: str
    attend: str
    ton: str
    icone: str


VUES = (
    Vue("en_preparation", "En préparation", "à finir par qui l’a commencée", "gris", "pencil"),
    Vue("a_instruire", "À instruire", "à avertir, ou à classer", "bleu", "inbox"),
    Vue("a_prouver", "Réception à noter", "le délai ne court pas encore", "ambre", "mail-question"),
    Vue("delai_court", "Délai qui court", "la personne peut répondre", "bleu", "hourglass"),
    Vue("delai_fini", "À porter à l’instance", "délai fini, ou réponse reçue", "ambre", "users-group"),
    Vue("sans_avis", "Sans avis à temps", "l’instance n’a pas répondu", "rouge", "clock-off"),
    Vue("a_decider", "À décider", "la loi permet de décider", "ambre", "gavel"),
    Vue("a_notifier", "À notifier", "décidées, la personne ne le sait pas", "ambre", "mail"),
    Vue("en_cours", "Sanctions en cours", "notifiées, pas encore finies", "gris", "player-pause"),
    Vue("a_lever", "À lever", "la personne semble en règle", "ambre", "lock-open"),
    Vue("recours", "Recours", "une réponse est attendue", "rouge", "scale"),
    Vue("closes", "Closes", "classées, ou décidées", "gris", "archive"),
)
PAR_CODE = {vue.code: vue for vue in VUES}


def conditions(jour: date) -> dict[str, Q]:
    """Ce que chaque liste retient : la procédure, puis la sanction et ce qui la suit."""
    sanctionne = Q(etat=EtatManquement.SANCTIONNE)
    court = (
        sanctionne & Q(decision__etat=EtatDecision.NOTIFIEE)
        & (Q(decision__periode__isnull=True) | Q(decision__periode__endswith__gt=jour))
    )  # fmt: skip
    sanctions = {
        "a_notifier": sanctionne & Q(decision__etat=EtatDecision.DECIDEE),
        "en_cours": court,
        "a_lever": court & Q(decision__regle__regime__levee_de_droit=True) & en_regle_depuis(),
        "recours": Q(Exists(RecoursSanction.objects.filter(decision__manquement=OuterRef("pk"), issue=""))),
    }
    procedures = selectors.conditions(jour)
    return {vue.code: sanctions[vue.code] if vue.code in sanctions else procedures[vue.code] for vue in VUES}


def en_regle_depuis() -> Q:
    """Depuis la décision, la personne est venue à un rendez-vous ou a signé un contrat : la levée est à examiner."""
    venue = RendezVous.objects.filter(
        personne=OuterRef("personne"), etat=EtatRendezVous.HONORE, debut__date__gte=OuterRef("decision__decidee_le")
    )
    signe = Contrat.objects.filter(personne=OuterRef("personne"), signe_le__gte=OuterRef("decision__decidee_le"))
    return Q(Exists(venue)) | Q(Exists(signe))

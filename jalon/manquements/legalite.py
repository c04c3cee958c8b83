"""Ce que la loi permet : la règle de la grille, les faits que dit le dossier, et tous les refus d'une sanction.

`refus` dit en une fois, avec la phrase et le nom de la contrainte, tout ce que la base refuserait : l'une et l'autre
sont essayées ensemble, cas par cas (annexe 1 du droit, ADR 13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.manquements.models import (
    DecisionSanction,
    EtatDecision,
    Manquement,
    NatureSanction,
    RangSanction,
    RegleSanction,
)
from jalon.manquements.services import est_soumise, regime_du
from jalon.socle.errors import JalonError


@dataclass(frozen=True)
class Refus:
    """Une garantie qui manque : le nom de la contrainte, et la phrase pour l'agent."""

    contrainte: str
    phrase: str


@dataclass(frozen=True, kw_only=True)
class Projet:
    """Une sanction envisagée, avec ce que disent la grille et le dossier. Les noms sont ceux de `DecisionSanction`."""

    manquement: Manquement
    regle: RegleSanction
    decidee_le: date
    taux: int | None
    duree: int | None
    montant: Decimal | None
    debut: date | None
    motivation: str = ""
    motif_ecart: str = ""
    personne_id: int
    nature: str
    regime_periode: DateRange
    rang: str
    taux_min: int | None
    taux_max: int | None
    duree_min: int | None
    duree_max: int | None
    plafond_foyer: int | None
    plafond_majore: bool
    avis_exige: bool
    regle_fraude: bool
    faits_pas_avant: date | None
    motif_fraude: bool
    article_motif: str
    porte_sur_heures: bool
    heures_exonerees: bool
    faits_le: date | None
    contact_le: date | None
    averti_recu_le: date | None
    observations_jusqu_au: date | None
    observations_au_moins: date | None
    reponse_le: date | None
    motif_legitime: bool
    audition_demandee: bool
    audition_proposee_le: date | None
    avis_le: date | None
    ecart_avis: bool
    precedentes: int
    soumise: bool
    foyer_plusieurs: bool
    majoree: bool
    faute_service: bool
    sanction_en_cours: DecisionSanction | None = None
    """Sanction qui court aux mêmes jours ; elle ne se fige pas, la base la retrouve."""
    retenu_au_foyer: int = 0
    """Part déjà retenue aux mêmes jours à d'autres personnes du foyer ; elle ne se fige pas non plus."""

    @property
    def amende(self) -> bool:
        return self.nature == NatureSanction.AMENDE

    @property
    def periode(self) -> DateRange | None:
        """Jours où la sanction s'applique ; `None` pour une amende, ou sans début ni durée."""
        if self.amende or self.debut is None or self.duree is None:
            return None
        return periode_de(self.debut, self.duree)

    @property
    def plafond(self) -> int | None:
        """Part qui ne se dépasse pas ici, les sanctions du reste du foyer déduites ; `None` sans plafond (R262-68)."""
        if self.plafond_foyer is None or not (self.foyer_plusieurs or (self.majoree and self.plafond_majore)):
            return None
        return max(self.plafond_foyer - self.retenu_au_foyer, 0)

    def colonnes(self) -> dict[str, Any]:
        """Colonnes de la décision, période comprise."""
        hors = {"sanction_en_cours", "retenu_au_foyer"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in hors} | {"periode": self.periode}


# --- Établir


def regles_possibles(manquement: Manquement, jour: date | None = None) -> list[RegleSanction]:
    """Règles de la grille du jour qui valent pour ce motif et à ce rang, la plus légère d'abord ; peut être vide."""
    jour = jour or timezone.localdate()
    regime = regime_du(jour)
    if regime.code not in manquement.motif.articles:
        return []
    regles = RegleSanction.objects.filter(regime=regime, fraude=manquement.motif.fraude).select_related("regime")
    possibles = []
    for regle in regles.order_by("pk"):
        faits = _faits(manquement, regle, taux=None, duree=None, jour=jour)
        if regle.rang == RangSanction.TOUS or (regle.rang == RangSanction.SUIVANTE) == (faits["precedentes"] > 0):
            possibles.append(regle)
    return possibles


def regle_applicable(manquement: Manquement, *, nature: str, jour: date | None = None) -> RegleSanction | None:
    """Règle de cette nature pour ce manquement, au rang où en est la personne ; `None` si la loi n'en a pas."""
    return next((regle for regle in regles_possibles(manquement, jour) if regle.nature == nature), None)


def debut_habituel(jour: date) -> date:
    """Premier jour du mois qui suit : l'allocation est due par mois entier."""
    return (jour + relativedelta(months=1)).replace(day=1)


def periode_de(debut: date, duree: int) -> DateRange:
    """Du premier jour à la fin de la durée : 31 janvier + 1 mois, jusqu'au 28 ou 29 février, exclu."""
    return DateRange(debut, debut + relativedelta(months=duree))


def etablir_projet(
    manquement: Manquement,
    *,
    regle: RegleSanction,
    taux: int | None = None,
    duree: int | None = None,
    montant: Decimal | None = None,
    debut: date | None = None,
    jour: date | None = None,
    motivation: str = "",
    motif_ecart: str = "",
) -> Projet:
    """La sanction envisagée, avec ce que disent la grille et le dossier ce jour. Ne refuse rien : voir `refus`."""
    jour = jour or timezone.localdate()
    amende = regle.nature == NatureSanction.AMENDE
    if debut is None and not amende:
        debut = debut_habituel(jour)
    return Projet(
        manquement=manquement, regle=regle, decidee_le=jour, taux=taux, duree=duree, montant=montant, debut=debut,
        motivation=motivation.strip(), motif_ecart=motif_ecart.strip(),
        **_faits(manquement, regle, taux=taux, duree=duree, jour=jour),
        sanction_en_cours=_sanction_en_cours(manquement, None if amende else debut, duree),
        retenu_au_foyer=0 if amende else _retenu_au_foyer(manquement, debut, duree or regle.duree_min, jour),
    )  # fmt: skip


def _faits(
    manquement: Manquement, regle: RegleSanction, *, taux: int | None, duree: int | None, jour: date
) -> dict[str, Any]:
    """Ce que disent la grille et le dossier, lus par la fonction que la base emploie pour vérifier."""
    with connection.cursor() as curseur:
        curseur.execute(
            "select * from manquements_faits_de_sanction(%s, %s, %s, %s, %s)",
            [manquement.pk, regle.pk, taux, duree, jour],
        )
        noms = [colonne.name for colonne in curseur.description]
        ligne = curseur.fetchone()
    if ligne is None:
        raise JalonError("Cette procédure ou cette règle n'existe plus : rechargez la page.")
    return dict(zip(noms, ligne, strict=True))


def _sanction_en_cours(manquement: Manquement, debut: date | None, duree: int | None) -> DecisionSanction | None:
    if debut is None or not duree:
        return None
    return (
        DecisionSanction.objects.filter(personne_id=manquement.personne_id, periode__overlap=periode_de(debut, duree))
        .exclude(manquement=manquement)
        .order_by("pk")
        .first()
    )


def _retenu_au_foyer(manquement: Manquement, debut: date | None, duree: int | None, jour: date) -> int:
    """Part déjà retenue aux autres personnes du foyer à ces dates, lue par la fonction que la base emploie."""
    if debut is None or not duree:
        return 0
    with connection.cursor() as curseur:
        curseur.execute(
            "select manquements_retenu_au_foyer(%s, %s, %s)",
            [manquement.personne_id, periode_de(debut, duree), jour],
        )
        return int(curseur.fetchone()[0])


# --- Refuser, en disant pourquoi

_Regle = Callable[[Projet], str]


def _regime(p: Projet) -> str:
    if p.decidee_le in p.regime_periode:
        return ""
    return (
        f"La règle « {p.regle} » est celle du régime {p.regle.regime.libelle}, qui n'est pas en vigueur au "
        f"{p.decidee_le:%d/%m/%Y} : choisissez une règle du régime de ce jour."
    )


def _motif(p: Projet) -> str:
    if p.article_motif:
        return ""
    faits, motif = p.manquement.regime_faits, p.manquement.motif
    regime = p.regle.regime if faits.code in motif.articles else faits
    return (
        f"Le motif « {motif.libelle} » n'existe pas sous le régime {regime.libelle} : cette procédure ne peut que se "
        "classer."
    )


def _soumise(p: Projet) -> str:
    if p.soumise:
        return ""
    return (
        f"La personne n'est pas soumise aux droits et devoirs au {p.decidee_le:%d/%m/%Y} : aucune sanction n'est "
        "possible. Classez la procédure."
    )


def _service(p: Projet) -> str:
    if not p.faute_service:
        return ""
    return "Le service est en cause : aucune sanction n'est possible, qui que ce soit qui la demande (R62)."


def _faits_dates(p: Projet) -> str:
    if p.faits_le is None:
        return "Aucun fait daté n'est écrit : ajoutez ce qui est reproché, avec sa date (R60)."
    if p.faits_le > p.decidee_le:
        return f"Le fait reproché est du {p.faits_le:%d/%m/%Y}, après la décision : corrigez sa date."
    return ""


def _legitime(p: Projet) -> str:
    if not p.motif_legitime:
        return ""
    return "Un motif légitime est reconnu à la personne : la procédure se classe, elle ne sanctionne pas."


def _contact(p: Projet) -> str:
    if p.contact_le is None:
        return "La personne n'a pas été contactée avant la procédure : aucun contact préalable n'est au dossier (R18)."
    if p.averti_recu_le is not None and p.contact_le > p.averti_recu_le:
        return f"Le contact du {p.contact_le:%d/%m/%Y} est venu après l'avertissement : il devait le précéder (R18)."
    return ""


def _averti(p: Projet) -> str:
    if p.averti_recu_le is not None and p.observations_jusqu_au is not None:
        return ""
    return (
        "La personne n'a pas reçu d'avertissement à une date certaine : envoyez-le, puis notez le jour de sa réception "
        f"et sa preuve ({p.regle.regime.article_entendre})."
    )


def _observations(p: Projet) -> str:
    if p.observations_jusqu_au is None or p.observations_jusqu_au < p.decidee_le:
        return ""
    if p.reponse_le is not None and p.reponse_le <= p.decidee_le:
        return ""
    return (
        f"Le délai d'observations court jusqu'au {p.observations_jusqu_au:%d/%m/%Y} compris, et la personne n'a pas "
        "répondu : attendez sa réponse ou la fin du délai."
    )


def _delai_entier(p: Projet) -> str:
    if p.observations_jusqu_au is None or p.observations_au_moins is None:
        return ""
    if p.observations_jusqu_au >= p.observations_au_moins:
        return ""
    return (
        f"Le délai d'observations a été arrêté au {p.observations_jusqu_au:%d/%m/%Y} : la loi le veut jusqu'au "
        f"{p.observations_au_moins:%d/%m/%Y} au moins ({p.regle.regime.article_entendre}). Avertissez de nouveau."
    )


def _audition(p: Projet) -> str:
    if not p.audition_demandee:
        return ""
    if p.audition_proposee_le is None:
        return "La personne a demandé à être entendue : convoquez-la d'abord, avec qui elle veut (R61)."
    if p.audition_proposee_le > p.decidee_le:
        return f"La personne doit être entendue le {p.audition_proposee_le:%d/%m/%Y} : attendez son audition (R61)."
    return ""


def _avis(p: Projet) -> str:
    if not p.avis_exige or (p.avis_le is not None and p.avis_le <= p.decidee_le):
        return ""
    return (
        f"Cette sanction demande l'avis de l'instance, et il manque au {p.decidee_le:%d/%m/%Y} "
        f"({p.regle.article}, R63) : inscrivez le dossier à une séance."
    )


def _ecart(p: Projet) -> str:
    if not p.ecart_avis or p.motif_ecart:
        return ""
    return "Cette décision s'écarte de l'avis de l'instance : dites pourquoi, la personne le lira."


def _motivee(p: Projet) -> str:
    return "" if p.motivation else "Écrivez pourquoi cette décision : la personne le lira dans sa lettre."


def _rang(p: Projet) -> str:
    if p.rang == RangSanction.PREMIERE and p.precedentes:
        return (
            f"Cette règle vaut la première fois, et {_comptent(p.precedentes)} encore : choisissez la règle qui suit une "
            "décision précédente."
        )
    if p.rang == RangSanction.SUIVANTE and not p.precedentes:
        return "Cette règle vaut après une décision précédente, et aucune ne compte : choisissez celle de la première fois."
    return ""


def _taux(p: Projet) -> str:
    if p.amende:
        return "" if p.taux is None else "Une amende n'a pas de part retenue : donnez un montant."
    if p.taux is not None and p.taux_min is not None and p.taux_max is not None:
        if p.taux_min <= p.taux <= p.taux_max:
            return ""
        bornes = f"{p.taux_min} % et {p.taux_max} %" if p.taux_min < p.taux_max else f"{p.taux_max} % seulement"
        return f"La part retenue ({p.taux} %) est hors de la grille : entre {bornes} ({p.regle.article})."
    return f"Dites quelle part de l'allocation est retenue, dans la grille ({p.regle.article})."


def _duree(p: Projet) -> str:
    if p.amende:
        return "" if p.duree is None else "Une amende n'a pas de durée : donnez un montant."
    if p.duree is not None and p.duree_min is not None and p.duree_max is not None:
        if p.duree_min <= p.duree <= p.duree_max:
            return ""
        return (
            f"La durée ({p.duree} mois) est hors de la grille : de {p.duree_min} à {p.duree_max} mois "
            f"({p.regle.article})."
        )
    return f"Dites combien de mois, dans la grille ({p.regle.article})."


def _plafond(p: Projet) -> str:
    if p.plafond is None or p.taux is None or p.taux <= p.plafond:
        return ""
    if p.retenu_au_foyer:
        return (
            f"{p.retenu_au_foyer} % sont déjà retenus au foyer à ces dates, sur {p.plafond_foyer} % au plus : il reste "
            f"{p.plafond} %, et vous en retenez {p.taux} %."
        )
    if p.foyer_plusieurs:
        return (
            f"Le foyer compte plusieurs personnes, ou le dossier ne dit pas combien : la part retenue ne dépasse pas "
            f"{p.plafond} %, et vous en retenez {p.taux} %."
        )
    return f"L'allocation est majorée : la part retenue ne dépasse pas {p.plafond} %, et vous en retenez {p.taux} %."


def _heures(p: Projet) -> str:
    if not (p.porte_sur_heures and p.heures_exonerees):
        return ""
    return "Le contrat ne prévoit aucune heure d'activité : elles ne peuvent pas être reprochées (L5411-6, II)."


def _fraude(p: Projet) -> str:
    if p.regle_fraude == p.motif_fraude:
        return ""
    if p.regle_fraude:
        return f"La règle « {p.regle} » est réservée à la fraude, et le motif n'en est pas une."
    return "Une fraude se sanctionne par l'amende ou la suppression prévues pour elle : choisissez l'une des deux."


def _faits_recents(p: Projet) -> str:
    if p.faits_pas_avant is None or p.faits_le is None or p.faits_le >= p.faits_pas_avant:
        return ""
    return (
        f"Les faits sont du {p.faits_le:%d/%m/%Y} : trop anciens, cette sanction ne porte que sur des faits depuis le "
        f"{p.faits_pas_avant:%d/%m/%Y} ({p.regle.article})."
    )


def _effet(p: Projet) -> str:
    if p.amende:
        return "" if p.debut is None else "Une amende n'a pas de date d'effet."
    if p.debut is None:
        return "Dites à compter de quand la sanction s'applique."
    if p.debut < p.decidee_le:
        return f"La sanction commencerait le {p.debut:%d/%m/%Y}, avant sa décision : elle ne vaut que pour l'avenir."
    return ""


def _montant(p: Projet) -> str:
    if p.amende:
        return "" if p.montant is not None and p.montant > 0 else "Donnez le montant de l'amende, en euros."
    return "" if p.montant is None else "Seule une amende a un montant : donnez une part et une durée."


def _une_seule(p: Projet) -> str:
    autre = p.sanction_en_cours
    if autre is None or autre.periode is None:
        return ""
    return (
        f"Une sanction décidée le {autre.decidee_le:%d/%m/%Y} court déjà du {autre.periode.lower:%d/%m/%Y} au "
        f"{autre.periode.upper - relativedelta(days=1):%d/%m/%Y} : deux sanctions ne s'ajoutent pas."
    )


GARANTIES: Final[dict[str, _Regle]] = {
    "sanction_du_regime_du_jour": _regime,
    "sanction_motif_du_regime": _motif,
    "sanction_personne_soumise": _soumise,
    "sanction_service_hors_de_cause": _service,
    "sanction_faits_dates": _faits_dates,
    "sanction_sans_motif_legitime": _legitime,
    "sanction_apres_contact": _contact,
    "sanction_apres_avertissement": _averti,
    "sanction_apres_observations": _observations,
    "sanction_delai_observations_entier": _delai_entier,
    "sanction_audition_proposee": _audition,
    "sanction_apres_avis": _avis,
    "sanction_ecart_explique": _ecart,
    "sanction_motivee": _motivee,
    "sanction_rang": _rang,
    "sanction_taux_dans_la_grille": _taux,
    "sanction_duree_dans_la_grille": _duree,
    "sanction_plafond_du_foyer": _plafond,
    "sanction_heures_dues": _heures,
    "sanction_reservee_a_la_fraude": _fraude,
    "sanction_faits_assez_recents": _faits_recents,
    "sanction_effet_date": _effet,
    "sanction_montant_de_l_amende": _montant,
    "sanction_une_seule_a_la_fois": _une_seule,
}
"""Chaque contrainte de la base qui garde une décision, avec la règle qui l'explique."""

DU_CHOIX: Final = frozenset(
    {
        "sanction_ecart_explique", "sanction_motivee", "sanction_taux_dans_la_grille", "sanction_duree_dans_la_grille",
        "sanction_plafond_du_foyer", "sanction_effet_date", "sanction_montant_de_l_amende",
        "sanction_une_seule_a_la_fois",
    }
)  # fmt: skip
"""Garanties qui dépendent de ce que le décideur choisit ; les autres se disent avant même qu'il choisisse."""


def refus(projet: Projet) -> list[Refus]:
    """Toutes les garanties qui manquent à ce projet, ensemble ; liste vide s'il est légal."""
    return [Refus(nom, phrase) for nom, regle in GARANTIES.items() if (phrase := regle(projet))]


def empechements(manquement: Manquement, jour: date | None = None) -> list[Refus]:
    """Ce qui, quel que soit le choix du décideur, empêche toute sanction ce jour : à montrer avant le formulaire.

    Une garantie qu'une règle possible n'exige pas (l'avis, sous le régime plein emploi) n'empêche rien.
    """
    jour = jour or timezone.localdate()
    regles = regles_possibles(manquement, jour) or list(
        RegleSanction.objects.filter(regime=regime_du(jour)).select_related("regime").order_by("pk")[:1]
    )
    communs: list[Refus] | None = None
    for regle in regles:
        siens = [r for r in refus(etablir_projet(manquement, regle=regle, jour=jour)) if r.contrainte not in DU_CHOIX]
        communs = siens if communs is None else [r for r in communs if r.contrainte in {s.contrainte for s in siens}]
    return communs or []


def avertissements(projet: Projet) -> list[str]:
    """Ce que le décideur doit savoir sans que rien ne l'arrête : régime changé, décisions d'avant, faits lointains."""
    phrases = []
    faits = projet.manquement.regime_faits
    if faits.pk != projet.regle.regime_id:
        phrases.append(
            f"Les faits sont du régime {faits.libelle}, la décision suit la procédure et la grille du régime "
            f"{projet.regle.regime.libelle} : faites vérifier que la sanction n'est pas plus lourde que celle des faits."
        )
    autres = _decisions_d_un_autre_regime(projet)
    if autres:
        phrases.append(
            f"D'un régime précédent, {_comptent(autres, non='ne ')} pas ici : le rang repart avec le régime du jour."
        )
    if projet.faits_le is not None and projet.soumise and not est_soumise(projet.personne_id, projet.faits_le):
        phrases.append(
            f"Le dossier ne dit pas que la personne était soumise aux droits et devoirs le {projet.faits_le:%d/%m/%Y}, "
            "jour des faits : vérifiez-le."
        )
    if projet.foyer_plusieurs and projet.plafond_foyer is not None:
        phrases.append(
            f"Le foyer compte plusieurs personnes, ou le dossier ne dit pas combien : la part retenue est plafonnée à "
            f"{projet.plafond} %."
        )
    elif projet.majoree and projet.plafond_majore and projet.plafond_foyer is not None:
        phrases.append(f"L'allocation est majorée : la part retenue est plafonnée à {projet.plafond_foyer} %.")
    return phrases


def _comptent(nombre: int, *, non: str = "") -> str:
    return f"une décision {non}compte" if nombre == 1 else f"{nombre} décisions {non}comptent"


def _decisions_d_un_autre_regime(projet: Projet) -> int:
    return (
        DecisionSanction.objects.filter(
            personne_id=projet.personne_id, etat__in=[EtatDecision.NOTIFIEE, EtatDecision.LEVEE]
        )
        .exclude(regle__regime_id=projet.regle.regime_id)
        .exclude(nature=NatureSanction.AMENDE)
        .count()
    )

"""L'avis avant une orientation : calculé, expliqué critère par critère, jamais appliqué seul (F032, R30-R31, I29)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from jalon.orientations.criteres import Jugement, decrire, faits_lus, juger, lire_liste, liste_en_vigueur
from jalon.orientations.faits import FAITS, Faits, Noms, cle, ecrire, lire_faits, lire_noms, nommer
from jalon.orientations.models import ListeCriteres, MotifOrientation, Parcours, PropositionOrientation, TypeOrientation
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import nombre
from jalon.referentiels.profil.criteres import Critere
from jalon.referentiels.profil.criteres import ListeCriteres as ListeEcrite

MOTS: dict[Jugement, str] = {True: "vrai", False: "faux", None: "inconnu"}


@dataclass(frozen=True)
class FaitLu:
    """Un fait tel qu'un critère l'a lu."""

    libelle: str
    texte: str
    source: str
    date: date | None
    connu: bool


@dataclass(frozen=True)
class Evaluation:
    """Un critère, son jugement, et les faits qui l'ont fondé."""

    critere: Critere
    jugement: Jugement
    condition: str
    faits: tuple[FaitLu, ...]

    @property
    def mot(self) -> str:
        return MOTS[self.jugement]


@dataclass(frozen=True)
class Proposition:
    """L'avis sur une personne, à un jour, par une liste. Sans critère vrai, il n'y a pas d'avis."""

    personne: Personne
    liste: ListeCriteres
    jour: date
    evaluations: tuple[Evaluation, ...]
    retenue: Evaluation | None
    type: TypeOrientation | None = None
    parcours: Parcours | None = None
    motif: MotifOrientation | None = None
    mois: int = 0
    """Durée proposée, en mois ; 0 si le critère n'en donne pas."""

    @property
    def a_examiner(self) -> bool:
        """Un critère demande l'avis de l'équipe, et ne propose aucun type (R31)."""
        return self.retenue is not None and self.retenue.critere.propose.examen

    @property
    def incertaines(self) -> list[Evaluation]:
        """Critères placés avant le retenu et que l'on n'a pas pu juger : les connaître pourrait changer l'avis."""
        avant = []
        for evaluation in self.evaluations:
            if evaluation is self.retenue:
                break
            if evaluation.jugement is None:
                avant.append(evaluation)
        return avant

    @property
    def manquants(self) -> list[str]:
        """Faits inconnus de ces critères, sans doublon, dans l'ordre."""
        return list(dict.fromkeys(f.libelle for e in self.incertaines for f in e.faits if not f.connu))


def proposer(personne: Personne, jour: date, liste: ListeCriteres | None = None) -> Proposition:
    """Évalue tous les critères pour une personne ; n'écrit rien. Le premier vrai l'emporte."""
    liste = liste or liste_en_vigueur()
    ecrite, noms = lire_liste(liste), lire_noms()
    actifs = [critere for critere in ecrite.criteres if critere.actif]
    faits = lire_faits([personne.pk], faits_lus(actifs), jour)
    evaluations = tuple(_evaluer(critere, faits, personne.pk, noms, jour) for critere in actifs)
    retenue = next((e for e in evaluations if e.jugement is True), None)
    if retenue is None or retenue.critere.propose.examen:
        return Proposition(personne, liste, jour, evaluations, retenue)
    propose = retenue.critere.propose
    return Proposition(
        personne, liste, jour, evaluations, retenue,
        type=TypeOrientation.objects.filter(code=propose.type, actif=True).first(),
        parcours=Parcours.objects.filter(code=propose.parcours, actif=True).first() if propose.parcours else None,
        motif=MotifOrientation.objects.filter(code=propose.motif, actif=True).first() if propose.motif else None,
        mois=int(nombre(propose.pour, jour)) if propose.pour else 0,
    )  # fmt: skip


def _evaluer(critere: Critere, faits: Faits, personne: int, noms: Noms, jour: date) -> Evaluation:
    lus: dict[tuple[str, tuple[str, ...]], FaitLu] = {}
    for test in critere.si.tests() if critere.si is not None else ():
        fait, precision = voulu = cle(test)
        valeur = faits.valeurs[voulu].get(personne)
        lus[voulu] = FaitLu(
            nommer(fait, precision, noms), ecrire(fait, precision, valeur, noms), FAITS[fait].source,
            faits.dates[voulu].get(personne), valeur is not None,
        )  # fmt: skip
    return Evaluation(critere, juger(critere.si, faits, jour)[0], decrire(critere.si, noms, jour), tuple(lus.values()))


def figer(proposition: Proposition) -> list[dict[str, Any]]:
    """Les évaluations telles qu'elles s'écrivent en base : l'avis reste explicable quand les faits auront changé."""
    return [
        {
            "code": e.critere.code, "libelle": e.critere.libelle, "source": e.critere.source, "resultat": e.mot,
            "condition": e.condition, "retenu": e is proposition.retenue,
            "faits": [
                {
                    "libelle": f.libelle, "texte": f.texte, "source": f.source, "connu": f.connu,
                    "date": f.date.isoformat() if f.date else None,
                }
                for f in e.faits
            ],
        }
        for e in proposition.evaluations
    ]  # fmt: skip


def enregistrer_proposition(proposition: Proposition) -> PropositionOrientation:
    """Garde l'avis montré à qui va décider ; le même avis montré deux fois n'est gardé qu'une."""
    evaluations = figer(proposition)
    derniere = (
        PropositionOrientation.objects.filter(personne=proposition.personne).order_by("-evaluee_le", "-pk").first()
    )
    if (
        derniere is not None
        and derniere.liste == proposition.liste.code
        and derniere.type_id == (proposition.type.pk if proposition.type else None)
        and derniere.evaluations == evaluations
    ):
        return derniere
    return PropositionOrientation.objects.create(
        personne=proposition.personne, liste=proposition.liste.code,
        critere=proposition.retenue.critere.code if proposition.retenue else "", type=proposition.type,
        parcours=proposition.parcours, motif=proposition.motif, evaluations=evaluations,
    )  # fmt: skip


def proposition_montree(personne: Personne, public_id: UUID) -> PropositionOrientation | None:
    """L'avis que l'agent avait sous les yeux, s'il est bien de cette personne."""
    return (
        PropositionOrientation.objects.filter(personne=personne, public_id=public_id)
        .select_related("type", "motif", "parcours")
        .first()
    )


# --- En lot


SANS_AVIS = -1
"""Rang rendu quand aucun critère n'est vrai."""


@dataclass(frozen=True)
class AvisEnLot:
    """Le critère retenu de chaque personne, par son rang dans la liste."""

    ecrite: ListeEcrite
    actifs: tuple[Critere, ...]
    ids: list[int]
    rangs: list[int]
    faits: Faits

    def critere(self, rang: int) -> Critere | None:
        return self.actifs[rang] if rang != SANS_AVIS else None

    def par_critere(self) -> Counter[int]:
        return Counter(self.rangs)

    def issues(self) -> list[str]:
        """Pour chaque personne : le code du type proposé, « examen », ou vide s'il n'y a pas d'avis."""
        connues = [_issue(critere) for critere in self.actifs]
        return [connues[rang] if rang != SANS_AVIS else "" for rang in self.rangs]


EXAMEN = "examen"


def _issue(critere: Critere) -> str:
    return EXAMEN if critere.propose.examen else str(critere.propose.type)


def evaluer_en_lot(
    ids: Collection[int], liste: ListeCriteres | ListeEcrite, jour: date, *, faits: Faits | None = None
) -> AvisEnLot:
    """Le critère retenu pour chaque personne ; soixante mille en quelques secondes, sans rien écrire.

    `faits`, déjà lus pour une autre liste qui lit au moins les mêmes, évite de les relire.
    """
    ecrite = lire_liste(liste) if isinstance(liste, ListeCriteres) else liste
    actifs = tuple(critere for critere in ecrite.criteres if critere.actif)
    if faits is None:
        faits = lire_faits(ids, faits_lus(actifs), jour, dates=False)
    rangs = [SANS_AVIS] * len(faits.ids)
    for rang, critere in enumerate(actifs):
        for place, jugement in enumerate(juger(critere.si, faits, jour)):
            if jugement is True and rangs[place] == SANS_AVIS:
                rangs[place] = rang
    return AvisEnLot(ecrite, actifs, faits.ids, rangs, faits)


def avis_de_page(ids: Iterable[int], jour: date) -> dict[int, tuple[Critere, TypeOrientation | None]]:
    """L'avis de chaque personne d'une page de liste, par la liste en vigueur ; sans avis, elle est absente."""
    lot = evaluer_en_lot(list(ids), liste_en_vigueur(), jour)
    types = {t.code: t for t in TypeOrientation.objects.filter(actif=True).order_by("ordre", "pk")}
    return {
        personne: (critere, types.get(critere.propose.type or ""))
        for personne, rang in zip(lot.ids, lot.rangs, strict=True)
        if (critere := lot.critere(rang)) is not None
    }

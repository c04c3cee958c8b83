"""Simuler une liste de critères sur toute la file, contre une autre, avant que quiconque l'applique (F032, F041).

Rien n'est écrit : ni avis, ni orientation. La charge annoncée range chaque personne dans la structure de son
territoire qui reçoit son public et a le plus de places libres ; c'est une estimation, et elle le dit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from jalon.agents.perimetre import Perimetre
from jalon.orientations.criteres import faits_lus, lire_liste
from jalon.orientations.faits import Faits, lire_faits, lire_personnes
from jalon.orientations.models import ListeCriteres, TypeOrientation
from jalon.orientations.propositions import EXAMEN, AvisEnLot, evaluer_en_lot
from jalon.orientations.selectors import file_orientation
from jalon.orientations.structures import Structure, lire_offre, rang

SANS_PROPOSITION = ""


@dataclass(frozen=True)
class Ligne:
    """Une issue possible et ce qu'elle compte, avant et après."""

    code: str
    libelle: str
    avant: int
    apres: int

    @property
    def ecart(self) -> int:
        return self.apres - self.avant


@dataclass(frozen=True)
class Passage:
    """Personnes dont l'avis change, d'une issue à une autre."""

    de: str
    vers: str
    de_libelle: str
    vers_libelle: str
    nombre: int


@dataclass(frozen=True)
class ChargeSimulee:
    """Ce qu'une liste ajouterait à une structure."""

    structure: Structure
    type: TypeOrientation
    actuelle: int
    ajoutees: int

    @property
    def apres(self) -> int:
        return self.actuelle + self.ajoutees

    @property
    def depassement(self) -> int:
        """Personnes au-delà des places ; 0 si elles suffisent ou n'ont pas de limite."""
        return max(0, self.apres - self.structure.places) if self.structure.places is not None else 0


@dataclass
class Simulation:
    """Deux listes jugées sur la même file, le même jour."""

    avant: ListeCriteres
    apres: ListeCriteres
    jour: date
    lot_avant: AvisEnLot
    lot_apres: AvisEnLot
    types: dict[str, TypeOrientation]

    @cached_property
    def issues_avant(self) -> list[str]:
        return self.lot_avant.issues()

    @cached_property
    def issues_apres(self) -> list[str]:
        return self.lot_apres.issues()

    @property
    def total(self) -> int:
        return len(self.lot_avant.ids)

    def libelle(self, code: str) -> str:
        if code == SANS_PROPOSITION:
            return "Sans avis : il manque des éléments"
        return "À examiner en équipe" if code == EXAMEN else self.types[code].libelle

    @cached_property
    def lignes(self) -> list[Ligne]:
        """Toutes les issues, même celles que personne n'a."""
        avant, apres = Counter(self.issues_avant), Counter(self.issues_apres)
        codes = [*self.types, EXAMEN, SANS_PROPOSITION]
        return [Ligne(code, self.libelle(code), avant[code], apres[code]) for code in codes]

    @cached_property
    def passages(self) -> list[Passage]:
        """Qui change, du plus fréquent au plus rare."""
        paires = Counter(
            (de, vers) for de, vers in zip(self.issues_avant, self.issues_apres, strict=True) if de != vers
        )
        return [
            Passage(de, vers, self.libelle(de), self.libelle(vers), nombre)
            for (de, vers), nombre in sorted(paires.items(), key=lambda paire: (-paire[1], paire[0]))
        ]

    @property
    def changent(self) -> int:
        return sum(passage.nombre for passage in self.passages)

    def personnes(self, de: str | None, vers: str | None) -> list[int]:
        """Clés des personnes derrière un nombre ; `None` : peu importe."""
        return [
            personne
            for personne, avant, apres in zip(self.lot_avant.ids, self.issues_avant, self.issues_apres, strict=True)
            if (de is None or avant == de) and (vers is None or apres == vers)
        ]

    @cached_property
    def charges(self) -> tuple[list[ChargeSimulee], int]:
        """Charge de chaque structure après la liste étudiée, et personnes pour qui aucune structure n'existe."""
        return repartir(self.lot_apres, self.issues_apres, self.types, self.jour)

    @property
    def depassees(self) -> int:
        return sum(1 for charge in self.charges[0] if charge.depassement)


def simuler(perimetre: Perimetre, avant: ListeCriteres, apres: ListeCriteres, jour: date) -> Simulation:
    """Juge deux listes sur toute la file du périmètre. Lève `DroitManquantError`, `JalonError`."""
    perimetre.exiger("orientation.simuler")
    ids = list(file_orientation(perimetre).order_by("personne_id").values_list("personne_id", flat=True))
    listes = lire_liste(avant), lire_liste(apres)
    voulus = {voulu for ecrite in listes for voulu in faits_lus(c for c in ecrite.criteres if c.actif)}
    faits = lire_faits(ids, voulus, jour, dates=False)
    lots = [evaluer_en_lot(ids, ecrite, jour, faits=faits) for ecrite in listes]
    types = {t.code: t for t in TypeOrientation.objects.filter(actif=True).order_by("ordre", "pk")}
    return Simulation(avant, apres, jour, lots[0], lots[1], types)


def repartir(
    lot: AvisEnLot, issues: Sequence[str], types: dict[str, TypeOrientation], jour: date
) -> tuple[list[ChargeSimulee], int]:
    """Range chaque personne dans la structure la plus libre de son territoire, l'une après l'autre."""
    faits: Faits = lot.faits
    if not faits.ages:
        lire_personnes(faits, jour)
    offre = lire_offre(jour)
    actuelles = {id(s): s.charge for structures in offre.par_type.values() for s in structures}
    sans_structure = 0
    for personne, issue in zip(lot.ids, issues, strict=True):
        if issue not in types:
            continue
        age, territoire = faits.ages.get(personne, 0), faits.territoires.get(personne)
        recoivent = [s for s in offre.du_territoire(territoire, types[issue].pk) if s.recoit(age)]
        if recoivent:
            min(recoivent, key=rang).charge += 1
        else:
            sans_structure += 1
    par_cle = {t.pk: t for t in types.values()}
    charges = [
        ChargeSimulee(
            structure, par_cle[type_id], actuelles[id(structure)], structure.charge - actuelles[id(structure)]
        )
        for type_id, structures in offre.par_type.items()
        if type_id in par_cle
        for structure in structures
    ]
    touchees = [charge for charge in charges if charge.ajoutees]
    return sorted(touchees, key=lambda c: (-c.depassement, -c.ajoutees, str(c.structure.organisme))), sans_structure

"""Le tableau de bord des contrats, par territoire : qui en a un, validé en combien de jours, pour combien de temps.

Ses colonnes sont I01, I02, I13 et I21 ; chacune ouvre la liste des personnes qu'elle compte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from jalon.observatoire.contrats_faits import AVEC_ALLOCATION, ENGAGEMENTS, Champ, Valide, soumises, titulaires
from jalon.observatoire.contrats_mesures import (
    JOURS_DE_VALIDATION,
    Suite,
    delais,
    derniers_valides,
    ecarts,
    mediane,
    suites,
)
from jalon.observatoire.secret import Equation, masquer
from jalon.observatoire.territoires import arbre
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.socle.nombres import en_pourcent

TITRE = "Contrats, par territoire"
DEFINITION = (
    "Personnes soumises dont le droit est ouvert à la date, et celles qui ont un contrat validé en cours ou un projet "
    "accepté du service public de l'emploi (I02) ; parmi elles, les personnes orientées vers la sphère sociale et celles "
    "qui ont un contrat en cours (I01). Une personne compte une fois, au territoire de sa dernière orientation, sinon au "
    "sien. Les délais (I13) vont de la signature par les deux à la validation du dernier contrat validé de chacun ; "
    "l'écart et la durée (I21) sont ceux de ses deux derniers contrats commencés."
)
ENSEMBLE = "*"
SANS_TERRITOIRE = ""
COMPTES = ("soumises", "soumises_avec", "soumises_sans", "sociales", "sociales_avec", "sociales_sans")
MESURES = ("valides", "valides_30", "suites", "ecarts")
CASES = COMPTES + MESURES
"""Ce que chaque nombre du tableau compte ; c'est aussi le nom de la liste qu'il ouvre."""


@dataclass(frozen=True)
class Ligne:
    """Un territoire, ou l'ensemble ; `None` pour un effectif masqué, ou une mesure sans base ou masquée."""

    code: str
    libelle: str
    effectifs: dict[str, int | None]
    delai: Decimal | None
    duree: Decimal | None
    ecart: Decimal | None

    def taux(self, base: str) -> Decimal | None:
        """Part en pour cent de la base qui a un contrat : « soumises » (I02) ou « sociales » (I01)."""
        avec, toutes = self.effectifs[f"{base}_avec"], self.effectifs[base]
        return None if avec is None or toutes is None else en_pourcent(avec, toutes)

    @property
    def part_30(self) -> Decimal | None:
        dans_les_temps, tous = self.effectifs["valides_30"], self.effectifs["valides"]
        return None if dans_les_temps is None or tous is None else en_pourcent(dans_les_temps, tous)


@dataclass(frozen=True)
class TableauContrats:
    """Une ligne par territoire, et l'ensemble."""

    jour: date
    du: date | None
    lignes: tuple[Ligne, ...]
    total: Ligne

    @property
    def masque(self) -> bool:
        return any(n is None for ligne in (*self.lignes, self.total) for n in ligne.effectifs.values())


@dataclass(frozen=True)
class _Faits:
    """Qui est compté, où, et ce qui se mesure pour lui."""

    cases: dict[str, dict[int, str]]
    """{case : {personne : territoire}}"""
    valides: list[Valide]
    suites: list[Suite]


def _lire(champ: Champ) -> _Faits:
    base = soumises(champ)
    avec, engagees = titulaires(champ, AVEC_ALLOCATION), titulaires(champ, ENGAGEMENTS)
    valides, suivis = derniers_valides(champ), suites(champ)
    toutes = {cle: vue.lieu for cle, vue in base.items()}
    sociales = {cle: vue.lieu for cle, vue in base.items() if vue.sociale}

    def parmi(lieux: dict[int, str], cles: set[int], *, dedans: bool = True) -> dict[int, str]:
        return {cle: lieu for cle, lieu in lieux.items() if (cle in cles) is dedans}

    cases = {
        "soumises": toutes, "soumises_avec": parmi(toutes, avec), "soumises_sans": parmi(toutes, avec, dedans=False),
        "sociales": sociales, "sociales_avec": parmi(sociales, engagees),
        "sociales_sans": parmi(sociales, engagees, dedans=False),
        "valides": {c.personne: c.territoire for c in valides if c.signe_le is not None},
        "valides_30": {
            c.personne: c.territoire for c in valides if any(n <= JOURS_DE_VALIDATION for n in delais([c], depuis="signe_le"))
        },
        "suites": {s.contrat.personne: s.contrat.territoire for s in suivis},
        "ecarts": {s.contrat.personne: s.contrat.territoire for s in suivis if s.ecart is not None},
    }  # fmt: skip
    return _Faits(cases, valides, suivis)


def tableau(champ: Champ, *, seuil: int = 0) -> TableauContrats:
    """Le tableau du champ ; `seuil` masque les petits effectifs, et les mesures faites sur eux."""
    carte = arbre()
    with effets_complets():
        # `champ` borne déjà la lecture ; la sécurité par ligne compterait les personnes d'aujourd'hui.
        faits = _lire(champ)
    lieux = [code for code in carte.feuilles if champ.retient(code)]
    connus = frozenset(carte.feuilles)
    comptes = {
        (lieu, case): 0 for lieu in (*lieux, SANS_TERRITOIRE, ENSEMBLE) for case in CASES
    }  # fmt: skip
    for case, personnes in faits.cases.items():
        for lieu in personnes.values():
            comptes[lieu if lieu in connus else SANS_TERRITOIRE, case] += 1
            comptes[ENSEMBLE, case] += 1
    if champ.feuilles is None and any(comptes[SANS_TERRITOIRE, case] for case in CASES):
        lieux.append(SANS_TERRITOIRE)
    masquees = _masquees(comptes, lieux, seuil)

    def ligne(code: str, libelle: str) -> Ligne:
        def mesure(case: str, valeurs: list[int]) -> Decimal | None:
            return None if (code, case) in masquees else mediane(valeurs)

        def ici(contrats: Iterable[Valide]) -> list[Valide]:
            return [c for c in contrats if code in (ENSEMBLE, c.territoire if c.territoire in connus else "")]

        vues = [s for s in faits.suites if ici([s.contrat])]
        return Ligne(
            code, libelle,
            {case: None if (code, case) in masquees else comptes[code, case] for case in CASES},
            delai=mesure("valides", delais(ici(faits.valides), depuis="signe_le")),
            duree=mesure("suites", [s.duree for s in vues]), ecart=mesure("ecarts", ecarts(vues)),
        )  # fmt: skip

    lignes = tuple(ligne(lieu, carte.libelles.get(lieu, "Territoire inconnu")) for lieu in lieux)
    return TableauContrats(champ.jour, champ.du, lignes, ligne(ENSEMBLE, "Ensemble"))


def _masquees(comptes: dict[tuple[str, str], int], lieux: list[str], seuil: int) -> frozenset[tuple[str, ...]]:
    """Cases masquées par le secret, et celles qui permettraient de les retrouver par différence."""
    if not seuil:
        return frozenset()
    rangees = [*lieux, ENSEMBLE]
    # Les validés au-delà de trente jours ne se montrent pas, mais se calculent : ils se protègent comme les autres.
    pleines: dict[tuple[str, ...], int] = {(lieu, case): comptes[lieu, case] for lieu in rangees for case in CASES}
    pleines |= {(lieu, "tard"): comptes[lieu, "valides"] - comptes[lieu, "valides_30"] for lieu in rangees}
    pleines |= {(lieu, "seules"): comptes[lieu, "suites"] - comptes[lieu, "ecarts"] for lieu in rangees}
    sommes: list[Equation] = []
    for lieu in rangees:
        sommes += [
            ((lieu, "soumises"), ((lieu, "soumises_avec"), (lieu, "soumises_sans"))),
            ((lieu, "sociales"), ((lieu, "sociales_avec"), (lieu, "sociales_sans"))),
            ((lieu, "valides"), ((lieu, "valides_30"), (lieu, "tard"))),
            ((lieu, "suites"), ((lieu, "ecarts"), (lieu, "seules"))),
        ]
    for case in (*CASES, "tard", "seules"):
        sommes.append(((ENSEMBLE, case), tuple((lieu, case) for lieu in lieux)))
    return masquer(pleines, sommes, seuil)


def personnes_derriere(champ: Champ, case: str) -> QuerySet[Personne]:
    """Les personnes que compte une case ; l'écran y croise le périmètre de l'agent."""
    with effets_complets():
        cles = list(_lire(champ).cases[case])
    return Personne.objects.filter(pk__in=cles)

"""Le moteur : un cliché, une déclaration, une date → des effectifs ; les divisions se font ici, en Decimal.

DuckDB ne rend que des sommes entières par (territoire, ligne, colonne) ; totaux et pourcentages s'en déduisent.
Un autre moteur d'Ibis sur les mêmes fichiers rend donc les mêmes chiffres à l'unité.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import ibis

from jalon.observatoire.cliches import Cliche, lire_cliche
from jalon.observatoire.declarations import Modalite, Tableau, Tables, composants
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.schemas import COLONNES
from jalon.observatoire.secret import equations, masquer
from jalon.observatoire.tableaux import CATALOGUE
from jalon.observatoire.territoires import Arbre, arbre
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import HorsPerimetreError
from jalon.socle.nombres import en_pourcent

DEPARTEMENT = "*"
SELECTION = "+"
SANS_TERRITOIRE = ""

Cube = dict[tuple[str, ...], int]
"""(territoire, ligne, colonne) → effectif."""


def pourcentage(effectif: int, base: int) -> Decimal | None:
    """Part en pour cent, au dixième ; rien sur une base nulle."""
    return en_pourcent(effectif, base, decimales=1)


def declaration(code: str) -> Tableau:
    """Le tableau de ce code. Lève `TableauInconnuError`."""
    try:
        return CATALOGUE[code.upper()]
    except KeyError:
        connus = ", ".join(sorted(CATALOGUE))
        raise TableauInconnuError(f"Le tableau « {code} » n'existe pas. Tableaux connus : {connus}.") from None


@dataclass(frozen=True)
class Resultat:
    """Un tableau calculé : ce qu'un écran, un export ou la ligne de commande montre."""

    tableau: Tableau
    a_la_date: date
    flux_le: date
    consolide: bool
    pris_le: datetime
    lieu: str
    """À quel territoire, ou à quelle réunion de territoires, se rapportent les chiffres."""
    territoire: str | None
    ventilation: str | None
    colonne: str | None
    """Colonne du tableau que la ventilation détaille."""
    publication: bool
    seuil: int
    intitule_lignes: str
    lignes: tuple[Modalite, ...]
    colonnes: tuple[Modalite, ...]
    total: str | None
    cases: Mapping[tuple[str, str], int | None]
    """`None` : case masquée par le secret statistique."""

    def valeur(self, ligne: str, colonne: str) -> int | None:
        return self.cases[ligne, colonne]

    def base(self, ligne: str, colonne: str) -> int | None:
        """Effectif auquel la case se rapporte : le total de sa colonne ou, ventilée, celui de son territoire."""
        if self.ventilation:
            base = next(m.base for m in self.colonnes if m.code == colonne)
            return self.cases.get((ligne, base)) if base else None
        base = next(m.base for m in self.lignes if m.code == ligne)
        if base:
            return self.cases.get((base, colonne))
        # Sans ligne de base, c'est la part de la colonne dans le total de la ligne (T09).
        base = next(m.base for m in self.colonnes if m.code == colonne) if len(self.lignes) == 1 else ""
        return self.cases.get((ligne, base)) if base else None

    def pourcentage(self, ligne: str, colonne: str) -> Decimal | None:
        effectif, base = self.cases[ligne, colonne], self.base(ligne, colonne)
        return None if effectif is None or base is None else pourcentage(effectif, base)

    @property
    def masque(self) -> bool:
        return any(valeur is None for valeur in self.cases.values())

    @property
    def edition(self) -> str:
        return "édition consolidée" if self.consolide else "édition non consolidée"

    def en_json(self) -> dict[str, Any]:
        """Contrat de `jalon observatoire tableau … --json`."""

        def rangee(code: str) -> dict[str, int | None]:
            return {colonne.code: self.cases[code, colonne.code] for colonne in self.colonnes}

        return {
            "code": self.tableau.code,
            "titre": self.tableau.titre,
            "date": self.a_la_date.isoformat(),
            "territoire": self.territoire,
            "lieu": self.lieu,
            "ventilation": self.ventilation,
            "colonne": self.colonne,
            "colonnes": {colonne.code: colonne.libelle for colonne in self.colonnes},
            "lignes": {ligne.libelle: rangee(ligne.code) for ligne in self.lignes if ligne.code != self.total},
            "total": rangee(self.total) if self.total else None,
            "unite": self.tableau.unite,
            "definition": self.tableau.definition,
            "population": self.tableau.population,
            "source": self.tableau.source,
            "flux": self.flux_le.isoformat(),
            "edition": self.edition,
            "publication": self.publication,
        }


# --- Ibis et DuckDB


TABLES = Tables(**{nom: ibis.table(colonnes, name=nom) for nom, colonnes in COLONNES.items()})
"""Les tables d'un cliché, sans moteur : une expression bâtie dessus se traduit pour DuckDB ou pour un autre."""


@contextmanager
def _ouvrir(version: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Une connexion par lecture : rien de partagé entre fils ; elle ne lit que les fichiers de ce cliché."""
    chemin = str(version).replace("'", "''")
    with duckdb.connect(":memory:", config={"threads": 2}) as connexion:
        connexion.execute(f"set allowed_directories=['{chemin}/']")
        connexion.execute("set enable_external_access=false")
        connexion.execute("set lock_configuration=true")
        for nom in COLONNES:
            connexion.execute(f"create view {nom} as select * from read_parquet('{chemin}/{nom}.parquet')")
        yield connexion


def _lire(version: Path, expression: Any) -> list[tuple[Any, ...]]:
    """Traduit l'expression et rend ses lignes."""
    requete = ibis.to_sql(expression, dialect="duckdb")
    with _ouvrir(version) as connexion:
        return connexion.execute(str(requete)).fetchall()


@lru_cache(maxsize=256)
def _faits(version: Path, code: str) -> Cube:
    """Effectifs comptés directement, pour tout le département. Gardés tant que le cliché garde sa version."""
    unites = CATALOGUE[code].unites(TABLES)
    groupes = unites.group_by(["territoire", "ligne", "colonne"]).agg(effectif=unites.poids.sum())
    lignes = _lire(version, groupes.select("territoire", "ligne", "colonne", "effectif"))
    return {(territoire, ligne, colonne): int(effectif) for territoire, ligne, colonne, effectif in lignes}


@dataclass(frozen=True)
class Unites:
    """Pseudonymes derrière une case."""

    dossiers: frozenset[str]
    personnes: frozenset[str]


def unites_de_la_case(
    cliche: Cliche, tableau: Tableau, ligne: str, colonne: str, feuilles: frozenset[str] | None
) -> Unites:
    """Ce que compte une case : des personnes si le tableau en compte, sinon des dossiers. `None` : tout."""
    unites = tableau.unites(TABLES)
    retenues = unites.filter(
        unites.ligne.isin(sorted(composants(tableau.lignes, ligne)))
        & unites.colonne.isin(sorted(composants(tableau.colonnes, colonne)))
    )
    if feuilles is not None:
        retenues = retenues.filter(retenues.territoire.isin(sorted(feuilles)))
    lues = _lire(cliche.dossier, retenues.select("dossier", "personne").distinct())
    personnes = frozenset(personne for _, personne in lues) - {""}
    return Unites(frozenset() if personnes else frozenset(dossier for dossier, _ in lues) - {""}, personnes)


# --- Calcul


@dataclass(frozen=True)
class Portee:
    """Feuilles demandées ; `None` : tout le département, foyers sans territoire compris."""

    feuilles: frozenset[str] | None
    lieu: str


def portee(territoire: str | None, permis: frozenset[str] | None, carte: Arbre) -> Portee:
    """Croise le territoire demandé et ceux que l'agent voit. Lève `HorsPerimetreError`."""
    demandees = None
    if territoire:
        demandees = None if carte.racine(territoire) else carte.sous(territoire)
    if permis is None:
        return Portee(demandees, carte.libelles[territoire] if territoire else carte.departement)
    if demandees is not None and not demandees & permis:
        raise HorsPerimetreError("Ce territoire n'est pas dans votre périmètre : choisissez l'un des vôtres.")
    feuilles = permis if demandees is None else demandees & permis
    noms = [carte.libelles[code] for code in carte.feuilles if code in feuilles]
    return Portee(feuilles, ", ".join(noms) or "Aucun territoire")


def calculer(
    code: str,
    a_la_date: date,
    *,
    territoire: str | None = None,
    ventilation: str | None = None,
    colonne: str | None = None,
    permis: frozenset[str] | None = None,
    publication: bool = False,
    cliche: Cliche | None = None,
    carte: Arbre | None = None,
) -> Resultat:
    """Calcule un tableau à une date.

    `territoire` restreint à un territoire ; `ventilation="territoire"` fait une ligne par territoire, pour une
    colonne du tableau ; `permis` borne aux territoires (feuilles) que l'agent voit, `None` pour tous ;
    `publication` applique le secret statistique. `cliche` et `carte` évitent de les relire d'un tableau à l'autre.
    Lève `ClicheAbsentError` si la date n'est pas préparée.
    """
    tableau = declaration(code)
    cliche = cliche or lire_cliche(a_la_date)
    carte = carte or arbre()
    retenue = portee(territoire, permis, carte)
    seuil = int(nombre("observatoire.seuil_secret", a_la_date))
    tableau = _dater(tableau, a_la_date)
    faits = _faits(cliche.dossier, tableau.code)
    lieux, lignes, colonnes = _axes(tableau, faits, retenue, carte)
    cube = _sommer(faits, lieux, lignes, colonnes)
    masquees = _masquees(tableau, cube, (lieux, lignes, colonnes), seuil) if publication else frozenset()

    def case(lieu: str, ligne: str, colonne: str) -> int | None:
        cle = (lieu, ligne, colonne)
        return None if cle in masquees else cube[cle]

    commun = Resultat(
        tableau=tableau, a_la_date=a_la_date, flux_le=cliche.flux_le, consolide=cliche.consolide,
        pris_le=cliche.pris_le, lieu=retenue.lieu, territoire=territoire, ventilation=None, colonne=None,
        publication=publication, seuil=seuil, intitule_lignes=tableau.intitule_lignes, lignes=lignes,
        colonnes=colonnes, total=tableau.total, cases={},
    )  # fmt: skip
    ensemble = DEPARTEMENT if retenue.feuilles is None else SELECTION
    if ventilation is None:
        cases = {(m.code, c.code): case(ensemble, m.code, c.code) for m in lignes for c in colonnes}
        return replace(commun, cases=cases)
    detaillee = colonne if colonne in {c.code for c in colonnes} else tableau.colonne_principale
    montres = tuple(m for m in lieux if not m.parties and _visible(m, retenue)) + tuple(
        m for m in lieux if m.code == ensemble
    )
    return replace(
        commun,
        ventilation="territoire",
        colonne=detaillee,
        intitule_lignes="Territoire",
        lignes=montres,
        colonnes=lignes,
        total=ensemble,
        cases={(t.code, m.code): case(t.code, m.code, detaillee) for t in montres for m in lignes},
    )


def _visible(lieu: Modalite, retenue: Portee) -> bool:
    return retenue.feuilles is None or lieu.code in retenue.feuilles


def _dater(tableau: Tableau, a_la_date: date) -> Tableau:
    """Remplace le seuil par sa valeur à la date dans les libellés qui le citent."""
    if not any("{" in ligne.libelle for ligne in tableau.lignes):
        return tableau
    seuil = f"{nombre('droits.seuil_activite_mensuel', a_la_date).normalize():f}".replace(".", ",")
    return replace(tableau, lignes=tuple(replace(m, libelle=m.libelle.format(seuil=seuil)) for m in tableau.lignes))


def _axes(
    tableau: Tableau, faits: Cube, retenue: Portee, carte: Arbre
) -> tuple[tuple[Modalite, ...], tuple[Modalite, ...], tuple[Modalite, ...]]:
    """Les trois axes du cube, sans les modalités facultatives que personne n'occupe dans le département."""
    feuilles = [Modalite(code, carte.libelles[code]) for code in carte.feuilles]
    connues = {m.code for m in feuilles}
    if any(territoire not in connues for territoire, _, _ in faits):
        feuilles.append(Modalite(SANS_TERRITOIRE, "Territoire inconnu"))
    lieux = [*feuilles, Modalite(DEPARTEMENT, "Département", parties=tuple(m.code for m in feuilles))]
    if retenue.feuilles is not None:
        dedans = tuple(m.code for m in feuilles if m.code in retenue.feuilles)
        lieux.append(Modalite(SELECTION, retenue.lieu if len(dedans) < 2 else "Ensemble", parties=dedans))
    lignes = _occupees(tableau.lignes, {ligne for _, ligne, _ in faits})
    colonnes = _occupees(tableau.colonnes, {colonne for _, _, colonne in faits})
    return tuple(lieux), lignes, colonnes


def _occupees(modalites: tuple[Modalite, ...], presentes: set[str]) -> tuple[Modalite, ...]:
    gardees = [m for m in modalites if not m.facultative or m.code in presentes]
    codes = {m.code for m in gardees}
    return tuple(replace(m, parties=tuple(p for p in m.parties if p in codes)) if m.parties else m for m in gardees)


def _sommer(
    faits: Cube, lieux: tuple[Modalite, ...], lignes: tuple[Modalite, ...], colonnes: tuple[Modalite, ...]
) -> Cube:
    """Le cube complet, totaux compris. Un territoire disparu du profil rejoint « territoire inconnu »."""
    connus = {m.code for m in lieux}
    directs: Cube = {}
    for (territoire, ligne, colonne), effectif in faits.items():
        cle = (territoire if territoire in connus else SANS_TERRITOIRE, ligne, colonne)
        directs[cle] = directs.get(cle, 0) + effectif
    parts = [{m.code: composants(axe, m.code) for m in axe} for axe in (lieux, lignes, colonnes)]
    return {
        (t.code, m.code, c.code): sum(
            directs.get(cle, 0) for cle in product(parts[0][t.code], parts[1][m.code], parts[2][c.code])
        )
        for t in lieux
        for m in lignes
        for c in colonnes
    }


def _masquees(
    tableau: Tableau, cube: Cube, axes: tuple[tuple[Modalite, ...], ...], seuil: int
) -> frozenset[tuple[str, ...]]:
    """Le secret se décide sur le cube entier : deux pages d'un même tableau ne se trahissent pas l'une l'autre.

    Les marges communes (foyers par territoire et composante) sont décidées d'abord, de la même façon pour tous les
    tableaux qui les partagent.
    """
    deja: frozenset[tuple[str, ...]] = frozenset()
    if tableau.total is not None:
        lieux, lignes, colonnes = axes
        marge = (replace(next(m for m in lignes if m.code == tableau.total), parties=()),)
        cases = {cle: cube[cle] for cle in product(*([m.code for m in axe] for axe in (lieux, marge, colonnes)))}
        deja = masquer(cases, equations((lieux, marge, colonnes)), seuil)
    return masquer(cube, equations(axes), seuil, deja=deja)

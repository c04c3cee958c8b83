"""Les chiffres tirés des grilles remplies : T14 à T22, I24 à I28 (inventaire § 5.2 et 6.1).

Une grille remplie est un événement daté et figé, pas un état : elle n'a pas besoin d'un cliché. Les expressions Ibis
ci-dessous se lisent sur les événements eux-mêmes, à toute date passée, dans PostgreSQL ; portées sur un fichier des
mêmes colonnes, elles rendraient les mêmes sommes. Le moteur ne rend que des effectifs ; les divisions se font ici, en
Decimal, au centième, la moitié vers le haut, sur les seules réponses : qui n'a pas répondu n'est pas compté.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import product
from typing import Any

import ibis
from django.db import connection

from jalon.diagnostics.models import Grille, VersionGrille
from jalon.diagnostics.selectors import freins as freins_declares
from jalon.diagnostics.selectors import version_en_vigueur
from jalon.observatoire.declarations import Modalite
from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.secret import Equation, equations, masquer
from jalon.observatoire.territoires import Arbre, arbre
from jalon.personnes.fusion import effets_complets
from jalon.socle.nombres import en_pourcent

CENTIEME = Decimal("0.01")
SANS_TERRITOIRE = ""
ENSEMBLE, BASE = "*", "base"
SOURCE = "Grilles remplies dans Jalon ou reprises d'un fichier, sur ce que déclare la personne."
COLONNES: dict[str, dict[str, str]] = {
    "diagnostics_passation": {
        "id": "int64",
        "version_id": "int64",
        "date_passation": "date",
        "territoire_id": "int64",
        "sexe": "string",
        "age": "int32",
        "parcours_envisage": "string",
        "personne_id": "int64",
    },
    "diagnostics_reponse": {"passation_id": "int64", "item_id": "int64", "echelon_id": "int64"},
    "diagnostics_item": {"id": "int64", "code": "string", "version_id": "int64", "poids": "int32"},
    "diagnostics_echelon": {"id": "int64", "rang": "int32"},
    "organismes_territoire": {"id": "int64", "code": "string"},
}
_TABLES = {nom: ibis.table(colonnes, name=nom) for nom, colonnes in COLONNES.items()}


@dataclass(frozen=True)
class Declaration:
    """Ce qu'un chiffre dit de lui-même."""

    code: str
    titre: str
    definition: str
    population: str
    numerateur: str
    denominateur: str
    unite: str = "grilles"
    source: str = SOURCE


_POPULATION = (
    "Grilles remplies jusqu'à la date dans la version alors en vigueur, avec ou sans personne désignée ; une personne "
    "qui en a rempli plusieurs compte autant de fois."
)
ECHELLES = Declaration(
    code="ECHELLES",
    titre="Grilles par échelon",
    definition="Part de chaque échelon parmi les grilles où la question a une réponse, par territoire de la personne à "
    "la date où elle a rempli la grille (I24 ; T15 à T22).",
    population=_POPULATION,
    numerateur="Grilles dont la réponse est cet échelon.",
    denominateur="Grilles qui ont une réponse à cette question ; qui n'a pas répondu est exclu.",
)
T14 = Declaration(
    code="T14",
    titre="Grilles par parcours envisagé",
    definition="Grilles selon le parcours qu'elles font envisager, l'âge et le sexe à la date où elles ont été remplies "
    "(I25). Une grille sans parcours envisagé ne compte que dans l'ensemble.",
    population=_POPULATION,
    numerateur="Grilles de chaque parcours envisagé.",
    denominateur="Grilles de la même ligne.",
)
ECHANTILLON = Declaration(
    code="I26",
    titre="Taux d'échantillon",
    definition="Part des grilles étudiées dans les foyers dont le droit payable est le seul socle (I26).",
    population=_POPULATION,
    numerateur="Grilles remplies.",
    denominateur="Foyers au socle seul, dans le dernier cliché du flux de la caisse (T05).",
)
FREINS = Declaration(
    code="I27",
    titre="Freins regroupés par territoire",
    definition="Part des grilles qui font paraître chaque frein, c'est-à-dire dont la réponse est l'un des échelons que "
    "le profil du département range sous ce nom (I27). Les freins se recoupent : leurs parts ne s'ajoutent pas.",
    population=_POPULATION,
    numerateur="Grilles dont la réponse est l'un des échelons du frein.",
    denominateur="Grilles qui ont une réponse à la question du frein.",
)
EVOLUTION = Declaration(
    code="I28",
    titre="Évolution entre la première et la dernière grille",
    definition="Personnes qui ont rempli au moins deux grilles, par question : améliorées (échelon plus proche de "
    "l'emploi), stables, dégradées, et écart moyen d'échelons (I28). Première et dernière réponse dans la même version.",
    population="Personnes désignées qui ont répondu au moins deux fois à la question, jusqu'à la date.",
    numerateur="Personnes de chaque sens.",
    denominateur="Personnes comparées à cette question.",
    unite="personnes",
)
DECLAREES = (ECHELLES, T14, ECHANTILLON, FREINS, EVOLUTION)


def _part_de(effectif: int | None, base: int | None) -> Decimal | None:
    return None if effectif is None or base is None else en_pourcent(effectif, base)


# --- Ce que demande un chiffre


@dataclass(frozen=True)
class Champ:
    """Les grilles que l'on compte : une version, jusqu'à une date, dans des territoires."""

    version: VersionGrille
    jour: date
    depuis: date | None
    territoire: str | None
    carte: Arbre
    permis: frozenset[str] | None
    """Territoires (feuilles) que le lecteur voit ; `None` : tous, sans territoire compris."""

    @cached_property
    def feuilles(self) -> frozenset[str] | None:
        """Territoires retenus ; `None` : tout le département."""
        demandes = None
        if self.territoire and not self.carte.racine(self.territoire):
            demandes = self.carte.sous(self.territoire)
        if self.permis is None:
            return demandes
        return self.permis if demandes is None else demandes & self.permis

    @property
    def lieu(self) -> str:
        if self.territoire:
            return self.carte.libelles[self.territoire]
        if self.feuilles is None:
            return self.carte.departement
        return (
            ", ".join(self.carte.libelles[c] for c in self.carte.feuilles if c in self.feuilles) or "Aucun territoire"
        )

    def colonnes(self, presents: Iterable[str]) -> list[Modalite]:
        """Territoires à montrer, dans l'ordre du profil ; « inconnu » seulement s'il compte quelqu'un."""
        montres = [
            Modalite(code, self.carte.libelles[code])
            for code in self.carte.feuilles
            if self.feuilles is None or code in self.feuilles
        ]
        if self.feuilles is None and set(presents) - set(self.carte.feuilles):
            montres.append(Modalite(SANS_TERRITOIRE, "Territoire inconnu"))
        return montres

    def passations(self) -> Any:
        """Les grilles du champ, avec le code de leur territoire."""
        lues, territoires = _TABLES["diagnostics_passation"], _TABLES["organismes_territoire"]
        gardees = lues.filter((lues.version_id == self.version.pk) & (lues.date_passation <= self.jour))
        if self.depuis is not None:
            gardees = gardees.filter(gardees.date_passation >= self.depuis)
        codes = territoires.select(territoire_id=territoires.id, territoire=territoires.code)
        jointes = gardees.left_join(codes, "territoire_id")
        lieu = ibis.coalesce(jointes.territoire, ibis.literal(SANS_TERRITOIRE))
        rendues = jointes.select(
            "id", "date_passation", "sexe", "age", "parcours_envisage", "personne_id", territoire=lieu
        )
        return rendues if self.feuilles is None else rendues.filter(rendues.territoire.isin(sorted(self.feuilles)))

    def reponses(self) -> Any:
        """Une ligne par réponse : la grille, son territoire, la question, le rang."""
        passations, lues = self.passations(), _TABLES["diagnostics_reponse"]
        items, echelons = _TABLES["diagnostics_item"], _TABLES["diagnostics_echelon"]
        jointes = (
            lues.join(passations, lues.passation_id == passations.id)
            .join(items.select(item_id=items.id, item=items.code), "item_id")
            .join(echelons.select(echelon_id=echelons.id, rang=echelons.rang), "echelon_id")
        )
        return jointes.select("passation_id", "personne_id", "date_passation", "territoire", "item", "rang")


def champ(
    grille: Grille,
    jour: date,
    *,
    depuis: date | None = None,
    territoire: str | None = None,
    permis: frozenset[str] | None = None,
    carte: Arbre | None = None,
) -> Champ:
    """Le champ d'un calcul. Lève `TerritoireInconnuError` si le territoire n'existe pas."""
    carte = carte or arbre()
    if territoire:
        carte.sous(territoire)
    return Champ(version_en_vigueur(grille, jour), jour, depuis, territoire, carte, permis)


def _lire(expression: Any) -> list[tuple[Any, ...]]:
    """Effectifs de tout le champ : seules des sommes sortent d'ici, jamais une ligne de personne.

    Le champ borne déjà aux territoires du lecteur ; la sécurité par ligne compterait les personnes qu'il voit
    aujourd'hui, et non celles que le territoire comptait à la date de la grille.
    """
    requete = str(ibis.to_sql(expression, dialect="postgres"))
    with effets_complets(), connection.cursor() as curseur:
        curseur.execute(requete)
        return list(curseur.fetchall())


# --- I24 : répartition par échelon


@dataclass(frozen=True)
class Repartition:
    """Une question : effectif de chaque échelon, en tout et par territoire."""

    champ: Champ
    code: str
    libelle: str
    question: str
    echelons: tuple[tuple[int, str], ...]
    effectifs: Mapping[tuple[str, int], int]
    """(territoire, rang) → grilles."""
    territoires: tuple[Modalite, ...]
    """Les mêmes pour toutes les questions de la grille."""
    seuil: int = 0
    """Au-dessous, une case est masquée, avec de quoi ne pas la retrouver ; 0 : rien n'est masqué."""

    @cached_property
    def _cases(self) -> dict[tuple[str, ...], int]:
        """(lieu, rang ou base) → grilles, totaux compris."""
        lieux, rangs = self._axes
        return {
            (lieu.code, rang.code): sum(
                self.effectifs.get((territoire, int(echelon)), 0)
                for territoire, echelon in product(
                    lieu.parties if lieu.code == ENSEMBLE else (lieu.code,), rang.parties or (rang.code,)
                )
            )
            for lieu, rang in product(lieux, rangs)
        }

    @property
    def _axes(self) -> tuple[tuple[Modalite, ...], tuple[Modalite, ...]]:
        codes = tuple(t.code for t in self.territoires)
        rangs = tuple(str(rang) for rang, _ in self.echelons)
        return (
            (*self.territoires, Modalite(ENSEMBLE, self.champ.lieu, parties=codes)),
            (*(Modalite(rang, rang) for rang in rangs), Modalite(BASE, "Réponses", parties=rangs)),
        )

    @cached_property
    def _masquees(self) -> frozenset[tuple[str, ...]]:
        return masquer(self._cases, equations(self._axes), self.seuil) if self.seuil else frozenset()

    def _valeur(self, territoire: str | None, colonne: str) -> int | None:
        cle = (ENSEMBLE if territoire is None else territoire, colonne)
        return None if cle in self._masquees else self._cases[cle]

    def effectif(self, rang: int, territoire: str | None = None) -> int | None:
        """Grilles à cet échelon, dans un territoire ou dans tout le champ ; rien si la case est masquée."""
        return self._valeur(territoire, str(rang))

    def base(self, territoire: str | None = None) -> int | None:
        """Grilles qui ont une réponse à la question ; rien si la case est masquée."""
        return self._valeur(territoire, BASE)

    def pourcentage(self, rang: int, territoire: str | None = None) -> Decimal | None:
        return _part_de(self.effectif(rang, territoire), self.base(territoire))

    def en_json(self) -> dict[str, Any]:
        """Contrat de `jalon observatoire tableau echelles --item … --json`."""

        def case(rang: int, territoire: str | None = None) -> dict[str, Any]:
            part = self.pourcentage(rang, territoire)
            return {
                "effectif": self.effectif(rang, territoire),
                "pourcentage": None if part is None else float(part),
            }

        return {
            "item": self.code,
            "base": self.base(),
            "lignes": [
                {
                    "echelon": rang,
                    "libelle": libelle,
                    **case(rang),
                    "territoires": {t.libelle: case(rang, t.code) for t in self.territoires},
                }
                for rang, libelle in self.echelons
            ],
        }


def repartitions(vu: Champ, *, seuil: int = 0) -> list[Repartition]:
    """Toutes les questions de la version, en une lecture ; `seuil` applique le secret statistique."""
    reponses = vu.reponses()
    comptes = reponses.group_by(["item", "territoire", "rang"]).agg(effectif=reponses.count())
    effectifs: dict[str, dict[tuple[str, int], int]] = {}
    for item, territoire, rang, effectif in _lire(comptes.select("item", "territoire", "rang", "effectif")):
        effectifs.setdefault(item, {})[territoire, int(rang)] = int(effectif)
    territoires = tuple(vu.colonnes(territoire for cases in effectifs.values() for territoire, _ in cases))
    return [
        Repartition(
            champ=vu, code=item.code, libelle=item.libelle, question=item.question,
            echelons=tuple((e.rang, e.libelle) for e in item.echelons.all()), effectifs=effectifs.get(item.code, {}),
            territoires=territoires, seuil=seuil,
        )
        for item in vu.version.items.all()
    ]  # fmt: skip


def repartition(vu: Champ, item: str, *, seuil: int = 0) -> Repartition:
    """Une question. Lève `TableauInconnuError` si la grille ne la pose pas."""
    par_code = {r.code: r for r in repartitions(vu, seuil=seuil)}
    if item not in par_code:
        raise TableauInconnuError(
            f"« {vu.version.grille.libelle} » n'a pas de question « {item} ». Questions : {', '.join(par_code)}."
        )
    return par_code[item]


Texte = tuple[str, list[list[str]], str]
"""Titre, lignes à aligner, pied : ce que la ligne de commande écrit sans --json."""


def _ecrire(nombre: int | Decimal | None) -> str:
    return "s" if nombre is None else str(nombre).replace(".", ",")


def _ecrire_part(resultat: Repartition, rang: int, lieu: str | None) -> str:
    """La part, « s » si elle est masquée, un tiret si personne n'a répondu."""
    return "—" if resultat.base(lieu) == 0 else _ecrire(resultat.pourcentage(rang, lieu))


def texte_repartition(resultat: Repartition) -> Texte:
    """Parts en pour cent, département puis territoires."""
    lieux = [None, *(t.code for t in resultat.territoires)]
    lignes = [["", resultat.champ.lieu, *(t.libelle for t in resultat.territoires)]]
    for rang, libelle in resultat.echelons:
        lignes.append([f"{rang}. {libelle}", *(_ecrire_part(resultat, rang, lieu) for lieu in lieux)])
    lignes.append(["Grilles qui ont une réponse", *(_ecrire(resultat.base(lieu)) for lieu in lieux)])
    titre = f"{resultat.libelle} · {resultat.question}\n{resultat.champ.lieu}, {resultat.champ.jour:%d/%m/%Y}, en %"
    return titre, lignes, f"{ECHELLES.denominateur} {SOURCE}"


def texte_parcours(resultat: ParcoursEnvisages) -> Texte:
    """Effectifs par âge et par sexe."""
    lignes = [["", *(colonne.libelle for colonne in PARCOURS)]]
    lignes += [[m.libelle, *(_ecrire(resultat.valeur(m.code, c.code)) for c in PARCOURS)] for m in resultat.lignes]
    titre = f"{T14.code} · {T14.titre}\n{resultat.champ.lieu}, {resultat.champ.jour:%d/%m/%Y}"
    return titre, lignes, f"{T14.population} {SOURCE}"


# --- T14 : parcours envisagé


PARCOURS = (
    Modalite("total", "Ensemble"),
    Modalite("professionnel", "Professionnel", base="total"),
    Modalite("social", "Social", base="total"),
    Modalite("attente", "En attente", base="total"),
)
TRANCHES = (
    ("moins_25", "moins de 25", 24), ("25_29", "25-29", 29), ("30_39", "30-39", 39), ("40_49", "40-49", 49),
    ("50_59", "50-59", 59),
)  # fmt: skip
SEXES = ("1", "2", "sexe_inconnu")
SANS_PARCOURS = "sans"
LIGNES_T14 = (
    Modalite("total", "Ensemble"),
    *(Modalite(code, libelle) for code, libelle, _ in TRANCHES),
    Modalite("60_plus", "60 et plus"),
    Modalite("age_inconnu", "non connu"),
    Modalite("1", "Homme"),
    Modalite("2", "Femme"),
    Modalite("sexe_inconnu", "sexe non connu", facultative=True),
)


@dataclass(frozen=True)
class ParcoursEnvisages:
    """T14 : par âge et par sexe, le parcours que la grille fait envisager."""

    champ: Champ
    cases: Mapping[tuple[str, str], int]
    """(ligne, parcours) → grilles."""
    seuil: int = 0

    @property
    def lignes(self) -> tuple[Modalite, ...]:
        return tuple(m for m in LIGNES_T14 if not m.facultative or self.cases.get((m.code, "total")))

    @cached_property
    def _masquees(self) -> frozenset[tuple[str, ...]]:
        """Âges et sexes font chacun la somme de l'ensemble : le secret tient les deux à la fois."""
        if not self.seuil:
            return frozenset()
        codes = [m.code for m in self.lignes if m.code != "total"]
        ages, sexes = [c for c in codes if c not in SEXES], [c for c in codes if c in SEXES]
        colonnes = [c.code for c in PARCOURS] + [SANS_PARCOURS]
        toutes: dict[tuple[str, ...], int] = {
            (ligne, colonne): self.cases.get((ligne, colonne), 0) for ligne in ("total", *codes) for colonne in colonnes
        }
        sommes: list[Equation] = [
            (("total", colonne), tuple((ligne, colonne) for ligne in parts))
            for parts in (ages, sexes)
            for colonne in colonnes
        ]
        sommes += [
            ((ligne, "total"), tuple((ligne, c) for c in colonnes if c != "total")) for ligne in ("total", *codes)
        ]
        return masquer(toutes, sommes, self.seuil)

    def valeur(self, ligne: str, parcours: str) -> int | None:
        """Grilles d'une case ; rien si elle est masquée."""
        return None if (ligne, parcours) in self._masquees else self.cases.get((ligne, parcours), 0)

    def pourcentage(self, ligne: str, parcours: str) -> Decimal | None:
        return _part_de(self.valeur(ligne, parcours), self.valeur(ligne, "total"))

    def en_json(self) -> dict[str, Any]:
        """Contrat de `jalon observatoire tableau T14 --json`, de la forme des autres tableaux."""

        def rangee(ligne: str) -> dict[str, int | None]:
            return {colonne.code: self.valeur(ligne, colonne.code) for colonne in PARCOURS}

        return {
            "code": T14.code,
            "titre": T14.titre,
            "date": self.champ.jour.isoformat(),
            "territoire": self.champ.territoire,
            "lieu": self.champ.lieu,
            "colonnes": {colonne.code: colonne.libelle for colonne in PARCOURS},
            "lignes": {ligne.libelle: rangee(ligne.code) for ligne in self.lignes if ligne.code != "total"},
            "total": rangee("total"),
            "unite": T14.unite,
            "definition": T14.definition,
            "population": T14.population,
            "source": T14.source,
        }


def parcours_envisages(vu: Champ, *, seuil: int = 0) -> ParcoursEnvisages:
    """T14, en une lecture ; `seuil` applique le secret statistique."""
    passations = vu.passations()
    tranche = ibis.cases(
        (passations.age.isnull(), "age_inconnu"),
        *((passations.age <= haut, code) for code, _, haut in TRANCHES),
        else_="60_plus",
    )
    sexe = ibis.cases((passations.sexe == "", "sexe_inconnu"), else_=passations.sexe)
    comptes = (
        passations.mutate(tranche=tranche, genre=sexe)
        .group_by(["tranche", "genre", "parcours_envisage"])
        .agg(effectif=lambda groupe: groupe.count())
    )
    cases: dict[tuple[str, str], int] = {}
    for age, genre, parcours, effectif in _lire(comptes.select("tranche", "genre", "parcours_envisage", "effectif")):
        for ligne in ("total", age, genre):
            for colonne in ("total", parcours or SANS_PARCOURS):
                cases[ligne, colonne] = cases.get((ligne, colonne), 0) + int(effectif)
    return ParcoursEnvisages(vu, cases, seuil)


# --- I26 : taux d'échantillon


def nombre_de_grilles(vu: Champ) -> int:
    """Grilles du champ, réponses ou non."""
    return int(_lire(vu.passations().count().as_table())[0][0])


# --- I27 : freins regroupés


@dataclass(frozen=True)
class FreinCompte:
    """Un frein : combien de grilles le font paraître, en tout et par territoire."""

    code: str
    libelle: str
    item: str
    suggere_social: bool
    source: str
    repartition: Repartition
    rangs: frozenset[int]

    def effectif(self, territoire: str | None = None) -> int | None:
        """Grilles où il paraît ; rien dès qu'un de ses échelons est masqué."""
        effectifs = [self.repartition.effectif(rang, territoire) for rang in self.rangs]
        return None if None in effectifs else sum(effectif for effectif in effectifs if effectif is not None)

    def base(self, territoire: str | None = None) -> int | None:
        return self.repartition.base(territoire)

    def pourcentage(self, territoire: str | None = None) -> Decimal | None:
        return _part_de(self.effectif(territoire), self.base(territoire))


def freins(vu: Champ, lues: Iterable[Repartition] | None = None) -> list[FreinCompte]:
    """Freins que le profil déclare, comptés à partir des mêmes cases que les échelons."""
    par_item = {r.code: r for r in (repartitions(vu) if lues is None else lues)}
    return [
        FreinCompte(
            frein.code, frein.libelle, frein.item.libelle, frein.suggere_social, frein.source,
            par_item[frein.item.code], frozenset(frein.echelons),
        )
        for frein in freins_declares(vu.version)
    ]  # fmt: skip


# --- I28 : évolution


@dataclass(frozen=True)
class EvolutionCompte:
    """Une question : personnes améliorées, stables, dégradées, et somme de leurs écarts d'échelons."""

    code: str
    libelle: str
    ameliores: int
    stables: int
    degrades: int
    somme: int

    @property
    def base(self) -> int:
        return self.ameliores + self.stables + self.degrades

    @property
    def moyenne(self) -> Decimal | None:
        """Échelons gagnés vers l'emploi, en moyenne, au centième."""
        if not self.base:
            return None
        return (Decimal(self.somme) / self.base).quantize(CENTIEME, ROUND_HALF_UP)

    def pourcentage(self, effectif: int) -> Decimal | None:
        return en_pourcent(effectif, self.base)


def evolutions(vu: Champ) -> list[EvolutionCompte]:
    """Pour chaque question, la première et la dernière réponse de chaque personne désignée (I28)."""
    reponses = vu.reponses()
    reponses = reponses.filter(reponses.personne_id.notnull())
    ordre = ibis.window(
        group_by=[reponses.personne_id, reponses.item], order_by=[reponses.date_passation, reponses.passation_id]
    )
    inverse = ibis.window(
        group_by=[reponses.personne_id, reponses.item],
        order_by=[ibis.desc(reponses.date_passation), ibis.desc(reponses.passation_id)],
    )
    rangees = reponses.mutate(debut=ibis.row_number().over(ordre), fin=ibis.row_number().over(inverse))
    premieres = rangees.filter((rangees.debut == 0) & (rangees.fin > 0))
    dernieres = rangees.filter((rangees.fin == 0) & (rangees.debut > 0))
    paires = premieres.select("personne_id", "item", avant="rang").join(
        dernieres.select("personne_id", "item", apres="rang"), ["personne_id", "item"]
    )
    ecarts = paires.mutate(ecart=paires.avant.cast("int64") - paires.apres.cast("int64"))
    comptes = ecarts.group_by("item").agg(
        ameliores=ecarts.count(where=ecarts.ecart > 0),
        stables=ecarts.count(where=ecarts.ecart == 0),
        degrades=ecarts.count(where=ecarts.ecart < 0),
        somme=ecarts.ecart.sum(),
    )
    lues = {
        item: tuple(int(n) for n in nombres)
        for item, *nombres in _lire(comptes.select("item", "ameliores", "stables", "degrades", "somme"))
    }
    return [
        EvolutionCompte(item.code, item.libelle, *lues.get(item.code, (0, 0, 0, 0))) for item in vu.version.items.all()
    ]

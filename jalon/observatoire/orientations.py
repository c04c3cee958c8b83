"""Les orientations décidées : T12, I09, I10, I11, I22 et I29 (inventaire § 5.1, 5.2 et 6.1).

Une décision est un événement daté : elle se compte à toute date passée, sans attendre un flux. On compte toujours des
personnes distinctes, jamais des lettres ni des lignes : une personne orientée deux fois dans la période compte une
fois, dans la dernière orientation décidée pour elle. Une décision annulée n'est comptée nulle part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from jalon.observatoire.erreurs import TableauInconnuError
from jalon.observatoire.referencement import population
from jalon.observatoire.secret import masquer
from jalon.observatoire.territoires import Arbre, arbre
from jalon.orientations.models import DecisionOrientation, TypeOrientation
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.socle.nombres import en_pourcent

SANS_TERRITOIRE = ""
SOURCE = "Décisions d'orientation datées de Jalon, annulations comprises."


@dataclass(frozen=True)
class Periode:
    """Du premier au dernier jour compris ; sans premier jour, depuis l'origine."""

    au: date
    du: date | None = None

    def filtre(self, champ: str = "decidee_le") -> Q:
        borne = Q(**{f"{champ}__lte": self.au})
        return borne & Q(**{f"{champ}__gte": self.du}) if self.du is not None else borne


@dataclass(frozen=True)
class Champ:
    """Ce qu'un indicateur compte : une période, dans ces territoires (`None` : tout le département)."""

    periode: Periode
    feuilles: frozenset[str] | None = None

    def decisions(self) -> QuerySet[DecisionOrientation]:
        """Décisions de la période, au territoire de la personne le jour de la décision, comme dans T12."""
        return self._ici(decisions(self.periode))

    def dernieres(self) -> QuerySet[DecisionOrientation]:
        """La dernière de chaque personne, si c'est ici qu'elle fut décidée."""
        return self._ici(dernieres(self.periode))

    def population(self) -> QuerySet[Personne]:
        """Personnes soumises à la fin de la période, au territoire où elles sont."""
        personnes = population(self.periode.au)
        return personnes if self.feuilles is None else personnes.filter(territoire__code__in=self.feuilles)

    def _ici(self, lues: QuerySet[DecisionOrientation]) -> QuerySet[DecisionOrientation]:
        vivantes = lues.filter(personne__fusionnee_dans=None)
        return vivantes if self.feuilles is None else vivantes.filter(territoire__code__in=self.feuilles)


def decisions(periode: Periode) -> QuerySet[DecisionOrientation]:
    """Décisions prises dans la période et non annulées depuis."""
    return DecisionOrientation.objects.filter(periode.filtre(), annulee_le=None)


def dernieres(periode: Periode) -> QuerySet[DecisionOrientation]:
    """La dernière décision de la période pour chaque personne."""
    derniere = decisions(periode).filter(personne=OuterRef("personne")).order_by("-decidee_le", "-pk").values("pk")[:1]
    return decisions(periode).filter(pk=Subquery(derniere))


# --- T12


@dataclass(frozen=True)
class LigneOrientations:
    """Un territoire : personnes orientées par type ; `None` pour une case masquée par le secret."""

    code: str
    libelle: str
    effectifs: Mapping[str, int | None]

    @property
    def total(self) -> int | None:
        connus = list(self.effectifs.values())
        return None if any(n is None for n in connus) else sum(n for n in connus if n is not None)


@dataclass(frozen=True)
class OrientationsRealisees:
    """T12 : lignes par territoire, colonnes par type d'orientation, et le total."""

    periode: Periode
    types: tuple[TypeOrientation, ...]
    lignes: tuple[LigneOrientations, ...]
    total: LigneOrientations

    def part(self, ligne: LigneOrientations, code: str) -> Any:
        """Part d'un type dans les orientations de la ligne, en pour cent (I10)."""
        effectif, total = ligne.effectifs[code], ligne.total
        return None if effectif is None or total is None else en_pourcent(effectif, total)

    def en_json(self) -> dict[str, Any]:
        """Contrat de `jalon observatoire tableau T12 --json`."""

        def rangee(ligne: LigneOrientations) -> dict[str, int | None]:
            return {**ligne.effectifs, "total": ligne.total}

        return {
            "code": "T12",
            "titre": TITRE_T12,
            "du": self.periode.du.isoformat() if self.periode.du else None,
            "au": self.periode.au.isoformat(),
            "colonnes": {t.code: t.libelle for t in self.types} | {"total": "Ensemble"},
            "lignes": {ligne.libelle: rangee(ligne) for ligne in self.lignes},
            "total": rangee(self.total),
            "unite": "personnes",
            "definition": DEFINITION_T12,
            "source": SOURCE,
        }


TITRE_T12 = "Orientations réalisées, par territoire et par type"
DEFINITION_T12 = (
    "Personnes distinctes pour qui une orientation a été décidée dans la période, par type de la dernière décision et "
    "par territoire de la personne le jour de cette décision."
)


def orientations_realisees(
    periode: Periode, *, territoire: str | None = None, permis: frozenset[str] | None = None, seuil: int = 0
) -> OrientationsRealisees:
    """T12 pour une période. `permis` borne aux territoires (feuilles) du lecteur ; `seuil` masque les petits effectifs.

    Lève `TerritoireInconnuError`.
    """
    carte = arbre()
    feuilles = carte.sous(territoire) if territoire else frozenset(carte.feuilles)
    montrees = [code for code in carte.feuilles if code in feuilles and (permis is None or code in permis)]
    with effets_complets():
        # `permis` borne déjà la lecture ; la sécurité par ligne compterait les personnes d'aujourd'hui, et non celles
        # que le territoire comptait le jour de la décision.
        comptes = {
            (lieu or SANS_TERRITOIRE, type_): nombre
            for lieu, type_, nombre in dernieres(periode)
            .order_by()
            .values("territoire__code", "type__code")
            .annotate(nombre=Count("pk"))
            .values_list("territoire__code", "type__code", "nombre")
        }
    presents = {type_ for _, type_ in comptes}
    types = tuple(t for t in TypeOrientation.objects.order_by("ordre", "pk") if t.actif or t.code in presents)
    lieux = list(montrees)
    if permis is None and not territoire and any(lieu not in carte.feuilles for lieu, _ in comptes):
        lieux.append(SANS_TERRITOIRE)
    cases: dict[tuple[str, str], int] = {}
    for (lieu, type_), nombre in comptes.items():
        rangee = lieu if lieu in carte.feuilles else SANS_TERRITOIRE
        if rangee in lieux:
            cases[rangee, type_] = cases.get((rangee, type_), 0) + nombre
    masquees = _masquees(cases, lieux, types, seuil)

    def ligne(code: str) -> LigneOrientations:
        libelle = carte.libelles.get(code, "Territoire inconnu")
        effectifs = {t.code: None if (code, t.code) in masquees else cases.get((code, t.code), 0) for t in types}
        return LigneOrientations(code, libelle, effectifs)

    sommes = {t.code: sum(cases.get((lieu, t.code), 0) for lieu in lieux) for t in types}
    total = LigneOrientations(
        "*",
        _lieu(carte, territoire, permis),
        {code: None if ("*", code) in masquees else n for code, n in sommes.items()},
    )
    return OrientationsRealisees(periode, types, tuple(ligne(code) for code in lieux), total)


def _lieu(carte: Arbre, territoire: str | None, permis: frozenset[str] | None) -> str:
    """Ce que couvre le total : un territoire, ceux du lecteur, ou tout le département."""
    if territoire:
        return carte.libelles[territoire]
    if permis is None:
        return carte.departement
    return ", ".join(carte.libelles[code] for code in carte.feuilles if code in permis) or "Aucun territoire"


def _masquees(
    cases: Mapping[tuple[str, str], int], lieux: list[str], types: tuple[TypeOrientation, ...], seuil: int
) -> frozenset[tuple[str, ...]]:
    """Cases masquées par le secret, et celles qui permettraient de les retrouver par différence avec un total."""
    if not seuil:
        return frozenset()
    pleines: dict[tuple[str, ...], int] = {}
    egalites = []
    for lieu in lieux:
        pleines.update({(lieu, t.code): cases.get((lieu, t.code), 0) for t in types})
    for t in types:
        pleines["*", t.code] = sum(cases.get((lieu, t.code), 0) for lieu in lieux)
        egalites.append((("*", t.code), tuple((lieu, t.code) for lieu in lieux)))
    return masquer(pleines, egalites, seuil)


def dossiers_de_la_case(periode: Periode, *, territoire: str | None, type_: str | None) -> QuerySet[Personne]:
    """Les personnes derrière une case de T12 ; l'écran y croise le périmètre de l'agent."""
    retenues = dernieres(periode)
    if territoire:
        retenues = retenues.filter(territoire__code__in=arbre().sous(territoire))
    if type_:
        retenues = retenues.filter(type__code=type_)
    return Personne.objects.filter(pk__in=retenues.order_by().values("personne"))


# --- Indicateurs


@dataclass(frozen=True)
class Indicateur:
    """Ce qu'un indicateur dit de lui-même, et comment il se compte."""

    code: str
    titre: str
    definition: str
    numerateur: str
    denominateur: str
    unite: str
    calcul: Callable[[Champ], list[dict[str, Any]]]
    source: str = SOURCE


def _valeur(code: str, definition: str, numerateur: int, denominateur: int) -> dict[str, Any]:
    return {
        "code": code, "definition": definition, "numerateur": numerateur, "denominateur": denominateur,
        "valeur": en_pourcent(numerateur, denominateur),
    }  # fmt: skip


def _taux_orientation(champ: Champ) -> list[dict[str, Any]]:
    personnes = champ.population()
    orientees = personnes.filter(
        decisions_orientation__decidee_le__lte=champ.periode.au, decisions_orientation__annulee_le=None
    ).distinct()
    return [
        _valeur(
            "", "Personnes soumises pour qui une orientation a été décidée, sur les personnes soumises.",
            orientees.count(), personnes.count(),
        )
    ]  # fmt: skip


def _repartition(champ: Champ) -> list[dict[str, Any]]:
    retenues = champ.dernieres()
    total = retenues.count()
    comptes = dict(retenues.order_by().values_list("type__code").annotate(nombre=Count("pk")))
    return [
        _valeur("", "Personnes orientées dans la période, toutes orientations.", total, total),
        *(
            _valeur(t.code, f"{t.libelle}, sur toutes les orientations de la période.", comptes.get(t.code, 0), total)
            for t in TypeOrientation.objects.order_by("ordre", "pk")
            if t.actif or t.code in comptes
        ),
    ]


def _population(champ: Champ) -> list[dict[str, Any]]:
    nombre = champ.population().count()
    return [{"code": "", "definition": INDICATEURS["I11"].definition, "numerateur": nombre, "denominateur": None,
             "valeur": nombre}]  # fmt: skip


def _reorientations(champ: Champ) -> list[dict[str, Any]]:
    # Deux décisions d'un même jour se suivent dans l'ordre où elles furent prises.
    d_avant = Q(decidee_le__lt=OuterRef("decidee_le")) | Q(decidee_le=OuterRef("decidee_le"), pk__lt=OuterRef("pk"))
    precedente = (
        DecisionOrientation.objects.filter(d_avant, personne=OuterRef("personne"), annulee_le=None)
        .order_by("-decidee_le", "-pk")
        .values("type__sphere")[:1]
    )
    prises = champ.decisions().annotate(avant=Subquery(precedente)).exclude(avant=None)
    total = prises.count()
    changees = prises.exclude(avant=F("type__sphere"))
    rendues = [
        {
            "code": "", "definition": "Nouvelles orientations de personnes déjà orientées, et personnes concernées.",
            "numerateur": total, "denominateur": prises.order_by().values("personne").distinct().count(),
            "valeur": total,
        }
    ]  # fmt: skip
    for avant, apres, nombre in (
        changees.order_by().values_list("avant", "type__sphere").annotate(nombre=Count("pk")).order_by("avant")
    ):
        rendues.append(_valeur(f"{avant}>{apres}", f"De la sphère {avant} à la sphère {apres}.", nombre, total))
    rendues.append(
        _valeur("meme_sphere", "Dans la même sphère.", prises.filter(avant=F("type__sphere")).count(), total)
    )
    for code, libelle, nombre in (
        prises.order_by()
        .values_list("motif__code", "motif__libelle")
        .annotate(nombre=Count("pk"))
        .order_by("-nombre", "motif__code")
    ):
        definition = f"Pour ce motif : {libelle}." if code else "Sans motif noté."
        rendues.append(_valeur(f"motif_{code or 'aucun'}", definition, nombre, total))
    par_personne = Counter(
        prises.order_by().values_list("personne").annotate(n=Count("pk")).values_list("n", flat=True)
    )
    concernees = sum(par_personne.values())
    rendues += [
        _valeur("personnes_1", "Personnes réorientées une fois.", par_personne[1], concernees),
        _valeur("personnes_2", "Personnes réorientées deux fois.", par_personne[2], concernees),
        _valeur(
            "personnes_3_plus", "Personnes réorientées trois fois ou plus.",
            concernees - par_personne[1] - par_personne[2], concernees,
        ),
    ]  # fmt: skip
    return rendues


def _ecart(champ: Champ) -> list[dict[str, Any]]:
    avec_avis = champ.decisions().filter(proposition__type__isnull=False)
    return [
        _valeur(
            "", "Décisions dont le type n'est pas celui que l'avis proposait, sur celles qui avaient un avis.",
            avec_avis.exclude(type=F("proposition__type")).count(), avec_avis.count(),
        )
    ]  # fmt: skip


INDICATEURS: dict[str, Indicateur] = {
    i.code: i
    for i in (
        Indicateur(
            "I09", "Taux d'orientation",
            "Part des personnes soumises aux droits et devoirs, dont le droit est ouvert à la date, pour qui une "
            "orientation a été décidée.",
            "Personnes soumises à la date pour qui une orientation a été décidée.",
            "Personnes soumises à la date.", "%", _taux_orientation,
        ),
        Indicateur(
            "I10", "Répartition des orientations",
            "Personnes orientées dans la période, par type de leur dernière orientation.",
            "Personnes de chaque type.", "Personnes orientées dans la période.", "%", _repartition,
        ),
        Indicateur(
            "I11", "Population susceptible d'être accompagnée",
            "Allocataires et conjoints soumis aux droits et devoirs à la date, dont le droit est ouvert (R23).",
            "Personnes soumises à la date.", "Sans objet.", "personnes", _population,
        ),
        Indicateur(
            "I22", "Réorientations",
            "Nouvelles orientations décidées dans la période pour des personnes déjà orientées ; le dénominateur est le "
            "nombre de personnes concernées. Les variantes donnent le sens, le motif, et combien de fois par personne.",
            "Nouvelles orientations.", "Personnes concernées.", "décisions", _reorientations,
        ),
        Indicateur(
            "I29", "Écart entre l'orientation proposée et l'orientation décidée",
            "Part des décisions de la période dont le type diffère de celui que l'avis affiché proposait.",
            "Décisions qui s'écartent de l'avis.", "Décisions prises avec un avis.", "%", _ecart,
        ),
    )
}  # fmt: skip


def calculer(
    code: str,
    jour: date,
    territoire: str | None = None,
    *,
    du: date | None = None,
    permis: frozenset[str] | None = None,
) -> dict[str, Any]:
    """Un indicateur à une date, ou sur la période de `du` à `jour`, pour le département ou un territoire.

    `permis` borne aux territoires du lecteur. Même forme que `referencement.calculer`. Lève `TableauInconnuError`,
    `TerritoireInconnuError`.
    """
    indicateur = INDICATEURS.get(code.upper())
    if indicateur is None:
        raise TableauInconnuError(f"L'indicateur « {code} » n'existe pas. Connus : {', '.join(INDICATEURS)}.")
    feuilles = arbre().sous(territoire) if territoire else None
    if permis is not None:
        feuilles = permis if feuilles is None else feuilles & permis
    with effets_complets():  # comme T12 : `permis` borne déjà la lecture
        principale, *variantes = indicateur.calcul(Champ(Periode(jour, du), feuilles))
    return {
        "code": indicateur.code, "titre": indicateur.titre, "date": jour, "du": du, "territoire": territoire,
        "unite": indicateur.unite, "source": indicateur.source, "definition": indicateur.definition,
        "valeur": principale["valeur"], "numerateur": principale["numerateur"],
        "denominateur": principale["denominateur"], "variantes": variantes,
    }  # fmt: skip

"""Les faits que les critères peuvent lire : leur nom, leur unité, leur source, et comment les lire pour tous.

Chaque source se lit en une requête pour soixante mille personnes. Un fait absent reste inconnu : il n'est jamais pris
pour un « non ».
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from jalon.diagnostics.enums import Anciennete, Disponibilite, Logement, Niveau, ParcoursEnvisage, Suivi
from jalon.diagnostics.models import Frein, Grille, Item, intitule
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import MotifEntree, TypeOrientation
from jalon.orientations.structures import Offre, lire_offre
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import RolePersonne
from jalon.referentiels.parametres import mot
from jalon.referentiels.profil.criteres import FAITS_CONNUS, Condition, NatureFait

COUPLES = frozenset({"MAR", "PAC", "RPA", "RVC", "RVM", "VIM"})
"""Situations familiales de la liste SITFAM qui disent un couple."""
REGIME_MSA = "MSA"
NATURES_MAJOREES = ("RSI", "RCI")
SOUS_NATURES_MAJOREES = ("RSUN1", "RSBN1", "RCUN1", "RCBN1", "RSUD1", "RSBD1", "RCUD1", "RCBD1")

Valeurs = dict[int, Any]
Dates = dict[int, date]
Cle = tuple[str, tuple[str, ...]]
"""Un fait et ce qui le précise : `("echelon", ("echelle", "logement"))`."""


@dataclass(frozen=True)
class Fait:
    """Ce qu'un écran dit d'un fait."""

    libelle: str
    source: str
    unite: str = ""
    valeurs: Mapping[str, str] = field(default_factory=dict)


def _choix(choix: Any) -> dict[str, str]:
    return {str(valeur): str(texte) for valeur, texte in choix.choices}


FAITS: Final[dict[str, Fait]] = {
    "age": Fait("Âge", "État civil", "ans"),
    "anciennete": Fait("Ancienneté dans le dispositif", "Date de la première demande", "mois"),
    "anciennete_emploi": Fait("Sans emploi depuis", "Recueil", valeurs=_choix(Anciennete)),
    "aucun_element": Fait("Ni recueil ni grille", "Dossier"),
    "capacite": Fait("Une place sur le territoire", "Places et charge des organismes"),
    "charges": Fait("Enfants et autres à charge", "Caisse", "personne(s)"),
    "contrainte": Fait("Contrainte", "Recueil", valeurs=_choix(Niveau)),
    "couple": Fait("En couple", "Caisse"),
    "creation_activite": Fait("Veut créer ou reprendre une activité", "Recueil"),
    "deja_orientee": Fait("Déjà orientée une fois", "Dossier"),
    "disponibilite": Fait("Disponible pour travailler", "Recueil", valeurs=_choix(Disponibilite)),
    "echelon": Fait("Échelon", "Grille"),
    "frein": Fait("Frein", "Grille"),
    "freins": Fait("Nombre de freins", "Grille"),
    "logement": Fait("Logement actuel", "Recueil", valeurs=_choix(Logement)),
    "majore": Fait("Droit majoré", "Caisse"),
    "motif_entree": Fait("Motif d'entrée dans la file", "Dossier", valeurs=_choix(MotifEntree)),
    "parcours_envisage": Fait("Parcours envisagé avec la personne", "Grille", valeurs=_choix(ParcoursEnvisage)),
    "regime_agricole": Fait("Régime agricole", "Caisse"),
    "ressources": Fait("Revenu mensuel retenu", "Caisse, dernier trimestre", "€"),
    "role": Fait("Place dans le foyer", "Caisse", valeurs=_choix(RolePersonne)),
    "sans_domicile": Fait("Sans domicile fixe", "Caisse"),
    "suivi": Fait(
        "Déjà accompagnée par", "Recueil et suivis connus", valeurs={**_choix(CategorieOrganisme), **_choix(Suivi)}
    ),
}  # fmt: skip


def cle(test: Condition) -> Cle:
    """Le fait que lit ce test."""
    assert test.fait is not None
    return test.fait, test.precision


@dataclass
class Faits:
    """Les faits lus pour un ensemble de personnes."""

    ids: list[int]
    valeurs: dict[Cle, Valeurs] = field(default_factory=dict)
    dates: dict[Cle, Dates] = field(default_factory=dict)
    ages: dict[int, int] = field(default_factory=dict)
    territoires: dict[int, int | None] = field(default_factory=dict)
    noms: Noms | None = None
    offre: Offre | None = None


@dataclass(frozen=True)
class Noms:
    """Les mots des grilles et des types, lus une fois : un fait se nomme sans requête de plus."""

    grilles: Mapping[str, str]
    items: Mapping[tuple[str, str], str]
    echelons: Mapping[tuple[str, str, int], str]
    freins: Mapping[tuple[str, str], str]
    types: Mapping[str, str]


def lire_noms() -> Noms:
    """Mots de la dernière version de chaque grille, et des types d'orientation."""
    items: dict[tuple[str, str], str] = {}
    echelons: dict[tuple[str, str, int], str] = {}
    lignes = Item.objects.order_by("version__du", "pk").values_list(
        "version__grille__code", "code", "libelle", "echelons__rang", "echelons__libelle"
    )
    for grille, item, libelle, rang, reponse in lignes:
        items[grille, item] = libelle
        echelons[grille, item, rang] = reponse
    freins = Frein.objects.order_by("version__du", "pk").values_list("version__grille__code", "code", "libelle")
    return Noms(
        grilles=dict(Grille.objects.order_by("pk").values_list("code", "libelle")),
        items=items, echelons=echelons, freins={(grille, code): libelle for grille, code, libelle in freins},
        types=dict(TypeOrientation.objects.order_by("pk").values_list("code", "libelle")),
    )  # fmt: skip


def nommer(fait: str, precision: tuple[str, ...], noms: Noms) -> str:
    """« Échelle de distance à l'emploi, Logement », « Contrainte : santé »."""
    libelle = FAITS[fait].libelle
    if fait == "echelon":
        grille, item = precision
        return f"{noms.grilles.get(grille, grille)}, {noms.items.get((grille, item), item).lower()}"
    if fait == "frein":
        grille, code = precision
        return f"Frein : {noms.freins.get((grille, code), code).lower()}"
    if fait == "freins":
        return f"Nombre de freins, {noms.grilles.get(precision[0], precision[0])}"
    if fait == "contrainte":
        return f"Contrainte : {intitule(f'contrainte_{precision[0]}')}"
    if fait == "capacite":
        return f"Une place « {noms.types.get(precision[0], precision[0])} » sur le territoire"
    if fait == "aucun_element":
        return f"Ni {mot('diagnostic').singulier} ni grille"
    return libelle


def ecrire(fait: str, precision: tuple[str, ...], valeur: Any, noms: Noms) -> str:
    """La valeur d'un fait en toutes lettres ; « inconnu » si on ne le sait pas."""
    if valeur is None:
        return "inconnu"
    connu, dit = FAITS_CONNUS[fait], FAITS[fait]
    if connu.nature is NatureFait.OUI_NON:
        return "oui" if valeur else "non"
    if connu.nature is NatureFait.CODE:
        return dit.valeurs.get(str(valeur), str(valeur))
    if connu.nature is NatureFait.CODES:
        return ", ".join(sorted(dit.valeurs.get(v, v) for v in valeur)) or "personne"
    if fait == "echelon":
        grille, item = precision
        return f"{valeur}. {noms.echelons.get((grille, item, valeur), '')}".strip()
    texte = f"{Decimal(valeur):.2f}".replace(".00", "").replace(".", ",")
    return f"{texte} {dit.unite}".strip()


# --- Lire


Ligne = tuple[Any, ...]


def _lire(requete: str, ids: Collection[int], *suite: Any) -> list[Ligne]:
    with connection.cursor() as curseur:
        curseur.execute(requete, [list(ids), *suite])
        return list(curseur.fetchall())


def lire_faits(ids: Iterable[int], voulus: Iterable[Cle], jour: date, *, dates: bool = True) -> Faits:
    """Lit les faits voulus pour ces personnes, une source à la fois. Sans `dates`, seulement les valeurs."""
    faits = Faits(list(ids))
    par_source: dict[Callable[..., None], list[Cle]] = {}
    for voulu in sorted(set(voulus)):
        par_source.setdefault(SOURCES[voulu[0]], []).append(voulu)
    for lire, cles in par_source.items():
        for voulu in cles:
            faits.valeurs[voulu] = {}
            faits.dates[voulu] = {}
        lire(faits, cles, jour, dates)
    return faits


_PERSONNES = "select id, date_naissance, territoire_id from personnes_personne where id = any(%s)"


def lire_personnes(faits: Faits, jour: date) -> None:
    """Âge et territoire, dont ont besoin les places autant que les critères."""
    for personne, naissance, territoire in _lire(_PERSONNES, faits.ids):
        faits.ages[personne] = age_revolu(naissance, jour)
        faits.territoires[personne] = territoire


def _etat_civil(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    if not faits.ages:
        lire_personnes(faits, jour)
    for voulu in cles:
        faits.valeurs[voulu] = faits.ages


def _capacites(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    if not faits.ages:
        lire_personnes(faits, jour)
    types = dict(TypeOrientation.objects.order_by("pk").values_list("code", "pk"))
    faits.offre = lire_offre(jour)
    for voulu in cles:
        type_id, memoire = types[voulu[1][0]], dict[tuple[int | None, int], bool]()
        for personne, age in faits.ages.items():
            lieu = (faits.territoires[personne], age)
            if lieu not in memoire:
                memoire[lieu] = faits.offre.a_une_place(*lieu, type_id)
            faits.valeurs[voulu][personne] = memoire[lieu]


_DOSSIERS = """
with courante as (
  select distinct on (s.personne_id) s.personne_id, s.dossier_id, s.ressources, lower(s.periode) as vu
  from droits_soumission s
  where s.personne_id = any(%s) and upper_inf(s.periode) and not isempty(s.periode)
  order by s.personne_id, s.soumise desc, s.dossier_id desc
)
select c.personne_id, c.ressources, c.vu, d.date_demande, d.date_demande_rmi, d.caisse_regime,
  t.sans_domicile_fixe, t.nombre_charges, t.situation_familiale, t.regime_agricole, r.role
from courante c
join droits_dossierrsa d on d.id = c.dossier_id
left join droits_situation t on t.dossier_id = d.id and upper_inf(t.periode) and not isempty(t.periode)
left join personnes_rattachement r on r.foyer_id = d.foyer_id and r.personne_id = c.personne_id
  and upper_inf(r.periode) and not isempty(r.periode)
"""


def _dossiers(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    lus: dict[str, Callable[[Ligne], Any]] = {
        "ressources": lambda ligne: ligne[1],
        "anciennete": lambda ligne: _mois(min(filter(None, (ligne[3], ligne[4]))), jour),
        "regime_agricole": lambda ligne: ligne[5] == REGIME_MSA or bool(ligne[9]),
        "sans_domicile": lambda ligne: ligne[6],
        "charges": lambda ligne: ligne[7],
        "couple": lambda ligne: ligne[8] in COUPLES if ligne[8] else None,
        "role": lambda ligne: ligne[10] or None,
    }
    lignes = _lire(_DOSSIERS, faits.ids)
    vues = {ligne[0]: ligne[2] for ligne in lignes} if dates else {}
    for voulu in cles:
        valeur = lus[voulu[0]]
        faits.valeurs[voulu] = {ligne[0]: v for ligne in lignes if (v := valeur(ligne)) is not None}
        faits.dates[voulu] = vues


def _mois(debut: date, jour: date) -> int:
    return max(0, (jour.year - debut.year) * 12 + jour.month - debut.month - (jour.day < debut.day))


_MAJOREES = """
select distinct s.personne_id, lower(n.periode) from droits_soumission s
join droits_naturedroit n on n.dossier_id = s.dossier_id and upper_inf(n.periode) and not isempty(n.periode)
where s.personne_id = any(%s) and upper_inf(s.periode) and not isempty(s.periode)
  and (n.nature = any(%s) or n.sous_nature = any(%s))
"""


def _majorations(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    majorees: Dates = dict(_lire(_MAJOREES, faits.ids, list(NATURES_MAJOREES), list(SOUS_NATURES_MAJOREES)))
    for voulu in cles:
        faits.valeurs[voulu] = {personne: personne in majorees for personne in faits.ids}
        faits.dates[voulu] = majorees if dates else {}


_ATTENTES = """
select personne_id, motif, entree_le from orientations_attenteorientation
where personne_id = any(%s) and sortie_le is null
"""


def _attentes(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    lignes = _lire(_ATTENTES, faits.ids)
    for voulu in cles:
        faits.valeurs[voulu] = {personne: motif for personne, motif, _ in lignes}
        faits.dates[voulu] = {personne: le for personne, _, le in lignes} if dates else {}


_ORIENTEES = """
select personne_id, max(decidee_le) from orientations_decisionorientation
where personne_id = any(%s) and annulee_le is null group by personne_id
"""


def _orientations(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    orientees: Dates = dict(_lire(_ORIENTEES, faits.ids))
    for voulu in cles:
        faits.valeurs[voulu] = {personne: personne in orientees for personne in faits.ids}
        faits.dates[voulu] = orientees if dates else {}


_RECUEILS = """
select distinct on (personne_id) personne_id, date_recueil, {colonnes} from diagnostics_recueil
where personne_id = any(%s) order by personne_id, date_recueil desc, id desc
"""
COLONNES_RECUEIL = {
    "anciennete_emploi": "anciennete", "creation_activite": "creation_activite", "disponibilite": "disponibilite",
    "logement": "logement",
}  # fmt: skip


def _recueils(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    colonnes = [
        COLONNES_RECUEIL.get(fait, f"contrainte_{precision[0]}" if precision else "") for fait, precision in cles
    ]
    lignes = _lire(_RECUEILS.format(colonnes=", ".join(colonnes)), faits.ids)
    recueillis = {ligne[0]: ligne[1] for ligne in lignes} if dates else {}
    for rang, voulu in enumerate(cles, start=2):
        faits.valeurs[voulu] = {ligne[0]: ligne[rang] for ligne in lignes if ligne[rang] not in ("", None)}
        faits.dates[voulu] = recueillis


PERSONNE: frozenset[str] = frozenset()
_SUIVIS_DECLARES = _RECUEILS.format(colonnes="suivis")
_SUIVIS_CONNUS = """
select distinct a.personne_id, t.categorie from accompagnements_accompagnement a
join organismes_organisme o on o.id = a.organisme_id join organismes_typeorganisme t on t.id = o.type_id
where a.personne_id = any(%s) and a.periode @> %s::date
"""


def _suivis(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    """Ce que la personne a déclaré, et les suivis que Jalon connaît ; sans l'un ni l'autre, on ne sait pas."""
    suivis: Valeurs = {}
    recueillis: Dates = {}
    for personne, le, declares in _lire(_SUIVIS_DECLARES, faits.ids):
        suivis[personne] = frozenset(declares) if declares else PERSONNE
        recueillis[personne] = le
    for personne, categorie in _lire(_SUIVIS_CONNUS, faits.ids, jour):
        suivis[personne] = suivis.get(personne, PERSONNE) | {categorie}
    for voulu in cles:
        faits.valeurs[voulu], faits.dates[voulu] = suivis, recueillis if dates else {}


_ELEMENTS = """
select personne_id from diagnostics_recueil where personne_id = any(%s)
union select personne_id from diagnostics_passation where personne_id = any(%s)
"""


def _elements(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    connus = {personne for (personne,) in _lire(_ELEMENTS, faits.ids, faits.ids)}
    for voulu in cles:
        faits.valeurs[voulu] = {personne: personne not in connus for personne in faits.ids}


_PASSATIONS = """
select distinct on (p.personne_id) p.personne_id, p.parcours_envisage, p.date_passation
from diagnostics_passation p where p.personne_id = any(%s)
order by p.personne_id, p.date_passation desc, p.id desc
"""


def _parcours_envisages(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    lignes = _lire(_PASSATIONS, faits.ids)
    for voulu in cles:
        faits.valeurs[voulu] = {personne: parcours for personne, parcours, _ in lignes if parcours}
        faits.dates[voulu] = {personne: le for personne, _, le in lignes} if dates else {}


_GRILLES = """
with derniere as materialized (
  select distinct on (p.personne_id) p.personne_id, p.id, p.version_id, p.date_passation
  from diagnostics_passation p
  where p.personne_id = any(%s) and p.version_id = any(%s)
  order by p.personne_id, p.date_passation desc, p.id desc
)
select d.personne_id, d.version_id, d.date_passation{colonnes}
from derniere d left join diagnostics_reponse r on r.passation_id = d.id
left join diagnostics_echelon e on e.id = r.echelon_id
group by d.personne_id, d.version_id, d.date_passation
"""
_ITEMS = """
select i.version_id, i.id, i.code from diagnostics_grille g
join diagnostics_versiongrille v on v.grille_id = g.id join diagnostics_item i on i.version_id = v.id
where g.code = %s
"""
FreinDeclare = tuple[str, str, frozenset[int]]
"""Code du frein, code de sa question, échelons qui le disent."""


def _grilles(faits: Faits, cles: list[Cle], jour: date, dates: bool) -> None:
    """Échelons et freins de la dernière grille de chacune : seules les questions utiles sont relues."""
    for grille in sorted({precision[0] for _, precision in cles}):
        _une_grille(faits, grille, [c for c in cles if c[1][0] == grille], dates)


def _une_grille(faits: Faits, grille: str, cles: list[Cle], dates: bool) -> None:
    items: dict[str, list[int]] = {}
    versions: set[int] = set()
    with connection.cursor() as curseur:
        curseur.execute(_ITEMS, [grille])
        for version, item, code in curseur.fetchall():
            versions.add(version)
            items.setdefault(code, []).append(item)
    freins: dict[int, list[FreinDeclare]] = {}
    for version, code, question, echelons in (
        Frein.objects.filter(version__in=versions)
        .order_by("version_id", "rang")
        .values_list("version_id", "code", "item__code", "echelons")
    ):
        freins.setdefault(version, []).append((code, question, frozenset(echelons)))
    questions = _questions_utiles(cles, items, freins)
    # Une colonne par question utile : PostgreSQL rend soixante mille lignes, pas cinq cent mille.
    colonnes = "".join(", max(e.rang) filter (where r.item_id = any(%s))" for _ in questions)
    with connection.cursor() as curseur:
        curseur.execute(
            _GRILLES.replace("{colonnes}", colonnes), [faits.ids, list(versions), *(items[q] for q in questions)]
        )
        lignes = curseur.fetchall()
    remplies = {ligne[0]: ligne[2] for ligne in lignes} if dates else {}
    rangs = {question: rang for rang, question in enumerate(questions, start=3)}
    for voulu in cles:
        faits.dates[voulu] = remplies
        fait, precision = voulu
        if fait == "echelon":
            colonne = rangs.get(precision[1])
            faits.valeurs[voulu] = (
                {ligne[0]: ligne[colonne] for ligne in lignes if ligne[colonne] is not None} if colonne else {}
            )
        elif fait == "frein":
            faits.valeurs[voulu] = _un_frein(lignes, rangs, freins, precision[1])
        else:
            faits.valeurs[voulu] = _nombre_de_freins(lignes, rangs, freins)


def _nombre_de_freins(
    lignes: list[Ligne], rangs: Mapping[str, int], freins: Mapping[int, list[FreinDeclare]]
) -> Valeurs:
    par_version = {
        version: [(rangs[question], echelons) for _, question, echelons in declares]
        for version, declares in freins.items()
    }
    return {
        ligne[0]: sum(ligne[colonne] in echelons for colonne, echelons in par_version.get(ligne[1], ()))
        for ligne in lignes
        if any(rang is not None for rang in ligne[3:])
    }


def _questions_utiles(
    cles: list[Cle], items: Mapping[str, list[int]], freins: Mapping[int, list[FreinDeclare]]
) -> list[str]:
    if any(fait == "freins" for fait, _ in cles):
        return sorted(items)
    voulus = {precision[1] for fait, precision in cles if fait == "echelon"}
    codes = {precision[1] for fait, precision in cles if fait == "frein"}
    voulus |= {question for declares in freins.values() for code, question, _ in declares if code in codes}
    return sorted(voulus & items.keys())


def _un_frein(
    lignes: list[Ligne], rangs: Mapping[str, int], freins: Mapping[int, list[FreinDeclare]], voulu: str
) -> Valeurs:
    """Un frein est présent, absent, ou inconnu si la question n'a pas eu de réponse."""
    par_version = {
        version: (rangs[question], echelons)
        for version, declares in freins.items()
        for code, question, echelons in declares
        if code == voulu
    }
    valeurs: Valeurs = {}
    for ligne in lignes:
        declare = par_version.get(ligne[1])
        if declare is not None and (rang := ligne[declare[0]]) is not None:
            valeurs[ligne[0]] = rang in declare[1]
    return valeurs


SOURCES: Final[dict[str, Callable[[Faits, list[Cle], date, bool], None]]] = {
    "age": _etat_civil, "capacite": _capacites,
    "ressources": _dossiers, "anciennete": _dossiers, "regime_agricole": _dossiers, "sans_domicile": _dossiers,
    "charges": _dossiers, "couple": _dossiers, "role": _dossiers,
    "majore": _majorations, "motif_entree": _attentes, "deja_orientee": _orientations,
    "anciennete_emploi": _recueils, "creation_activite": _recueils, "disponibilite": _recueils,
    "logement": _recueils, "contrainte": _recueils,
    "suivi": _suivis, "aucun_element": _elements, "parcours_envisage": _parcours_envisages,
    "echelon": _grilles, "frein": _grilles, "freins": _grilles,
}  # fmt: skip

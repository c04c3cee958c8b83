"""Les tableaux de population déclarés : T05 à T09 et la file d'orientation (inventaire § 6.1, F009, I30, I31)."""

from __future__ import annotations

from typing import Any

import ibis

from jalon.observatoire.declarations import Graphique, Modalite, Tableau, Tables

FLUX = "Flux mensuel de la CAF et de la MSA, tel que reçu : les droits ne sont pas recalculés."
PAYABLES = "Foyers dont le droit est ouvert et versable (état 2 du flux) à la date, un par dossier RSA."
COMPOSANTES = (
    Modalite("socle", "Socle", base="ensemble"),
    Modalite("activite", "Activité", base="ensemble"),
    Modalite("socle_et_activite", "Socle et activité", base="ensemble"),
    Modalite("inconnue", "Composante inconnue", base="ensemble", facultative=True),
)
_SERIES = ("socle", "activite", "socle_et_activite", "inconnue")
ENSEMBLE = Modalite("ensemble", "Ensemble", parties=_SERIES)


def _payables(tables: Tables) -> Any:
    """Foyers payables, avec la composante du droit (liste NATPF, F009)."""
    foyers = tables.foyers.filter(tables.foyers.payable)
    return foyers.mutate(
        composante=ibis.cases(
            (foyers.socle & foyers.activite, "socle_et_activite"),
            (foyers.socle, "socle"),
            (foyers.activite, "activite"),
            else_="inconnue",
        )
    )


def _unites(table: Any, *, ligne: Any, colonne: Any, poids: Any = None, personne: bool = False) -> Any:
    """Met une table sous la forme commune : une ligne par unité comptée dans une case."""
    vide = ibis.literal("")
    return table.select(
        dossier=table.dossier if "dossier" in table.columns else vide,
        personne=table.personne if personne else vide,
        territoire=table.territoire,
        ligne=ligne,
        colonne=colonne,
        poids=ibis.literal(1, "int64") if poids is None else poids.cast("int64"),
    )


def _tranche(valeur: Any, bornes: tuple[tuple[str, int], ...], derniere: str, inconnu: str) -> Any:
    """Première tranche dont la borne haute (comprise) n'est pas dépassée."""
    return ibis.cases(
        (valeur.isnull(), inconnu),
        *((valeur <= haut, code) for code, haut in bornes),
        else_=derniere,
    )


# --- T05 : droits payables


def _droits_payables(tables: Tables) -> Any:
    foyers = _payables(tables)
    personnes = tables.personnes.filter(tables.personnes.soumise).join(
        foyers.select("dossier", "composante"), "dossier"
    )
    majore = ibis.cases((foyers.majore, "majore"), else_="non_majore")
    return ibis.union(
        _unites(foyers, ligne=majore, colonne=foyers.composante),
        _unites(foyers, ligne=ibis.literal("personnes"), colonne=foyers.composante, poids=foyers.personnes),
        _unites(personnes, ligne=ibis.literal("soumises"), colonne=personnes.composante, personne=True),
    )


T05 = Tableau(
    code="T05",
    titre="Droits payables par composante et majoration",
    definition=(
        "Foyers dont le droit est versable, par composante du droit, avec ou sans majoration pour parent isolé ; "
        "personnes couvertes : le titulaire, son conjoint et les personnes à charge ; revenus d'activité sous le "
        "seuil : personnes que la caisse dit soumises aux droits et devoirs. Une personne présente dans deux "
        "dossiers payables compte dans chacun."
    ),
    population=PAYABLES,
    numerateur="Foyers majorés, ou non majorés.",
    denominateur="Droits payables de la même composante.",
    unite="foyers et personnes",
    source=FLUX,
    intitule_lignes="Droits et personnes",
    lignes=(
        Modalite("payables", "droits payables", parties=("majore", "non_majore")),
        Modalite("majore", "dont majoré", base="payables"),
        Modalite("non_majore", "dont non majoré", base="payables"),
        Modalite("personnes", "personnes couvertes"),
        Modalite("soumises", "revenus d'activité < {seuil} €"),
    ),
    colonnes=(
        *(Modalite(m.code, m.libelle, base="total", facultative=m.facultative) for m in COMPOSANTES),
        Modalite("total", "Total", parties=_SERIES),
    ),
    colonne_principale="total",
    unites=_droits_payables,
    graphique=Graphique(axe="colonnes", barres=_SERIES, series=("majore", "non_majore")),
)

# --- T06 : situation familiale


def _situation_familiale(tables: Tables) -> Any:
    foyers = _payables(tables)
    femme, homme, enfants = foyers.sexe_titulaire == "2", foyers.sexe_titulaire == "1", foyers.enfants > 0
    ligne = ibis.cases(
        (~foyers.situation_connue, "inconnue"),
        (foyers.conjoint & enfants, "couple_enfant"),
        (foyers.conjoint, "couple"),
        (femme & enfants, "femme_enfant"),
        (homme & enfants, "homme_enfant"),
        (femme, "femme"),
        (homme, "homme"),
        else_="inconnue",
    )
    return _unites(foyers, ligne=ligne, colonne=foyers.composante)


_FAMILLES = (
    ("couple_enfant", "couple avec enfant"),
    ("couple", "couple sans enfant"),
    ("femme_enfant", "femme seule avec enfant"),
    ("homme_enfant", "homme seul avec enfant"),
    ("femme", "femme seule sans enfant"),
    ("homme", "homme seul sans enfant"),
    ("inconnue", "situation inconnue"),
)


def _lignes(modalites: tuple[tuple[str, str], ...], facultatives: tuple[str, ...] = ()) -> tuple[Modalite, ...]:
    """Les lignes, rapportées à leur total, et ce total."""
    return (
        *(Modalite(code, libelle, base="total", facultative=code in facultatives) for code, libelle in modalites),
        Modalite("total", "Total", parties=tuple(code for code, _ in modalites)),
    )


T06 = Tableau(
    code="T06",
    titre="Foyers par situation familiale",
    definition=(
        "Foyers payables selon que le titulaire vit en couple ou non et a ou non des personnes à charge, d'après "
        "les personnes présentes dans le foyer. La situation est inconnue quand le flux ne dit ni le titulaire ni "
        "sa situation familiale."
    ),
    population=PAYABLES,
    numerateur="Foyers de chaque situation.",
    denominateur="Foyers payables de la même composante.",
    unite="foyers",
    source=FLUX,
    intitule_lignes="Situation familiale",
    lignes=_lignes(_FAMILLES),
    colonnes=(*COMPOSANTES, ENSEMBLE),
    total="total",
    unites=_situation_familiale,
    graphique=Graphique(axe="lignes", barres=tuple(code for code, _ in _FAMILLES), series=_SERIES),
)

# --- T07 : âge du titulaire

_AGES = (
    ("moins_25", "moins de 25"),
    ("25_29", "25-29"),
    ("30_39", "30-39"),
    ("40_49", "40-49"),
    ("50_54", "50-54"),
    ("55_59", "55-59"),
    ("60_64", "60-64"),
    ("65_plus", "65 et plus"),
    ("inconnu", "inconnu"),
)
_BORNES_AGE = (
    ("moins_25", 24), ("25_29", 29), ("30_39", 39), ("40_49", 49), ("50_54", 54), ("55_59", 59), ("60_64", 64),
)  # fmt: skip


def _age(tables: Tables) -> Any:
    foyers = _payables(tables)
    ligne = _tranche(foyers.age_titulaire, _BORNES_AGE, "65_plus", "inconnu")
    return _unites(foyers, ligne=ligne, colonne=foyers.composante)


T07 = Tableau(
    code="T07",
    titre="Foyers par âge du titulaire",
    definition=(
        "Foyers payables selon l'âge révolu du titulaire à la date. L'âge est inconnu quand la caisse dit que le "
        "jour et le mois de naissance le sont, ou quand le flux ne dit pas qui est le titulaire."
    ),
    population=PAYABLES,
    numerateur="Foyers de chaque tranche d'âge.",
    denominateur="Foyers payables de la même composante.",
    unite="foyers",
    source=FLUX,
    intitule_lignes="Âge du titulaire (ans)",
    lignes=_lignes(_AGES),
    colonnes=(*COMPOSANTES, ENSEMBLE),
    total="total",
    unites=_age,
    graphique=Graphique(axe="lignes", barres=tuple(code for code, _ in _AGES), series=_SERIES),
)

# --- T08 : ancienneté

_ANCIENNETES = (
    ("1_3", "1-3 mois"),
    ("4_6", "4-6 mois"),
    ("7_12", "7-12 mois"),
    ("13_24", "13-24 mois"),
    ("25_36", "25-36 mois"),
    ("37_48", "37-48 mois"),
    ("49_plus", "49 mois et plus"),
    ("inconnue", "ancienneté inconnue"),
)
_BORNES_MOIS = (("1_3", 3), ("4_6", 6), ("7_12", 12), ("13_24", 24), ("25_36", 36), ("37_48", 48))
DISPOSITIF = "dispositif_rmi_api_compris"


def _anciennete(tables: Tables) -> Any:
    foyers = _payables(tables)
    parts = []
    for colonne, retenus, mois in (
        (DISPOSITIF, foyers, "mois_dispositif"),
        ("socle", foyers.filter(foyers.socle), "mois_socle"),
        ("activite", foyers.filter(foyers.activite), "mois_activite"),
    ):
        ligne = _tranche(retenus[mois], _BORNES_MOIS, "49_plus", "inconnue")
        parts.append(_unites(retenus, ligne=ligne, colonne=ibis.literal(colonne)))
    return ibis.union(*parts)


T08 = Tableau(
    code="T08",
    titre="Foyers par ancienneté",
    definition=(
        "Foyers payables selon le nombre de mois entamés, mois de la date compris : dans le dispositif, depuis la "
        "plus ancienne demande, RMI et API compris ; au socle et à l'activité, depuis l'ouverture de la composante. "
        "Un foyer qui a les deux composantes compte dans les deux colonnes."
    ),
    population=PAYABLES,
    numerateur="Foyers de chaque tranche d'ancienneté.",
    denominateur="Foyers payables de la même colonne.",
    unite="foyers",
    source=FLUX,
    intitule_lignes="Ancienneté",
    lignes=_lignes(_ANCIENNETES, facultatives=("inconnue",)),
    colonnes=(
        Modalite(DISPOSITIF, "Dispositif (RMI et API compris)"),
        Modalite("socle", "Socle"),
        Modalite("activite", "Activité"),
    ),
    total="total",
    colonne_principale=DISPOSITIF,
    unites=_anciennete,
    graphique=Graphique(axe="lignes", barres=tuple(code for code, _ in _ANCIENNETES), series=(DISPOSITIF,)),
)

# --- T09 : cumul intégral


def _cumul_integral(tables: Tables) -> Any:
    foyers = _payables(tables)
    foyers = foyers.filter(foyers.cumul_integral)
    return _unites(foyers, ligne=ibis.literal("cumul"), colonne=foyers.composante)


T09 = Tableau(
    code="T09",
    titre="Foyers en cumul intégral",
    definition="Foyers payables dont le dernier calcul du droit porte un cumul intégral supérieur à zéro.",
    population=PAYABLES,
    numerateur="Foyers en cumul intégral de chaque composante.",
    denominateur="Foyers en cumul intégral, toutes composantes.",
    unite="foyers",
    source=FLUX,
    intitule_lignes="Cumul",
    lignes=(Modalite("cumul", "cumul intégral"),),
    colonnes=(*COMPOSANTES, ENSEMBLE),
    unites=_cumul_integral,
    graphique=Graphique(axe="colonnes", barres=_SERIES, series=("cumul",)),
)

# --- File d'orientation


def _attentes(tables: Tables) -> Any:
    attentes = tables.attentes
    colonne = ibis.cases((attentes.en_retard, "retard"), else_="delai")
    return _unites(attentes, ligne=ibis.literal("attente"), colonne=colonne, personne=True)


ATTENTE = Tableau(
    code="FILE",
    titre="Personnes en attente d'orientation",
    definition=(
        "Personnes entrées dans la file d'orientation à la date ou avant, et pas encore sorties ; en retard quand "
        "le délai de décision était dépassé à la date."
    ),
    population="Personnes soumises aux droits et devoirs qui attendent une décision d'orientation.",
    numerateur="Personnes dans le délai, ou en retard.",
    denominateur="Personnes en attente.",
    unite="personnes",
    source="Dossiers de Jalon : entrées et sorties datées de la file d'orientation.",
    intitule_lignes="File",
    lignes=(Modalite("attente", "en attente d'orientation"),),
    colonnes=(
        Modalite("delai", "Dans le délai", base="ensemble"),
        Modalite("retard", "En retard", base="ensemble"),
        Modalite("ensemble", "Ensemble", parties=("delai", "retard")),
    ),
    unites=_attentes,
    graphique=Graphique(axe="colonnes", barres=("delai", "retard"), series=("attente",)),
)

CATALOGUE: dict[str, Tableau] = {t.code: t for t in (T05, T06, T07, T08, T09, ATTENTE)}

"""Ce qui met deux entrées d'un profil en rapport : parents, périodes, références, communes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from jalon.referentiels.communes import Commune, ReferentielCommunes

from .base import inconnu
from .lecture import Chemin, Document
from .modeles import (
    Composition,
    Demonstration,
    Identite,
    Organisme,
    ParametreDate,
    Role,
    Territoire,
    TypeOrganisme,
)
from .vocabulaire import LIBELLES_REQUIS, PARAMETRES_REQUIS, ROLES_REQUIS, ObjetHabilitation, TypeTerritoire

COMMUNES_CITEES_MAX = 40


T = TypeVar("T", covariant=True)


@dataclass(frozen=True)
class Entree(Generic[T]):
    """Un objet valide et l'endroit où il est écrit."""

    chemin: Chemin
    valeur: T


def controler_doublons(document: Document, entrees: list[tuple[Chemin, str]]) -> None:
    """Un code ne désigne qu'une entrée."""
    vus: dict[str, Chemin] = {}
    for chemin, code in entrees:
        if code in vus:
            document.signaler(
                (*chemin, "code"),
                f"« {code} » est déjà donné ligne {document.ligne((*vus[code], 'code'))} ; n'en garder qu'un",
                champ="code",
            )
        vus.setdefault(code, chemin)


def controler_libelles(document: Document) -> None:
    """Chaque clé attendue par le code, et aucune autre : une clé en trop est une faute de frappe."""
    presentes = document.donnees if isinstance(document.donnees, dict) else {}
    for cle in LIBELLES_REQUIS:
        if cle not in presentes:
            document.signaler((), "cette clé manque ; le vocabulaire de l'application en a besoin", champ=cle)
    for cle in presentes:
        if cle not in LIBELLES_REQUIS:
            document.signaler((cle,), inconnu(cle, LIBELLES_REQUIS))


def controler_territoires(document: Document, entrees: list[Entree[Territoire]], codes: set[str]) -> None:
    """Un arbre : une racine de type département, des parents qui existent, aucun cycle."""
    par_code = {e.valeur.code: e for e in entrees}
    racines = [e for e in entrees if e.valeur.parent is None]
    for entree in entrees:
        territoire = entree.valeur
        if territoire.parent is not None and territoire.parent not in codes:
            document.signaler((*entree.chemin, "parent"), inconnu(territoire.parent, codes), champ="parent")
        if (territoire.type is TypeTerritoire.DEPARTEMENT) != (territoire.parent is None):
            document.signaler(
                (*entree.chemin, "type"),
                "la racine de l'arbre, sans parent, est de type departement, et elle seule",
                champ="type",
            )
    if not racines and entrees:
        document.signaler((), "aucun territoire n'est la racine (parent vide)", champ="parent")
    for entree in racines[1:]:
        document.signaler(
            (*entree.chemin, "parent"),
            f"l'arbre a déjà une racine, « {racines[0].valeur.code} » ; donner un parent à celui-ci",
            champ="parent",
        )
    deja_signales: set[str] = set()
    for entree in entrees:
        suite = [entree.valeur.code]
        while (suivant := par_code.get(suite[-1])) is not None and suivant.valeur.parent is not None:
            if suivant.valeur.parent in suite:
                boucle = suite[suite.index(suivant.valeur.parent) :]
                if not deja_signales & set(boucle):
                    document.signaler(
                        (*par_code[boucle[0]].chemin, "parent"),
                        f"l'arbre tourne en rond : {' → '.join([*boucle, boucle[0]])}",
                        champ="parent",
                    )
                deja_signales |= set(boucle)
                break
            suite.append(suivant.valeur.parent)


def controler_parametres(document: Document, entrees: list[Entree[ParametreDate]], codes: set[str]) -> None:
    """Chaque code attendu a une valeur, et une seule à une date donnée."""
    for code in PARAMETRES_REQUIS:
        if code not in codes:
            document.signaler((), "ce paramètre manque ; l'application en a besoin", champ=code)
    par_code: dict[str, list[Entree[ParametreDate]]] = {}
    for entree in entrees:
        par_code.setdefault(entree.valeur.code, []).append(entree)
    for code, liste in par_code.items():
        liste.sort(key=lambda e: e.valeur.du)
        avant = liste[0]
        for apres in liste[1:]:
            if avant.valeur.au is None or avant.valeur.au > apres.valeur.du:
                fin = "sans fin" if avant.valeur.au is None else f"jusqu'au {avant.valeur.au:%d/%m/%Y}"
                document.signaler(
                    (*apres.chemin, "du"),
                    f"« {code} » a déjà une valeur à cette date, ligne "
                    f"{document.ligne((*avant.chemin, 'du'))} ({fin}) ; fermer l'une par "
                    f"« au: {apres.valeur.du} » ou déplacer l'autre",
                    champ="du",
                )
            # On garde la période qui finit le plus tard : elle peut en recouvrir plusieurs.
            if avant.valeur.au is not None and (apres.valeur.au is None or apres.valeur.au > avant.valeur.au):
                avant = apres


def controler_roles(
    document: Document,
    entrees: list[Entree[Role]],
    codes: set[str],
    territoires: set[str],
    organismes: set[str],
) -> None:
    """Les rôles que le code nomme existent, et leurs comptes de démonstration ont un lieu."""
    for code in ROLES_REQUIS:
        if code not in codes:
            document.signaler((), "ce rôle manque ; l'application en a besoin", champ=code)
    courriels: dict[str, Chemin] = {}
    for entree in entrees:
        compte = entree.valeur.compte_demonstration
        base = (*entree.chemin, "compte_demonstration")
        if compte.territoire is not None and compte.territoire not in territoires:
            document.signaler((*base, "territoire"), inconnu(compte.territoire, territoires), champ="territoire")
        if compte.organisme is not None and compte.organisme not in organismes:
            document.signaler((*base, "organisme"), inconnu(compte.organisme, organismes), champ="organisme")
        if compte.courriel in courriels:
            document.signaler(
                (*base, "courriel"),
                f"« {compte.courriel} » sert déjà ligne {document.ligne(courriels[compte.courriel])}",
                champ="courriel",
            )
        courriels.setdefault(compte.courriel, (*base, "courriel"))


def controler_organismes(
    document: Document,
    entrees: list[Entree[Organisme]],
    types: set[str],
    territoires: set[str],
    feuilles: set[str],
) -> None:
    """Types et territoires connus ; un service instructeur par défaut, un seul, pour chaque feuille (R01)."""
    instructeurs: dict[str, Chemin] = {}
    for entree in entrees:
        organisme, chemin = entree.valeur, entree.chemin
        if organisme.type not in types:
            document.signaler((*chemin, "type"), inconnu(organisme.type, types), champ="type")
        for rang, code in enumerate(organisme.territoires):
            if code not in territoires:
                document.signaler((*chemin, "territoires", rang), inconnu(code, territoires), champ="territoires")
        instruit = any(h.objet is ObjetHabilitation.INSTRUCTION for h in organisme.habilitations)
        if organisme.service_instructeur_de and not instruit:
            document.signaler(
                (*chemin, "service_instructeur_de"),
                "cet organisme n'a pas d'habilitation d'objet instruction ; l'ajouter à ses habilitations",
                champ="service_instructeur_de",
            )
        for rang, code in enumerate(organisme.service_instructeur_de):
            ici = (*chemin, "service_instructeur_de", rang)
            if code not in feuilles:
                document.signaler(ici, inconnu(code, feuilles), champ="service_instructeur_de")
            elif code in instructeurs:
                document.signaler(
                    ici,
                    f"« {code} » a déjà un service instructeur par défaut, ligne "
                    f"{document.ligne(instructeurs[code])} ; n'en garder qu'un",
                    champ="service_instructeur_de",
                )
            instructeurs.setdefault(code, ici)
    for code in sorted(feuilles - set(instructeurs)):
        document.signaler(
            (),
            f"le territoire « {code} » n'a pas de service instructeur par défaut",
            champ="service_instructeur_de",
        )


def controler_demonstration(
    document: Document, demonstration: Demonstration, feuilles: set[str], identite: Identite | None
) -> None:
    """Chaque feuille pèse ; les caisses sont celles du département et font le tout."""
    vus: set[str] = set()
    for rang, poids in enumerate(demonstration.territoires):
        ici: Chemin = ("territoires", rang, "territoire")
        if poids.territoire not in feuilles:
            document.signaler(ici, inconnu(poids.territoire, feuilles), champ="territoire")
        elif poids.territoire in vus:
            document.signaler(ici, f"« {poids.territoire} » est donné deux fois", champ="territoire")
        vus.add(poids.territoire)
    for code in sorted(feuilles - vus):
        document.signaler(("territoires",), f"le territoire « {code} » n'a pas de poids", champ="territoires")
    total = sum(caisse.part for caisse in demonstration.caisses)
    if total != 100:
        document.signaler(("caisses",), f"les parts font {total} %, pas 100 %", champ="caisses")
    if identite is not None:
        connues = {f"{c.fonorg} {c.numorg}" for c in identite.organismes_payeurs}
        for rang, caisse in enumerate(demonstration.caisses):
            nom = f"{caisse.fonorg} {caisse.numorg}"
            if nom not in connues:
                document.signaler(("caisses", rang, "numorg"), inconnu(nom, connues), champ="numorg")


def controler_compositions(
    document: Document, compositions: Mapping[str, Composition], territoires: set[str], feuilles: set[str]
) -> None:
    """Ce qui se voit sans le référentiel : territoires connus et feuilles, aucun code écrit deux fois."""
    presents = document.donnees if isinstance(document.donnees, dict) else {}
    for code in presents:
        if code not in territoires:
            document.signaler((code,), inconnu(code, feuilles), champ=code)
        elif code not in feuilles:
            document.signaler((code,), f"« {code} » a des territoires sous lui ; placer ses communes dans ceux-là")
    for code in sorted(feuilles - set(presents)):
        document.signaler((), "ce territoire n'a pas de communes", champ=code)


def repartir_communes(
    document: Document,
    compositions: Mapping[str, Composition],
    departements: Iterable[str],
    referentiel: ReferentielCommunes,
) -> dict[str, str]:
    """Chaque commune actuelle du département dans un territoire et un seul ; signale oubliées et doublées."""
    attendues = {c.code: c for c in referentiel.du_departement(*departements)}
    affectation: dict[str, str] = {}
    origine: dict[str, Chemin] = {}
    exclues: dict[str, Chemin] = {}
    conflits: dict[tuple[str, str, Chemin], list[Commune]] = {}

    def affecter(code: str, territoire: str, chemin: Chemin) -> None:
        if code in affectation:
            conflits.setdefault((affectation[code], territoire, chemin), []).append(attendues[code])
        else:
            affectation[code] = territoire
            origine[code] = chemin

    for territoire, composition in compositions.items():
        des_epci: set[str] = set()
        membres_par_epci: list[tuple[int, list[str]]] = []
        for rang, code_epci in enumerate(composition.epci):
            epci = referentiel.epci.get(code_epci)
            membres = [m for m in epci.membres if m in attendues] if epci is not None else []
            if epci is None:
                document.signaler(
                    (territoire, "epci", rang),
                    f"l'EPCI « {code_epci} » n'existe pas",
                    champ=f"{territoire}.epci",
                )
            elif not membres:
                document.signaler(
                    (territoire, "epci", rang),
                    f"l'EPCI « {code_epci} » ({epci.nom}) n'a aucune commune dans le département",
                    champ=f"{territoire}.epci",
                )
            membres_par_epci.append((rang, membres))
            des_epci |= set(membres)
        for rang, code in enumerate(composition.sauf):
            ici: Chemin = (territoire, "sauf", rang)
            if _est_attendue(document, ici, code, attendues, referentiel):
                exclues[code] = ici
                if code not in des_epci:
                    document.signaler(
                        ici,
                        f"{_nommer(attendues[code])} n'est dans aucun EPCI du territoire ; la retirer d'ici",
                        champ=f"{territoire}.sauf",
                    )
        sauf = set(composition.sauf)
        for rang, membres in membres_par_epci:
            for code in membres:
                if code not in sauf:
                    affecter(code, territoire, (territoire, "epci", rang))
        for rang, code in enumerate(composition.communes):
            ici = (territoire, "communes", rang)
            if _est_attendue(document, ici, code, attendues, referentiel):
                affecter(code, territoire, ici)

    for (premier, second, chemin), doublees in conflits.items():
        document.signaler(
            chemin,
            f"déjà dans « {premier} » (ligne {document.ligne(origine[doublees[0].code])}) et encore dans "
            f"« {second} » : {_enumerer(doublees)}",
            champ=f"{second}.{chemin[1]}",
        )
    oubliees: dict[Chemin | str, list[Commune]] = {}
    for code, commune in attendues.items():
        if code not in affectation:
            oubliees.setdefault(exclues.get(code) or commune.epci or "", []).append(commune)
    for cle, communes in oubliees.items():
        chemin = cle if isinstance(cle, tuple) else ()
        de = f" de l'EPCI {cle} ({referentiel.epci[cle].nom})" if isinstance(cle, str) and cle else ""
        document.signaler(
            chemin,
            f"dans aucun territoire, {len(communes)} commune(s){de} : {_enumerer(communes)}",
            champ=".".join(str(p) for p in chemin[:2]) or "communes",
        )
    return affectation


def _est_attendue(
    document: Document,
    chemin: Chemin,
    code: str,
    attendues: Mapping[str, Commune],
    referentiel: ReferentielCommunes,
) -> bool:
    if code in attendues:
        return True
    champ = f"{chemin[0]}.{chemin[1]}"
    actuelle = referentiel.commune(code)
    if actuelle is None:
        document.signaler(chemin, f"« {code} » n'est le code Insee d'aucune commune", champ=champ)
    elif actuelle.code == code:
        document.signaler(chemin, f"{_nommer(actuelle)} n'est pas dans le département", champ=champ)
    else:
        document.signaler(
            chemin,
            f"« {code} » est un code ancien ; la commune actuelle est {_nommer(actuelle)}",
            champ=champ,
        )
    return False


def _nommer(commune: Commune) -> str:
    return f"{commune.code} {commune.nom}"


def _enumerer(communes: list[Commune]) -> str:
    noms = ", ".join(_nommer(c) for c in communes[:COMMUNES_CITEES_MAX])
    reste = len(communes) - COMMUNES_CITEES_MAX
    return f"{noms} et {reste} autres" if reste > 0 else noms


def controler_types(document: Document, entrees: list[Entree[TypeOrganisme]], codes_utilises: set[str]) -> None:
    """Un type que personne ne porte est sans doute une faute de frappe dans les organismes."""
    for entree in entrees:
        if entree.valeur.code not in codes_utilises:
            document.signaler(
                (*entree.chemin, "code"),
                f"aucun organisme n'est de type « {entree.valeur.code} »",
                champ="code",
            )

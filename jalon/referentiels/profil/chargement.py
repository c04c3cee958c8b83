"""Du dossier au `Profil` : lire, valider chaque entrée, croiser, et ne rien rendre si une faute demeure.

Les entrées d'une liste sont validées une à une : une faute dans l'une ne cache pas les fautes des autres.
Pour qu'elle n'en invente pas non plus, les références sont jugées sur les codes **écrits**, même quand
l'entrée qui les porte est par ailleurs fausse.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jalon.referentiels.communes import ReferentielCommunes

from . import controles
from .controles import Entree
from .erreurs import ErreurProfil, ProfilInvalideError
from .lecture import Chemin, Document, ecrire_chemin, lire_csv, lire_yaml
from .metier import FICHIERS_METIER, champ
from .modeles import (
    Composition,
    Demonstration,
    Identite,
    Libelle,
    Organisme,
    ParametreDate,
    Profil,
    Role,
    Territoire,
    TypeOrganisme,
)

FICHIERS = (
    "profil.yaml",
    "libelles.yaml",
    "territoires.csv",
    "communes.yaml",
    "parametres.yaml",
    "roles.yaml",
    "organismes.yaml",
    "demonstration.yaml",
    *FICHIERS_METIER,
)
M = TypeVar("M", bound=BaseModel)

COLONNES_TERRITOIRES = ("code", "libelle", "type", "parent", "ordre")

# Les messages de pydantic sont en anglais ; ceux qui manquent ici gardent le leur, après deux-points.
MESSAGES = {
    "missing": "ce champ est obligatoire",
    "extra_forbidden": "ce champ est inconnu ; les champs connus sont {champs}",
    "enum": "« {valeur} » n'existe pas ; les codes connus sont {attendus}",
    "literal_error": "« {valeur} » n'existe pas ; les codes connus sont {attendus}",
    "string_type": "un texte est attendu ici",
    "string_too_short": "ce champ est vide",
    "string_too_long": "ce texte est trop long ; {longueur} caractères au plus",
    "string_pattern_mismatch": "« {valeur} » n'a pas la bonne forme (attendu : {motif})",
    "too_short": "cette liste ne peut pas être vide",
    "tuple_type": "une liste est attendue ici",
    "dict_type": "une table (clé: valeur) est attendue ici",
    "model_type": "une table (clé: valeur) est attendue ici",
    "bool_type": "« {valeur} » n'est ni oui ni non",
    "int_parsing": "« {valeur} » n'est pas un nombre entier",
    "int_type": "un nombre entier est attendu ici",
    "greater_than": "« {valeur} » est trop petit",
    "greater_than_equal": "« {valeur} » est trop petit",
    "less_than_equal": "« {valeur} » est trop grand",
    "date_type": "une date est attendue ici (AAAA-MM-JJ)",
    "date_parsing": "« {valeur} » n'est pas une date ; l'écrire AAAA-MM-JJ",
    "date_from_datetime_parsing": "« {valeur} » n'est pas une date ; l'écrire AAAA-MM-JJ",
    "date_from_datetime_inexact": "« {valeur} » n'est pas une date ; l'écrire AAAA-MM-JJ",
}


def profils_disponibles(racine: Path) -> list[str]:
    """Codes des profils de ce dossier : ses sous-dossiers qui ont un `profil.yaml`."""
    if not racine.is_dir():
        return []
    return sorted(d.name for d in racine.iterdir() if (d / "profil.yaml").is_file())


def charger_profil(dossier: Path, *, communes: ReferentielCommunes | None = None) -> Profil:
    """Charge et valide un profil ; lève `ProfilInvalideError` avec toutes les fautes.

    Sans `communes`, l'arbre est jugé mais pas sa couverture : `territoire_par_commune` reste vide.
    """
    docs = {
        nom: lire_csv(dossier, nom, COLONNES_TERRITOIRES) if nom.endswith(".csv") else lire_yaml(dossier, nom)
        for nom in FICHIERS
    }

    doc = docs["profil.yaml"]
    identite = _valider(doc, Identite, doc.donnees, ()) if doc.donnees is not None else None
    if identite is not None:
        if identite.code != dossier.resolve().name:
            doc.signaler(("code",), f"« {identite.code} » doit être le nom du dossier, « {dossier.resolve().name} »")
        if communes is not None:
            for rang, departement in enumerate(identite.departements):
                if departement not in communes.departements:
                    doc.signaler(
                        ("departements", rang),
                        f"le département « {departement} » n'existe pas",
                        champ="departements",
                    )

    doc = docs["libelles.yaml"]
    libelles = {str(e.chemin[0]): e.valeur for e in _valider_table(doc, Libelle) if isinstance(e.valeur, Libelle)}
    if doc.donnees is not None:
        controles.controler_libelles(doc)

    doc = docs["territoires.csv"]
    territoires = _valider_liste(doc, Territoire, doc.donnees, ())
    codes_territoires, feuilles = _arbre_ecrit(doc)
    if territoires and codes_territoires:
        controles.controler_doublons(doc, _codes_ecrits(doc.donnees, ()))
        controles.controler_territoires(doc, territoires, codes_territoires)

    doc = docs["communes.yaml"]
    compositions = {str(e.chemin[0]): e.valeur for e in _valider_table(doc, Composition)}
    # Sans arbre lisible, tout serait « inconnu » : la vraie faute est déjà signalée.
    arbre_lisible = bool(codes_territoires) and not docs["territoires.csv"].erreurs
    if doc.donnees is not None and arbre_lisible:
        controles.controler_compositions(doc, compositions, codes_territoires, feuilles)
    affectation: dict[str, str] = {}
    if communes is not None and identite is not None and not doc.erreurs and arbre_lisible:
        affectation = controles.repartir_communes(doc, compositions, identite.departements, communes)

    doc = docs["parametres.yaml"]
    parametres = _valider_liste(doc, ParametreDate, doc.donnees, ())
    if doc.donnees is not None:
        controles.controler_parametres(doc, parametres, {c for _, c in _codes_ecrits(doc.donnees, ())})

    doc = docs["organismes.yaml"]
    types, organismes, codes_organismes = _lire_organismes(doc)
    if doc.donnees is not None and arbre_lisible:
        codes_types = {c for _, c in _codes_ecrits(_sous_liste(doc, "types"), ("types",))}
        controles.controler_organismes(doc, organismes, codes_types, codes_territoires, feuilles)
        if not doc.erreurs:
            controles.controler_types(doc, types, {o.valeur.type for o in organismes})

    doc = docs["roles.yaml"]
    roles = _valider_liste(doc, Role, doc.donnees, ())
    if doc.donnees is not None:
        codes_roles = _codes_ecrits(doc.donnees, ())
        controles.controler_doublons(doc, codes_roles)
        if arbre_lisible and codes_organismes:
            controles.controler_roles(doc, roles, {c for _, c in codes_roles}, codes_territoires, codes_organismes)

    doc = docs["demonstration.yaml"]
    demonstration = _valider(doc, Demonstration, doc.donnees, ()) if doc.donnees is not None else None
    if demonstration is not None and arbre_lisible:
        controles.controler_demonstration(doc, demonstration, feuilles, identite)

    metier: dict[str, Any] = {}
    for nom, modele in FICHIERS_METIER.items():
        doc = docs[nom]
        valide = _valider(doc, modele, doc.donnees, ()) if doc.donnees is not None else None
        if valide is not None:
            metier[champ(nom)] = valide
            if codes_organismes:
                for phrase in valide.controler_organismes(codes_organismes):
                    doc.signaler((), phrase, champ="organisme")
    for nom, modele in FICHIERS_METIER.items():
        if isinstance(metier.get(champ(nom)), modele):
            for chemin, phrase in metier[champ(nom)].controler_metier(metier):
                docs[nom].signaler(chemin, phrase)

    erreurs: list[ErreurProfil] = [erreur for nom in FICHIERS for erreur in docs[nom].erreurs]
    if erreurs:
        raise ProfilInvalideError(erreurs)
    assert identite is not None
    assert demonstration is not None
    return Profil(
        identite=identite,
        libelles=libelles,
        territoires=tuple(e.valeur for e in territoires),
        compositions=compositions,
        parametres=tuple(e.valeur for e in parametres),
        roles=tuple(e.valeur for e in roles),
        types_organismes=tuple(e.valeur for e in types),
        organismes=tuple(e.valeur for e in organismes),
        demonstration=demonstration,
        territoire_par_commune=affectation,
        **metier,
        somme_de_controle=_somme_de_controle(dossier),
    )


def _somme_de_controle(dossier: Path) -> str:
    """Nom et longueur entrent dans la somme : déplacer du texte d'un fichier à l'autre la change."""
    somme = hashlib.sha256()
    for nom in FICHIERS:
        octets = (dossier / nom).read_bytes()
        somme.update(f"{nom}\0{len(octets)}\0".encode())
        somme.update(octets)
    return somme.hexdigest()


def _lire_organismes(
    doc: Document,
) -> tuple[list[Entree[TypeOrganisme]], list[Entree[Organisme]], set[str]]:
    if doc.donnees is None:
        return [], [], set()
    if not isinstance(doc.donnees, dict) or set(doc.donnees) != {"types", "organismes"}:
        doc.signaler((), "ce fichier a deux clés, types et organismes, et elles seules", champ="organismes")
        return [], [], set()
    types = _valider_liste(doc, TypeOrganisme, doc.donnees["types"], ("types",))
    organismes = _valider_liste(doc, Organisme, doc.donnees["organismes"], ("organismes",))
    for cle in ("types", "organismes"):
        controles.controler_doublons(doc, _codes_ecrits(doc.donnees[cle], (cle,)))
    return types, organismes, {c for _, c in _codes_ecrits(doc.donnees["organismes"], ("organismes",))}


def _sous_liste(doc: Document, cle: str) -> object:
    return doc.donnees.get(cle) if isinstance(doc.donnees, dict) else None


def _arbre_ecrit(doc: Document) -> tuple[set[str], set[str]]:
    """Codes écrits et, parmi eux, ceux que personne ne cite comme parent."""
    lignes = [ligne for ligne in doc.donnees if isinstance(ligne, dict)] if isinstance(doc.donnees, list) else []
    codes = {str(ligne["code"]) for ligne in lignes if ligne.get("code")}
    parents = {str(ligne["parent"]) for ligne in lignes if ligne.get("parent")}
    return codes, codes - parents


def _codes_ecrits(donnees: object, base: Chemin) -> list[tuple[Chemin, str]]:
    if not isinstance(donnees, list):
        return []
    return [
        ((*base, rang), entree["code"])
        for rang, entree in enumerate(donnees)
        if isinstance(entree, dict) and isinstance(entree.get("code"), str)
    ]


def _valider_liste(doc: Document, modele: type[M], donnees: object, base: Chemin) -> list[Entree[M]]:
    if donnees is None and not base:
        return []
    if not isinstance(donnees, list):
        doc.signaler(base, "une liste d'entrées (- code: …) est attendue ici")
        return []
    entrees = []
    for rang, brute in enumerate(donnees):
        if brute == {}:
            continue  # ligne CSV déjà signalée à la lecture
        valeur = _valider(doc, modele, brute, (*base, rang))
        if valeur is not None:
            entrees.append(Entree((*base, rang), valeur))
    return entrees


def _valider_table(doc: Document, modele: type[M]) -> list[Entree[M]]:
    if doc.donnees is None:
        return []
    if not isinstance(doc.donnees, dict):
        doc.signaler((), "une table (clé: valeur) est attendue ici", champ="")
        return []
    entrees = []
    for cle, brute in doc.donnees.items():
        valeur = _valider(doc, modele, brute, (cle,))
        if valeur is not None:
            entrees.append(Entree((cle,), valeur))
    return entrees


def _valider(doc: Document, modele: type[M], brute: object, chemin: Chemin) -> M | None:
    try:
        return modele.model_validate(brute)
    except ValidationError as erreur:
        for detail in erreur.errors(include_url=False):
            loc: Chemin = tuple(detail["loc"])
            complet = (*chemin, *loc)
            # Dans une liste, la ligne situe déjà l'entrée : le champ seul se lit mieux.
            nom = ecrire_chemin(loc) if any(isinstance(p, int) for p in chemin) else ecrire_chemin(complet)
            doc.signaler(complet, _message(detail, modele), champ=nom)
        return None


def _message(detail: ErrorDetails, modele: type[BaseModel]) -> str:
    contexte: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(contexte.get("error", detail["msg"]))
    if detail["type"] == "extra_forbidden" and len(detail["loc"]) > 1:
        return "ce champ est inconnu à cet endroit"
    patron = MESSAGES.get(detail["type"])
    if patron is None:
        return f"cette valeur est refusée (détail : {detail['msg']})"
    return patron.format(
        valeur=detail["input"],
        attendus=str(contexte.get("expected", "")).replace("'", "").replace(" or ", ", "),
        motif=contexte.get("pattern", ""),
        longueur=contexte.get("max_length", ""),
        champs=", ".join(modele.model_fields),
    )

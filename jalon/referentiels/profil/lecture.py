"""Lecture des fichiers d'un profil en gardant la ligne de chaque valeur.

Le YAML est seulement *composé* : chaque scalaire reste le texte écrit. Un code Insee (`01004`), un montant
(`454.63`) ou une date gardent ainsi leur forme, et c'est le modèle qui dit ce qu'ils doivent être.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .erreurs import ErreurProfil

Chemin = tuple[str | int, ...]
PROFONDEUR_MAX = 20


@dataclass
class Document:
    """Contenu d'un fichier, et la ligne de chaque chemin (`("arrageois", "epci", 0)`)."""

    fichier: str
    donnees: object = None
    lignes: dict[Chemin, int] = field(default_factory=dict)
    erreurs: list[ErreurProfil] = field(default_factory=list)

    def ligne(self, chemin: Chemin) -> int:
        """Ligne du chemin, ou de son plus proche parent quand le champ manque."""
        while chemin and chemin not in self.lignes:
            chemin = chemin[:-1]
        return self.lignes.get(chemin, 1)

    def signaler(self, chemin: Chemin, message: str, *, champ: str | None = None) -> None:
        """Ajoute une faute ; le champ est le chemin écrit, sauf si un meilleur nom est donné."""
        nom = ecrire_chemin(chemin) if champ is None else champ
        self.erreurs.append(ErreurProfil(self.fichier, self.ligne(chemin), nom, message))


def ecrire_chemin(chemin: Chemin) -> str:
    """`("organismes", 3, "type")` devient `organismes[4].type` : on compte à partir de 1, comme on lit."""
    texte = ""
    for pas in chemin:
        if isinstance(pas, int):
            texte += f"[{pas + 1}]"
        else:
            texte += f".{pas}" if texte else pas
    return texte


def lire_texte(dossier: Path, document: Document) -> str | None:
    """Texte UTF-8 du fichier, ou None après avoir signalé pourquoi il est illisible."""
    try:
        octets = (dossier / document.fichier).read_bytes()
    except FileNotFoundError:
        document.erreurs.append(ErreurProfil(document.fichier, 0, "", "ce fichier est absent du profil"))
        return None
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as erreur:
        ligne = octets[: erreur.start].count(b"\n") + 1
        document.erreurs.append(
            ErreurProfil(document.fichier, ligne, "", "ce fichier n'est pas en UTF-8 ; l'enregistrer dans cet encodage")
        )
        return None


def lire_yaml(dossier: Path, fichier: str) -> Document:
    """Lit un fichier YAML ; `donnees` reste None s'il est illisible ou vide."""
    document = Document(fichier)
    texte = lire_texte(dossier, document)
    if texte is None:
        return document
    try:
        racine = YAML(typ="safe", pure=True).compose(io.StringIO(texte))
    except MarkedYAMLError as erreur:
        marque = erreur.problem_mark or erreur.context_mark
        ligne = marque.line + 1 if marque is not None else 1
        document.erreurs.append(
            ErreurProfil(
                fichier,
                ligne,
                "",
                "la syntaxe YAML est fausse ici ou juste avant ; vérifier le retrait, les deux-points et les "
                f"guillemets (détail : {erreur.problem or 'inconnu'})",
            )
        )
        return document
    except YAMLError as erreur:
        # Caractère interdit, par exemple : la bibliothèque ne donne pas toujours de ligne.
        document.erreurs.append(ErreurProfil(fichier, 1, "", f"la syntaxe YAML est fausse (détail : {erreur})"))
        return document
    if racine is not None:
        document.donnees = _convertir(racine, (), document)
    if document.donnees is None and not document.erreurs:
        document.erreurs.append(ErreurProfil(fichier, 1, "", "ce fichier est vide"))
    return document


def _convertir(noeud: Node, chemin: Chemin, document: Document) -> object:
    document.lignes.setdefault(chemin, noeud.start_mark.line + 1)
    if len(chemin) > PROFONDEUR_MAX:
        # Une ancre qui se contient elle-même se déroulerait sans fin.
        document.signaler(chemin[:3], "ce contenu est imbriqué trop profondément")
        return None
    if isinstance(noeud, MappingNode):
        table: dict[str, object] = {}
        for noeud_cle, noeud_valeur in noeud.value:
            cle = str(noeud_cle.value)
            ligne = noeud_cle.start_mark.line + 1
            if cle in table:
                premiere = document.lignes[(*chemin, cle)]
                document.erreurs.append(
                    ErreurProfil(
                        document.fichier,
                        ligne,
                        ecrire_chemin((*chemin, cle)),
                        f"cette clé est déjà donnée ligne {premiere} ; n'en garder qu'une",
                    )
                )
                continue
            document.lignes[(*chemin, cle)] = ligne
            table[cle] = _convertir(noeud_valeur, (*chemin, cle), document)
        return table
    if isinstance(noeud, SequenceNode):
        return [_convertir(n, (*chemin, rang), document) for rang, n in enumerate(noeud.value)]
    assert isinstance(noeud, ScalarNode)
    texte = str(noeud.value)
    if not noeud.style and texte in ("", "~", "null"):
        return None
    return texte


def lire_csv(dossier: Path, fichier: str, colonnes: Sequence[str]) -> Document:
    """Lit une table CSV (`;`, UTF-8) en liste de dictionnaires ; une cellule vide vaut None."""
    document = Document(fichier, donnees=[])
    texte = lire_texte(dossier, document)
    if texte is None:
        return document
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=";")
    lignes: list[dict[str, object]] = []
    try:
        entete = [nom.strip() for nom in next(lecteur, [])]
        manquantes = [nom for nom in colonnes if nom not in entete]
        for nom in manquantes:
            document.erreurs.append(
                ErreurProfil(
                    fichier,
                    1,
                    nom,
                    f"cette colonne manque ; les colonnes attendues sont {', '.join(colonnes)}",
                )
            )
        for nom in entete:
            if nom not in colonnes:
                document.erreurs.append(
                    ErreurProfil(
                        fichier,
                        1,
                        nom,
                        f"colonne inconnue ; les colonnes attendues sont {', '.join(colonnes)}",
                    )
                )
        if manquantes:
            return document
        for cellules in lecteur:
            if not any(cellule.strip() for cellule in cellules):
                continue
            rang = len(lignes)
            document.lignes[(rang,)] = lecteur.line_num
            if len(cellules) != len(entete):
                document.signaler(
                    (rang,),
                    f"cette ligne a {len(cellules)} cellules, l'en-tête en a {len(entete)}",
                    champ="",
                )
                lignes.append({})
                continue
            lignes.append({nom: c.strip() or None for nom, c in zip(entete, cellules, strict=True)})
    except csv.Error as erreur:
        document.erreurs.append(
            ErreurProfil(fichier, lecteur.line_num, "", f"la table CSV est illisible (détail : {erreur})")
        )
    if not lignes and not document.erreurs:
        document.erreurs.append(ErreurProfil(fichier, 1, "", "cette table n'a aucune ligne sous son en-tête"))
    document.donnees = lignes
    return document

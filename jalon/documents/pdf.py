"""Composer un PDF accessible (PDF/UA-1 et PDF/A-2a) à partir d'un gabarit Typst.

Les données entrent en JSON, jamais dans le source : un nom de fichier ou de personne reste du texte, quoi
qu'il contienne. Le compilateur naît à la première demande, donc après la division des processus du serveur.
Ce module ne connaît ni la base ni Django : un processus de composition n'a rien d'autre à charger.
"""

from __future__ import annotations

import json
import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import typst

GABARITS: Final = Path(__file__).resolve().parent / "gabarits"
NORMES: Final[list[Literal["ua-1", "a-2a"]]] = ["ua-1", "a-2a"]
_VERROU = threading.Lock()


@lru_cache(maxsize=1)
def _polices(processus: int) -> typst.Fonts:
    """Polices embarquées dans Typst : le même document partout, sans rien emprunter au système."""
    return typst.Fonts(include_system_fonts=False)


@lru_cache(maxsize=16)
def _compilateur(gabarit: str, processus: int) -> typst.Compiler:
    source = GABARITS / f"{gabarit}.typ"
    if not source.is_file():
        raise FileNotFoundError(f"Aucun gabarit de document ne s'appelle « {gabarit} ».")
    return typst.Compiler(source, root=GABARITS, font_paths=_polices(processus))


def rendre_pdf(gabarit: str, donnees: dict[str, Any], *, imprimeur: bool = False) -> bytes:
    """PDF du gabarit nommé ; un seul à la fois par processus, le compilateur n'étant pas partageable.

    Pour l'imprimeur, il n'est ni balisé ni normé : c'est une suite de pages à mettre sous pli, pas un document à lire.
    """
    entrees = {"donnees": json.dumps(donnees, ensure_ascii=False)}
    with _VERROU:
        compilateur = _compilateur(gabarit, os.getpid())
        if imprimeur:
            pdf = compilateur.compile(format="pdf", sys_inputs=entrees, pdf_tags=False)
        else:
            pdf = compilateur.compile(format="pdf", sys_inputs=entrees, pdf_standards=[*NORMES])
    if not isinstance(pdf, bytes):
        raise TypeError("Typst n'a pas rendu un document unique.")
    return pdf


def rendre_lettre(papier: dict[str, Any], lettre: dict[str, Any]) -> bytes:
    """La lettre d'une personne, normée. `papier` porte ce qui est commun à toutes (nom et couleur du département)."""
    return rendre_pdf("courrier", {**papier, "titre": lettre["objet"], "lettres": [lettre]})


def rendre_tranche(papier: dict[str, Any], lettres: list[dict[str, Any]]) -> tuple[list[bytes], bytes]:
    """Un PDF normé par lettre, et les mêmes à la suite pour l'imprimeur, chacune commençant au recto."""
    if not lettres:
        return [], b""
    seules = [rendre_lettre(papier, lettre) for lettre in lettres]
    return seules, rendre_pdf("courrier", {**papier, "titre": "Lettres", "lettres": lettres}, imprimeur=True)

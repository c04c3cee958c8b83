"""Composer un PDF accessible (PDF/UA-1 et PDF/A-2a) à partir d'un gabarit Typst.

Les données entrent en JSON, jamais dans le source : un nom de fichier ou de personne reste du texte, quoi
qu'il contienne. Le compilateur naît à la première demande, donc après la division des processus du serveur.
Ce module ne connaît ni la base ni Django : un processus de composition n'a rien d'autre à charger.
"""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import pikepdf
import typst

A4: Final = (595, 842)
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


def rendre_pdf(gabarit: str, donnees: dict[str, Any]) -> bytes:
    """PDF du gabarit nommé ; un seul à la fois par processus, le compilateur n'étant pas partageable."""
    with _VERROU:
        compilateur = _compilateur(gabarit, os.getpid())
        return _un_seul(
            compilateur.compile(
                format="pdf", sys_inputs={"donnees": json.dumps(donnees, ensure_ascii=False)}, pdf_standards=[*NORMES]
            )
        )


def _un_seul(pdf: bytes | list[bytes] | None) -> bytes:
    if not isinstance(pdf, bytes):
        raise TypeError("Typst n'a pas rendu un document unique.")
    return pdf


def _rendre_courrier(
    papier: dict[str, Any], titre: str, lettres: list[dict[str, Any]], *, imprimeur: bool = False
) -> bytes:
    """Les données sont un fichier à part, et non une entrée du compilateur, qui lui ferait oublier ce qu'il a appris.

    Pour l'imprimeur, le PDF n'est ni balisé ni normé : c'est une suite de pages à mettre sous pli, pas un document à
    lire.
    """
    gabarit = papier.get("gabarit", "courrier")
    bandeau = lettres[0].get("bandeau", "") if len(lettres) == 1 else ""
    donnees = {**papier, "titre": titre, "bandeau": bandeau, "imprimeur": imprimeur, "lettres": lettres}
    fichiers: Any = {
        "main.typ": f'#import "{gabarit}.typ": {gabarit}\n#{gabarit}(json("donnees.json"))'.encode(),
        "donnees.json": json.dumps(donnees).encode(),
        "pied.txt": lettres[0]["pied"].encode(),
    }
    with _VERROU:
        compilateur = _compilateur(gabarit, os.getpid())
        if imprimeur:
            return _un_seul(compilateur.compile(fichiers, format="pdf", pdf_tags=False))
        return _un_seul(compilateur.compile(fichiers, format="pdf", pdf_standards=[*NORMES]))


def rendre_lettre(papier: dict[str, Any], lettre: dict[str, Any]) -> bytes:
    """La lettre d'une personne, normée. `papier` porte ce qui est commun à toutes : nom, couleur, et `gabarit` au besoin."""
    return _rendre_courrier(papier, lettre["objet"], [lettre])


def rendre_tranche(papier: dict[str, Any], lettres: list[dict[str, Any]]) -> tuple[list[bytes], bytes]:
    """Un PDF normé par lettre, dans l'ordre, et les mêmes à la suite pour l'imprimeur, chacune commençant au recto."""
    if not lettres:
        return [], b""
    seules = [rendre_lettre(papier, lettre) for lettre in lettres]
    return seules, _rendre_courrier(papier, "Lettres", lettres, imprimeur=True)


def etre_ouvrier() -> None:
    """À la naissance d'un processus qui ne fait que composer : un par cœur suffit, le compilateur n'en prend pas deux."""
    os.environ["RAYON_NUM_THREADS"] = "1"


def assembler(planches: Sequence[bytes]) -> bytes:
    """Met des suites de pages bout à bout. Chaque suite est complétée au verso, pour que la suivante parte d'un recto.

    Chaque suite devient un nœud de l'arbre des pages : ajoutées une à une, vingt mille pages coûteraient six fois plus.
    """
    sortie = pikepdf.new()
    racine = sortie.Root.Pages
    # Les sources restent ouvertes jusqu'à l'écriture : leurs pages y sont encore.
    sources = [pikepdf.open(io.BytesIO(octets)) for octets in planches if octets]
    if not sources:
        return b""
    noeuds, total = [], 0
    for rang, source in enumerate(sources, start=1):
        if len(source.pages) % 2 and rang < len(sources):
            source.add_blank_page(page_size=A4)
        noeud = sortie.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Pages, Parent=racine))
        pages = [sortie.copy_foreign(page.obj) for page in source.pages]
        for page in pages:
            page.Parent = noeud
        noeud.Kids, noeud.Count = pikepdf.Array(pages), len(pages)
        noeuds.append(noeud)
        total += len(pages)
    racine.Kids, racine.Count = pikepdf.Array(noeuds), total
    tampon = io.BytesIO()
    sortie.save(
        tampon, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )  # fmt: skip
    return tampon.getvalue()

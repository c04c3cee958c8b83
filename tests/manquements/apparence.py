"""L'apparence d'un PDF : une image grise par page, et ce qui la distingue de l'image gardée.

À 40 points par pouce, un millimètre fait un point et demi : assez pour voir un bloc déplacé de deux millimètres, un
paragraphe absent ou une page de plus, trop peu pour distinguer deux lissages du même caractère. Le texte, lui, se
compare mot à mot ailleurs.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import pypdf
import typst
from PIL import Image, ImageChops, ImageFilter

FINESSE: Final = 40.0
GRIS: Final = 8
ECART: Final = 40
"""Écart de gris, sur 255, au-dessous duquel un point est tenu pour le même, une fois le lissage effacé."""
POINTS: Final = 12
"""Points qui peuvent différer davantage, sur les 155 000 d'une page : moins qu'un mot."""


def images(pdf: bytes, dossier: Path, *, finesse: float = FINESSE) -> list[Image.Image]:
    """Chaque page du PDF, en gris. `dossier` reçoit ce que lit le compilateur."""
    pages = len(pypdf.PdfReader(io.BytesIO(pdf)).pages)
    dossier.mkdir(parents=True, exist_ok=True)
    (dossier / "lettre.pdf").write_bytes(pdf)
    source = dossier / "page.typ"
    source.write_text(
        "#set page(width: 210mm, height: 297mm, margin: 0mm)\n"
        + "\n".join(f'#image("lettre.pdf", page: {page}, width: 210mm)' for page in range(1, pages + 1)),
        encoding="utf-8",
    )
    rendues = typst.Compiler(source, root=dossier).compile(format="png", ppi=finesse)
    if not isinstance(rendues, list):
        assert isinstance(rendues, bytes)
        rendues = [rendues]
    assert len(rendues) == pages
    return [Image.open(io.BytesIO(octets)).convert("L") for octets in rendues]


def garder(image: Image.Image, fichier: Path) -> None:
    """L'image, en peu de gris : quelques kilo-octets par page."""
    fichier.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(GRIS).save(fichier, optimize=True)


def points_differents(une: Image.Image, autre: Image.Image) -> Image.Image | None:
    """Ce qui distingue deux pages, en noir sur blanc ; rien si seul le lissage change."""
    if une.size != autre.size:
        return autre
    flous = [image.filter(ImageFilter.GaussianBlur(1)) for image in (une, autre)]
    ecarts = ImageChops.difference(*flous).point(lambda gris: 0 if gris > ECART else 255)
    return ecarts if ecarts.histogram()[0] > POINTS else None


def differences(pages: list[Image.Image], attendues: Path, code: str, preuves: Path) -> list[str]:
    """Une phrase par page qui n'a plus l'apparence gardée ; l'image de la différence est écrite dans `preuves`."""
    fichiers = sorted(attendues.glob(f"{code}-*.png"))
    dites = []
    if len(pages) != len(fichiers):
        dites.append(f"{code} a {len(pages)} page(s), et {len(fichiers)} attendue(s).")
    for rang, page in enumerate(pages, start=1):
        attendue = attendues / f"{code}-{rang}.png"
        if not attendue.is_file():
            page.save(preuves / f"{code}-{rang}-en-trop.png")
            dites.append(f"La page {rang} de {code} est en trop : voir {preuves / f'{code}-{rang}-en-trop.png'}.")
            continue
        gardee = relire(attendue)
        ecarts = points_differents(gardee, page)
        if ecarts is not None:
            preuve = preuves / f"{code}-{rang}-differences.png"
            _cote_a_cote(gardee, page, ecarts).save(preuve)
            dites.append(f"La page {rang} de {code} a changé d'apparence : voir {preuve}.")
    return dites


def relire(fichier: Path) -> Image.Image:
    """L'image gardée, en gris."""
    with Image.open(fichier) as image:
        return image.convert("L")


def _cote_a_cote(*vues: Image.Image) -> Image.Image:
    """L'attendue, la rendue et leurs différences, de gauche à droite."""
    planche = Image.new("L", (sum(v.width for v in vues), max(v.height for v in vues)), 255)
    gauche = 0
    for vue in vues:
        planche.paste(vue, (gauche, 0))
        gauche += vue.width
    return planche

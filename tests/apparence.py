"""L'aspect d'un PDF, page par page : une image en gris, et ce qui la sépare de celle que l'on attend."""

from __future__ import annotations

import os
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops, ImageFilter

POINTS_PAR_POUCE = 50
CARREAU = 8
"""Pixels : quatre millimètres de papier."""
ECART_PERMIS = 14.0
"""Sur 255, pour le carreau qui diffère le plus : le lissage des lettres passe, une ligne déplacée non."""
REECRIRE = "JALON_MAJ_LETTRES"


def pages(pdf: bytes, *, points_par_pouce: int = POINTS_PAR_POUCE) -> list[Image.Image]:
    """Chaque page du PDF, en gris, dans la résolution demandée."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=points_par_pouce / 72, grayscale=True).to_pil().convert("L") for page in document]
    finally:
        document.close()


def ecart(vue: Image.Image, attendue: Image.Image) -> float:
    """Différence moyenne du carreau qui diffère le plus, sur 255 ; tout, si les pages n'ont pas le même format."""
    if vue.size != attendue.size:
        return 255.0
    flou = ImageFilter.GaussianBlur(1)
    difference = ImageChops.difference(vue.filter(flou), attendue.filter(flou))
    largeur, hauteur = difference.size
    carreaux = difference.resize((-(-largeur // CARREAU), -(-hauteur // CARREAU)), Image.Resampling.BOX)
    return float(carreaux.getextrema()[1])  # type: ignore[arg-type]


def exiger_l_aspect(pdf: bytes, dossier: Path, nom: str, sortie: Path) -> None:
    """Compare chaque page à `<dossier>/<nom>-<page>.png` ; lève `AssertionError` en disant laquelle diffère.

    Avec `JALON_MAJ_LETTRES=1`, réécrit d'abord les images : les relire avant de les garder.
    """
    vues = pages(pdf)
    if os.environ.get(REECRIRE):
        dossier.mkdir(parents=True, exist_ok=True)
        for ancienne in dossier.glob(f"{nom}-*.png"):
            ancienne.unlink()
        for rang, vue in enumerate(vues, 1):
            vue.quantize(16).save(dossier / f"{nom}-{rang}.png", optimize=True)
    attendues = sorted(dossier.glob(f"{nom}-*.png"))
    assert len(vues) == len(attendues), f"{nom} : {len(vues)} page(s) au lieu de {len(attendues)}"
    for rang, (vue, chemin) in enumerate(zip(vues, attendues, strict=True), 1):
        with Image.open(chemin) as image:
            loin = ecart(vue, image.convert("L"))
        if loin > ECART_PERMIS:
            vue.save(sortie / chemin.name)
            raise AssertionError(
                f"{nom}, page {rang} : l'aspect s'écarte de {loin:.0f} sur 255 ({ECART_PERMIS:.0f} au plus). "
                f"Vue : {sortie / chemin.name} ; attendue : {chemin}"
            )

"""La comparaison d'aspect laisse passer le lissage des lettres, et refuse ce qu'un lecteur verrait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from jalon.documents.pdf import rendre_lettre
from tests.apparence import ECART_PERMIS, POINTS_PAR_POUCE, ecart, exiger_l_aspect, pages

DEUX_MILLIMETRES = round(2 * POINTS_PAR_POUCE / 25.4)


def lettre(paragraphes: int = 12, **change: Any) -> bytes:
    charge = {
        "expediteur": ["Service des essais"], "destinataire": ["Camille Exemple", "1 rue des Lilas", "62400 Béthune"],
        "date": "Le 2 octobre 2026", "references": [], "objet": "essai", "signature": ["La direction"], "pied": "pied",
        "bandeau": "", "blocs": [{"genre": "p", "texte": f"Paragraphe {rang}."} for rang in range(paragraphes)],
    }  # fmt: skip
    return rendre_lettre({"departement": "Essai", "couleur": "#333333"}, charge | change)


def test_laisse_passer_un_autre_lissage() -> None:
    [vue] = pages(lettre())
    [fine] = pages(lettre(), points_par_pouce=3 * POINTS_PAR_POUCE)
    assert ecart(fine.resize(vue.size, Image.Resampling.BICUBIC), vue) < ECART_PERMIS


def test_refuse_un_bloc_deplace_de_deux_millimetres() -> None:
    [vue] = pages(lettre())
    assert ecart(ImageChops.offset(vue, 0, DEUX_MILLIMETRES), vue) > ECART_PERMIS


@pytest.mark.parametrize(
    "change", [{"destinataire": ["Camille Exemple", "62400 Béthune"]}, {"paragraphes": 11}, {"signature": []}]
)
def test_refuse_une_ligne_qui_manque(change: dict[str, Any]) -> None:
    [vue], [attendue] = pages(lettre(**change)), pages(lettre())
    assert ecart(vue, attendue) > ECART_PERMIS


def test_refuse_une_page_de_plus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_MAJ_LETTRES", "1")
    exiger_l_aspect(lettre(), tmp_path, "essai", tmp_path)
    monkeypatch.delenv("JALON_MAJ_LETTRES")
    exiger_l_aspect(lettre(), tmp_path, "essai", tmp_path)
    with pytest.raises(AssertionError, match=r"2 page\(s\) au lieu de 1"):
        exiger_l_aspect(lettre(60), tmp_path, "essai", tmp_path)


def test_dit_quelle_page_differe_et_garde_ce_qui_a_ete_vu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_MAJ_LETTRES", "1")
    exiger_l_aspect(lettre(60), tmp_path / "attendues", "essai", tmp_path)
    monkeypatch.delenv("JALON_MAJ_LETTRES")
    with pytest.raises(AssertionError, match="essai, page 2"):
        exiger_l_aspect(lettre(59), tmp_path / "attendues", "essai", tmp_path)
    assert (tmp_path / "essai-2.png").is_file()

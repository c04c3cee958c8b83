"""La galerie montre tous les composants, et rien en ligne que la politique de contenu refuserait."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings


def test_la_galerie_montre_les_composants(connecte: Any) -> None:
    page = connecte("administrateur").get("/galerie/").content.decode()
    for repere in (
        "pastille ton-rouge",
        "<progress",
        "tuile",
        "chemin",
        "frise",
        "onglets",
        "pagination-jalon",
        "vide",
    ):
        assert repere in page, repere


def test_refuse_la_galerie_sans_le_droit(connecte: Any) -> None:
    assert connecte("orienteur").get("/galerie/").status_code == 403


def test_aucun_style_ni_script_en_ligne(connecte: Any) -> None:
    reponse = connecte("administrateur").get("/galerie/")
    page = reponse.content.decode()
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert "style-src 'self'" in reponse["Content-Security-Policy"]


def test_les_polices_et_le_theme_existent() -> None:
    feuille = (settings.RACINE / "jalon/web/static/jalon/jalon.css").read_text()
    for fichier in re.findall(r"\.\./police/([\w.-]+)", feuille):
        assert (settings.NODE_MODULES / "@fontsource/atkinson-hyperlegible-next/files" / fichier).is_file(), fichier

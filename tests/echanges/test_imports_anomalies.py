"""Chaque anomalie que le moteur peut signaler a ses mots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jalon.echanges import flux_caf, services
from jalon.echanges.anomalies import ANOMALIES, expliquer

SOURCES = [*Path(flux_caf.__path__[0]).rglob("*.py"), Path(services.__file__)]
MOTIFS = (r"signaler\(\s*\"(\w+)\"", r"anomalies\.append\(\(\"(\w+)\"", r"Counter\(\{\"(\w+)\"")


def test_chaque_code_du_moteur_est_explique() -> None:
    textes = [source.read_text(encoding="utf-8") for source in SOURCES]
    codes = {code for texte in textes for motif in MOTIFS for code in re.findall(motif, texte)}
    assert len(codes) > 10
    assert codes == set(ANOMALIES)


@pytest.mark.parametrize("code", sorted(ANOMALIES))
def test_une_explication_dit_tout_en_phrases(code: str) -> None:
    anomalie = expliquer(code)
    assert anomalie.titre
    assert anomalie.explication.endswith(".")
    assert anomalie.que_faire.endswith(".")


def test_un_code_neuf_s_affiche_quand_meme() -> None:
    assert expliquer("adresse_vide").titre == "Adresse vide"

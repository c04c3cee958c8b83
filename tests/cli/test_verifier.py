"""`jalon verifier` : zéro si tout va bien, un si un point est mauvais."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Installation

pytestmark = pytest.mark.django_db


def test_une_installation_saine(installation: Installation) -> None:
    resultat = installation.lancer("verifier", "--json", attendu=None)
    points = installation.json("verifier", "--json", attendu=resultat.returncode)
    mauvais = [p for p in points if p["etat"] == "mauvais"]
    assert resultat.returncode == (1 if mauvais else 0)
    assert all(set(p) == {"code", "libelle", "etat", "detail", "remede"} for p in points)
    assert all(p["remede"] for p in mauvais)


def test_un_point_mauvais_rend_un(installation: Installation) -> None:
    installation.lancer("verifier", attendu=None)
    cle = installation.donnees / "secrets" / "cle-maitresse"
    droits = cle.stat().st_mode
    cle.chmod(0o644)
    try:
        texte = installation.lancer("verifier", attendu=1).stdout
    finally:
        cle.chmod(droits)
    assert "✗" in texte
    assert "→" in texte

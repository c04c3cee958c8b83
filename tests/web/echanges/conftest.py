"""Dépôts d'un essai dans un dossier à lui."""

from __future__ import annotations

from pathlib import Path

import pytest

from jalon.echanges import imports
from tests.echanges.aides_imports import ConnexionDeLEssai


@pytest.fixture
def depots(monkeypatch: pytest.MonkeyPatch, settings: object, tmp_path: Path) -> Path:
    """Dossier des dépôts ; l'avancement s'écrit dans la transaction de l'essai."""
    monkeypatch.setattr(imports, "ouvrir_connexion", ConnexionDeLEssai)
    settings.DONNEES = tmp_path  # type: ignore[attr-defined]
    return imports.dossier_depots()

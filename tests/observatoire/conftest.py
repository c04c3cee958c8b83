from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _donnees_a_part(settings: Any, tmp_path: Path) -> None:
    """Chaque essai range ses clichés dans son propre dossier."""
    settings.DONNEES = tmp_path

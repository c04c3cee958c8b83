from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def deposer(tmp_path: Path) -> Callable[..., Path]:
    """Écrit un fichier reçu et en rend le chemin."""

    def ecrire(contenu: bytes, nom: str = "flux.xml") -> Path:
        chemin = tmp_path / nom
        chemin.write_bytes(contenu)
        return chemin

    return ecrire

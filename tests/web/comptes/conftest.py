from __future__ import annotations

import pytest
from django.core.cache import cache

from tests.web.comptes.aides import Horloge


@pytest.fixture
def horloge(monkeypatch: pytest.MonkeyPatch) -> Horloge:
    return Horloge(monkeypatch)


@pytest.fixture(autouse=True)
def _cache_vide() -> None:
    """Les limites de débit de django-allauth vivent en mémoire : chaque essai part de zéro."""
    cache.clear()

"""Le plateau d'une séance, pour les essais d'actes et d'écrans."""

from __future__ import annotations

import pytest

from tests.distribution import Distribution
from tests.instances.plateau import Plateau


@pytest.fixture
def plateau(distribution: Distribution) -> Plateau:
    return Plateau(distribution)

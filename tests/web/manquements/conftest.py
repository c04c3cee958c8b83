"""Qui agit sur une procédure, et de quoi entrer sous chaque rôle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from jalon.agents.models import Agent
from tests.distribution import Distribution


@pytest.fixture(autouse=True)
def _compteurs_a_zero() -> None:
    cache.clear()


@pytest.fixture
def decideur(distribution: Distribution) -> Agent:
    return distribution.agent("Denise", "decideur")


@pytest.fixture
def entrer() -> Callable[[Agent], Client]:
    def entrer(agent: Agent) -> Client:
        client = Client()
        client.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return entrer

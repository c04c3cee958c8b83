"""Le plateau d'une séance, et de quoi entrer en salle sous un agent."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from jalon.agents.models import Agent
from tests.distribution import Distribution
from tests.instances.plateau import Plateau


@pytest.fixture
def plateau(distribution: Distribution) -> Plateau:
    return Plateau(distribution)


@pytest.fixture
def entrer() -> Any:
    """Fonction qui rend un client connecté sous cet agent."""

    def entrer(agent: Agent) -> Client:
        client = Client()
        client.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return entrer

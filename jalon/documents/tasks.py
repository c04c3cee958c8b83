"""Travaux de fond des documents. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from jalon.documents.envois import ESSAIS, TACHE_ENVOI, executer_envoi


@app.task(name=TACHE_ENVOI, retry=RetryStrategy(max_attempts=ESSAIS, exponential_wait=5))
def envoyer(*, identifiant: str) -> None:
    """Confie un message à sa passerelle ; réessaie plus tard si elle ne répond pas."""
    executer_envoi(UUID(identifiant))

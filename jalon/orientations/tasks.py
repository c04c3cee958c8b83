"""Travaux de fond des orientations. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from jalon.orientations.notifications import TACHE, executer_notifications


@app.task(name=TACHE)
def notifier(*, identifiant: str) -> None:
    """Produit les lettres d'un lot de notifications."""
    executer_notifications(UUID(identifiant))

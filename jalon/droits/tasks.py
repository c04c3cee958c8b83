"""Travaux de fond des demandes. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jalon.droits.services import rapprocher_demandes


@app.periodic(cron="45 2 * * *")
@app.task(name="droits.rapprocher_demandes", queueing_lock="droits.rapprocher_demandes")
def rapprocher(timestamp: int) -> None:
    """Chaque nuit : lie les demandes aux décisions que le dernier fichier de la caisse a apportées."""
    rapprocher_demandes()

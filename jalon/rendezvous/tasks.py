"""Travaux de fond des rendez-vous. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from procrastinate.contrib.django import app

from jalon.rendezvous.rappels import rappeler_les_rendez_vous


@app.periodic(cron="5 8-18 * * *")
@app.task(name="rendezvous.rappeler", queueing_lock="rendezvous.rappeler")
def rappeler(timestamp: int) -> None:
    """Chaque heure de la journée : rappelle les rendez-vous qui approchent."""
    rappeler_les_rendez_vous()

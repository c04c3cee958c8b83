"""Travaux de fond des contrats. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from jalon.contrats.lots import TACHE, executer
from jalon.contrats.renouvellements import reconduire_tacites


@app.periodic(cron="30 3 * * *")
@app.task(name="contrats.reconduire_tacites", queueing_lock="contrats.reconduire_tacites")
def reconduire(timestamp: int) -> None:
    """Chaque nuit : reconduit, ou termine, les contrats qui se renouvellent sans acte."""
    reconduire_tacites()


@app.task(name=TACHE)
def imprimer(*, identifiant: str) -> None:
    """Produit les contrats d'un lot à signer."""
    executer(UUID(identifiant))

"""Travaux de fond des échanges. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from jalon.echanges import planification
from jalon.echanges.campagnes.services import TACHE_RAPPROCHEMENT, executer_rapprochement
from jalon.echanges.imports import TACHE_IMPORT, executer_import
from jalon.echanges.rejeux import TACHE_REJEU, executer_rejeux


@app.task(name=TACHE_IMPORT)
def importer(*, identifiant: str) -> None:
    """Importe le fichier d'une demande faite à l'écran."""
    executer_import(UUID(identifiant))


@app.task(name=TACHE_REJEU)
def rejouer(*, identifiants: list[str], acteur: int) -> None:
    """Rejoue des foyers mis en quarantaine."""
    executer_rejeux([UUID(identifiant) for identifiant in identifiants], acteur)


@app.task(name=TACHE_RAPPROCHEMENT)
def rapprocher_campagne(*, identifiant: str) -> None:
    """Rapproche de nos dossiers la liste d'un partenaire."""
    executer_rapprochement(UUID(identifiant))


@app.periodic(cron="* * * * *")
@app.task(name="echanges.surveiller", queueing_lock="echanges.surveiller")
def surveiller(timestamp: int) -> None:
    """Toutes les minutes, et au démarrage de l'exécuteur : dit quels imports ont été coupés."""
    planification.surveiller()


@app.periodic(cron="15 2 * * *")
@app.task(name="echanges.travaux_du_jour", queueing_lock="echanges.travaux_du_jour")
def travaux_du_jour(timestamp: int) -> None:
    """Chaque nuit : échéances du jour et effacements."""
    planification.travaux_du_jour(timezone.localdate())
    planification.effacer_vieux_travaux()

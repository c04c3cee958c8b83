"""Travaux de fond de l'observatoire. Ils s'exécutent avec les droits du propriétaire, hors de tout périmètre."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app


@app.task(name="observatoire.prendre_cliche")
def prendre_cliche(*, a_la_date: str) -> None:
    """Prépare les chiffres d'une date, puis refait les clichés plus récents qu'un flux tardif a changés."""
    # Les travaux se chargent avec toute commande : Arrow n'est lu que par celui qui s'en sert.
    from jalon.observatoire import cliches

    jour = date.fromisoformat(a_la_date)
    cliches.prendre_cliche(jour)
    for perime in cliches.cliches_perimes(jour):
        cliches.prendre_cliche(perime)


def demander_cliche(a_la_date: date) -> bool:
    """Met la préparation d'une date en file, une seule fois ; faux si elle y était déjà."""
    try:
        # Point de reprise : la demande refusée parce que déjà faite ne doit pas annuler la transaction en cours.
        with transaction.atomic():
            prendre_cliche.configure(queueing_lock=f"observatoire.cliche.{a_la_date:%Y-%m-%d}").defer(
                a_la_date=a_la_date.isoformat()
            )
    except exceptions.AlreadyEnqueued:
        return False
    return True

"""Savoir si un cliché dit encore ce que la base sait : l'empreinte de ce qu'elle avait reçu à une date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from django.db import connection


@dataclass(frozen=True)
class FluxRecu:
    """Un jour de flux et le nombre de dossiers qu'il portait."""

    date_reference: date
    dossiers: int


def _une_valeur(requete: str, *parametres: date) -> str:
    with connection.cursor() as curseur:
        curseur.execute(requete, parametres)
        return str(curseur.fetchone()[0])


def repere() -> str:
    """Repère rapide : tant qu'il ne bouge pas, rien de ce qui est daté n'a bougé."""
    return _une_valeur("select observatoire_repere()")


def filigrane(a_la_date: date) -> str:
    """Empreinte exacte de ce qui avait été reçu à une date : un flux tardif la change, un flux ultérieur non."""
    return _filigrane(_base(), repere(), a_la_date)


def flux_recus() -> tuple[FluxRecu, ...]:
    """Tous les jours de flux, du plus ancien au plus récent."""
    return _flux(_base(), repere())


def _base() -> str:
    """Nom de la base : la mémoire d'un processus ne doit pas passer d'une base à l'autre."""
    return str(connection.settings_dict["NAME"])


# Le dénombrement exact relit toutes les réceptions : on ne le refait que quand le repère a bougé.
@lru_cache(maxsize=256)
def _filigrane(base: str, repere: str, a_la_date: date) -> str:
    return _une_valeur("select observatoire_filigrane(%s)", a_la_date)


@lru_cache(maxsize=2)
def _flux(base: str, repere: str) -> tuple[FluxRecu, ...]:
    with connection.cursor() as curseur:
        curseur.execute("select date_reference, dossiers from observatoire_flux() order by date_reference")
        return tuple(FluxRecu(jour, nombre) for jour, nombre in curseur.fetchall())


def dates_proposees() -> list[date]:
    """Dernier flux de chaque mois, du plus récent au plus ancien : les situations qu'un écran propose."""
    jours = (flux.date_reference for flux in flux_recus())
    return [max(du_mois) for _, du_mois in groupby(jours, key=lambda jour: (jour.year, jour.month))][::-1]

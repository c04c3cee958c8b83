"""Plusieurs listes lues en un seul aller-retour : une page riche ne coûte pas une requête par rubrique.

La requête garde la même forme d'une personne à l'autre : PostgreSQL la prépare et n'en refait pas le plan, qui coûte, sous
la sécurité par ligne, plusieurs fois sa lecture.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
from django.contrib.postgres.fields import DateRangeField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from psycopg.types.numeric import Int8Dumper

Ligne = SimpleNamespace
Lot = tuple[models.QuerySet[Any], tuple[str, ...]]
"""Une liste et les champs voulus ; un champ d'une table voisine s'écrit `personne__nom` et se lit `personne_nom`."""


@models.BigAutoField.register_lookup
class Parmi(models.Lookup):  # type: ignore[type-arg]
    """`id__parmi=cles` : comme `in`, mais une seule valeur quel que soit leur nombre, même nul."""

    lookup_name = "parmi"

    def get_prep_lookup(self) -> str:
        return "{" + ",".join(str(int(cle)) for cle in self.rhs) + "}"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        gauche, valeurs = self.process_lhs(compiler, connection)
        return f"{gauche} = any(%s)", [*valeurs, self.rhs]


class _CurseurPrepare(psycopg.Cursor[Any]):
    """Un curseur dont la requête est préparée dès la première fois ; le réglage `prepare_threshold` le permet."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> _CurseurPrepare:
        return super().execute(query, params, prepare=True)


class _CurseurNote(CursorDebugWrapper):
    """Garde la requête avec ses `%s` : préparée, le pilote ne sait plus la rendre avec ses valeurs."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        with self.debug_sql(sql, params):
            return CursorWrapper.execute(self, sql, params)


@contextmanager
def _curseur() -> Iterator[CursorWrapper]:
    connection.ensure_connection()
    with _CurseurPrepare(connection.connection) as curseur:
        # Une clé de 5 et une de 500 000 auraient sinon deux types, donc deux plans.
        curseur.adapters.register_dumper(int, Int8Dumper)
        yield (_CurseurNote if connection.queries_logged else CursorWrapper)(curseur, connection)


def lire_lots(lots: Mapping[str, Lot]) -> dict[str, list[Ligne]]:
    """Rend les lignes de chaque liste, dans son ordre, avec les types que leurs champs promettent."""
    rendus: dict[str, list[Ligne]] = {nom: [] for nom in lots}
    colonnes: dict[str, list[tuple[str, Callable[[Any], Any]]]] = {}
    morceaux: list[str] = []
    valeurs: list[Any] = []
    for nom, (liste, champs) in lots.items():
        compilateur = liste.values_list(*champs).query.get_compiler(using=liste.db)
        try:
            sql, parametres = compilateur.as_sql()
        except EmptyResultSet:
            continue
        colonnes[nom] = [
            (champ.replace("__", "_"), _lecteur(expression.output_field))
            for champ, (expression, _, _) in zip(champs, compilateur.select, strict=True)
        ]
        alias = ", ".join(f"c{rang}" for rang in range(len(champs)))
        suite = ", ".join(f"t.c{rang}" for rang in range(len(champs)))
        morceaux.append(f"(select json_agg(json_build_array({suite})) from ({sql}) as t({alias}))::text")
        valeurs += parametres
    if not morceaux:
        return rendus
    with _curseur() as curseur:
        curseur.execute("select " + ", ".join(morceaux), valeurs)
        ligne = curseur.fetchone()
    for (nom, lecteurs), texte in zip(colonnes.items(), ligne, strict=True):
        rendus[nom] = [
            Ligne(
                **{
                    champ: lire(brut) if brut is not None else None
                    for (champ, lire), brut in zip(lecteurs, bruts, strict=True)
                }
            )
            for bruts in json.loads(texte or "[]", parse_float=Decimal)
        ]
    return rendus


def _lecteur(champ: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """Le JSON ne connaît ni dates, ni décimaux, ni périodes : le champ du modèle dit comment les relire."""
    lecteurs: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
        (DateRangeField, _periode),
        (models.DateTimeField, datetime.fromisoformat),
        (models.DateField, date.fromisoformat),
        (models.TimeField, time.fromisoformat),
        (models.DecimalField, Decimal),
        (models.UUIDField, UUID),
    )
    return next((lire for type_champ, lire in lecteurs if isinstance(champ, type_champ)), lambda brut: brut)


def _periode(brut: str) -> DateRange:
    """« [2026-09-30,) », la forme qu'en donne PostgreSQL."""
    if brut == "empty":
        return DateRange(empty=True)
    debut, fin = brut[1:-1].split(",")
    return DateRange(_date(debut), _date(fin), brut[0] + brut[-1])


def _date(brut: str) -> date | None:
    return date.fromisoformat(brut) if brut else None

"""Premier chargement d'une base vide : les clés étrangères et les index sont posés après les lignes.

Vérifier une clé étrangère ligne à ligne coûte plus que d'écrire la ligne ; la vérifier une fois pour toute la
table ne coûte presque rien. Rien n'est affaibli : tout est reposé dans la même transaction, qui échoue si une
ligne ne respecte pas une contrainte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from psycopg import Connection, sql

T = TypeVar("T")


def ahead(entrees: Iterable[T]) -> Iterator[T]:
    """Obtient l'entrée suivante dans un fil à part pendant que l'appelant traite la précédente."""
    iterateur = iter(entrees)
    fin = object()
    with ThreadPoolExecutor(1) as fil:
        attente = fil.submit(next, iterateur, fin)
        while (entree := attente.result()) is not fin:
            attente = fil.submit(next, iterateur, fin)
            yield entree  # type: ignore[misc]


CONTRAINTES = """
select t.relname, c.conname, pg_get_constraintdef(c.oid) from pg_constraint c
join pg_class t on t.oid = c.conrelid
where c.contype in ('f', 'x') and t.relname = any(%s) and t.relnamespace = current_schema()::regnamespace
order by t.relname, c.conname
"""
INDEX = """
select i.relname, pg_get_indexdef(x.indexrelid) from pg_index x
join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
where t.relname = any(%s) and not x.indisunique and i.relname not like all(%s)
    and t.relnamespace = current_schema()::regnamespace
    and not exists (select 1 from pg_constraint c where c.conindid = x.indexrelid)
order by i.relname
"""


class DeferredSchema:
    """Contraintes et index retirés de tables vides, à reposer par `restore`."""

    def __init__(self, connexion: Connection[Any], tables: Iterable[str], *, garder: Iterable[str] = ()) -> None:
        self.connexion = connexion
        self.tables = [table for table in tables if not self._has_rows(table)]
        self.contraintes: list[tuple[str, str, str]] = connexion.execute(CONTRAINTES, [self.tables]).fetchall()
        self.index: list[tuple[str, str]] = connexion.execute(INDEX, [self.tables, list(garder)]).fetchall()
        for table, contrainte, _ in self.contraintes:
            connexion.execute(
                sql.SQL("alter table {} drop constraint {}").format(sql.Identifier(table), sql.Identifier(contrainte))
            )
        for index, _ in self.index:
            connexion.execute(sql.SQL("drop index {}").format(sql.Identifier(index)))

    def _has_rows(self, table: str) -> bool:
        requete = sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))
        return self.connexion.execute(requete).fetchone() is not None

    def restore(self) -> None:
        """Repose tout ; lève l'erreur de PostgreSQL si une ligne ne respecte pas une contrainte."""
        self.connexion.execute("set local maintenance_work_mem = '256MB'")
        for _, definition in self.index:
            self.connexion.execute(definition)
        for table, contrainte, definition in self.contraintes:
            self.connexion.execute(
                sql.SQL("alter table {} add constraint {} ").format(sql.Identifier(table), sql.Identifier(contrainte))
                + sql.SQL(definition)
            )
        self.contraintes, self.index = [], []

"""Sécurité par ligne : la seconde muraille, tenue par PostgreSQL lui-même.

Chaque pièce déclare ici, depuis son `perms.py`, qui voit les lignes de ses tables. Les politiques sont
reposées après chaque migration, si bien qu'elles ne peuvent ni manquer ni dater. Le rôle web ne possède
aucune table : sans réglage posé dans la transaction, il ne voit rien.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection, transaction
from psycopg import pq

TOUT = "(select current_setting('jalon.tout', true)) = 'oui'"
TERRITOIRES = "any((select nullif(current_setting('jalon.territoires', true), '')::bigint[])::bigint[])"
ORGANISMES = "any((select nullif(current_setting('jalon.organismes', true), '')::bigint[])::bigint[])"
AGENT = "(select nullif(current_setting('jalon.agent', true), '')::bigint)"
LIEN = "(select nullif(current_setting('jalon.lien', true), ''))"
PERSONNE = "(select nullif(current_setting('jalon.personne', true), '')::bigint)"


@dataclass
class Registre:
    """Tables protégées (table → condition de lecture) et tables fermées au rôle web."""

    politiques: dict[str, str] = field(default_factory=dict)
    ajout_seul: set[str] = field(default_factory=set)
    lecture_seule: set[str] = field(default_factory=set)
    fermees: set[str] = field(default_factory=set)
    publiques: set[str] = field(default_factory=set)


REGISTRE = Registre()


def protect(table: str, condition: str) -> None:
    """Déclare la condition SQL sous laquelle le rôle web voit et écrit une ligne de `table`."""
    REGISTRE.politiques[table] = f"{TOUT} or ({condition})"


def protect_strict(table: str, condition: str) -> None:
    """Comme `protect`, sans ouverture pour le périmètre départemental."""
    REGISTRE.politiques[table] = condition


def append_only(table: str) -> None:
    """Le rôle web y ajoute et y lit, sans modifier ni effacer (journaux)."""
    REGISTRE.ajout_seul.add(table)


def read_only(table: str) -> None:
    """Le rôle web la lit sans rien y écrire (la loi datée, que l'installation seule pose)."""
    REGISTRE.lecture_seule.add(table)


def close(table: str) -> None:
    """Le rôle web n'y écrit que par déclencheur et n'y lit rien (historique des colonnes)."""
    REGISTRE.fermees.add(table)


def apply_all(sender: AppConfig, **_: Any) -> None:
    """Repose droits et politiques ; appelée après chaque migration, une fois la dernière pièce passée."""
    # Django n'envoie ce signal qu'aux pièces qui ont des modèles : la dernière d'entre elles ferme la marche.
    with_models = [config.name for config in apps.get_app_configs() if config.models_module is not None]
    if sender.name == with_models[-1]:
        apply_policies()


def apply_policies() -> None:
    role = settings.ROLE_WEB
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute("select pg_advisory_xact_lock(hashtext('jalon.rls'))")
        curseur.execute("select 1 from pg_roles where rolname = %s", [role])
        if not curseur.fetchone():
            curseur.execute(f'create role "{role}" nologin nobypassrls')
            curseur.execute(f'grant "{role}" to current_user')
        curseur.execute(f'grant usage on schema public to "{role}"')
        curseur.execute(f'grant select, insert, update, delete on all tables in schema public to "{role}"')
        curseur.execute(f'grant usage, select on all sequences in schema public to "{role}"')
        curseur.execute(f'revoke insert, update, delete on django_migrations from "{role}"')
        existantes = set(connection.introspection.table_names(curseur))
        for table in sorted(existantes & REGISTRE.ajout_seul):
            curseur.execute(f'revoke update, delete on "{table}" from "{role}"')
        for table in sorted(existantes & REGISTRE.lecture_seule):
            curseur.execute(f'revoke insert, update, delete on "{table}" from "{role}"')
        for table in sorted(existantes & REGISTRE.fermees):
            curseur.execute(f'revoke select, update, delete on "{table}" from "{role}"')
        for table, condition in sorted(REGISTRE.politiques.items()):
            if table not in existantes:
                continue
            curseur.execute(f'alter table "{table}" enable row level security')
            curseur.execute(f'drop policy if exists perimetre on "{table}"')
            curseur.execute(
                f'create policy perimetre on "{table}" for all to "{role}" using ({condition}) with check ({condition})'
            )


@dataclass(frozen=True)
class Reglages:
    """Ce que PostgreSQL doit savoir de qui lit pour filtrer les lignes."""

    agent: int | None = None
    tout: bool = False
    territoires: frozenset[int] = frozenset()
    organismes: frozenset[int] = frozenset()
    lien: str = ""
    """Empreinte du lien personnel par lequel une personne sans compte est entrée."""
    personne: int | None = None
    """Personne qui lit son propre livret, reconnue par son code et un code à usage unique."""


_POSER = (
    "select set_config('role', %s, true), set_config('jalon.agent', %s, true), set_config('jalon.tout', %s, true), "
    "set_config('jalon.territoires', %s, true), set_config('jalon.organismes', %s, true), "
    "set_config('jalon.lien', %s, true), set_config('jalon.personne', %s, true)"
)


def set_context(reglages: Reglages, *, role: str | None = None) -> None:
    """Pose le rôle et les réglages jusqu'à la fin de la transaction en cours."""
    with connection.cursor() as curseur:
        curseur.execute(
            _POSER,
            [
                role or settings.ROLE_WEB,
                "" if reglages.agent is None else str(reglages.agent),
                "oui" if reglages.tout else "",
                _tableau(reglages.territoires),
                _tableau(reglages.organismes),
                reglages.lien,
                "" if reglages.personne is None else str(reglages.personne),
            ],
        )


def _tableau(nombres: frozenset[int]) -> str:
    return "{" + ",".join(str(nombre) for nombre in sorted(nombres)) + "}"


def _transaction_saine() -> bool:
    return bool(connection.connection.info.transaction_status != pq.TransactionStatus.INERROR)


@contextmanager
def web_role(reglages: Reglages | None = None) -> Iterator[None]:
    """Exécute un bloc comme le ferait une requête web, puis rend le rôle d'avant."""
    with transaction.atomic():
        set_context(reglages or Reglages())
        try:
            yield
        finally:
            # Une transaction en échec n'accepte plus rien ; l'annuler rendra le rôle.
            if not connection.needs_rollback and _transaction_saine():
                with connection.cursor() as curseur:
                    curseur.execute(_POSER, ["none", "", "", "", "", "", ""])

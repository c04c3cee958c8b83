"""Les bases d'un passage d'essais : le schéma se monte une fois, toutes les autres en sont des copies.

Rejouer les migrations prend une demi-minute de calcul ; copier une base migrée, moins d'une seconde. Le modèle vaut pour un
passage : le suivant le refait, une migration changée n'est donc jamais manquée.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

RACINE = Path(__file__).resolve().parents[1]
MIGRER = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]


@dataclass(frozen=True)
class Bases:
    """Crée, copie et retire des bases à côté de la base d'essai."""

    prefixe: str
    passage: str
    """Ce qui distingue ce passage des précédents ; les processus d'un même passage le partagent."""
    verrous: Path

    def adresse(self, nom: str, *, web: bool = False) -> str:
        """Adresse d'une base, sous le propriétaire des tables ou sous le rôle du web."""
        serveur = os.environ.get("DATABASE_URL_WEB" if web else "DATABASE_URL") or os.environ["DATABASE_URL"]
        return make_conninfo(serveur, dbname=nom)

    def copier(self, source: str, nom: str) -> str:
        """Refait cette base à l'image d'une autre, où personne n'est connecté ; rend son nom."""
        self.retirer(nom)
        self._executer("create database {} template {}", nom, source)
        return nom

    def creer(self, nom: str) -> str:
        self.retirer(nom)
        self._executer("create database {}", nom)
        return nom

    def retirer(self, nom: str) -> None:
        self._executer("drop database if exists {} with (force)", nom)

    def comptes(self, nom: str) -> dict[str, int]:
        """Nombre de lignes de chaque table de cette base."""
        with psycopg.connect(self.adresse(nom), autocommit=True) as connexion:
            tables = connexion.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
            union = sql.SQL(" union all ").join(
                sql.SQL("select {}, count(*) from {}").format(table, sql.Identifier(table)) for (table,) in tables
            )
            return dict(connexion.execute(union).fetchall())

    def migree(self) -> str:
        """La base migrée de ce passage, sans aucun profil : le premier qui la demande la monte, les autres l'attendent."""
        return self.modele("migree", self._migrer)

    def modele(self, nom: str, monter: Callable[[str], None]) -> str:
        """Une base montée une seule fois par passage, à copier ; `monter(nom)` la crée et la remplit."""
        base = f"{self.prefixe}_{nom}"
        self.verrous.mkdir(parents=True, exist_ok=True)
        with open(self.verrous / f"{base}.verrou", "a") as verrou:
            fcntl.flock(verrou, fcntl.LOCK_EX)
            if self._passage_de(base) != self.passage:
                monter(base)
                self._executer(f"comment on database {{}} is '{self.passage}'", base)
        return base

    def _migrer(self, base: str) -> None:
        self.creer(base)
        environnement = os.environ | {"DATABASE_URL": self.adresse(base), "JALON_PROCESSUS": ""}
        fait = subprocess.run(MIGRER, cwd=RACINE, env=environnement, capture_output=True, text=True)
        assert fait.returncode == 0, fait.stderr

    def _passage_de(self, base: str) -> str | None:
        with psycopg.connect(self.adresse("postgres"), autocommit=True) as maitre:
            lu = maitre.execute(
                "select shobj_description(oid, 'pg_database') from pg_database where datname = %s", [base]
            ).fetchone()
        return lu and lu[0]

    def _executer(self, requete: str, *noms: str) -> None:
        with psycopg.connect(self.adresse("postgres"), autocommit=True) as maitre:
            maitre.execute(sql.SQL(requete).format(*map(sql.Identifier, noms)))  # type: ignore[arg-type]

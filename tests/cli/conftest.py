"""La vraie commande, dans un vrai processus, sur une base et un dossier de données à elle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.echanges.flux_caf.fabrique import flux_xml

RACINE = Path(__file__).resolve().parents[2]
GARDEES = ("JALON_", "DATABASE_", "DJANGO_", "PYTEST")


@dataclass
class Installation:
    """Un dossier de données, une base, et la commande `jalon` qui s'en sert."""

    donnees: Path
    adresse: str
    autres: dict[str, str]

    @property
    def environnement(self) -> dict[str, str]:
        garde = {k: v for k, v in os.environ.items() if not k.startswith(GARDEES)}
        base = {"DATABASE_URL": self.adresse} if self.adresse else {}
        return {**garde, "JALON_DONNEES": str(self.donnees), "PYTHONWARNINGS": "ignore", **base, **self.autres}

    def ouvrir(self, *arguments: object) -> subprocess.Popen[str]:
        # Lancé en arrière-plan, un interpréteur de commandes fait ignorer l'arrêt au clavier à tous ses enfants.
        return subprocess.Popen(
            [sys.executable, "-m", "jalon.cli", *map(str, arguments)], cwd=RACINE, env=self.environnement, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    def lancer(self, *arguments: object, attendu: int | None = 0) -> subprocess.CompletedProcess[str]:
        processus = self.ouvrir(*arguments)
        sortie, erreurs = processus.communicate(timeout=240)
        assert attendu is None or processus.returncode == attendu, f"{processus.returncode}\n{sortie}\n{erreurs}"
        assert "Traceback" not in erreurs, erreurs
        return subprocess.CompletedProcess(arguments, processus.returncode, sortie, erreurs)

    def json(self, *arguments: object, attendu: int = 0) -> Any:
        """Le résultat en JSON ; la sortie standard ne porte rien d'autre."""
        return json.loads(self.lancer(*arguments, attendu=attendu).stdout)

    def executer(self, requete: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.adresse, autocommit=True) as connexion:
            curseur = connexion.execute(requete)  # type: ignore[call-overload]
            return curseur.fetchall() if curseur.description else []

    def empreintes(self) -> dict[str, tuple[int, str]]:
        """Nombre de lignes et somme de chaque table : deux bases égales ont les mêmes."""
        tables = [t for (t,) in self.executer("select tablename from pg_tables where schemaname = 'public' order by 1")]
        union = " union all ".join(
            f"select '{table}', count(*), coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') "
            f'from "{table}" t'
            for table in tables
            if not table.startswith(("procrastinate_", "referentiels_commune"))
        )
        return {table: (nombre, somme) for table, nombre, somme in self.executer(union)}


def dossier_traversable() -> Path:
    """Sous root, le serveur tourne sous un autre compte : il doit pouvoir descendre jusqu'aux données."""
    dossier = Path(tempfile.mkdtemp(prefix="jalon-", dir="/tmp"))
    dossier.chmod(0o755)
    return dossier


@pytest.fixture(scope="session")
def copier_base(django_db_setup: None) -> Iterator[Callable[[str], str]]:
    """`copier_base(nom)` copie la base d'essai, profil compris, et rend l'adresse de la copie."""
    reglages = connections["default"].settings_dict
    essai = reglages["NAME"]
    connexion = {
        "host": reglages["HOST"],
        "port": reglages["PORT"],
        "user": reglages["USER"],
        "password": reglages["PASSWORD"],
    }
    adresse = make_conninfo(**{k: v for k, v in connexion.items() if v}, dbname="postgres")
    creees: list[str] = []

    def executer(requete: str, *noms: str) -> None:
        with psycopg.connect(adresse, autocommit=True) as maitre:
            maitre.execute(sql.SQL(requete).format(*map(sql.Identifier, noms)))  # type: ignore[arg-type]

    def copier(nom: str) -> str:
        copie = f"{essai}_{nom}"
        executer("drop database if exists {} with (force)", copie)
        if nom.endswith("vide"):
            executer("create database {}", copie)
        else:
            connections.close_all()  # un modèle ne se copie que si personne n'y est connecté
            executer("create database {} template {}", copie, essai)
        creees.append(copie)
        return make_conninfo(adresse, dbname=copie)

    yield copier
    for nom in creees:
        executer("drop database if exists {} with (force)", nom)


@pytest.fixture(scope="session")
def _installation(copier_base: Callable[[str], str], django_db_blocker: Any) -> Iterator[Installation]:
    dossier = dossier_traversable()
    with django_db_blocker.unblock():
        adresse = copier_base("cli")
    yield Installation(dossier / "var", adresse, _binaires())
    shutil.rmtree(dossier, ignore_errors=True)


def _binaires() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k == "JALON_BINAIRES_POSTGRESQL"}


@pytest.fixture
def installation(_installation: Installation) -> Installation:
    """Une installation prête, sans aucun flux."""
    _installation.executer("truncate personnes_foyer, personnes_personne, echanges_flux, traces_acte cascade")
    return _installation


@pytest.fixture
def deposer(tmp_path: Path) -> Callable[..., Path]:
    """`deposer([foyer(...)], "nom.xml", **options)` écrit un flux et en rend le chemin."""

    def ecrire(foyers: Sequence[str] | bytes, nom: str = "flux.xml", **options: Any) -> Path:
        chemin = tmp_path / nom
        chemin.write_bytes(foyers if isinstance(foyers, bytes) else flux_xml(foyers, **options))
        return chemin

    return ecrire

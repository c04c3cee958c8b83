"""Superviseur du serveur PostgreSQL embarqué : `python -m jalon.socle.superviseur DOSSIER PRISE BINAIRES`.

Il crée la grappe la première fois, tient le serveur en vie (un arrêt brutal est suivi d'une reprise),
et l'arrête proprement dès que plus aucun processus Jalon ne tient le verrou de présence.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import psycopg
from psycopg import sql

from jalon.socle.embarquee import (
    BASE,
    ROLE_BOOTSTRAP,
    ROLE_PROPRIETAIRE,
    ROLE_WEB,
    Emplacement,
    _compte_serveur,
    lire_mot_de_passe,
)

PR_SET_PDEATHSIG = 1
REPRISES_MAX = 5
DELAI_SANS_CLIENT = 1.0

CONFIGURATION = """\
# Écrit par Jalon à chaque démarrage.
listen_addresses = ''
unix_socket_directories = '{prise}'
unix_socket_permissions = 0777
max_connections = 60
max_locks_per_transaction = 256
password_encryption = 'scram-sha-256'
shared_buffers = '256MB'
work_mem = '24MB'
maintenance_work_mem = '256MB'
wal_level = minimal
max_wal_senders = 0
max_wal_size = '4GB'
wal_compression = off
checkpoint_timeout = '15min'
random_page_cost = 1.1
jit = off
log_destination = 'stderr'
log_min_messages = warning
log_min_error_statement = panic
log_line_prefix = '%t [%p] '
"""


def _devenir(compte: pwd.struct_passwd | None) -> Callable[[], None]:
    """Préparation du processus enfant : change de compte, puis lie sa vie à celle du superviseur."""

    def preparer() -> None:
        if compte is not None:
            os.setgroups([])
            os.setgid(compte.pw_gid)
            os.setuid(compte.pw_uid)
        os.umask(0o077)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)

    return preparer


def _creer_grappe(lieu: Emplacement) -> None:
    provisoire = lieu.dossier / "grappe.nouvelle"
    shutil.rmtree(provisoire, ignore_errors=True)
    provisoire.mkdir(mode=0o700)
    passe = lieu.dossier / "passe.provisoire"
    passe.touch(mode=0o600)
    passe.write_text(lire_mot_de_passe(lieu.dossier, ROLE_BOOTSTRAP))
    try:
        if lieu.compte is not None:
            os.chown(provisoire, lieu.compte.pw_uid, lieu.compte.pw_gid)
            os.chown(passe, lieu.compte.pw_uid, lieu.compte.pw_gid)
        subprocess.run(
            [lieu.binaires / "initdb", "-D", provisoire, "-U", ROLE_BOOTSTRAP, "--pwfile", passe, "-E", "UTF8",
             "--locale=C.UTF-8", "--auth=scram-sha-256", "--data-checksums", "--no-instructions"],
            check=True, preexec_fn=_devenir(lieu.compte), cwd="/",
        )  # fmt: skip
        provisoire.rename(lieu.grappe)
    finally:
        passe.unlink()


def _preparer_prise(lieu: Emplacement) -> None:
    lieu.prise.mkdir(mode=0o700, exist_ok=True)
    if lieu.compte is not None:
        os.chown(lieu.prise, lieu.compte.pw_uid, lieu.compte.pw_gid)


def _ecarter_serveur_orphelin(lieu: Emplacement) -> None:
    """Un serveur dont le superviseur a été tué s'arrête de lui-même ; on l'attend, puis on l'y aide."""
    fiche = lieu.grappe / "postmaster.pid"
    for essai in range(100):
        if not fiche.exists():
            return
        try:
            pid = int(fiche.read_text().split("\n", 1)[0])
            commande = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return
        if str(lieu.grappe).encode() not in commande:
            return
        if essai == 30:
            os.kill(pid, signal.SIGINT)
        time.sleep(0.1)


def _lancer(lieu: Emplacement) -> subprocess.Popen[bytes]:
    conf = lieu.grappe / "postgresql.conf"
    conf.write_text(CONFIGURATION.format(prise=lieu.prise))
    if lieu.compte is not None:
        os.chown(conf, lieu.compte.pw_uid, lieu.compte.pw_gid)
    with open(lieu.journal, "ab") as journal:
        return subprocess.Popen(
            [lieu.binaires / "postgres", "-D", str(lieu.grappe)],
            stdin=subprocess.DEVNULL, stdout=journal, stderr=journal, preexec_fn=_devenir(lieu.compte), cwd="/",
        )  # fmt: skip


def _attendre(lieu: Emplacement, serveur: subprocess.Popen[bytes]) -> None:
    limite = time.monotonic() + 45
    while time.monotonic() < limite:
        if serveur.poll() is not None:
            raise SystemExit(f"PostgreSQL s'est arrêté au démarrage (code {serveur.returncode}).")
        try:
            psycopg.connect(lieu.adresse(ROLE_BOOTSTRAP, "postgres"), connect_timeout=3).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.03)
    raise SystemExit("PostgreSQL n'a pas répondu en 45 secondes.")


def _creer_roles(lieu: Emplacement) -> None:
    """Crée les deux rôles : le propriétaire des tables, et celui du web, qui ne possède rien."""
    with psycopg.connect(lieu.adresse(ROLE_BOOTSTRAP, "postgres"), autocommit=True) as connexion:
        connus = {ligne[0] for ligne in connexion.execute("select rolname from pg_roles")}
        for role, options in ((ROLE_PROPRIETAIRE, "login createdb"), (ROLE_WEB, "login nobypassrls")):
            if role not in connus:
                connexion.execute(
                    sql.SQL("create role {} " + options + " password {}").format(
                        sql.Identifier(role), sql.Literal(lire_mot_de_passe(lieu.dossier, role))
                    )
                )
        connexion.execute(sql.SQL("grant {} to {}").format(sql.Identifier(ROLE_WEB), sql.Identifier(ROLE_PROPRIETAIRE)))
        if not connexion.execute("select 1 from pg_database where datname = %s", [BASE]).fetchone():
            connexion.execute(
                sql.SQL("create database {} owner {}").format(sql.Identifier(BASE), sql.Identifier(ROLE_PROPRIETAIRE))
            )


def superviser(lieu: Emplacement) -> None:
    """Boucle de vie du serveur ; ne rend la main qu'une fois PostgreSQL arrêté."""
    pret = lieu.dossier / "pret"
    pret.unlink(missing_ok=True)
    if not (lieu.grappe / "PG_VERSION").exists():
        _creer_grappe(lieu)
    _preparer_prise(lieu)
    _ecarter_serveur_orphelin(lieu)
    serveur = _lancer(lieu)
    arret_demande = False

    def demander_arret(_signal: int, _cadre: FrameType | None) -> None:
        nonlocal arret_demande
        arret_demande = True

    signal.signal(signal.SIGTERM, demander_arret)
    signal.signal(signal.SIGINT, demander_arret)
    reprises = 0
    try:
        _attendre(lieu, serveur)
        _creer_roles(lieu)
        pret.touch()
        sans_client_depuis: float | None = None
        with open(lieu.presence, "a") as presence, open(lieu.demarrage, "a") as demarrage:
            while not arret_demande:
                time.sleep(0.25)
                if serveur.poll() is not None:
                    reprises += 1
                    if reprises > REPRISES_MAX:
                        raise SystemExit("PostgreSQL s'arrête sans cesse : voir son journal.")
                    serveur = _lancer(lieu)
                    _attendre(lieu, serveur)
                    continue
                if not _prendre(presence):
                    sans_client_depuis = None
                    continue
                fcntl.flock(presence, fcntl.LOCK_UN)
                sans_client_depuis = sans_client_depuis or time.monotonic()
                if time.monotonic() - sans_client_depuis < DELAI_SANS_CLIENT or not _prendre(demarrage):
                    continue
                # Le verrou de démarrage est tenu : personne ne peut arriver pendant qu'on arrête.
                if _prendre(presence):
                    pret.unlink(missing_ok=True)
                    _arreter(serveur)
                    return
                fcntl.flock(demarrage, fcntl.LOCK_UN)
    finally:
        pret.unlink(missing_ok=True)
        _arreter(serveur)


def _prendre(fichier: object) -> bool:
    try:
        fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
    except BlockingIOError:
        return False
    return True


def _arreter(serveur: subprocess.Popen[bytes]) -> None:
    if serveur.poll() is not None:
        return
    serveur.send_signal(signal.SIGINT)
    try:
        serveur.wait(30)
    except subprocess.TimeoutExpired:
        serveur.send_signal(signal.SIGQUIT)
        serveur.wait(10)


if __name__ == "__main__":
    dossier, prise, binaires = (Path(argument) for argument in sys.argv[1:4])
    lieu = Emplacement(dossier=dossier, prise=prise, binaires=binaires, compte=_compte_serveur())
    with open(lieu.supervision, "a") as supervision:
        if not _prendre(supervision):
            raise SystemExit("Un autre superviseur tient déjà ce serveur.")
        superviser(lieu)

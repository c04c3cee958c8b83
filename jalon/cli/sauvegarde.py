"""Sauvegarder et restaurer une installation : base, fichiers et clé de chiffrement, dans une archive."""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jalon import __version__
from jalon.cli.environnement import donnees, preparer_django
from jalon.socle.errors import JalonError
from jalon.socle.secrets import FICHIER as FICHIER_CLE

BASE, CLE, FICHIERS, MANIFESTE = "base.dump", "cle-maitresse", "fichiers", "manifeste.json"


def _binaire(nom: str) -> str:
    embarque = os.environ.get("JALON_BINAIRES_POSTGRESQL")
    if embarque and (Path(embarque) / nom).exists():
        return str(Path(embarque) / nom)
    trouve = shutil.which(nom)
    if trouve is None:
        raise JalonError(
            f"Le programme « {nom} » de PostgreSQL manque : installez le client PostgreSQL, puis relancez."
        )
    return trouve


def _lancer(arguments: list[str], quoi: str, *, adresse: str = "") -> None:
    """Lance un programme de PostgreSQL ; le mot de passe passe par l'environnement, la liste des processus se lit."""
    environnement = dict(os.environ)
    if adresse:
        parties: dict[str, Any] = dict(conninfo_to_dict(adresse))
        environnement["PGPASSWORD"] = str(parties.pop("password", None) or "")
        arguments = [*arguments, f"--dbname={make_conninfo(**parties)}"]
    resultat = subprocess.run(arguments, capture_output=True, text=True, env=environnement)
    if resultat.returncode:
        raise JalonError(f"{quoi} a échoué : {resultat.stderr.strip().splitlines()[-1] if resultat.stderr else '?'}")


def sauvegarder(fichier: Path) -> int:
    """Écrit l'archive en entier à côté, puis la met à sa place : une sauvegarde interrompue n'en laisse pas."""
    from django.conf import settings

    if not fichier.parent.is_dir():
        raise JalonError(f"Le dossier {fichier.parent} n'existe pas : créez-le ou choisissez un autre endroit.")
    provisoire = fichier.with_name(fichier.name + ".partiel")
    with tempfile.TemporaryDirectory() as travail:
        base = Path(travail) / BASE
        _lancer(
            [_binaire("pg_dump"), "--format=custom", "--no-owner", f"--file={base}"],
            "La copie de la base", adresse=os.environ["DATABASE_URL"],
        )  # fmt: skip
        manifeste = {
            "jalon": __version__, "faite_le": datetime.now(UTC).isoformat(timespec="seconds"),
            "cle_incluse": not os.environ.get("JALON_CLE"),
        }  # fmt: skip
        descripteur = os.open(provisoire, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descripteur, "wb") as sortie, tarfile.open(fileobj=sortie, mode="w") as archive:
            contenu = json.dumps(manifeste).encode()
            entete = tarfile.TarInfo(MANIFESTE)
            entete.size = len(contenu)
            archive.addfile(entete, io.BytesIO(contenu))
            archive.add(base, BASE)
            if not os.environ.get("JALON_CLE"):
                archive.add(settings.DONNEES / "secrets" / FICHIER_CLE, CLE)
            if settings.MEDIA_ROOT.exists():
                archive.add(settings.MEDIA_ROOT, FICHIERS)
    provisoire.rename(fichier)
    print(f"Sauvegarde écrite : {fichier} ({fichier.stat().st_size // 1_000_000} Mo). "
          "Elle contient la clé de chiffrement : gardez-la en lieu sûr.")  # fmt: skip
    return 0


def restaurer_avant_django(args: argparse.Namespace) -> int:
    """Remet la clé en place avant tout réglage, puis la base et les fichiers."""
    try:
        return _restaurer(args.fichier, ecraser=args.ecraser)
    except (JalonError, OSError, tarfile.TarError) as erreur:
        print(f"jalon : la restauration n'a pas été faite : {erreur}", file=sys.stderr)
        return 1


def _attendu(membre: tarfile.TarInfo) -> bool:
    """Seuls les fichiers qu'une sauvegarde contient sortent de l'archive, et jamais hors de leur dossier."""
    racine, *reste = Path(membre.name).parts or ("",)
    if not (membre.isfile() or membre.isdir()) or Path(membre.name).is_absolute() or ".." in reste:
        return False
    return (racine in (BASE, CLE, MANIFESTE) and not reste) or racine == FICHIERS


def _restaurer(fichier: Path, *, ecraser: bool) -> int:
    with tempfile.TemporaryDirectory() as travail:
        with tarfile.open(fichier) as archive:
            # Le filtre de sûreté de Python n'existe pas dans les premiers 3.11 ; le nôtre suffit, le sien s'y ajoute.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(travail, members=[membre for membre in archive if _attendu(membre)])
        lieu = Path(travail)
        if not (lieu / BASE).exists() or not (lieu / MANIFESTE).exists():
            raise JalonError(f"{fichier} n'est pas une sauvegarde de Jalon.")
        cle = donnees() / "secrets" / FICHIER_CLE
        if (lieu / CLE).exists() and not os.environ.get("JALON_CLE"):
            if cle.exists() and cle.read_text() != (lieu / CLE).read_text() and not ecraser:
                raise JalonError(
                    "cette installation a déjà des données chiffrées avec une autre clé. Restaurez dans un dossier "
                    "de données neuf (JALON_DONNEES), ou ajoutez --ecraser pour tout remplacer."
                )
            with _cle_de_la_sauvegarde(cle, lieu / CLE):
                _remettre(lieu, ecraser=ecraser)
        else:
            _remettre(lieu, ecraser=ecraser)
        from django.conf import settings

        if (lieu / FICHIERS).exists():
            shutil.copytree(lieu / FICHIERS, settings.MEDIA_ROOT, dirs_exist_ok=True)
    print("Restauration faite. « jalon verifier » dit si tout est en ordre.")
    return 0


@contextmanager
def _cle_de_la_sauvegarde(cle: Path, sauvegardee: Path) -> Iterator[None]:
    """Met la clé de la sauvegarde en place ; si la base ne suit pas, celle d'avant revient."""
    avant = cle.read_bytes() if cle.exists() else None
    cle.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _ecrire_cle(cle, sauvegardee.read_bytes())
        yield
    except BaseException:
        if avant is None:
            cle.unlink(missing_ok=True)
        else:
            _ecrire_cle(cle, avant)
        raise


def _ecrire_cle(cle: Path, contenu: bytes) -> None:
    provisoire = cle.with_name(cle.name + ".partielle")
    descripteur = os.open(provisoire, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descripteur, "wb") as sortie:
        sortie.write(contenu)
    provisoire.rename(cle)


def _remettre(lieu: Path, *, ecraser: bool) -> None:
    """Remplace la base en une transaction : une sauvegarde illisible laisse en place ce qui était là."""
    preparer_django()
    from django.db import connection

    from jalon.socle.rls import apply_policies

    script = lieu / "base.sql"
    _lancer(
        [_binaire("pg_restore"), "--no-owner", "--no-privileges", f"--file={script}", str(lieu / BASE)],
        "La lecture de la sauvegarde",
    )
    with connection.cursor() as curseur:
        curseur.execute("select to_regclass('public.django_migrations') is not null")
        pleine = curseur.fetchone()[0]
    connection.close()
    if pleine and not ecraser:
        raise JalonError("la base contient déjà des données : ajoutez --ecraser pour les remplacer.")
    vidage = ["--command=drop schema public cascade; create schema public"] if pleine else []
    _lancer(
        [_binaire("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", *vidage,
         f"--file={script}"],
        "La remise en place de la base", adresse=os.environ["DATABASE_URL"],
    )  # fmt: skip
    apply_policies()

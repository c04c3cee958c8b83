"""Clichés : l'état pseudonymisé du département à une date, en Parquet, rangé par mois.

    observatoire/cliches/mois=2026-10/2026-10-31.json     le manifeste : quelle version vaut, et d'après quoi
    observatoire/cliches/mois=2026-10/2026-10-31_<version>/*.parquet

Un cliché se remplace en changeant le manifeste d'un seul geste : qui lisait l'ancienne version finit sa lecture.
Il se prend avec les droits du propriétaire (travail de fond, ligne de commande), jamais sous un périmètre.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from jalon.observatoire.erreurs import ClicheAbsentError, DonneesAbsentesError
from jalon.observatoire.extraction import extraire
from jalon.observatoire.filigrane import filigrane, flux_recus
from jalon.observatoire.schemas import COLONNES

FORMAT = 1
"""À augmenter quand le contenu d'un cliché change : les anciens se reprennent alors d'eux-mêmes."""

PART_FLUX_COMPLET = 2
"""Un flux est celui du mois, et non un flux partiel du jour, s'il porte au moins un dossier connu sur deux."""


@dataclass(frozen=True)
class Cliche:
    """Un cliché lisible."""

    a_la_date: date
    dossier: Path
    filigrane: str
    flux_le: date
    """Dernier flux pris en compte."""
    consolide: bool
    """Le flux complet du mois de la date est reçu."""
    pris_le: datetime

    def fichier(self, table: str) -> Path:
        return self.dossier / f"{table}.parquet"

    def est_a_jour(self) -> bool:
        """Faux dès qu'un flux tardif, une fusion ou une entrée en file a changé ce qu'on savait à cette date."""
        return filigrane(self.a_la_date) == self.filigrane


def racine() -> Path:
    return Path(settings.DONNEES) / "observatoire" / "cliches"


def _manifeste(dossier: Path, a_la_date: date) -> Path:
    return dossier / f"mois={a_la_date:%Y-%m}" / f"{a_la_date:%Y-%m-%d}.json"


def _lire(manifeste: Path) -> Cliche | None:
    try:
        lu: dict[str, Any] = json.loads(manifeste.read_text())
    except FileNotFoundError:
        return None
    if lu["format"] != FORMAT:
        return None
    cliche = Cliche(
        a_la_date=date.fromisoformat(lu["a_la_date"]),
        dossier=manifeste.parent / lu["version"],
        filigrane=lu["filigrane"],
        flux_le=date.fromisoformat(lu["flux_le"]),
        consolide=lu["consolide"],
        pris_le=datetime.fromisoformat(lu["pris_le"]),
    )
    return cliche if cliche.dossier.is_dir() else None


def lire_cliche(a_la_date: date, *, dossier: Path | None = None) -> Cliche:
    """Le cliché d'une date, à jour ou non. Lève `ClicheAbsentError` s'il n'a pas été pris."""
    cliche = _lire(_manifeste(dossier or racine(), a_la_date))
    if cliche is None:
        raise ClicheAbsentError(a_la_date)
    return cliche


def cliches_pris(*, dossier: Path | None = None) -> list[Cliche]:
    """Tous les clichés lisibles, du plus récent au plus ancien."""
    manifestes = sorted((dossier or racine()).glob("mois=*/*.json"), reverse=True)
    return [cliche for manifeste in manifestes if (cliche := _lire(manifeste)) is not None]


def cliche_precedent(a_la_date: date) -> Cliche | None:
    """Le dernier cliché d'un mois antérieur, pour dire l'évolution."""
    mois = (a_la_date.year, a_la_date.month)
    return next((c for c in cliches_pris() if (c.a_la_date.year, c.a_la_date.month) < mois), None)


def prendre_cliche(a_la_date: date, *, dossier: Path | None = None, refaire: bool = False) -> Path:
    """Prend le cliché d'une date et rend son dossier ; ne refait rien si ce qu'on en sait n'a pas changé."""
    dossier = dossier or racine()
    premiere = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as curseur:
        if premiere:
            # Les trois tables doivent dire le même instant, même si un import s'achève entre deux.
            curseur.execute("set transaction isolation level repeatable read")
        curseur.execute("select pg_advisory_xact_lock(hashtext('jalon.observatoire'), hashtext(%s))", [str(a_la_date)])
        connu = filigrane(a_la_date)
        present = _lire(_manifeste(dossier, a_la_date))
        if present is not None and present.filigrane == connu and not refaire:
            return present.dossier
        recus = [flux for flux in flux_recus() if flux.date_reference <= a_la_date]
        if not recus:
            raise DonneesAbsentesError(
                f"Aucun flux n'avait été reçu au {a_la_date:%d/%m/%Y} : choisissez une date plus tardive."
            )
        tables = {nom: extraire(nom, a_la_date) for nom in COLONNES}
    debut_du_mois = a_la_date.replace(day=1)
    complets = [f for f in recus if f.dossiers * PART_FLUX_COMPLET >= tables["foyers"].num_rows]
    return _ecrire(
        dossier,
        a_la_date,
        tables,
        {
            "format": FORMAT,
            "a_la_date": a_la_date.isoformat(),
            "filigrane": connu,
            "flux_le": recus[-1].date_reference.isoformat(),
            "consolide": any(f.date_reference >= debut_du_mois for f in complets),
            "pris_le": timezone.now().isoformat(),
            "lignes": {nom: table.num_rows for nom, table in tables.items()},
        },
    )


def _ecrire(dossier: Path, a_la_date: date, tables: dict[str, Any], manifeste: dict[str, Any]) -> Path:
    """Écrit à côté, puis bascule le manifeste : un cliché à moitié écrit ne se lit jamais."""
    fichier = _manifeste(dossier, a_la_date)
    fichier.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    precedent = _lire(fichier)
    version = fichier.parent / f"{a_la_date:%Y-%m-%d}_{secrets.token_hex(6)}"
    provisoire = version.with_name(f".{version.name}")
    provisoire.mkdir(mode=0o700)
    try:
        for nom, table in tables.items():
            pq.write_table(table, provisoire / f"{nom}.parquet", compression="zstd")
        provisoire.rename(version)
    except BaseException:
        shutil.rmtree(provisoire, ignore_errors=True)
        raise
    nouveau = fichier.with_suffix(f".{secrets.token_hex(4)}.tmp")
    nouveau.write_text(json.dumps({**manifeste, "version": version.name}, ensure_ascii=False, indent=1))
    os.replace(nouveau, fichier)
    for ancienne in fichier.parent.glob(f"{a_la_date:%Y-%m-%d}_*"):
        # La version d'avant reste un tour de plus : une lecture en cours peut encore s'en servir.
        if ancienne != version and (precedent is None or ancienne != precedent.dossier):
            shutil.rmtree(ancienne, ignore_errors=True)
    return version


def cliches_perimes(depuis: date) -> list[date]:
    """Dates déjà prises, à partir de `depuis`, qu'un flux tardif a changées."""
    return sorted(c.a_la_date for c in cliches_pris() if c.a_la_date >= depuis and not c.est_a_jour())

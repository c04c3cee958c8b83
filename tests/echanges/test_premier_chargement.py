"""Le premier chargement d'une base vide : les contraintes s'ôtent puis se reposent, rien d'autre ne change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from jalon.echanges import services
from jalon.echanges.flux_caf import extracteur
from jalon.echanges.flux_caf.faits import TABLES
from tests.cli.conftest import RACINE
from tests.concurrence.conftest import FOYERS, InstallationEmbarquee, embarquee, fichier
from tests.echanges.aides_mois import Mois
from tests.echanges.flux_caf.fabrique import foyer, personne
from tests.echanges.test_histoire import COMPLET

__all__ = ["embarquee"]

SCHEMA = """
select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated from pg_constraint
where connamespace = 'public'::regnamespace
union all select indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid
from pg_index where indrelid::regclass::text not like 'pg_%' order by 1, 2, 3
"""


@pytest.fixture
def premier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Le moindre flux est traité comme un gros : contraintes ôtées, extraction par lots dans un second processus."""
    monkeypatch.setattr(services, "GROS_IMPORT", 1)
    monkeypatch.setattr(extracteur, "TAILLE_LOT", 3)


def lire(requete: str) -> list[tuple[object, ...]]:
    with connection.cursor() as curseur:
        curseur.execute(requete)
        return curseur.fetchall()


def histoire() -> list[tuple[object, ...]]:
    """Tous les faits des dossiers « 1… », sans les identifiants que chaque chargement tire."""
    faits = []
    for table in TABLES:
        lien = "d.foyer_id" if table.proprietaire == "foyer_id" else "d.id"
        personnel = table.colonnes[0] == "personne_id"
        faits += lire(
            f"select '{table.nom}', d.numero_demande, {'p.cle_recherche' if personnel else 'null'}, "
            f"(to_jsonb(t) - '{{id,personne_id,{table.proprietaire}}}'::text[])::text from {table.nom} t "
            f"join droits_dossierrsa d on {lien} = t.{table.proprietaire} "
            f"{'left join personnes_personne p on p.id = t.personne_id ' if personnel else ''}"
            "where d.numero_demande like '1%' order by 1, 2, 3, 4"
        )
    return faits


def foyers(debut: int, nombre: int) -> list[str]:
    simples = [
        foyer(f"{n:011d}", personnes=[personne(f"NOM{n}", "ANNE"), personne(f"NOM{n}", "PAUL", sexe="1", role="CJT")])
        for n in range(debut, debut + nombre)
    ]
    return [*simples, foyer(f"{debut + nombre:011d}", **COMPLET)]


def test_une_base_vide_et_une_base_pleine_donnent_la_meme_histoire(premier: None, mois: Mois) -> None:
    recus = foyers(10_000_000_001, 8)
    with transaction.atomic():
        vide = mois(recus)
        attendue = histoire()
        transaction.set_rollback(True)
    autres = [foyer(f"{n:011d}", personnes=[personne(f"AUTRE{n}", "LEA", "1990-01-01")]) for n in range(1, 5)]
    mois(autres, "2026-08-31")
    pleine = mois(recus)
    assert len(attendue) > 50
    assert histoire() == attendue
    assert pleine.rapport["foyers"] == vide.rapport["foyers"]
    assert pleine.rapport["personnes"] == vide.rapport["personnes"]


def test_les_contraintes_reviennent(premier: None, mois: Mois) -> None:
    avant = lire(SCHEMA)
    assert mois(foyers(1, 8)).rapport["foyers"]["crees"] == 9
    assert lire(SCHEMA) == avant


def test_une_panne_laisse_le_schema_et_les_tables_comme_avant(
    premier: None, mois: Mois, monkeypatch: pytest.MonkeyPatch
) -> None:
    avant = lire(SCHEMA)

    def tomber(*_: object) -> None:
        assert lire(SCHEMA) != avant  # les suites se calculent pendant que leurs tables sont allégées
        raise OSError("plus de place sur le disque")

    monkeypatch.setattr(services, "appliquer", tomber)
    with pytest.raises(OSError, match="plus de place"):
        mois(foyers(1, 8))
    assert lire(SCHEMA) == avant
    assert lire("select count(*) from droits_dossierrsa") == [(0,)]


def test_le_second_processus_tombe(premier: None, mois: Mois, monkeypatch: pytest.MonkeyPatch) -> None:
    avant = lire(SCHEMA)
    monkeypatch.setattr(extracteur, "LANCEMENT", "raise SystemExit(3)")
    with pytest.raises(RuntimeError, match="code 3"):
        mois(foyers(1, 8))
    assert lire(SCHEMA) == avant
    assert lire("select count(*) from droits_dossierrsa") == [(0,)]


# --- Tué ------------------------------------------------------------------------------------------------

IMPORT = """
from pathlib import Path
from jalon.cli.environnement import preparer_django
preparer_django()
from jalon.echanges import services
from jalon.echanges.flux_caf import extracteur
services.GROS_IMPORT, extracteur.TAILLE_LOT = 1, 20
services.importer_flux(Path({chemin!r}), progression=lambda etape, _: print(etape, flush=True))
"""


@pytest.mark.lent
@pytest.mark.parametrize("etape", ["Lecture du fichier", "Mise à jour des dossiers", "File d'orientation"])
def test_tue_pendant_que_les_contraintes_sont_otees(
    embarquee: InstallationEmbarquee,
    tmp_path: Path,
    etape: str,
) -> None:
    embarquee.vider()
    chemin = fichier(tmp_path / "1.xml", "2026-09-30")
    avant, schema = embarquee.empreintes(), embarquee.executer(SCHEMA)
    processus = subprocess.Popen(
        [sys.executable, "-c", IMPORT.format(chemin=str(chemin))], cwd=RACINE, env=embarquee.environnement, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert processus.stdout is not None
    next(ligne for ligne in processus.stdout if etape in ligne)
    os.kill(processus.pid, signal.SIGKILL)
    processus.communicate(timeout=60)
    limite = time.monotonic() + 30
    while _groupe_vivant(processus.pid):  # le second processus, resté seul, s'arrête de lui-même
        assert time.monotonic() < limite
        time.sleep(0.1)
    assert embarquee.empreintes() == avant
    assert embarquee.executer(SCHEMA) == schema
    assert not list((embarquee.donnees / "provisoire").iterdir())
    assert embarquee.json("importer", "flux-caf", chemin, "--json")["foyers"]["crees"] == FOYERS
    assert embarquee.executer(SCHEMA) == schema


def _groupe_vivant(groupe: int) -> bool:
    try:
        os.killpg(groupe, 0)
    except ProcessLookupError:
        return False
    return True

"""Le premier chargement d'une base vide : les contraintes s'ôtent puis se reposent, rien d'autre ne change."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from jalon.echanges import services
from jalon.echanges.flux_caf import extracteur
from jalon.echanges.flux_caf.faits import TABLES
from tests.echanges.aides_mois import Mois
from tests.echanges.flux_caf.fabrique import foyer, personne
from tests.echanges.test_histoire import COMPLET

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

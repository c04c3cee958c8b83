"""L'état de l'installation, à l'écran et dans les vérifications que la ligne de commande partage."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jalon.socle import rls, sante
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def etat(code: str) -> sante.Verification:
    return next(v for v in sante.verifier_installation() if v.code == code)


@pytest.mark.parametrize("code", ["base", "role_web", "lignes", "journaux", "migrations", "file", "horloge", "cle"])
def test_une_installation_saine_est_bonne(code: str) -> None:
    assert etat(code).etat == "bon", etat(code)


def test_voit_une_table_sans_protection() -> None:
    with connection.cursor() as curseur:
        curseur.execute("alter table personnes_personne disable row level security")
    assert etat("lignes").etat == "mauvais"
    assert "personnes_personne" in etat("lignes").detail


def test_voit_un_journal_que_le_web_peut_recrire() -> None:
    with connection.cursor() as curseur:
        curseur.execute("grant update on traces_acte to jalon_web")
    assert etat("journaux").etat == "mauvais"


def test_voit_un_role_web_proprietaire() -> None:
    with connection.cursor() as curseur:
        curseur.execute("grant create on schema public to jalon_web")
        curseur.execute("alter table traces_lecture owner to jalon_web")
    assert etat("role_web").etat == "mauvais"


def test_voit_une_migration_a_passer() -> None:
    with connection.cursor() as curseur:
        curseur.execute("delete from django_migrations where app = 'traces'")
    assert etat("migrations").etat == "mauvais"


def test_voit_un_disque_plein(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**8))
    assert etat("disque").etat == "mauvais"
    assert etat("disque").remede


def test_voit_une_file_arretee() -> None:
    with connection.cursor() as curseur:
        curseur.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status, scheduled_at) "
            "values ('default', 'essai', 'todo', now() - interval '1 hour')"
        )
    assert etat("file").etat == "mauvais"


def test_voit_une_cle_lisible_par_d_autres(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "cle-maitresse").write_text("x")
    (tmp_path / "secrets" / "cle-maitresse").chmod(0o644)
    settings.DONNEES = tmp_path
    assert sante.verifier_cle().etat == "mauvais"


def test_une_horloge_en_retard_se_voit(monkeypatch: pytest.MonkeyPatch) -> None:
    vraie = sante.time.time
    monkeypatch.setattr(sante.time, "time", lambda: vraie() - 60)
    assert sante.verifier_horloge().etat == "mauvais"


def test_sans_https_hors_demonstration_c_est_mauvais(settings: Any) -> None:
    assert sante.verifier_https().etat == "mauvais"
    settings.DEMONSTRATION = True
    assert sante.verifier_https().etat == "attention"
    settings.HTTPS = True
    assert sante.verifier_https().etat == "bon"


def test_une_verification_qui_echoue_n_arrete_pas_les_autres(monkeypatch: pytest.MonkeyPatch) -> None:
    def lire(*_: Any) -> Any:
        with connection.cursor() as curseur:
            curseur.execute("select 1 from table_absente")

    monkeypatch.setattr(sante, "_lire", lire)
    resultats = {v.code: v.etat for v in sante.verifier_installation()}
    assert resultats["role_web"] == "mauvais"
    assert resultats["disque"] in ("bon", "attention")


def test_la_page_montre_les_verifications_le_profil_et_les_parametres(
    connecte: Any, distribution: Distribution
) -> None:
    page = connecte("administrateur").get("/installation/")
    texte = page.content.decode()
    assert page.status_code == 200
    assert "Sécurité par ligne" in texte
    assert "Décret 2026-220 du 30 mars 2026, art. 1" in texte
    assert "Aucun fichier de la caisse" in texte
    assert {v.code for v in page.context["verifications"]} >= {"role_web", "lignes", "import"}


def test_les_verifications_valent_aussi_sous_le_role_web() -> None:
    with rls.web_role():
        etats = {v.code: v.etat for v in sante.verifier_installation()}
    assert all(etats[code] == "bon" for code in ("base", "role_web", "lignes", "journaux", "migrations", "file"))

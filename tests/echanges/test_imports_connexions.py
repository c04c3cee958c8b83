"""Deux vraies connexions : l'avancement se voit pendant l'import, et un travail mort rend son verrou."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jalon.agents.services import creer_agent
from jalon.echanges import imports
from jalon.echanges.models import Flux, Import
from tests.echanges.aides_imports import un_flux


@pytest.fixture
def import_valide(base_a_part: None, settings: Any, tmp_path: Path) -> Import:
    """Une simulation vraiment validée en base."""
    settings.DONNEES = tmp_path
    agent = creer_agent(email="paula@jalon.example", nom="Vrai", prenom="Paula", acteur=None, mot_de_passe="x" * 20)
    return imports.demander_import([un_flux(3)], acteur=agent, nom="flux.xml", simulation=True)


def test_l_avancement_se_voit_pendant_l_import(import_valide: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    vus: list[tuple[str, bool]] = []
    ecrire = imports.Suivi.__call__

    def espionner(suivi: imports.Suivi, etape: str, pourcentage: int) -> None:
        ecrire(suivi, etape, pourcentage)
        ailleurs = connection.copy()
        with ailleurs.cursor() as curseur:
            curseur.execute("select etape from echanges_import where id = %s", [import_valide.pk])
            vus.append((curseur.fetchone()[0], import_valide.pk in imports.imports_vivants()))
        ailleurs.close()

    monkeypatch.setattr(imports.Suivi, "__call__", espionner)
    imports.executer_import(import_valide.public_id)
    assert ("Mise à jour des dossiers", True) in vus
    import_valide.refresh_from_db()
    assert import_valide.etat == Import.Etat.TERMINE
    assert import_valide.rapport["foyers"]["crees"] == 3
    assert not Flux.objects.exists()


def test_un_travail_tue_rend_son_verrou_et_l_import_se_montre_interrompu(import_valide: Import) -> None:
    suivi = imports.Suivi(import_valide)
    suivi.__enter__()
    assert suivi.commencer()
    assert imports.marquer_interrompus() == 0
    suivi.connexion.close()  # ce que le noyau fait d'un processus tué
    _attendre_la_fin_de_session(import_valide)
    assert imports.marquer_interrompus() == 1
    import_valide.refresh_from_db()
    assert import_valide.etat == Import.Etat.INTERROMPU


def _attendre_la_fin_de_session(import_: Import) -> None:
    """PostgreSQL libère le verrou quand il voit la connexion fermée, un instant après."""
    import time

    limite = time.monotonic() + 5
    while import_.pk in imports.imports_vivants() and time.monotonic() < limite:
        time.sleep(0.02)

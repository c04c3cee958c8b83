"""Le menu : par moment de travail, par droit, à une requête."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.web.socle import menu as module
from jalon.web.socle.menu import Porte, menu
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def portes(agent: Agent, chemin: str = "/") -> dict[str, Porte]:
    requete = RequestFactory().get(chemin)
    requete.perimetre = Perimetre.de(agent)  # type: ignore[attr-defined]
    return {porte.url: porte for _, groupe in menu(requete) for porte in groupe}


def test_l_orienteur_a_la_file_et_pas_les_imports(distribution: Distribution) -> None:
    menu_orienteur = portes(distribution.orienteur)
    assert "/orientation/" in menu_orienteur
    assert "Imports CAF/MSA" not in {porte.texte for porte in menu_orienteur.values()}


def test_le_siege_a_la_file_et_les_imports(distribution: Distribution) -> None:
    textes = {porte.texte for porte in portes(distribution.siege).values()}
    assert {"File d'orientation", "Imports CAF/MSA"} <= textes


def test_le_lecteur_n_a_aucune_porte_sur_une_personne(distribution: Distribution) -> None:
    assert not {"/recherche/", "/orientation/", "/taches/"} & set(portes(distribution.lecteur))


def test_un_ecran_absent_n_a_pas_de_porte(distribution: Distribution, monkeypatch: pytest.MonkeyPatch) -> None:
    fantome = module.Entree("n_existe_pas", "Fantôme", "ghost")
    monkeypatch.setattr(module, "MOMENTS", (("", (fantome,)),))
    assert portes(distribution.siege) == {}


def test_les_compteurs_coutent_une_requete_et_suivent_le_perimetre(distribution: Distribution) -> None:
    for _ in range(3):
        une_allocataire(territoire=distribution.territoire, en_attente=True)
    une_allocataire(territoire=distribution.autre_territoire, en_attente=True)
    portes(distribution.orienteur)
    requete = RequestFactory().get("/")
    requete.perimetre = Perimetre.de(distribution.orienteur)  # type: ignore[attr-defined]
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        menu(requete)
        menu(requete)
    assert len(requetes) == 1
    assert portes(distribution.orienteur)["/orientation/"].compteur == 3
    assert portes(distribution.etrangere)["/orientation/"].compteur == 1
    assert portes(distribution.siege)["/orientation/"].compteur == 4


def test_la_porte_de_la_page_est_marquee(distribution: Distribution) -> None:
    assert [p.url for p in portes(distribution.siege, "/orientation/affecter/").values() if p.courante] == [
        "/orientation/"
    ]
    assert [p.url for p in portes(distribution.siege, "/").values() if p.courante] == ["/"]


def test_la_page_porte_la_recherche_et_le_lien_d_evitement(connecte: Any) -> None:
    page = connecte("orienteur").get("/").content.decode()
    assert 'class="evitement" href="#contenu"' in page
    assert 'id="recherche-globale"' in page
    assert "recherche-globale" not in connecte("lecteur").get("/").content.decode()

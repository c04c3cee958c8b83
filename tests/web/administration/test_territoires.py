"""Territoires, communes et organismes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.organismes.models import CommuneTerritoire, ServiceInstructeur
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory

pytestmark = pytest.mark.django_db


def noeuds(racines: list[Any]) -> dict[str, Any]:
    tous = {}
    for noeud in racines:
        tous[noeud.territoire.code] = noeud
        tous |= noeuds(noeud.enfants)
    return tous


def test_l_arbre_compte_les_personnes_visibles(connecte: Any, distribution: Distribution) -> None:
    PersonneFactory.create_batch(3, territoire=distribution.territoire)
    PersonneFactory(territoire=distribution.autre_territoire)
    arbre = noeuds(connecte("siege").get("/territoires/").context["racines"])
    assert arbre[distribution.territoire.code].personnes == 3
    racine = distribution.territoire
    while racine.parent is not None:
        racine = racine.parent
    assert arbre[racine.code].personnes == 4
    vu = noeuds(connecte("orienteur").get("/territoires/").context["racines"])
    assert vu[distribution.territoire.code].personnes == 3
    assert vu[distribution.autre_territoire.code].personnes == 0


def test_un_lecteur_trouve_a_qui_adresser_une_commune_sans_voir_d_effectif(
    connecte: Any, distribution: Distribution
) -> None:
    rattachee = CommuneTerritoire.objects.select_related("commune").order_by("commune__nom", "commune_id")[0]
    page = connecte("lecteur").get("/territoires/", {"q": rattachee.commune.code_insee})
    assert [c.commune for c, _ in page.context["communes"]] == [rattachee.commune]
    assert all(noeud.personnes is None for noeud in noeuds(page.context["racines"]).values())


def test_cherche_une_commune_sans_ses_accents(connecte: Any) -> None:
    page = connecte("lecteur").get("/territoires/", {"q": "bethune"})
    assert "Béthune" in [c.commune.nom for c, _ in page.context["communes"]]
    assert "Aucune commune" in connecte("siege").get("/territoires/?q=zzzz").content.decode()


def test_la_fiche_d_un_territoire(connecte: Any, distribution: Distribution) -> None:
    page = connecte("siege").get(f"/territoires/{distribution.territoire.code}/")
    assert page.status_code == 200
    assert page.context["communes"]
    assert page.context["instructeur"] in page.context["organismes"]
    assert connecte("siege").get("/territoires/n-existe-pas/").status_code == 404


def test_la_fiche_d_un_organisme(connecte: Any, distribution: Distribution) -> None:
    organisme = ServiceInstructeur.objects.order_by("id")[0].organisme
    agent = distribution.agent("Ines", "instructeur", organisme=organisme)
    adresse = f"/organismes/{organisme.public_id}/"
    assert str(agent) in connecte("siege").get(adresse).content.decode()
    assert "Instruire les demandes" in connecte("siege").get(adresse).content.decode()
    assert connecte("lecteur").get(adresse).context["agents"] is None


def test_l_arbre_ne_coute_pas_plus_avec_vingt_personnes(connecte: Any, distribution: Distribution) -> None:
    client = connecte("siege")
    PersonneFactory(territoire=distribution.territoire)
    client.get("/territoires/")
    with CaptureQueriesContext(connection) as peu:
        client.get("/territoires/")
    PersonneFactory.create_batch(20, territoire=distribution.territoire)
    with CaptureQueriesContext(connection) as beaucoup:
        client.get("/territoires/")
    assert len(peu) == len(beaucoup)

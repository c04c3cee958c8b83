"""Toutes les adresses × tous les profils : une adresse absente de la table fait échouer l'essai."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

import tests.acces as acces
from jalon.agents.models import Agent
from jalon.web.comptes.routes import ROUTES_FERMEES, ROUTES_PUBLIQUES, ROUTES_SANS_SECOND_FACTEUR
from tests.acces.objets import FABRIQUES
from tests.acces.regles import PROFILS, Regle
from tests.distribution import Distribution


def _tables() -> dict[str, Regle]:
    """Réunit les tables `table_<parcours>.py` ; une adresse n'a qu'une ligne."""
    routes: dict[str, Regle] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(acces.__path__) if m.name.startswith("table_")):
        lignes: dict[str, Regle] = importlib.import_module(f"tests.acces.{module}").ROUTES
        doubles = routes.keys() & lignes.keys()
        assert not doubles, f"{module} redit {doubles}"
        routes |= lignes
    return routes


ROUTES = _tables()


def _adresses(resolveur: URLResolver | None = None, espace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for motif in (resolveur or get_resolver()).url_patterns:
        if isinstance(motif, URLResolver):
            yield from _adresses(motif, f"{espace}{motif.namespace}:" if motif.namespace else espace)
        else:
            assert motif.name, f"L'adresse {motif.pattern} n'a pas de nom."
            yield f"{espace}{motif.name}", motif


def test_chaque_adresse_est_dans_la_table() -> None:
    assert {nom for nom, _ in _adresses()} - ROUTES.keys() == set()


def test_la_table_ne_parle_que_d_adresses_qui_existent() -> None:
    assert ROUTES.keys() - {nom for nom, _ in _adresses()} == set()


def test_les_adresses_publiques_sont_toutes_dans_la_liste_relue() -> None:
    publiques = {nom for nom, motif in _adresses() if not getattr(motif.callback, "login_required", True)}
    assert publiques - ROUTES_FERMEES == ROUTES_PUBLIQUES


def test_les_listes_de_routes_ne_nomment_que_des_adresses_qui_existent() -> None:
    connues = {nom for nom, _ in _adresses()}
    assert (ROUTES_PUBLIQUES | ROUTES_FERMEES | ROUTES_SANS_SECOND_FACTEUR) - connues == set()


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(ROUTES))
def test_chaque_profil_obtient_ce_que_dit_la_table(route: str, distribution: Distribution) -> None:
    regle = ROUTES[route]
    adresse = reverse(route, kwargs=FABRIQUES[regle.objet](distribution) if regle.objet else None)
    agents = {profil: getattr(distribution, profil) for profil in PROFILS if profil != "anonyme"}
    obtenus = {profil: _statut(agents.get(profil), adresse, regle) for profil in PROFILS}
    assert obtenus == regle.statuts


def _statut(agent: Agent | None, adresse: str, regle: Regle) -> int:
    """Appelle l'adresse sous ce profil, puis défait ce que l'appel aurait changé."""
    cache.clear()
    client = Client()
    with transaction.atomic():
        if agent is not None:
            client.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
        reponse: Any = getattr(client, regle.methode)(adresse, regle.donnees)
        if reponse.streaming:
            list(reponse.streaming_content)  # lu jusqu'au bout, le fichier se referme
        transaction.set_rollback(True)
    return int(reponse.status_code)

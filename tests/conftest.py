"""Cadre strict des essais : vraie base, réseau coupé, ordre aléatoire, gabarits exacts, distribution nommée."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, connections, models
from django.test import Client

from jalon.referentiels import parametres
from tests.bases import Bases
from tests.distribution import Distribution

PARTAGE = Path(__file__).resolve().parents[2] / "shared"
"""Dossier facultatif de la documentation métier ; un essai qui s'en sert se saute s'il manque."""


EN_PLACE = pytest.StashKey[dict[str, int]]()
"""Combien de lignes chaque table de la base d'essai porte entre deux fichiers."""

PREMIERS = ("navigateur", "lent")
"""Marques des essais qui durent : leurs fichiers partent d'abord, pour que les deux processus finissent ensemble."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Les fichiers les plus longs en tête, l'ordre tiré au sort restant celui de chaque groupe."""
    rangs: dict[Path, int] = {}
    for essai in items:
        rang = next((r for r, marque in enumerate(PREMIERS) if essai.get_closest_marker(marque)), len(PREMIERS))
        rangs[essai.path] = min(rang, rangs.get(essai.path, rang))
    items.sort(key=lambda essai: rangs[essai.path])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Aucun essai n'hérite des paramètres qu'un autre a lus."""
    parametres.oublier()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Le profil est en mémoire avant l'essai : ses lectures n'entrent jamais dans un compte de requêtes."""
    if "db" in getattr(item, "fixturenames", ()) or item.get_closest_marker("django_db"):
        with suppress(parametres.ParametreAbsentError):
            parametres.profil()
            parametres.mot("")
            parametres.vrai("", date.min)


@pytest.fixture(scope="session")
def bases(request: pytest.FixtureRequest) -> Bases:
    """Les bases que ce passage crée à côté de la sienne."""
    passage = getattr(request.config, "workerinput", {}).get("testrunuid") or f"{os.getpid()}-{uuid4()}"
    return Bases(os.environ.get("JALON_BASE_ESSAIS", "test_jalon"), passage, settings.DONNEES / "verrous")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_keepdb: bool, django_db_createdb: bool, bases: Bases
) -> None:
    """Une base d'essai à créer est une copie de la base migrée : les migrations ne se rejouent pas pour chacune."""
    if django_db_createdb or not django_db_keepdb:
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = bases.migree()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, request: pytest.FixtureRequest, bases: Bases
) -> None:
    """La base d'essai porte le profil du Pas-de-Calais ; l'autre profil se pose dans l'essai qui le veut."""
    from jalon.cli.installation import installer, lire_profil

    with django_db_blocker.unblock():
        profil, communes = lire_profil("pas-de-calais")
        installer(profil, communes, tout_le_pays=False)
    request.config.stash[EN_PLACE] = bases.comptes(str(connection.settings_dict["NAME"]))


@pytest.fixture(autouse=True, scope="module")
def _base_intacte(request: pytest.FixtureRequest, bases: Bases) -> Iterator[None]:
    """Un fichier qui laisse des lignes dans la base d'essai échoue lui-même, et non celui qui passe après lui."""
    yield
    if EN_PLACE in request.config.stash:
        avant, apres = request.config.stash[EN_PLACE], bases.comptes(str(connection.settings_dict["NAME"]))
        request.config.stash[EN_PLACE] = apres
        assert avant == apres, "Des lignes sont restées dans la base d'essai, ou en sont parties."


@pytest.fixture
def base_a_part(django_db_setup: None, django_db_blocker: Any, bases: Bases) -> Iterator[None]:
    """Une copie de la base d'essai, jetée ensuite : ce qui s'y valide pour de bon ne reste à aucun autre essai."""
    reglages = connection.settings_dict
    essai = str(reglages["NAME"])
    assert essai.startswith(settings.DATABASES["default"]["TEST"]["NAME"]), f"« {essai} » n'est pas une base d'essai"
    with django_db_blocker.unblock():
        connections.close_all()  # un modèle ne se copie que si personne n'y est connecté
        reglages["NAME"] = bases.copier(essai, f"{essai}_a_part")
        try:
            yield
        finally:
            connections.close_all()
            bases.retirer(reglages["NAME"])
            reglages["NAME"] = essai


@pytest.fixture(autouse=True)
def _sans_reseau(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Aucun essai ne sort de la machine : seules la boucle locale et les prises Unix sont permises."""
    vraie = socket.socket.connect

    def connect(prise: socket.socket, adresse: Any) -> None:
        if prise.family in (socket.AF_INET, socket.AF_INET6) and adresse[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"Un essai veut joindre {adresse[0]} : le réseau est coupé.")
        vraie(prise, adresse)

    monkeypatch.setattr(socket.socket, "connect", connect)


class _VariableInconnue(str):
    """Une variable absente d'un gabarit est une faute, pas un blanc."""

    def __mod__(self, nom: Any) -> str:
        raise AssertionError(f"Le gabarit emploie une variable inconnue : {nom}")

    def __contains__(self, cherche: object) -> bool:
        return cherche == "%s"


@pytest.fixture(autouse=True, scope="session")
def _gabarits_stricts() -> None:
    for moteur in settings.TEMPLATES:
        moteur["OPTIONS"]["string_if_invalid"] = _VariableInconnue("%s")


@pytest.fixture(autouse=True)
def _requetes_non_ordonnees_melangees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Une liste dont l'ordre n'est pas demandé revient à l'envers : un essai qui s'y fie échoue."""
    vraie = models.query.ModelIterable.__iter__

    def iterer(self: models.query.ModelIterable) -> Iterator[Any]:  # type: ignore[type-arg]
        requete = self.queryset.query
        lignes = vraie(self)
        if self.queryset.ordered or requete.is_sliced or requete.combinator:
            return lignes
        return iter(list(lignes)[::-1])

    monkeypatch.setattr(models.query.ModelIterable, "__iter__", iterer)


@pytest.fixture
def distribution(db: None) -> Distribution:
    """Les agents de la pièce : siège, orienteur et collègue en Artois, étrangère au Boulonnais, partenaire…"""
    return Distribution()


@pytest.fixture
def connecte(distribution: Distribution) -> Any:
    """Fonction qui rend un client connecté sous un rôle : `connecte("siege").get(...)`."""

    def connecter(role: str) -> Client:
        client = Client()
        client.force_login(getattr(distribution, role), backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return connecter

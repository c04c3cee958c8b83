"""Cadre strict des essais : vraie base, réseau coupé, ordre aléatoire, gabarits exacts, distribution nommée."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import models
from django.test import Client

from tests.distribution import Distribution

PARTAGE = Path(__file__).resolve().parents[2] / "shared"
"""Dossier facultatif de la documentation métier ; un essai qui s'en sert se saute s'il manque."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """La base d'essai porte le profil du Pas-de-Calais ; l'autre profil se pose dans l'essai qui le veut."""
    from jalon.cli.installation import installer, lire_profil

    with django_db_blocker.unblock():
        profil, communes = lire_profil("pas-de-calais")
        installer(profil, communes, tout_le_pays=False)


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

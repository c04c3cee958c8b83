"""« Mes connexions »."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jalon.agents.services import desactiver_agent
from jalon.web.comptes.appareils import nommer_appareil
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db
PAGE = "/mon-compte/connexions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME_ANDROID = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


@pytest.fixture
def bureau(distribution: Distribution) -> Client:
    return entrer(distribution.siege, FIREFOX)


@pytest.fixture
def telephone(distribution: Distribution) -> Client:
    return entrer(distribution.siege, CHROME_ANDROID)


def entrer(agent: Any, annonce: str) -> Client:
    client = Client(HTTP_USER_AGENT=annonce)
    client.force_login(agent)
    client.get("/mon-compte/")
    return client


def ouverte(client: Client) -> bool:
    return client.get("/mon-compte/").status_code == 200


@pytest.mark.parametrize(
    ("annonce", "attendu"),
    [
        (FIREFOX, "Firefox sur Windows"),
        (CHROME_ANDROID, "Chrome sur un téléphone Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) Version/18.0 Safari/605.1.15", "Safari sur un Mac"),
        ("", "Appareil inconnu"),
    ],
)
def test_nomme_l_appareil(annonce: str, attendu: str) -> None:
    assert nommer_appareil(annonce) == attendu


def test_montre_chaque_connexion_la_presente_d_abord(bureau: Client, telephone: Client) -> None:
    page = bureau.get(PAGE)
    assert [ligne["appareil"] for ligne in page.context["connexions"]] == [
        "Firefox sur Windows",
        "Chrome sur un téléphone Android",
    ]
    assert "Celle-ci" in page.content.decode()


def test_termine_une_connexion(bureau: Client, telephone: Client) -> None:
    numero = UserSession.objects.get(session_key=telephone.session.session_key).pk
    assert bureau.post(PAGE, {"terminer": numero}).url == PAGE
    assert not ouverte(telephone)
    assert ouverte(bureau)


def test_termine_toutes_les_autres(bureau: Client, telephone: Client) -> None:
    bureau.post(PAGE, {"terminer": "autres"})
    assert not ouverte(telephone)
    assert ouverte(bureau)


def test_refuse_de_terminer_la_connexion_d_un_autre_agent(bureau: Client, distribution: Distribution) -> None:
    autre = entrer(distribution.orienteur, FIREFOX)
    bureau.post(PAGE, {"terminer": UserSession.objects.get(user=distribution.orienteur).pk})
    assert ouverte(autre)


def test_fermer_le_compte_ferme_ses_connexions(bureau: Client, distribution: Distribution) -> None:
    desactiver_agent(distribution.siege, acteur=distribution.administrateur)
    assert not ouverte(bureau)
    assert not UserSession.objects.filter(user=distribution.siege).exists()


def test_autant_de_requetes_pour_deux_ou_dix_connexions(
    bureau: Client, telephone: Client, distribution: Distribution
) -> None:
    with CaptureQueriesContext(connection) as peu:
        bureau.get(PAGE)
    for _ in range(8):
        entrer(distribution.siege, FIREFOX)
    with CaptureQueriesContext(connection) as beaucoup:
        bureau.get(PAGE)
    assert len(peu) == len(beaucoup)

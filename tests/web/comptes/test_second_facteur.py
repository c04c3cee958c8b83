"""Gérer son second facteur une fois posé."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.distribution import MOT_DE_PASSE, Distribution
from tests.web.comptes.aides import CODE, code_du_moment, poser_application, se_connecter

pytestmark = pytest.mark.django_db


@pytest.fixture
def protegee(client: Client, distribution: Distribution) -> Client:
    """Le siège, entré par la porte avec son application."""
    poser_application(distribution.siege)
    se_connecter(client, distribution.siege)
    client.post(CODE, {"code": code_du_moment()})
    return client


@pytest.mark.parametrize(
    "adresse",
    [
        "/compte/2fa/", "/compte/2fa/webauthn/", "/compte/2fa/webauthn/add/", "/compte/2fa/totp/deactivate/",
        "/compte/2fa/recovery-codes/generate/", "/mon-compte/", "/mon-compte/connexions/", "/compte/password/change/",
    ],
)  # fmt: skip
def test_les_pages_du_compte_s_ouvrent(protegee: Client, adresse: str) -> None:
    page = protegee.get(adresse)
    assert page.status_code == 200
    assert "<h1>" in page.content.decode()


def test_refuse_de_retirer_le_seul_second_facteur(protegee: Client, distribution: Distribution) -> None:
    page = protegee.post("/compte/2fa/totp/deactivate/")
    assert "obligatoire" in page.content.decode()
    assert Authenticator.objects.filter(user=distribution.siege, type="totp").exists()


def test_retire_l_application_quand_une_cle_reste(protegee: Client, distribution: Distribution) -> None:
    Authenticator.objects.create(user=distribution.siege, type="webauthn", data={"name": "Clé bleue", "credential": {}})
    protegee.post("/compte/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=distribution.siege, type="totp").exists()


def test_une_session_ancienne_redemande_le_mot_de_passe(protegee: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jalon.web.comptes.adaptateur.CONNEXION_FRAICHE", 0)
    refus = protegee.get("/compte/2fa/recovery-codes/generate/")
    assert refus.url.startswith("/compte/reauthenticate/")
    page = protegee.get(refus.url)
    assert page.status_code == 200
    suite = protegee.post(refus.url, {"password": MOT_DE_PASSE, "next": "/compte/2fa/recovery-codes/generate/"})
    assert suite.url == "/compte/2fa/recovery-codes/generate/"
    assert protegee.get(suite.url).status_code == 200


def test_se_reverifie_par_un_code(protegee: Client) -> None:
    assert protegee.get("/compte/2fa/reauthenticate/").status_code == 200
    suite = protegee.post("/compte/2fa/reauthenticate/", {"code": code_du_moment(1), "next": "/compte/2fa/"})
    assert suite.url == "/compte/2fa/"


def test_previent_par_courriel_quand_un_facteur_est_pose(
    client: Client, distribution: Distribution, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    se_connecter(client, distribution.siege)
    client.get("/compte/2fa/totp/activate/")
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/compte/2fa/totp/activate/", {"code": code_du_moment(secret=client.session["mfa.totp.secret"])})
    assert any(m.subject == "Jalon : application d’authentification activée" for m in mailoutbox)
    assert all(m.to == [distribution.siege.email] for m in mailoutbox)


def test_exiger_le_second_facteur_ne_coute_rien_a_qui_l_a_pose(protegee: Client, distribution: Distribution) -> None:
    sans_porte = Client()
    sans_porte.force_login(distribution.siege)
    nombres = []
    for client in (protegee, sans_porte):
        client.get("/mon-compte/")
        with CaptureQueriesContext(connection) as requetes:
            client.get("/mon-compte/")
        nombres.append(len(requetes))
    assert nombres[0] == nombres[1]

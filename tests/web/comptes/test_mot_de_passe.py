"""Mot de passe oublié, choisi, changé."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.distribution import MOT_DE_PASSE, Distribution
from tests.web.comptes.aides import est_connecte, se_connecter

pytestmark = pytest.mark.django_db
OUBLI = "/compte/password/reset/"
CHANGER = "/compte/password/change/"
NOUVEAU = "une-tout-autre-phrase-longue"


def lien(courriel: Any) -> str:
    trouve = re.search(r"http://testserver(/\S+)", courriel.body)
    assert trouve
    return trouve.group(1)


def test_recoit_un_lien_et_choisit_un_mot_de_passe(
    client: Client, distribution: Distribution, mailoutbox: list[Any]
) -> None:
    assert client.get(OUBLI).status_code == 200
    assert client.get(client.post(OUBLI, {"email": distribution.siege.email}).url).status_code == 200
    assert mailoutbox[0].subject == "Jalon : choisissez votre mot de passe"
    formulaire = client.get(lien(mailoutbox[0])).url
    assert client.get(formulaire).status_code == 200
    fin = client.post(formulaire, {"password1": NOUVEAU, "password2": NOUVEAU})
    assert client.get(fin.url).status_code == 200
    assert not est_connecte(client)
    se_connecter(client, distribution.siege, NOUVEAU)
    assert est_connecte(client)


def test_le_lien_ne_sert_qu_une_fois(client: Client, distribution: Distribution, mailoutbox: list[Any]) -> None:
    client.post(OUBLI, {"email": distribution.siege.email})
    formulaire = client.get(lien(mailoutbox[0])).url
    client.post(formulaire, {"password1": NOUVEAU, "password2": NOUVEAU})
    page = Client().get(lien(mailoutbox[0]))
    assert "plus valable" in page.content.decode()


def test_meme_reponse_pour_une_adresse_inconnue(client: Client, db: None, mailoutbox: list[Any]) -> None:
    assert client.post(OUBLI, {"email": "personne@jalon.example"}).url == "/compte/password/reset/done/"
    assert mailoutbox == []


def test_refuse_un_mot_de_passe_court(client: Client, distribution: Distribution) -> None:
    client.force_login(distribution.siege)
    page = client.post(CHANGER, {"oldpassword": MOT_DE_PASSE, "password1": "court", "password2": "court"})
    assert page.status_code == 200
    distribution.siege.refresh_from_db()
    assert distribution.siege.check_password(MOT_DE_PASSE)


def test_refuse_sans_le_mot_de_passe_actuel(client: Client, distribution: Distribution) -> None:
    client.force_login(distribution.siege)
    page = client.post(CHANGER, {"oldpassword": "inexact", "password1": NOUVEAU, "password2": NOUVEAU})
    assert "pas votre mot de passe actuel" in page.content.decode()


def test_changer_de_mot_de_passe_ferme_les_autres_connexions(
    client: Client, distribution: Distribution, settings: Any
) -> None:
    settings.DEMONSTRATION = True
    ailleurs = Client()
    for porte in (client, ailleurs):
        se_connecter(porte, distribution.siege)
        porte.get("/mon-compte/")
    client.post(CHANGER, {"oldpassword": MOT_DE_PASSE, "password1": NOUVEAU, "password2": NOUVEAU})
    assert client.get("/mon-compte/").status_code == 200
    assert ailleurs.get("/mon-compte/").status_code == 302
    assert len(client.get("/mon-compte/connexions/").context["connexions"]) == 1

"""La porte d'entrée : courriel, mot de passe, second facteur."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from jalon.agents.models import Agent
from jalon.agents.services import desactiver_agent
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.web.comptes.aides import (
    CODE,
    CONNEXION,
    code_du_moment,
    est_connecte,
    mauvais_code,
    poser_application,
    se_connecter,
)

pytestmark = pytest.mark.django_db


def test_la_page_de_connexion_est_ouverte_a_tous(client: Client) -> None:
    page = client.get(CONNEXION)
    assert page.status_code == 200
    assert '<html lang="fr">' in page.content.decode()
    assert "Courriel professionnel" in page.content.decode()


def test_envoie_a_la_connexion_puis_rend_la_page_demandee(client: Client, distribution: Distribution) -> None:
    poser_application(distribution.siege)
    refus = client.get("/mon-compte/")
    assert refus.url == f"{CONNEXION}?next=/mon-compte/"
    se_connecter(client, distribution.siege, next="/mon-compte/")
    assert client.post(CODE, {"code": code_du_moment()}).url == "/mon-compte/"


def test_connecte_avec_le_mot_de_passe_puis_le_code(client: Client, distribution: Distribution) -> None:
    poser_application(distribution.siege)
    etape = se_connecter(client, distribution.siege)
    assert etape.url == CODE
    assert not est_connecte(client)
    assert client.get(CODE).status_code == 200
    client.post(CODE, {"code": code_du_moment()})
    assert est_connecte(client)
    assert Acte.objects.filter(code="agents.connexion.ouverte", acteur=distribution.siege).count() == 1


def test_refuse_un_code_faux(client: Client, distribution: Distribution) -> None:
    poser_application(distribution.siege)
    se_connecter(client, distribution.siege)
    page = client.post(CODE, {"code": mauvais_code()})
    assert "Ce code n&#x27;est pas le bon" in page.content.decode()
    assert not est_connecte(client)


def test_refuse_un_code_qui_a_deja_servi(client: Client, distribution: Distribution) -> None:
    poser_application(distribution.siege)
    code = code_du_moment()
    se_connecter(client, distribution.siege)
    client.post(CODE, {"code": code})
    autre = Client()
    se_connecter(autre, distribution.siege)
    cache.clear()  # un autre processus n'a pas la mémoire de celui-ci : seule la base sait
    page = autre.post(CODE, {"code": code})
    assert "Ce code a déjà servi" in page.content.decode()
    assert not est_connecte(autre)


@pytest.mark.parametrize("courriel", ["connu", "personne@jalon.example"])
def test_meme_refus_que_le_compte_existe_ou_non(client: Client, distribution: Distribution, courriel: str) -> None:
    adresse = distribution.siege.email if courriel == "connu" else courriel
    page = se_connecter(client, adresse, "mauvais-mot-de-passe")
    assert page.status_code == 200
    assert "Le courriel ou le mot de passe n&#x27;est pas le bon" in page.content.decode()
    assert not est_connecte(client)


def test_refuse_un_compte_ferme(client: Client, distribution: Distribution) -> None:
    desactiver_agent(distribution.siege, acteur=distribution.administrateur)
    reponse = se_connecter(client, distribution.siege)
    assert reponse.url == "/compte/inactive/"
    assert "fermé" in client.get(reponse.url).content.decode()
    assert not est_connecte(client)


def test_exige_de_poser_un_second_facteur_avant_tout(client: Client, distribution: Distribution) -> None:
    se_connecter(client, distribution.siege)
    assert est_connecte(client)
    for adresse in ("/", "/agents/", "/mon-compte/", "/compte/2fa/", "/compte/password/change/"):
        assert client.get(adresse).url == "/mon-compte/second-facteur/", adresse
    assert client.get("/mon-compte/second-facteur/").status_code == 200


def test_la_demonstration_n_exige_pas_de_second_facteur(
    client: Client, distribution: Distribution, settings: Any
) -> None:
    settings.DEMONSTRATION = True
    se_connecter(client, distribution.siege)
    assert client.get("/mon-compte/").status_code == 200


def test_l_agent_pose_son_application_puis_entre(client: Client, distribution: Distribution) -> None:
    se_connecter(client, distribution.siege)
    page = client.get("/compte/2fa/totp/activate/")
    assert page.status_code == 200
    assert '<svg role="img"' in page.content.decode()
    assert "style=" not in page.content.decode()
    secret = client.session["mfa.totp.secret"]
    assert client.post("/compte/2fa/totp/activate/", {"code": mauvais_code(secret)}).status_code == 200
    reponse = client.post("/compte/2fa/totp/activate/", {"code": code_du_moment(secret=secret)})
    assert reponse.url == "/compte/2fa/recovery-codes/"
    codes = client.get(reponse.url)
    assert codes.status_code == 200
    assert len(codes.context["unused_codes"]) == 10
    assert client.get("/mon-compte/").status_code == 200
    facteur = distribution.siege.authenticator_set.get(type="totp")
    assert secret not in str(facteur.data)


def test_un_code_de_secours_remplace_le_telephone_une_seule_fois(client: Client, distribution: Distribution) -> None:
    se_connecter(client, distribution.siege)
    client.get("/compte/2fa/totp/activate/")
    client.post("/compte/2fa/totp/activate/", {"code": code_du_moment(secret=client.session["mfa.totp.secret"])})
    secours = client.get("/compte/2fa/recovery-codes/").context["unused_codes"][0]
    for attendu in (True, False):
        autre = Client()
        se_connecter(autre, distribution.siege)
        autre.post(CODE, {"code": secours})
        assert est_connecte(autre) is attendu


def test_la_deconnexion_se_demande_et_s_inscrit_au_journal(client: Client, distribution: Distribution) -> None:
    client.force_login(distribution.siege)
    assert client.get("/compte/logout/").status_code == 200
    assert est_connecte(client)
    assert client.post("/compte/logout/").url == CONNEXION
    assert not est_connecte(client)
    assert Acte.objects.filter(code="agents.connexion.fermee", acteur=distribution.siege).exists()


@pytest.mark.parametrize(
    "adresse",
    ["/compte/signup/", "/compte/email/", "/compte/password/set/", "/compte/sessions/", "/compte/login/code/confirm/"],
)
def test_ce_que_jalon_n_ouvre_pas_est_introuvable(client: Client, distribution: Distribution, adresse: str) -> None:
    assert client.get(adresse).status_code in (302, 404)
    client.force_login(distribution.administrateur)
    assert client.get(adresse).status_code == 404
    nombre = Agent.objects.count()
    mot_de_passe = "une-phrase-longue"
    client.post(adresse, {"email": "x@jalon.example", "password1": mot_de_passe, "password2": mot_de_passe})
    assert Agent.objects.count() == nombre


def test_la_session_dure_ce_que_fixe_le_departement(client: Client, distribution: Distribution) -> None:
    Parametre.objects.filter(code="securite.duree_session").update(valeur="30")
    parametres.oublier()
    try:
        client.force_login(distribution.siege)
        assert client.session.get_expiry_age() == 30 * 60
    finally:
        parametres.oublier()

"""Le blocage progressif : ce que voit et ne voit pas celui qui devine."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client

from jalon.agents.models import EchecConnexion
from jalon.agents.services import lever_blocage
from jalon.agents.verrouillage import attente, cle_compte
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.web.comptes.aides import (
    CODE,
    Horloge,
    code_du_moment,
    est_connecte,
    mauvais_code,
    poser_application,
    se_connecter,
)

pytestmark = pytest.mark.django_db
FAUX = "ce-n-est-pas-le-bon"


def se_tromper(client: Client, qui: object, horloge: Horloge, fois: int) -> None:
    """Se trompe `fois` fois en laissant passer les petites attentes, comme le ferait un vrai distrait."""
    for _ in range(fois):
        se_connecter(client, qui, FAUX)  # type: ignore[arg-type]
        horloge.avancer(seconds=61)


def test_l_attente_grandit_a_chaque_echec() -> None:
    durees = [attente(n, 5, timedelta(minutes=15)) for n in range(1, 13)]
    assert durees[:5] == [timedelta(), timedelta(), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=15)]
    assert durees[5:8] == [timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)]
    assert durees[-1] == timedelta(hours=24)


def test_cinq_echecs_bloquent_meme_le_bon_mot_de_passe(
    client: Client, distribution: Distribution, horloge: Horloge
) -> None:
    se_tromper(client, distribution.siege, horloge, 5)
    page = se_connecter(client, distribution.siege)
    assert not est_connecte(client)
    assert "les connexions sont suspendues. Réessayez après" in page.content.decode()
    assert Acte.objects.filter(code="agents.connexion.bloquee", objet=distribution.siege.public_id).count() == 1


def test_le_blocage_se_leve_avec_le_temps(client: Client, distribution: Distribution, horloge: Horloge) -> None:
    se_tromper(client, distribution.siege, horloge, 5)
    horloge.avancer(minutes=13)
    se_connecter(client, distribution.siege)
    assert not est_connecte(client)
    horloge.avancer(minutes=2)
    se_connecter(client, distribution.siege)
    assert est_connecte(client)


def test_une_connexion_reussie_remet_le_compteur_a_zero(
    client: Client, distribution: Distribution, horloge: Horloge
) -> None:
    se_tromper(client, distribution.siege, horloge, 4)
    se_connecter(client, distribution.siege)
    assert est_connecte(client)
    assert not EchecConnexion.objects.exists()


def test_un_autre_compte_n_est_pas_touche(distribution: Distribution, horloge: Horloge) -> None:
    se_tromper(Client(REMOTE_ADDR="192.0.2.1"), distribution.siege, horloge, 5)
    client = Client(REMOTE_ADDR="192.0.2.1")
    se_connecter(client, distribution.orienteur)
    assert est_connecte(client)


def test_le_troisieme_echec_fait_deja_attendre_dix_secondes(
    client: Client, distribution: Distribution, horloge: Horloge
) -> None:
    for _ in range(3):
        se_connecter(client, distribution.siege, FAUX)
    assert "Réessayez dans 10 secondes" in se_connecter(client, distribution.siege).content.decode()
    horloge.avancer(seconds=11)
    se_connecter(client, distribution.siege)
    assert est_connecte(client)


def test_un_compte_inconnu_se_bloque_avec_les_memes_mots(
    client: Client, distribution: Distribution, horloge: Horloge
) -> None:
    textes = []
    for qui in (distribution.siege.email, "personne@jalon.example"):
        for _ in range(4):
            page = se_connecter(client, qui, FAUX)
        textes.append([str(erreur) for erreur in page.context["form"].non_field_errors()])
    assert textes[0] == textes[1]
    assert "dans 10 secondes" in textes[0][0]


def test_les_essais_bloques_ne_rallongent_pas_l_attente(
    client: Client, distribution: Distribution, horloge: Horloge
) -> None:
    for _ in range(20):
        se_connecter(client, distribution.siege, FAUX)
    assert EchecConnexion.objects.get(cle=cle_compte(distribution.siege.email)).nombre == 3


def test_la_casse_et_les_caracteres_jumeaux_ne_font_pas_deux_compteurs() -> None:
    assert cle_compte("Simone.Siege@jalon.example ") == cle_compte("simone.siege@jalon.example")
    assert cle_compte("\u212aarim@jalon.example") == cle_compte("karim@jalon.example")


def test_la_table_ne_dit_ni_qui_ni_d_ou(client: Client, distribution: Distribution) -> None:
    se_connecter(client, distribution.siege, FAUX)
    cles = list(EchecConnexion.objects.values_list("cle", flat=True))
    assert len(cles) == 2
    assert all(len(cle) == 64 and "@" not in cle and cle != "127" for cle in cles)


def test_une_adresse_qui_essaie_beaucoup_de_comptes_est_bloquee(distribution: Distribution, horloge: Horloge) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    for rang in range(20):
        se_connecter(client, f"compte{rang}@jalon.example", FAUX)
        horloge.avancer(seconds=61)
    se_connecter(client, distribution.siege)
    assert not est_connecte(client)
    ailleurs = Client(REMOTE_ADDR="192.0.2.8")
    se_connecter(ailleurs, distribution.siege)
    assert est_connecte(ailleurs)


def test_les_codes_faux_comptent_aussi(client: Client, distribution: Distribution, horloge: Horloge) -> None:
    poser_application(distribution.siege)
    se_connecter(client, distribution.siege)
    for _ in range(5):
        client.post(CODE, {"code": mauvais_code()})
        horloge.avancer(seconds=61)
    page = client.post(CODE, {"code": code_du_moment()})
    assert "les connexions sont suspendues" in page.content.decode()
    assert not est_connecte(client)


def test_le_bon_mot_de_passe_entre_deux_codes_faux_ne_remet_pas_a_zero(
    distribution: Distribution, horloge: Horloge
) -> None:
    poser_application(distribution.siege)
    for _ in range(5):
        client = Client()
        se_connecter(client, distribution.siege)
        client.post(CODE, {"code": mauvais_code()})
        horloge.avancer(seconds=61)
    assert EchecConnexion.objects.get(cle=cle_compte(distribution.siege.email)).nombre == 5


def test_retaper_son_mot_de_passe_compte_aussi(client: Client, distribution: Distribution, horloge: Horloge) -> None:
    client.force_login(distribution.siege)
    for _ in range(5):
        client.post("/compte/reauthenticate/", {"password": FAUX})
        horloge.avancer(seconds=61)
    page = client.post("/compte/reauthenticate/", {"password": "phrase-de-passe-d-essai"})
    assert "les connexions sont suspendues" in page.content.decode()


def test_un_essai_simultane_n_est_pas_examine(
    client: Client, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tant qu'un essai sur ce compte n'est pas fini, le suivant attend puis est refusé, sans être compté."""
    monkeypatch.setattr("jalon.agents.verrouillage.ATTENTE_VERROU", "100ms")
    reglages = connection.get_connection_params()
    with psycopg.connect(
        host=reglages["host"], user=reglages["user"], password=reglages["password"], dbname=reglages["dbname"]
    ) as autre:
        autre.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [cle_compte(distribution.siege.email)])
        page = se_connecter(client, distribution.siege)
    assert "Une autre tentative de connexion" in page.content.decode()
    assert not est_connecte(client)
    assert not EchecConnexion.objects.exists()
    se_connecter(client, distribution.siege)
    assert est_connecte(client)


def test_l_administrateur_leve_le_blocage(client: Client, distribution: Distribution, horloge: Horloge) -> None:
    se_tromper(client, distribution.siege, horloge, 5)
    lever_blocage(distribution.siege, acteur=distribution.administrateur)
    se_connecter(client, distribution.siege)
    assert est_connecte(client)


def test_un_vieux_compteur_repart_de_un(client: Client, distribution: Distribution, horloge: Horloge) -> None:
    se_tromper(client, distribution.siege, horloge, 4)
    horloge.avancer(days=8)
    se_connecter(client, distribution.siege, FAUX)
    assert EchecConnexion.objects.get(cle=cle_compte(distribution.siege.email)).nombre == 1

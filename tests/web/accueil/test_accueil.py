"""L'accueil : ce qui attend l'agent, selon son rôle ; chaque chiffre ouvre sa liste."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Tache, TypeTache
from jalon.referentiels.parametres import nombre
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def page(client: Client) -> str:
    reponse = client.get("/")
    assert reponse.status_code == 200
    return reponse.content.decode()


def chiffres(client: Client) -> dict[str, int]:
    return {c.libelle: c.valeur for c in client.get("/").context["journee"].chiffres}


def test_un_visiteur_est_mene_a_la_connexion(client: Client, db: None) -> None:
    reponse = client.get("/")
    assert reponse.status_code == 302
    assert "/compte/" in reponse["Location"]


def test_l_orienteur_voit_la_file_de_son_territoire(distribution: Distribution, connecte: Any) -> None:
    jour = timezone.localdate()
    alerte = int(nombre("orientation.alerte_avant_echeance", jour))
    for decalage in (-1, 0, alerte - 1, alerte):
        personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
        AttenteOrientation.objects.filter(personne=personne).update(echeance=jour + timedelta(days=decalage))
    une_allocataire(territoire=distribution.autre_territoire, en_attente=True)
    vus = chiffres(connecte("orienteur"))
    assert vus["Orientations en retard"] == 1
    assert vus[f"À orienter sous {alerte} jours"] == 2
    assert vus["Nouveaux entrants"] == vus["Personnes à orienter"] == 4
    assert chiffres(connecte("etrangere"))["Personnes à orienter"] == 1


def test_chaque_chiffre_est_une_porte_qui_s_ouvre(distribution: Distribution, connecte: Any) -> None:
    une_allocataire(territoire=distribution.territoire, en_attente=True)
    client = connecte("siege")
    for chiffre in client.get("/").context["journee"].chiffres:
        assert chiffre.url
        assert client.get(chiffre.url).status_code == 200, chiffre


def test_ce_qui_presse_est_montre_d_abord(distribution: Distribution, connecte: Any) -> None:
    jour = timezone.localdate()
    for rang in range(7):
        personne = une_allocataire(territoire=distribution.territoire, en_attente=True, nom=f"RANG{rang}")
        AttenteOrientation.objects.filter(personne=personne).update(echeance=jour + timedelta(days=rang))
    texte = page(connecte("orienteur"))
    assert texte.index("Rang0") < texte.index("Rang4")
    assert "Rang5" not in texte


def test_les_taches_en_retard_sont_dites(distribution: Distribution, connecte: Any) -> None:
    personne = une_allocataire(territoire=distribution.territoire)
    jour = timezone.localdate()
    tache = Tache.objects.create(
        type=TypeTache.RECUEIL, personne=personne, territoire=distribution.territoire, ouverte_le=jour, echeance=jour
    )
    assert "Tâches en retard" not in chiffres(connecte("orienteur"))
    Tache.objects.filter(pk=tache.pk).update(echeance=jour - timedelta(days=1))
    assert chiffres(connecte("orienteur"))["Tâches en retard"] == 1


def test_refuse_les_chiffres_de_la_quarantaine_sans_le_droit(connecte: Any) -> None:
    assert "Foyers en quarantaine" in chiffres(connecte("siege"))
    assert "Foyers en quarantaine" not in chiffres(connecte("orienteur"))


def test_l_accueil_n_est_jamais_vide(connecte: Any) -> None:
    assert "n’a pas encore de rôle" in page(connecte("sans_affectation"))
    assert "Rien ne vous attend" in page(connecte("lecteur"))
    assert "Dernier fichier de la caisse" in page(connecte("administrateur"))


def test_autant_de_requetes_pour_une_ou_vingt_personnes(distribution: Distribution, connecte: Any) -> None:
    client = connecte("siege")
    une_allocataire(territoire=distribution.territoire, en_attente=True)
    client.get("/")
    comptes = []
    for nombre_ajoute in (0, 19):
        for _ in range(nombre_ajoute):
            une_allocataire(territoire=distribution.territoire, en_attente=True)
        with CaptureQueriesContext(connection) as requetes:
            client.get("/")
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]

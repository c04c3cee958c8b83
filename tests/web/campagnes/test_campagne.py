"""Une campagne à l'écran : déposer, vérifier les colonnes, trancher, décider en nombre, clore."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.agents.models import Agent
from jalon.echanges.campagnes.modeles import Campagne, CandidatLigne, EtatLigne, FormatListe, LigneCampagne, Pile
from jalon.echanges.campagnes.services import executer_rapprochement
from jalon.organismes.models import Organisme
from jalon.orientations.models import DecisionOrientation, MotifOrientation, TypeOrientation
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
LISTE = "Nom;Prénom;Date de naissance;Référent\r\nWATTEBLED;SOPHIE;12/04/1985;R. Lamy\r\nINCONNU;Zoé;01/01/1990;\r\n"


@pytest.fixture
def chef(distribution: Distribution) -> Agent:
    return distribution.agent("Charles", "chef_territoire", territoire=distribution.territoire)


@pytest.fixture
def client_chef(chef: Agent) -> Client:
    from django.conf import settings

    client = Client()
    client.force_login(chef, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.fixture
def sophie(distribution: Distribution) -> Personne:
    return une_allocataire(
        territoire=distribution.territoire, en_attente=True, nom="WATTEBLED", prenom="SOPHIE",
        date_naissance=date(1985, 4, 12),
    )  # fmt: skip


def deposer(client: Client) -> Campagne:
    reponse = client.post(
        reverse("campagne_deposer"),
        {
            "format": FormatListe.objects.get(code="plie").pk, "population": "en_attente", "libelle": "PLIE novembre",
            "fichier": SimpleUploadedFile("plie.csv", LISTE.encode()),
        },
    )  # fmt: skip
    campagne = Campagne.objects.get()
    assert reponse.url == reverse("campagne_colonnes", args=[campagne.public_id])
    return campagne


def rapprocher(client: Client) -> Campagne:
    campagne = deposer(client)
    page = client.get(reverse("campagne_colonnes", args=[campagne.public_id])).content.decode()
    assert "Dans quelle colonne lire chaque chose" in page
    client.post(
        reverse("campagne_colonnes", args=[campagne.public_id]),
        {"nom": "0", "prenom": "1", "date_naissance": "2", "professionnel": "3"},
    )
    executer_rapprochement(campagne.public_id)
    return campagne


def test_du_fichier_a_la_decision_puis_a_la_cloture(client_chef: Client, sophie: Personne) -> None:
    campagne = rapprocher(client_chef)
    page = client_chef.get(reverse("campagne", args=[campagne.public_id]), {"porte": "sure"}).content.decode()
    assert "Wattebled" in page or "WATTEBLED" in page
    assert "1 personne sûre ou vérifiée recevra" in page

    client_chef.post(
        reverse("campagne_decider", args=[campagne.public_id]),
        {
            "choix-type": TypeOrientation.objects.get(code="solidarite").pk,
            "choix-organisme": Organisme.objects.filter(type__categorie="ccas").order_by("id")[0].pk,
            "choix-motif": MotifOrientation.objects.get(code="sans_element").pk,
        },
    )  # fmt: skip
    decision = DecisionOrientation.objects.get(personne=sophie)
    assert decision.origine == "campagne"
    assert LigneCampagne.objects.get(numero=2).decision == decision

    client_chef.post(reverse("campagne_clore", args=[campagne.public_id]))
    assert list(LigneCampagne.objects.order_by("numero").values_list("numero", flat=True)) == [2]


def test_une_ligne_refusee_garde_sa_raison_et_ne_perd_pas_les_autres(client_chef: Client, sophie: Personne) -> None:
    campagne = rapprocher(client_chef)
    client_chef.post(
        reverse("campagne_decider", args=[campagne.public_id]),
        {
            "choix-type": TypeOrientation.objects.get(code="solidarite").pk,
            "choix-organisme": Organisme.objects.filter(type__categorie="ccas").order_by("id")[0].pk,
        },
    )  # fmt: skip
    ligne = LigneCampagne.objects.get(numero=2)
    assert "demande un motif" in ligne.refus
    assert not DecisionOrientation.objects.exists()
    page = client_chef.get(reverse("campagne", args=[campagne.public_id]), {"porte": "refusee"}).content.decode()
    assert "demande un motif" in page


def test_tranche_cote_a_cote(client_chef: Client, sophie: Personne) -> None:
    campagne = rapprocher(client_chef)
    ligne = LigneCampagne.objects.get(numero=3)
    LigneCampagne.objects.filter(pk=ligne.pk).update(pile=Pile.A_VERIFIER)
    CandidatLigne.objects.create(ligne=ligne, personne=sophie, score=61, methode="probable")
    adresse = reverse("campagne_ligne", args=[campagne.public_id, ligne.public_id])

    page = client_chef.get(adresse).content.decode()
    assert page.count("Différent") == 3

    client_chef.post(f"{adresse}trancher/", {"personne": ""})
    ligne.refresh_from_db()
    assert (ligne.etat, ligne.personne) == (EtatLigne.ECARTEE, None)
    client_chef.post(f"{adresse}trancher/", {"personne": str(sophie.public_id)})
    ligne.refresh_from_db()
    assert (ligne.etat, ligne.personne) == (EtatLigne.CONFIRMEE, sophie)


def test_le_siege_ne_decide_pas(connecte: Any, client_chef: Client, sophie: Personne) -> None:
    campagne = rapprocher(client_chef)
    reponse = connecte("siege").post(reverse("campagne_decider", args=[campagne.public_id]), {})
    assert reponse.status_code == 403


def test_une_campagne_d_un_autre_territoire_est_introuvable(
    distribution: Distribution, client_chef: Client, sophie: Personne
) -> None:
    from django.conf import settings

    campagne = rapprocher(client_chef)
    autre = distribution.agent("Chantal", "chef_territoire", territoire=distribution.autre_territoire)
    client = Client()
    client.force_login(autre, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get(reverse("campagne", args=[campagne.public_id])).status_code == 404


def test_autant_de_requetes_pour_une_ligne_que_pour_vingt(client_chef: Client, sophie: Personne) -> None:
    campagne = rapprocher(client_chef)
    adresse = f"{reverse('campagne', args=[campagne.public_id])}?porte=sure"
    client_chef.get(adresse)
    with CaptureQueriesContext(connection) as une:
        client_chef.get(adresse)
    LigneCampagne.objects.bulk_create(
        LigneCampagne(campagne=campagne, numero=n, nom=f"N{n}", prenom="P", pile=Pile.SURE, personne=sophie)
        for n in range(10, 30)
    )
    with CaptureQueriesContext(connection) as vingt:
        client_chef.get(adresse)
    assert len(une) == len(vingt)

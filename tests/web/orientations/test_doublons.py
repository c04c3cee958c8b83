"""Doublons à l'écran : comparer, réunir, séparer, défaire."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.personnes.identite import lire_nir
from jalon.personnes.models import EtatRapprochement, Fusion, Personne, Rapprochement
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db


@pytest.fixture
def doute(distribution: Distribution) -> Rapprochement:
    return un_doute(distribution.territoire, distribution.territoire)


def un_doute(a: Any, b: Any, *, score: int = 92, **champs: Any) -> Rapprochement:
    return Rapprochement.objects.create(
        ancienne=une_allocataire(territoire=a, nom="LEFEVRE", prenom="ELODIE", **champs),
        nouvelle=une_allocataire(
            territoire=b, nom="LEFÈVRE", prenom="ÉLODIE", date_naissance=date(1985, 4, 13), **champs
        ),
        score=score, motif="même nom, naissance à un jour près", date_flux=date(2026, 10, 31),
    )  # fmt: skip


def chef(distribution: Distribution, client: Any) -> Any:
    agent = distribution.agent("Chloé", "chef_territoire", territoire=distribution.territoire)
    client.force_login(agent, backend="jalon.agents.authentification.ConnexionProtegee")
    return client


def test_liste_les_plus_ressemblants_d_abord(connecte: Any, distribution: Distribution) -> None:
    faible = un_doute(None, None, score=81)
    fort = un_doute(None, None, score=97)
    page = connecte("siege").get("/doublons/").content.decode()
    assert page.index(str(fort.public_id)) < page.index(str(faible.public_id))
    assert "Très forte" in page
    assert "Possible" in page


def test_liste_vide(connecte: Any, distribution: Distribution) -> None:
    assert "Aucun doublon à examiner" in connecte("siege").get("/doublons/").content.decode()
    assert "Aucun dossier réuni" in connecte("siege").get("/doublons/reunis/").content.decode()


def test_compare_champ_par_champ_et_note_les_deux_lectures(
    connecte: Any, distribution: Distribution, doute: Rapprochement
) -> None:
    page = connecte("siege").get(f"/doublons/{doute.public_id}/").content.decode()
    assert "12 avril 1985" in page
    assert "13 avril 1985" in page
    assert page.count("<span>Différents</span>") >= 1
    assert page.count("<span>Identiques</span>") >= 3
    lues = Lecture.objects.filter(nature=Lecture.Nature.DOSSIER).order_by("pk").values_list("personne", flat=True)
    assert set(lues) == {doute.ancienne.public_id, doute.nouvelle.public_id}


@pytest.mark.parametrize(
    ("premier", "second", "attendu"),
    [
        ("2850462041001", "2850462041001", "Identiques"),
        ("2850462041001", "2850462041002", "Différents"),
        ("2850462041001", "", "Manque d’un côté"),
    ],
)
def test_ne_montre_jamais_le_nir(connecte: Any, doute: Rapprochement, premier: str, second: str, attendu: str) -> None:
    for personne, texte in ((doute.ancienne, premier), (doute.nouvelle, second)):
        if nir := lire_nir(texte):
            Personne.objects.filter(pk=personne.pk).update(
                nir_chiffre=nir.chiffre, nir_empreinte=nir.empreinte, type_nir=nir.type
            )
    page = connecte("siege").get(f"/doublons/{doute.public_id}/").content.decode()
    ligne = page.split("Numéro de sécurité sociale")[1].split("</tr>")[0]
    assert attendu in ligne
    assert "28504" not in page


def test_reunit_en_gardant_le_dossier_coche(connecte: Any, doute: Rapprochement) -> None:
    reponse = connecte("siege").post(
        f"/doublons/{doute.public_id}/reunir/", {"gardee": doute.nouvelle.public_id}, follow=True
    )
    assert "n’en font plus qu’un" in reponse.content.decode()
    assert Fusion.objects.get().gardee == doute.nouvelle


def test_demande_lequel_garder(connecte: Any, doute: Rapprochement) -> None:
    reponse = connecte("siege").post(f"/doublons/{doute.public_id}/reunir/", {}, follow=True)
    assert "Choisissez lequel" in reponse.content.decode()
    assert not Fusion.objects.exists()


def test_separe_et_passe_au_suivant(connecte: Any, doute: Rapprochement) -> None:
    suivant = un_doute(None, None, score=85)
    reponse = connecte("siege").post(f"/doublons/{doute.public_id}/separer/")
    assert reponse["Location"] == f"/doublons/{suivant.public_id}/"
    doute.refresh_from_db()
    assert doute.etat == EtatRapprochement.REFUSE
    page = connecte("siege").get("/doublons/").content.decode()
    assert str(doute.public_id) not in page
    assert "Déjà tranché" in connecte("siege").get(f"/doublons/{doute.public_id}/").content.decode()


def test_defait_depuis_la_liste_des_dossiers_reunis(connecte: Any, doute: Rapprochement) -> None:
    client = connecte("siege")
    client.post(f"/doublons/{doute.public_id}/reunir/", {"gardee": doute.ancienne.public_id})
    fusion = Fusion.objects.get()
    assert str(fusion.public_id) in client.get("/doublons/reunis/").content.decode()
    page = client.post(f"/doublons/reunis/{fusion.public_id}/defaire/", follow=True).content.decode()
    assert "chaque dossier a retrouvé" in page
    page = client.post(f"/doublons/reunis/{fusion.public_id}/defaire/", follow=True).content.decode()
    assert "déjà été défaite" in page


def test_un_chef_reunit_sur_son_territoire(client: Any, distribution: Distribution, doute: Rapprochement) -> None:
    chef(distribution, client)
    client.post(f"/doublons/{doute.public_id}/reunir/", {"gardee": doute.ancienne.public_id})
    assert Fusion.objects.count() == 1
    client.post(f"/doublons/reunis/{Fusion.objects.get().public_id}/defaire/")
    assert Fusion.objects.get().defaite_le is not None


@pytest.mark.parametrize("acte", ["", "reunir/", "separer/"])
def test_il_faut_voir_les_deux_personnes(client: Any, distribution: Distribution, acte: str) -> None:
    """Une des deux habite un autre territoire : c'est le seul fait qui change."""
    doute = un_doute(distribution.territoire, distribution.autre_territoire)
    chef(distribution, client)
    adresse = f"/doublons/{doute.public_id}/{acte}"
    reponse = client.post(adresse, {"gardee": doute.ancienne.public_id}) if acte else client.get(adresse)
    assert reponse.status_code == 404
    assert not Fusion.objects.exists()


@pytest.mark.parametrize("adresse", ["/doublons/", "/doublons/reunis/"])
def test_refuse_sans_le_droit(connecte: Any, distribution: Distribution, adresse: str) -> None:
    assert connecte("orienteur").get(adresse).status_code == 403


@pytest.mark.parametrize("adresse", ["/doublons/", "/doublons/reunis/"])
def test_meme_nombre_de_lectures_pour_un_et_vingt_doublons(
    connecte: Any, distribution: Distribution, adresse: str
) -> None:
    client = connecte("siege")

    def ajouter() -> None:
        doute = un_doute(None, None)
        if "reunis" in adresse:
            Fusion.objects.create(gardee=doute.ancienne, absorbee=doute.nouvelle, faite_par=distribution.siege)

    ajouter()
    client.get(adresse)
    with CaptureQueriesContext(connection) as un:
        client.get(adresse)
    for _ in range(19):
        ajouter()
    with CaptureQueriesContext(connection) as vingt:
        client.get(adresse)
    assert len(un) == len(vingt)

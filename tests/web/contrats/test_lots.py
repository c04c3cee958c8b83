"""Imprimer des contrats en nombre : choisir, suivre, prendre le fichier, reprendre, lire ce qui est laissé de côté."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jalon.contrats.lots import executer
from jalon.documents.models import EtatLot, LotDocuments
from jalon.traces.models import Lecture
from tests.contrats.parcours import a_signer, un_brouillon
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db
IMPRIMER = "/contrats/imprimer/"


def le_lot() -> LotDocuments:
    return LotDocuments.objects.get(nature="contrat")


def adresse(nom: str, lot: LotDocuments) -> str:
    return reverse(nom, args=[lot.public_id])


def test_seuls_les_contrats_en_ecriture_se_cochent(connecte: Any, distribution: Distribution) -> None:
    brouillon, propose = un_brouillon(distribution), a_signer(distribution)
    page = connecte("partenaire").get(reverse("contrats")).content.decode()
    assert "Imprimer pour signature" in page
    assert f'name="choisis" value="{brouillon.public_id}"' in page
    assert f'name="choisis" value="{propose.public_id}"' not in page


def test_qui_ne_redige_pas_n_a_pas_la_barre(connecte: Any, distribution: Distribution) -> None:
    un_brouillon(distribution)
    assert "Imprimer pour signature" not in connecte("siege").get(reverse("contrats")).content.decode()


def test_du_choix_au_fichier_de_l_imprimeur(connecte: Any, distribution: Distribution) -> None:
    complet, vide = un_brouillon(distribution), un_brouillon(distribution, complet=False)
    laisse = un_brouillon(distribution)
    client = connecte("partenaire")
    reponse = client.post(IMPRIMER, {"choisis": [str(complet.public_id), str(vide.public_id)], "filtre": "?etat="})
    lot = le_lot()
    assert reponse.url == adresse("contrats_lot", lot)
    assert "En attente" in client.get(reponse.url).content.decode()
    assert client.get(adresse("contrats_planche", lot)).status_code == 404
    executer(lot.public_id)
    page = client.get(reponse.url).content.decode()
    assert "1\xa0contrat prêt à signer" in page or "1 contrat prêt à signer" in page
    assert "laissé de côté" in page
    assert reverse("contrat", args=[vide.public_id]) in page
    planche = client.get(adresse("contrats_planche", lot))
    assert planche.content.startswith(b"%PDF-")
    assert Lecture.objects.filter(nature="export", ecran="contrats_planche", nombre=1).exists()
    complet.refresh_from_db()
    laisse.refresh_from_db()
    assert (complet.etat, laisse.etat) == ("a_signer", "brouillon")
    assert lot.titre in client.get(reverse("contrats")).content.decode()


def test_tous_ceux_du_filtre(connecte: Any, distribution: Distribution) -> None:
    un_brouillon(distribution, type="cer_solidarite")
    voulu = un_brouillon(distribution, type="cer_professionnel")
    connecte("partenaire").post(IMPRIMER, {"tout": "oui", "filtre": "?type=cer_professionnel"})
    assert le_lot().objets == [voulu.pk]


@pytest.mark.parametrize(
    ("choisis", "dit"),
    [([], "Cochez au moins un contrat"), (["x"], "rechargez la liste"), ([str(uuid4())], "Aucun contrat à imprimer")],
)
def test_refuse_un_choix_vide_ou_inconnu(
    connecte: Any, distribution: Distribution, choisis: list[str], dit: str
) -> None:
    un_brouillon(distribution)
    reponse = connecte("partenaire").post(IMPRIMER, {"choisis": choisis, "filtre": "?etat=brouillon"}, follow=True)
    assert reponse.redirect_chain[-1][0] == "/contrats/?etat=brouillon"
    assert dit in reponse.content.decode()
    assert not LotDocuments.objects.exists()


def test_un_lot_coupe_se_reprend_et_un_lot_fini_non(connecte: Any, distribution: Distribution) -> None:
    contrat, client = un_brouillon(distribution), connecte("partenaire")
    client.post(IMPRIMER, {"choisis": [str(contrat.public_id)]})
    lot = le_lot()
    LotDocuments.objects.filter(pk=lot.pk).update(etat=EtatLot.INTERROMPU)
    assert "Reprendre" in client.get(adresse("contrats_lot", lot)).content.decode()
    client.post(adresse("contrats_reprendre", lot))
    lot.refresh_from_db()
    assert lot.etat == EtatLot.EN_ATTENTE
    executer(lot.public_id)
    client.post(adresse("contrats_reprendre", lot))
    lot.refresh_from_db()
    assert lot.etat == EtatLot.TERMINE


def test_autant_de_requetes_pour_un_ou_vingt_brouillons(connecte: Any, distribution: Distribution) -> None:
    client, comptes = connecte("partenaire"), []
    for ajoutes in (1, 9):
        for _ in range(ajoutes):
            un_brouillon(distribution, complet=False)
        client.get(reverse("contrats"))
        with CaptureQueriesContext(connection) as requetes:
            client.get(reverse("contrats"))
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]

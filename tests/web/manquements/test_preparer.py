"""Préparer une saisine : les faits du dossier, la réponse sur le service avant d'enregistrer, puis la saisine."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from jalon.manquements.models import FaitManquement, Manquement
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.manquements.aides import une_preparation
from tests.manquements.fabriques import il_y_a, un_contact, un_manquement, un_rendez_vous_manque, une_personne_suivie

pytestmark = pytest.mark.django_db


def envoi(rendez_vous: Any, contact: Any, acte: str, **autres: str) -> dict[str, Any]:
    return {
        "motif": "convocation", "faits": [f"rv-{rendez_vous.public_id}"], "contact": str(contact.public_id),
        "expose": "La personne n’est pas venue.", "acte": acte, "numero": "1", **autres,
    }  # fmt: skip


def test_propose_les_absences_du_dossier_et_note_la_lecture(connecte: Any, distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution)
    un_rendez_vous_manque(distribution, personne, il_y_a(30))
    reponse = connecte("partenaire").get(reverse("manquement_ouvrir", args=[personne.public_id]))
    assert [case.texte for case in reponse.context["cases"]] == ["Entretien de suivi, non venue"]
    lue = Lecture.objects.get(personne=personne.public_id)
    assert lue.ecran == "saisine pour un manquement"


@pytest.mark.parametrize(("convoque_avant", "en_cause"), [(20, False), (None, True)])
def test_repond_sur_le_service_avant_d_enregistrer(
    connecte: Any, distribution: Distribution, convoque_avant: int | None, en_cause: bool
) -> None:
    personne = une_personne_suivie(distribution)
    manque = un_rendez_vous_manque(distribution, personne, il_y_a(30), convoque_avant=convoque_avant)
    contact = un_contact(distribution, personne, il_y_a(20))
    adresse = reverse("manquement_ouvrir", args=[personne.public_id])
    reponse = connecte("partenaire").post(adresse, envoi(manque, contact, "verifier"))
    page = reponse.content.decode()
    assert reponse.context["reponse"].en_cause is en_cause
    assert ("Aucune convocation écrite" in page) is en_cause
    assert ('value="saisir"' in page) is not en_cause
    assert not Manquement.objects.exists()


def test_garde_puis_saisit(connecte: Any, distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution)
    manque = un_rendez_vous_manque(distribution, personne, il_y_a(30))
    contact = un_contact(distribution, personne, il_y_a(20))
    client = connecte("partenaire")
    adresse = reverse("manquement_ouvrir", args=[personne.public_id])
    garde = client.post(adresse, envoi(manque, contact, "garder"))
    manquement = Manquement.objects.get()
    preparer = reverse("manquement_preparer", args=[manquement.public_id])
    assert (garde.status_code, garde["Location"]) == (302, preparer)
    assert client.get(adresse)["Location"] == preparer
    page = client.get(preparer)
    assert page.context["reponse"].prete
    donnees = envoi(manque, contact, "saisir", numero=str(page.context["ecran"].numero))
    assert client.post(preparer, donnees).status_code == 302
    manquement.refresh_from_db()
    assert manquement.etat == "saisi"


def test_decocher_un_fait_le_retire(connecte: Any, distribution: Distribution) -> None:
    manquement = une_preparation(distribution)
    client = connecte("partenaire")
    adresse = reverse("manquement_preparer", args=[manquement.public_id])
    numero = client.get(adresse).context["ecran"].numero
    client.post(adresse, {"expose": manquement.expose, "numero": str(numero), "acte": "garder"})
    assert not FaitManquement.objects.exists()


def test_refuse_de_saisir_sans_contact_et_garde_le_texte(connecte: Any, distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution)
    manque = un_rendez_vous_manque(distribution, personne, il_y_a(30))
    donnees = envoi(manque, un_contact(distribution, personne, il_y_a(20)), "saisir", expose="Mon texte.")
    adresse = reverse("manquement_ouvrir", args=[personne.public_id])
    reponse = connecte("partenaire").post(adresse, donnees | {"contact": ""})
    assert reponse.status_code == 409
    assert "Mon texte." in reponse.content.decode()
    assert not Manquement.objects.exists()


def test_refuse_d_ecraser_l_expose_d_un_collegue(connecte: Any, distribution: Distribution) -> None:
    manquement = une_preparation(distribution)
    reponse = connecte("partenaire").post(
        reverse("manquement_preparer", args=[manquement.public_id]),
        {"expose": "Le mien.", "numero": "1", "acte": "garder"},
    )
    assert reponse.status_code == 409
    assert "Le mien." in reponse.content.decode()
    manquement.refresh_from_db()
    assert manquement.expose == "La personne n'est pas venue."


def test_une_saisine_partie_ne_se_reprend_plus(connecte: Any, distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="saisi")
    reponse = connecte("partenaire").get(reverse("manquement_preparer", args=[manquement.public_id]))
    assert reponse["Location"] == reverse("manquement", args=[manquement.public_id])


def test_le_dossier_montre_le_bouton_a_qui_peut_saisir(connecte: Any, distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution)
    adresse = reverse("personne", args=[personne.public_id])
    assert "Signaler un manquement" in connecte("partenaire").get(adresse).content.decode()
    assert "Signaler un manquement" not in connecte("siege").get(adresse).content.decode()

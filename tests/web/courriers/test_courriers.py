"""Changer le texte d'un courrier à l'écran : l'aperçu d'abord, et rien de perdu."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from jalon.documents.models import ModeleCourrier, VersionModele

pytestmark = pytest.mark.django_db
CORPS = "{civilite},\n## Votre référent\n- Son nom : {nouveau_referent}\nÀ partir du {date_effet}."


@pytest.fixture
def modele() -> ModeleCourrier:
    return ModeleCourrier.objects.get(code="passation_referent")


def adresse(modele: ModeleCourrier, nom: str = "courrier_modifier") -> str:
    return reverse(nom, args=[modele.public_id])


def saisie(**change: Any) -> dict[str, Any]:
    return {"objet": "votre référent", "corps": CORPS, "note": "", "numero": 1, "action": "publier"} | change


def test_liste_les_textes_et_qui_les_a_publies(connecte: Any) -> None:
    page = connecte("siege").get("/courriers/").content.decode()
    assert "Invitation à la réunion d&#x27;information" in page
    assert "Texte d’origine du profil" in page


def test_montre_le_texte_son_apercu_et_ce_que_l_on_peut_citer(connecte: Any, modele: ModeleCourrier) -> None:
    page = connecte("siege").get(adresse(modele)).content.decode()
    assert "Dominique Modèle" in page
    assert "<code>{nouveau_referent}</code>" in page
    assert "le nom du nouveau référent" in page


def test_l_apercu_ne_publie_rien(connecte: Any, modele: ModeleCourrier) -> None:
    reponse = connecte("siege").post(adresse(modele), saisie(action="apercu"))
    page = reponse.content.decode()
    assert "<h3>Votre référent</h3>" in page
    assert "<li>Son nom\u00a0: Dominique Modèle</li>" in page
    assert modele.versions.count() == 1


def test_publie(connecte: Any, modele: ModeleCourrier) -> None:
    reponse = connecte("siege").post(adresse(modele), saisie(note="Plus clair"), follow=True)
    assert "Le texte n° 2 est publié" in reponse.content.decode()
    assert modele.versions.get(numero=2).note == "Plus clair"


@pytest.mark.parametrize("action", ["publier", "apercu"])
def test_refuse_un_texte_faux_en_gardant_la_saisie(connecte: Any, modele: ModeleCourrier, action: str) -> None:
    reponse = connecte("siege").post(adresse(modele), saisie(corps=f"{CORPS}\n{{inconnu}}", action=action))
    page = reponse.content.decode()
    assert reponse.status_code == 422
    assert "Ligne 5 : « {inconnu} » n&#x27;est pas un champ de ce courrier" in page
    assert "- Son nom : {nouveau_referent}" in page
    assert modele.versions.count() == 1


def test_deux_auteurs_ne_s_ecrasent_pas(connecte: Any, modele: ModeleCourrier) -> None:
    connecte("siege").post(adresse(modele), saisie())
    second = connecte("administrateur").post(adresse(modele), saisie(corps=CORPS + "\nBonne suite."))
    page = second.content.decode()
    assert second.status_code == 409
    assert "Le texte de votre collègue (n° 2)" in page
    assert "Bonne suite." in page
    assert 'name="numero" value="2"' in page
    assert modele.versions.count() == 2


def test_revient_a_un_ancien_texte(connecte: Any, modele: ModeleCourrier) -> None:
    client = connecte("siege")
    client.post(adresse(modele), saisie())
    origine = modele.versions.get(numero=1)
    client.post(reverse("courrier_restaurer", args=[modele.public_id, 1]), {"numero": 2})
    assert VersionModele.objects.get(modele=modele, numero=3).corps == origine.corps


def test_rend_un_apercu_en_pdf(connecte: Any, modele: ModeleCourrier) -> None:
    reponse = connecte("siege").post(adresse(modele, "courrier_apercu"), saisie())
    assert reponse["Content-Type"] == "application/pdf"
    assert reponse.content.startswith(b"%PDF")

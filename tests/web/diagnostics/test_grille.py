"""La grille d'une personne : la saisir, la relire, l'imprimer."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse

from jalon.diagnostics.installation import installer_grilles
from jalon.diagnostics.models import Passation
from jalon.diagnostics.selectors import grille_principale, version_en_vigueur
from jalon.personnes.models import Personne
from jalon.referentiels.profil import charger_profil
from jalon.web.diagnostics.grilles import donnees_pdf
from tests.diagnostics.fabriques import une_passation
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
ITEMS = ("logement", "transport", "sante", "dernier_emploi", "reprise", "contraintes", "adaptation", "relations")


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire)


def envoi(**changes: str) -> dict[str, str]:
    return {
        "jeton": str(uuid4()), "date_passation": "2026-10-01", "origine": "entretien", "parcours_envisage": "social",
        "convenue": "on", **{f"item_{code}": "2" for code in ITEMS}, **changes,
    }  # fmt: skip


def adresse(nom: str, personne: Personne, **cles: Any) -> str:
    return reverse(nom, kwargs={"public_id": personne.public_id, **cles})


def texte(reponse: Any) -> str:
    return str(reponse.content.decode())


def test_une_seule_page_porte_toutes_les_questions(connecte: Any, personne: Personne) -> None:
    page = texte(connecte("orienteur").get(adresse("grille_saisir", personne)))
    assert page.count("<fieldset") == 8
    assert page.count('type="radio"') == 8 * 7
    assert "checked" not in page, "une question oubliée n'est pas un refus de répondre"
    assert "la dernière fois" not in page


def test_enregistre_et_montre_la_grille(connecte: Any, distribution: Distribution, personne: Personne) -> None:
    reponse = connecte("orienteur").post(
        adresse("grille_saisir", personne), envoi(item_sante="sans", item_transport="5"), follow=True
    )
    remplie = Passation.objects.get()
    assert (remplie.saisie_par, remplie.parcours_envisage) == (distribution.orienteur, "social")
    assert remplie.reponses.count() == 7
    page = texte(reponse)
    assert "N’a pas souhaité répondre" in page
    assert "Transports en commun seuls" in page
    assert "convenue à deux" in page


def test_deux_envois_de_la_meme_page_ne_font_qu_une_grille(connecte: Any, personne: Personne) -> None:
    client, donnees = connecte("orienteur"), envoi()
    assert [client.post(adresse("grille_saisir", personne), donnees).status_code for _ in range(2)] == [302, 302]
    assert Passation.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "statut", "phrase"),
    [
        ({"item_transport": ""}, 422, "Choisissez un échelon, ou « Ne souhaite pas répondre »."),
        ({"item_transport": "7"}, 422, "Choisissez l’un des échelons proposés."),
        ({"convenue": ""}, 409, "Une grille se remplit à deux"),
        ({"date_passation": "2099-01-01"}, 409, "avenir"),
    ],
)
def test_un_refus_garde_ce_qui_est_saisi(
    connecte: Any, personne: Personne, changes: dict[str, str], statut: int, phrase: str
) -> None:
    page = connecte("orienteur").post(adresse("grille_saisir", personne), envoi(**changes))
    assert page.status_code == statut
    assert phrase in texte(page)
    assert texte(page).count(" checked") >= 7
    assert not Passation.objects.exists()


def test_rappelle_la_derniere_fois_et_compare(connecte: Any, personne: Personne) -> None:
    une_passation(personne=personne, reponses={"logement": 5}, jour=date(2026, 6, 1))
    client = connecte("orienteur")
    assert texte(client.get(adresse("grille_saisir", personne))).count("la dernière fois") == 1
    client.post(adresse("grille_saisir", personne), envoi())

    page = texte(client.get(adresse("personne_diagnostic", personne)))
    assert "1 question améliorée" in page
    assert page.count('class="graphique"') == 1
    assert "<caption" in page, "l'image a sa table jumelle"


def test_l_impression_donne_un_exemplaire_a_la_personne(connecte: Any, personne: Personne) -> None:
    une_passation(personne=personne, reponses={"logement": 5}, jour=date(2026, 6, 1))
    remplie = une_passation(personne=personne, reponses={"logement": 2}, jour=date(2026, 10, 1))
    reponse = connecte("orienteur").get(adresse("grille_imprimer", personne, grille_id=remplie.public_id))
    assert (reponse["Content-Type"], reponse.content[:5]) == ("application/pdf", b"%PDF-")
    assert b"pdfuaid" in reponse.content
    donnees = donnees_pdf(personne, remplie)
    assert donnees["exemplaires"] == ["Exemplaire de la personne", "Exemplaire du service"]
    assert donnees["trajets"][0] == {"libelle": "Logement", "rangs": ["5", "2"]}


def test_un_nom_reste_du_texte_dans_le_document(connecte: Any, distribution: Distribution) -> None:
    personne = une_allocataire(territoire=distribution.territoire, nom='#panic("x")', prenom="*a*")
    remplie = une_passation(personne=personne, reponses={"logement": 2})
    reponse = connecte("orienteur").get(adresse("grille_imprimer", personne, grille_id=remplie.public_id))
    assert reponse.status_code == 200


def test_l_autre_profil_saisit_sa_grille(connecte: Any, personne: Personne) -> None:
    """F033 : six questions et quatre échelons, sans une ligne de code de plus."""
    installer_grilles(charger_profil(settings.PROFILS / "loiret"))
    client = connecte("orienteur")
    page = texte(client.get(adresse("grille_saisir", personne)))
    assert "Grille de diagnostic" in page
    assert page.count('type="radio"') == 6 * 5
    version = version_en_vigueur(grille_principale(), date(2026, 10, 1))
    reponses = {f"item_{item.code}": "4" for item in version.items.all()}
    assert client.post(adresse("grille_saisir", personne), envoi(**reponses)).status_code == 302
    assert Passation.objects.get().version == version

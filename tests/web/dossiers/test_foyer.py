"""La page d'un foyer : qui y vit, ses dossiers, ses adresses, son histoire."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.personnes.models import Personne, Rattachement
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, PersonneFactory
from tests.web.dossiers.conftest import Famille


def test_le_foyer_montre_ses_membres_son_dossier_et_ses_adresses(famille: Famille, connecte: Any) -> None:
    page = connecte("orienteur").get(f"/foyers/{famille.dossier.foyer.public_id}/").content.decode()
    for texte in (
        "Élodie Lefèvre", "Karim Lefèvre", "Conjoint du demandeur", "Responsable du dossier", "62000000001",
        "Droit ouvert et versable", "RSA Socle majoré", "826,21", "3 rue Zola", "Qui en est parti",
        "Odette D&#x27;Agostino",
        "Ressources trop",
    ):  # fmt: skip
        assert texte in page, texte


def test_refuse_un_foyer_dont_aucun_membre_n_est_visible(famille: Famille, connecte: Any) -> None:
    assert connecte("etrangere").get(f"/foyers/{famille.dossier.foyer.public_id}/").status_code == 404


def test_refuse_le_foyer_sans_le_droit(famille: Famille, connecte: Any) -> None:
    assert connecte("administrateur").get(f"/foyers/{famille.dossier.foyer.public_id}/").status_code == 403


def test_un_membre_hors_perimetre_n_est_pas_montre(famille: Famille, distribution: Distribution, connecte: Any) -> None:
    Personne.objects.filter(pk=famille.karim.pk).update(territoire=distribution.autre_territoire)
    page = connecte("orienteur").get(f"/foyers/{famille.dossier.foyer.public_id}/").content.decode()
    assert "Élodie" in page
    assert "Karim" not in page


def test_l_ouverture_est_notee_pour_chaque_membre_present(famille: Famille, connecte: Any) -> None:
    connecte("orienteur").get(f"/foyers/{famille.dossier.foyer.public_id}/")
    lectures = Lecture.objects.order_by("pk")
    assert {lecture.personne for lecture in lectures} == {famille.elodie.public_id, famille.karim.public_id}
    assert {lecture.nature for lecture in lectures} == {Lecture.Nature.FOYER}


def test_autant_de_requetes_pour_deux_ou_vingt_membres(famille: Famille, connecte: Any) -> None:
    client = connecte("orienteur")
    adresse = f"/foyers/{famille.dossier.foyer.public_id}/"
    client.get(adresse)
    comptes = []
    for ajoutes in (0, 18):
        for _ in range(ajoutes):
            enfant = PersonneFactory(territoire=famille.elodie.territoire)
            Rattachement.objects.create(foyer=famille.dossier.foyer, personne=enfant, role="ENF", periode=EN_COURS)
        with CaptureQueriesContext(connection) as requetes:
            client.get(adresse)
        comptes.append(len(requetes))
    assert comptes[0] == comptes[1]

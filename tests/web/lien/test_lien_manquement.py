"""La lettre et sa réponse, par le lien ou dans le livret ; PostgreSQL n'ouvre que cette procédure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from jalon.manquements.models import Manquement, Observation, PieceManquement
from jalon.personnes.liens import LienPersonnel, UsageLien, creer_lien, empreinte
from jalon.socle.rls import REGISTRE, Reglages, web_role
from tests.distribution import Distribution
from tests.manquements.fabriques import il_y_a, un_manquement, une_personne_suivie
from tests.manquements.sanctions import regle, une_sanction
from tests.passeport.aides import entree, joignable, un_acces

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 essai"


@pytest.fixture(autouse=True)
def _compteurs_a_zero() -> None:
    cache.clear()


@pytest.fixture
def manquement(distribution: Distribution) -> Manquement:
    personne = une_personne_suivie(distribution, nom="TRESSECRET", prenom="CAMILLE")
    return un_manquement(
        distribution, etat="averti", personne=personne, faits_le=il_y_a(60), recu_le=timezone.localdate()
    )


def un_jeton(manquement: Manquement, distribution: Distribution) -> str:
    return creer_lien(
        manquement.personne, acteur=distribution.siege, usage=UsageLien.MANQUEMENT, objet=manquement.public_id
    )[1]


def repondre(jeton: str, **donnees: Any) -> Any:
    return Client().post(f"/lien/{jeton}/reponse/", donnees)


def test_dit_le_reproche_le_delai_et_les_droits(manquement: Manquement, distribution: Distribution) -> None:
    page = Client().get(f"/lien/{un_jeton(manquement, distribution)}/reponse/").content.decode()
    for attendu in (
        "Bonjour Camille",
        "Aucune décision n’est prise",
        "Absence au rendez-vous",
        "ce jour compris",
        "Avec qui",
        "Qui appeler",
    ):
        assert attendu in page
    assert "tressecret" not in page.lower()


def test_repond_avec_une_preuve_et_demande_a_etre_entendue(manquement: Manquement, distribution: Distribution) -> None:
    jeton = un_jeton(manquement, distribution)
    reponse = repondre(
        jeton, texte="Mon fils était malade.", demande_audition="oui", assistee_par="Une amie",
        preuve=SimpleUploadedFile("photo.pdf", PDF),
    )  # fmt: skip
    assert reponse.status_code == 302
    recue = Observation.objects.get()
    assert (recue.canal, recue.saisie_par, recue.demande_audition, recue.assistee_par) == (
        "en_ligne",
        None,
        True,
        "Une amie",
    )
    assert PieceManquement.objects.get().observation == recue
    manquement.refresh_from_db()
    assert (manquement.reponse_le, manquement.demande_audition) == (timezone.localdate(), True)
    page = Client().get(f"/lien/{jeton}/reponse/").content.decode()
    assert "Mon fils était malade." in page
    assert "Ce que vous avez envoyé" in page


def test_dit_quand_elle_sera_entendue_puis_qu_elle_l_a_ete(manquement: Manquement, distribution: Distribution) -> None:
    jeton = un_jeton(manquement, distribution)
    tenus = Manquement.objects.filter(pk=manquement.pk)
    tenus.update(demande_audition=True, audition_proposee_le=timezone.localdate())
    assert "On vous attend le" in Client().get(f"/lien/{jeton}/reponse/").content.decode()

    tenus.update(entendue_le=timezone.localdate())
    page = Client().get(f"/lien/{jeton}/reponse/").content.decode()
    assert "Votre audition a eu lieu le" in page
    assert "On vous attend le" not in page


def test_une_photo_seule_suffit(manquement: Manquement, distribution: Distribution) -> None:
    assert repondre(un_jeton(manquement, distribution), preuve=SimpleUploadedFile("p.pdf", PDF)).status_code == 302
    assert PieceManquement.objects.count() == 1


def test_un_fichier_refuse_garde_le_texte_et_n_envoie_rien(manquement: Manquement, distribution: Distribution) -> None:
    reponse = repondre(
        un_jeton(manquement, distribution), texte="Mon texte.", preuve=SimpleUploadedFile("p.exe", b"MZ...")
    )
    assert reponse.status_code == 409
    assert "Mon texte." in reponse.content.decode()
    assert not Observation.objects.exists()


def test_une_reponse_vide_dit_quoi_faire(manquement: Manquement, distribution: Distribution) -> None:
    reponse = repondre(un_jeton(manquement, distribution))
    assert reponse.status_code == 409
    assert "Écrivez votre réponse" in reponse.content.decode()


def test_un_lien_ferme_dit_qui_appeler(manquement: Manquement, distribution: Distribution) -> None:
    jeton = un_jeton(manquement, distribution)
    LienPersonnel.objects.update(expire_le=timezone.now() - timedelta(days=1))
    assert Client().get(f"/lien/{jeton}/reponse/").status_code == 410
    assert Client().get("/lien/au-hasard/reponse/").status_code == 404


def test_avant_l_avertissement_rien_ne_s_ouvre(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, etat="saisi")
    assert Client().get(f"/lien/{un_jeton(manquement, distribution)}/reponse/").status_code == 410


@pytest.mark.parametrize(
    ("etat", "phrase"), [("classe", "sans sanction"), ("avis_rendu", "Aucune décision n’est prise")]
)
def test_dit_ou_elle_en_est(distribution: Distribution, etat: str, phrase: str) -> None:
    manquement = un_manquement(distribution, etat=etat)
    Manquement.objects.filter(pk=manquement.pk).update(averti_le=il_y_a(60))
    page = Client().get(f"/lien/{un_jeton(manquement, distribution)}/reponse/").content.decode()
    assert phrase in page


def test_une_decision_se_lit_avec_son_recours(distribution: Distribution) -> None:
    decision = une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"))
    page = Client().get(f"/lien/{un_jeton(decision.manquement, distribution)}/reponse/").content.decode()
    assert "Une décision a été prise" in page
    assert "Vous pouvez la contester" in page


def test_le_lien_n_ouvre_que_cette_procedure(manquement: Manquement, distribution: Distribution) -> None:
    jeton = un_jeton(manquement, distribution)
    un_manquement(distribution, etat="averti")
    vues = {}
    with web_role(Reglages(lien=empreinte(jeton))), connection.cursor() as curseur:
        for table in sorted(set(connection.introspection.table_names(curseur)) & REGISTRE.politiques.keys()):
            curseur.execute(f'select count(*) from "{table}"')
            if nombre := curseur.fetchone()[0]:
                vues[table] = nombre
    assert vues == {"manquements_faitmanquement": 1, "manquements_manquement": 1, "personnes_lienpersonnel": 1}


class TestLivret:
    @pytest.fixture
    def visite(self, manquement: Manquement, distribution: Distribution) -> Client:
        _, code = un_acces(distribution, joignable(manquement.personne))
        return entree(manquement.personne, code)

    def test_l_accueil_mene_a_la_lettre_et_la_personne_repond(self, visite: Client, manquement: Manquement) -> None:
        adresse = f"/livret/lettres/{manquement.public_id}/"
        assert adresse in visite.get("/livret/accueil/").content.decode()
        assert visite.get(adresse).status_code == 200
        assert visite.post(adresse, {"texte": "Voici pourquoi."}).status_code == 302
        assert Observation.objects.get().texte == "Voici pourquoi."

    def test_refuse_la_lettre_d_une_autre(self, visite: Client, distribution: Distribution) -> None:
        autre = un_manquement(distribution, etat="averti")
        assert visite.get(f"/livret/lettres/{autre.public_id}/").status_code == 404

"""Pages d'erreur : ce qui s'est passé, pourquoi, et quoi faire."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from jalon.agents.perimetre import Perimetre
from jalon.referentiels import parametres
from jalon.socle.errors import TransitionRefuseeError
from jalon.web.socle import erreurs


def test_une_adresse_inconnue_rend_la_page_404_avec_son_menu(connecte: Any) -> None:
    reponse = connecte("siege").get("/n-existe-pas/")
    assert reponse.status_code == 404
    page = reponse.content.decode()
    assert "Nous ne trouvons pas cette page" in page
    assert "Menu principal" in page
    assert "Revenir à l’accueil" in page


def test_un_visiteur_lit_la_page_404_sans_menu(client: Client, db: None) -> None:
    reponse = client.get("/n-existe-pas/")
    assert reponse.status_code == 404
    assert "Menu principal" not in reponse.content.decode()


def test_un_dossier_hors_perimetre_est_introuvable(connecte: Any) -> None:
    reponse = connecte("siege").get(f"/personnes/{uuid4()}/")
    assert reponse.status_code == 404
    assert "périmètre" in reponse.content.decode()


def test_un_droit_manquant_rend_403_et_dit_a_qui_demander(connecte: Any) -> None:
    reponse = connecte("lecteur").get(f"/personnes/{uuid4()}/")
    assert reponse.status_code == 403
    assert "Demandez à votre responsable" in reponse.content.decode()


@pytest.mark.django_db
def test_un_acte_impossible_rend_409() -> None:
    requete = RequestFactory().get("/")
    requete.perimetre = Perimetre.vide()  # type: ignore[attr-defined]
    reponse = erreurs.reponse_expliquee(requete, TransitionRefuseeError("Déjà fait : passez au suivant."))
    assert reponse is not None
    assert reponse.status_code == 409
    assert "Déjà fait : passez au suivant." in reponse.content.decode()


def test_une_panne_n_est_pas_deguisee_en_refus() -> None:
    assert erreurs.reponse_expliquee(RequestFactory().get("/"), RuntimeError("panne")) is None


def test_la_page_de_panne_s_ecrit_quand_la_base_ne_repond_plus(
    db: None, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parametres.oublier()
    monkeypatch.setattr(connection, "needs_rollback", True)
    with django_assert_num_queries(0):
        reponse = erreurs.panne(RequestFactory().get("/"))
    assert reponse.status_code == 500
    assert "rien n’a été enregistré" in reponse.content.decode()


@pytest.mark.django_db
def test_un_formulaire_sans_jeton_est_refuse_et_explique(distribution: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(distribution.siege)
    reponse = client.post("/recherche/numero/", {"numero": "1"})
    assert reponse.status_code == 403
    assert "Ce formulaire n’est plus valable" in reponse.content.decode()

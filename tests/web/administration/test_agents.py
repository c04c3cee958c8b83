"""Les écrans des agents et de leurs rôles."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.agents.models import Affectation, Agent
from jalon.organismes.models import CategorieOrganisme
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def test_la_liste_montre_les_agents_et_leurs_roles(connecte: Any, distribution: Distribution) -> None:
    page = connecte("administrateur").get("/agents/")
    assert distribution.administrateur in page.context["page"].object_list
    assert "Administrateur fonctionnel" in page.content.decode()


@pytest.mark.parametrize(
    ("requete", "attendu"),
    [
        ("?q=omar", {"Omar"}),
        ("?role=orienteur", {"Omar"}),
        ("?compte=fermes", set()),
        ("?role=inconnu&q=omar", {"Omar"}),
    ],
)
def test_la_liste_se_filtre(connecte: Any, distribution: Distribution, requete: str, attendu: set[str]) -> None:
    assert distribution.orienteur
    page = connecte("administrateur").get(f"/agents/{requete}")
    assert {agent.prenom for agent in page.context["page"].object_list} == attendu


def test_la_liste_se_filtre_par_territoire(connecte: Any, distribution: Distribution) -> None:
    assert distribution.orienteur
    assert distribution.etrangere
    page = connecte("administrateur").get(f"/agents/?territoire={distribution.territoire.code}")
    assert [agent.prenom for agent in page.context["page"].object_list] == ["Omar"]


def test_un_chef_de_territoire_ne_voit_que_les_agents_de_son_territoire(
    connecte: Any, distribution: Distribution
) -> None:
    distribution.chef = distribution.agent("Carla", "chef_territoire", territoire=distribution.territoire)  # type: ignore[attr-defined]
    assert distribution.orienteur
    assert distribution.partenaire
    client = connecte("chef")
    prenoms = {agent.prenom for agent in client.get("/agents/").context["page"].object_list}
    assert "Omar" in prenoms
    assert "Paul" not in prenoms
    assert client.get(f"/agents/{distribution.partenaire.public_id}/").status_code == 404


def test_autant_de_requetes_pour_un_ou_vingt_agents(connecte: Any, distribution: Distribution) -> None:
    client = connecte("administrateur")
    client.get("/agents/")
    with CaptureQueriesContext(connection) as peu:
        client.get("/agents/")
    for rang in range(20):
        distribution.agent(f"Agent{rang}", "orienteur", territoire=distribution.territoire)
    with CaptureQueriesContext(connection) as beaucoup:
        page = client.get("/agents/")
    assert page.context["page"].paginator.count > 20
    assert len(peu) == len(beaucoup)


def test_cree_un_agent_qui_recoit_son_lien_et_choisit_son_mot_de_passe(
    connecte: Any, client: Any, mailoutbox: list[Any]
) -> None:
    saisie = {"prenom": "Léa", "nom": "Petit", "email": "lea.petit@jalon.example", "telephone": ""}
    admin = connecte("administrateur")
    assert admin.get("/agents/nouveau/").status_code == 200
    reponse = admin.post("/agents/nouveau/", saisie)
    agent = Agent.objects.get(email="lea.petit@jalon.example")
    assert reponse.url == f"/agents/{agent.public_id}/affectation/"
    assert mailoutbox[0].to == [agent.email]
    adresse = re.search(r"http://testserver(/\S+)", mailoutbox[0].body).group(1)  # type: ignore[union-attr]
    formulaire = client.get(adresse).url
    client.post(formulaire, {"password1": "une-phrase-a-moi", "password2": "une-phrase-a-moi"})
    agent.refresh_from_db()
    assert agent.check_password("une-phrase-a-moi")


def test_refuse_un_courriel_deja_pris(connecte: Any, distribution: Distribution) -> None:
    saisie = {"prenom": "Léa", "nom": "Petit", "email": distribution.siege.email, "telephone": ""}
    page = connecte("administrateur").post("/agents/nouveau/", saisie)
    assert page.status_code == 422
    assert "Un compte existe déjà" in page.content.decode()


def test_ne_cree_rien_si_le_courriel_ne_part_pas(connecte: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def panne(*_: Any, **__: Any) -> None:
        raise OSError("connexion refusée")

    monkeypatch.setattr("allauth.account.adapter.DefaultAccountAdapter.send_mail", panne)
    saisie = {"prenom": "Léa", "nom": "Petit", "email": "lea.petit@jalon.example", "telephone": ""}
    page = connecte("administrateur").post("/agents/nouveau/", saisie)
    assert "Rien n&#x27;a été enregistré" in page.content.decode()
    assert not Agent.objects.filter(email="lea.petit@jalon.example").exists()


def saisie_role(distribution: Distribution, **autres: str) -> dict[str, str]:
    return {
        "profil": "orienteur", "organisme": distribution.organisme(CategorieOrganisme.DEPARTEMENT).code,
        "territoire": distribution.territoire.code, "du": timezone.localdate().isoformat(), "au": "",
    } | autres  # fmt: skip


def test_donne_un_role(connecte: Any, distribution: Distribution) -> None:
    agent = distribution.sans_affectation
    admin = connecte("administrateur")
    assert admin.get(f"/agents/{agent.public_id}/affectation/").status_code == 200
    assert admin.post(f"/agents/{agent.public_id}/affectation/", saisie_role(distribution)).status_code == 302
    assert Affectation.objects.get(agent=agent).territoire == distribution.territoire


def test_explique_un_role_refuse(connecte: Any, distribution: Distribution) -> None:
    agent = distribution.sans_affectation
    saisie = saisie_role(distribution, profil="siege")
    page = connecte("administrateur").post(f"/agents/{agent.public_id}/affectation/", saisie)
    assert page.status_code == 422
    assert "laissez le territoire vide" in page.content.decode()


def test_refuse_qu_un_administrateur_se_donne_un_role(connecte: Any, distribution: Distribution) -> None:
    agent = distribution.administrateur
    admin = connecte("administrateur")
    page = admin.post(f"/agents/{agent.public_id}/affectation/", saisie_role(distribution))
    assert "personne ne règle ses propres accès" in page.content.decode()
    assert "Donner un rôle" not in admin.get(f"/agents/{agent.public_id}/").content.decode()
    assert agent.affectations.count() == 1


def test_met_fin_a_un_role(connecte: Any, distribution: Distribution) -> None:
    affectation = distribution.orienteur.affectations.get()
    adresse = f"/affectations/{affectation.public_id}/terminer/"
    admin = connecte("administrateur")
    assert admin.get(adresse).status_code == 200
    reponse = admin.post(adresse, {"au": timezone.localdate().isoformat()})
    assert reponse.url == f"/agents/{distribution.orienteur.public_id}/"
    assert "annulé avant" in admin.get(reponse.url).content.decode()


def test_ferme_et_rouvre_un_compte(connecte: Any, distribution: Distribution) -> None:
    agent = distribution.siege
    admin = connecte("administrateur")
    admin.post(f"/agents/{agent.public_id}/fermer/")
    assert "Compte fermé" in admin.get(f"/agents/{agent.public_id}/").content.decode()
    assert connecte("siege").get("/mon-compte/").status_code == 302
    admin.post(f"/agents/{agent.public_id}/rouvrir/")
    assert connecte("siege").get("/mon-compte/").status_code == 200


def test_explique_pourquoi_on_ne_ferme_pas_son_compte(connecte: Any, distribution: Distribution) -> None:
    agent = distribution.administrateur
    page = connecte("administrateur").post(f"/agents/{agent.public_id}/fermer/", follow=True)
    assert "votre propre compte" in page.content.decode()
    agent.refresh_from_db()
    assert agent.is_active


def test_reinitialise_le_second_facteur_avec_un_motif(connecte: Any, distribution: Distribution) -> None:
    Authenticator.objects.create(user=distribution.siege, type="totp", data={"secret": "x"})
    adresse = f"/agents/{distribution.siege.public_id}/second-facteur/"
    admin = connecte("administrateur")
    assert admin.get(adresse).status_code == 200
    assert admin.post(adresse, {"motif": ""}).status_code == 422
    admin.post(adresse, {"motif": "Téléphone perdu, reconnue au guichet"})
    assert not Authenticator.objects.filter(user=distribution.siege).exists()


def test_renvoie_un_lien(connecte: Any, distribution: Distribution, mailoutbox: list[Any]) -> None:
    connecte("administrateur").post(f"/agents/{distribution.siege.public_id}/lien/")
    assert mailoutbox[0].to == [distribution.siege.email]


def test_qui_consulte_ne_gere_pas(connecte: Any, distribution: Distribution) -> None:
    client = connecte("siege")
    fiche = client.get(f"/agents/{distribution.orienteur.public_id}/")
    assert fiche.status_code == 200
    assert "Fermer ce compte" not in fiche.content.decode()
    assert client.post(f"/agents/{distribution.orienteur.public_id}/fermer/").status_code == 403
    distribution.orienteur.refresh_from_db()
    assert distribution.orienteur.is_active


def test_la_table_des_roles_dit_chaque_droit(connecte: Any) -> None:
    page = connecte("siege").get("/habilitations/")
    cases = dict(page.context["lignes"])["Gérer les agents et leurs rôles"]
    profils = zip(page.context["profils"], cases, strict=True)
    assert [profil.code for profil, ouvert in profils if ouvert] == ["administrateur"]

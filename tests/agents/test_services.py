"""Actes sur les comptes et les rôles : ce qui passe, ce qui est refusé, et pourquoi."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from jalon.agents.models import Affectation, Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.agents.services import (
    affecter_agent,
    creer_agent,
    desactiver_agent,
    lever_blocage,
    reinitialiser_second_facteur,
    rouvrir_agent,
    terminer_affectation,
)
from jalon.organismes.models import CategorieOrganisme
from jalon.socle.errors import DroitManquantError, JalonError
from jalon.traces.models import Acte
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


def role(code: str) -> ProfilHabilitation:
    return ProfilHabilitation.objects.get(code=code)


def test_cree_un_compte_sans_mot_de_passe(distribution: Distribution) -> None:
    agent = creer_agent(email="Lea.Petit@Jalon.Example", nom="Petit", prenom="Léa", acteur=distribution.administrateur)
    assert agent.email == "lea.petit@jalon.example"
    assert not agent.has_usable_password()
    acte = Acte.objects.get(code="agents.agent.cree", objet=agent.public_id)
    assert acte.acteur == distribution.administrateur
    assert acte.organisme


def test_refuse_deux_comptes_pour_un_courriel(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="existe déjà"):
        creer_agent(email=distribution.siege.email.upper(), nom="X", prenom="Y", acteur=distribution.administrateur)


def test_refuse_a_qui_n_est_pas_administrateur(distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        creer_agent(email="x@jalon.example", nom="X", prenom="Y", acteur=distribution.siege)


def test_donne_un_role_et_ouvre_les_droits(distribution: Distribution) -> None:
    affecter_agent(
        distribution.sans_affectation, acteur=distribution.administrateur, profil=role("orienteur"),
        organisme=distribution.organisme(CategorieOrganisme.DEPARTEMENT), territoire=distribution.territoire,
    )  # fmt: skip
    perimetre = Perimetre.de(distribution.sans_affectation)
    assert perimetre.peut("dossier.consulter")
    assert perimetre.territoires == {distribution.territoire.pk}


@pytest.mark.parametrize("qui", ["siege", "chef", "orienteur"])
def test_refuse_de_donner_un_role_sans_le_droit(distribution: Distribution, qui: str) -> None:
    acteur = distribution.agent("Carla", "chef_territoire") if qui == "chef" else getattr(distribution, qui)
    with pytest.raises(DroitManquantError):
        affecter_agent(
            distribution.sans_affectation, acteur=acteur, profil=role("lecteur"),
            organisme=distribution.organisme(CategorieOrganisme.DEPARTEMENT), territoire=distribution.territoire,
        )  # fmt: skip


def test_refuse_qu_un_administrateur_se_donne_un_role(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="personne ne règle ses propres accès"):
        affecter_agent(
            distribution.administrateur, acteur=distribution.administrateur, profil=role("siege"),
            organisme=distribution.organisme(CategorieOrganisme.DEPARTEMENT),
        )  # fmt: skip


def test_refuse_qu_un_administrateur_retire_son_propre_role(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="votre propre rôle"):
        terminer_affectation(distribution.administrateur.affectations.get(), acteur=distribution.administrateur)


@pytest.mark.parametrize(
    ("code", "categorie", "avec_territoire", "attendu"),
    [
        ("siege", CategorieOrganisme.CCAS, False, "ne se donne qu'à un agent du Département"),
        ("siege", CategorieOrganisme.DEPARTEMENT, True, "laissez le territoire vide"),
        ("referent_solidarite", CategorieOrganisme.CCAS, True, "laissez le territoire vide"),
        ("orienteur", CategorieOrganisme.PLIE, False, "choisissez le territoire"),
    ],
)
def test_refuse_un_role_qui_ne_va_pas_avec_l_organisme_ou_le_territoire(
    distribution: Distribution, code: str, categorie: str, avec_territoire: bool, attendu: str
) -> None:
    with pytest.raises(JalonError, match=attendu):
        affecter_agent(
            distribution.sans_affectation, acteur=distribution.administrateur, profil=role(code),
            organisme=distribution.organisme(categorie),
            territoire=distribution.territoire if avec_territoire else None,
        )  # fmt: skip
    assert not Affectation.objects.filter(agent=distribution.sans_affectation).exists()


def test_refuse_un_organisme_inactif(distribution: Distribution) -> None:
    organisme = distribution.organisme(CategorieOrganisme.CCAS)
    organisme.actif = False
    organisme.save()
    with pytest.raises(JalonError, match="plus en activité"):
        affecter_agent(
            distribution.sans_affectation, acteur=distribution.administrateur, profil=role("referent_solidarite"),
            organisme=organisme,
        )  # fmt: skip


def test_refuse_le_meme_role_deux_fois(distribution: Distribution) -> None:
    en_cours = distribution.orienteur.affectations.get()
    with pytest.raises(JalonError, match="déjà ce rôle"):
        affecter_agent(
            distribution.orienteur, acteur=distribution.administrateur, profil=en_cours.profil,
            organisme=en_cours.organisme, territoire=en_cours.territoire,
        )  # fmt: skip


def test_mettre_fin_a_un_role_retire_les_droits_le_jour_meme(distribution: Distribution) -> None:
    affectation = distribution.orienteur.affectations.get()
    affectation.periode = type(affectation.periode)(timezone.localdate() - timedelta(days=30), None)
    affectation.save()
    terminer_affectation(affectation, acteur=distribution.administrateur)
    assert not Perimetre.de(distribution.orienteur).droits
    with pytest.raises(JalonError, match="déjà terminée"):
        terminer_affectation(affectation, acteur=distribution.administrateur)


def test_un_role_qui_n_a_pas_commence_s_annule(distribution: Distribution) -> None:
    affectation = distribution.orienteur.affectations.get()
    terminer_affectation(affectation, acteur=distribution.administrateur)
    affectation.refresh_from_db()
    assert affectation.periode.isempty


def test_refuse_une_fin_dans_le_passe(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="dans le passé"):
        terminer_affectation(
            distribution.orienteur.affectations.get(), acteur=distribution.administrateur,
            au=timezone.localdate() - timedelta(days=1),
        )  # fmt: skip


def test_refuse_de_fermer_son_propre_compte(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="votre propre compte"):
        desactiver_agent(distribution.administrateur, acteur=distribution.administrateur)


def test_fermer_puis_rouvrir_un_compte(distribution: Distribution) -> None:
    agent = desactiver_agent(distribution.siege, acteur=distribution.administrateur)
    assert not Perimetre.de(agent).droits
    with pytest.raises(JalonError, match="déjà fermé"):
        desactiver_agent(agent, acteur=distribution.administrateur)
    agent = rouvrir_agent(agent, acteur=distribution.administrateur)
    assert Perimetre.de(agent).droits


def test_refuse_de_donner_un_role_a_un_compte_ferme(distribution: Distribution) -> None:
    desactiver_agent(distribution.sans_affectation, acteur=distribution.administrateur)
    with pytest.raises(JalonError, match="fermé"):
        affecter_agent(
            distribution.sans_affectation, acteur=distribution.administrateur, profil=role("lecteur"),
            organisme=distribution.organisme(CategorieOrganisme.DEPARTEMENT), territoire=distribution.territoire,
        )  # fmt: skip


def test_un_administrateur_retire_n_agit_plus(distribution: Distribution) -> None:
    """Deux administrateurs qui se ferment l'un l'autre : le premier passe, le second n'a plus le droit d'agir."""
    second = distribution.agent("Adèle", "administrateur")
    desactiver_agent(second, acteur=distribution.administrateur)
    with pytest.raises(DroitManquantError):
        desactiver_agent(distribution.administrateur, acteur=second)
    assert Agent.objects.get(pk=distribution.administrateur.pk).is_active


def test_refuse_qu_il_ne_reste_aucun_administrateur(
    distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Le dernier rempart tient même si le contrôle du droit de l'acteur venait à manquer."""
    monkeypatch.setattr("jalon.agents.services._ouvrir_acte", lambda acteur: "")
    with pytest.raises(JalonError, match="plus aucun administrateur"):
        desactiver_agent(distribution.administrateur, acteur=distribution.siege)
    assert Agent.objects.get(pk=distribution.administrateur.pk).is_active


def test_reinitialise_le_second_facteur_avec_un_motif(distribution: Distribution) -> None:
    Authenticator.objects.create(user=distribution.siege, type="totp", data={"secret": "x"})
    with pytest.raises(JalonError, match="Dites pourquoi"):
        reinitialiser_second_facteur(distribution.siege, acteur=distribution.administrateur, motif=" ")
    reinitialiser_second_facteur(distribution.siege, acteur=distribution.administrateur, motif="Téléphone perdu")
    assert not Authenticator.objects.filter(user=distribution.siege).exists()
    assert Acte.objects.get(code="agents.second_facteur.reinitialise").motif == "Téléphone perdu"


def test_refuse_de_reinitialiser_son_propre_second_facteur(distribution: Distribution) -> None:
    Authenticator.objects.create(user=distribution.administrateur, type="totp", data={"secret": "x"})
    with pytest.raises(JalonError, match="votre propre second facteur"):
        reinitialiser_second_facteur(
            distribution.administrateur, acteur=distribution.administrateur, motif="Téléphone perdu"
        )


def test_refuse_de_lever_un_blocage_qui_n_existe_pas(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="n'est pas bloqué"):
        lever_blocage(distribution.siege, acteur=distribution.administrateur)

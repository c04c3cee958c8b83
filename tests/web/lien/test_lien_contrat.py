"""La part du contrat que la personne écrit par son lien ; PostgreSQL ne lui ouvre que ce contrat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats import liens, objectifs
from jalon.contrats.models import Contrat, Objectif, ValeurChamp
from jalon.documents.models import Envoi
from jalon.personnes.liens import LienPersonnel, empreinte
from jalon.personnes.models import Coordonnees
from jalon.socle.errors import JalonError
from jalon.socle.rls import REGISTRE, Reglages, web_role
from jalon.traces.models import Acte
from tests.contrats.fabriques import brouillon, ecrire, une_fiche
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _compteurs_a_zero() -> None:
    cache.clear()


@pytest.fixture
def contrat(distribution: Distribution) -> Contrat:
    return brouillon(distribution)


def un_jeton(contrat: Contrat, distribution: Distribution, *canaux: str) -> str:
    _, jeton = liens.ouvrir_lien(
        contrat, acteur=distribution.partenaire, perimetre=Perimetre.de(distribution.partenaire), canaux=canaux,
        adresse_du_lien=lambda jeton: f"https://jalon.example/lien/{jeton}/contrat/",
    )  # fmt: skip
    return jeton


@pytest.fixture
def jeton(contrat: Contrat, distribution: Distribution) -> str:
    return un_jeton(contrat, distribution)


def test_la_page_ne_montre_que_sa_part_et_ce_qu_elle_avait_prepare(
    contrat: Contrat, jeton: str, distribution: Distribution, client: Client
) -> None:
    une_fiche(contrat.personne, projet="Devenir aide-soignante", besoins=["sante"])
    ecrire(contrat, "constat", "Le constat du référent", distribution.partenaire)
    reponse = client.get(reverse("lien_contrat", args=[jeton]))
    html = reponse.content.decode()
    assert "Ma situation, avec mes mots" in html
    assert "Devenir aide-soignante" in html
    assert "ma santé" in html
    assert "Le constat du référent" not in html
    assert reponse["Cache-Control"] == "no-store"


def test_elle_ecrit_et_son_referent_voit_que_c_est_elle(
    contrat: Contrat, jeton: str, client: Client, connecte: Any
) -> None:
    adresse = reverse("lien_contrat", args=[jeton])
    client.post(adresse, {"n-ma_situation": "0", "c-ma_situation": "Je me sens seule."})
    valeur = ValeurChamp.objects.get(contrat=contrat)
    assert (valeur.par_la_personne, valeur.ecrit_par) == (True, None)
    assert Acte.objects.get(code="contrats.contrat.redige").personnes == [contrat.personne.public_id]
    html = connecte("partenaire").get(reverse("contrat", args=[contrat.public_id])).content.decode()
    assert "Écrit par la personne" in html


def test_la_frappe_se_garde_par_le_lien(contrat: Contrat, jeton: str, client: Client) -> None:
    adresse = reverse("lien_contrat_rubrique", args=[jeton, "ma_situation"])
    assert client.post(adresse, {"n-ma_situation": "0", "c-ma_situation": "Je vis"}).json()["numero"] == 1
    reponse = client.post(adresse, {"n-ma_situation": "0", "c-ma_situation": "Je vis seule"})
    assert reponse.status_code == 409
    assert reponse.json()["sien"] == "Je vis"


def test_refuse_qu_elle_ecrive_la_part_du_referent(contrat: Contrat, jeton: str, client: Client) -> None:
    adresse = reverse("lien_contrat_rubrique", args=[jeton, "constat"])
    reponse = client.post(adresse, {"n-constat": "0", "c-constat": "x"})
    assert reponse.status_code == 409
    assert "avec votre référent" in reponse.json()["message"]
    assert not ValeurChamp.objects.exists()


def test_elle_propose_un_objectif_avec_ses_mots(contrat: Contrat, jeton: str, client: Client) -> None:
    adresse = reverse("lien_contrat_objectif", args=[jeton])
    client.post(adresse, {"acte": "ajouter", "intitule": "Revoir ma fille"})
    objectif = Objectif.objects.get(contrat=contrat)
    assert objectif.par_la_personne
    client.post(adresse, {"acte": "modifier", "objet": objectif.public_id, "numero": "1", "intitule": "Voir ma fille"})
    objectif.refresh_from_db()
    assert objectif.intitule == "Voir ma fille"
    client.post(adresse, {"acte": "retirer", "objet": objectif.public_id})
    assert not Objectif.objects.exists()


def test_refuse_l_objectif_d_un_autre_contrat(
    contrat: Contrat, jeton: str, distribution: Distribution, client: Client
) -> None:
    autre = objectifs.ajouter_objectif(brouillon(distribution), acteur=None, perimetre=None, intitule="À une autre")
    reponse = client.post(reverse("lien_contrat_objectif", args=[jeton]), {"acte": "retirer", "objet": autre.public_id})
    assert reponse.status_code == 409
    assert Objectif.objects.filter(pk=autre.pk).exists()


def test_le_lien_n_ouvre_que_ce_contrat(contrat: Contrat, jeton: str, distribution: Distribution) -> None:
    """Table par table : zéro ligne, sauf celles du contrat, de la fiche et du lien lui-même."""
    une_fiche(contrat.personne, projet="Un projet")
    ecrire(contrat, "constat", "Le constat", distribution.partenaire)
    ecrire(brouillon(distribution), "constat", "Une autre", distribution.partenaire)
    vues = {}
    with web_role(Reglages(lien=empreinte(jeton))), connection.cursor() as curseur:
        existantes = set(connection.introspection.table_names(curseur))
        for table in sorted(existantes & REGISTRE.politiques.keys()):
            curseur.execute(f'select count(*) from "{table}"')
            if nombre := curseur.fetchone()[0]:
                vues[table] = nombre
    assert vues == {
        "contrats_contrat": 1,
        "contrats_valeurchamp": 1,
        "personnes_lienpersonnel": 1,
        "rendezvous_questionnairepreparatoire": 1,
        "rendezvous_reponsequestion": 1,
    }


@pytest.mark.parametrize("ferme", ["revoque", "expire", "inconnu"])
def test_refuse_un_lien_ferme(
    contrat: Contrat, jeton: str, distribution: Distribution, client: Client, ferme: str
) -> None:
    if ferme == "revoque":
        liens.fermer_lien(contrat, acteur=distribution.partenaire, perimetre=Perimetre.de(distribution.partenaire))
    elif ferme == "expire":
        LienPersonnel.objects.update(expire_le=timezone.now() - timedelta(minutes=1))
    essai = "jeton-inconnu" if ferme == "inconnu" else jeton
    attendu = 404 if ferme == "inconnu" else 410
    assert client.get(reverse("lien_contrat", args=[essai])).status_code == attendu
    envoi = client.post(
        reverse("lien_contrat_rubrique", args=[essai, "ma_situation"]),
        {"n-ma_situation": "0", "c-ma_situation": "x"}, HTTP_ACCEPT="application/json",
    )  # fmt: skip
    assert envoi.status_code == attendu
    assert envoi.json()["fini"] is True
    assert not ValeurChamp.objects.exists()


def test_un_contrat_propose_a_la_signature_se_lit_sans_s_ecrire(contrat: Contrat, jeton: str, client: Client) -> None:
    Contrat.objects.filter(pk=contrat.pk).update(etat="abandonne", clos_le=timezone.localdate(), motif_fin="Essai")
    html = client.get(reverse("lien_contrat", args=[jeton])).content.decode()
    assert "ne s’écrit plus ici" in html


# --- Le donner


def test_le_lien_part_par_le_moyen_accepte(contrat: Contrat, distribution: Distribution) -> None:
    Coordonnees.objects.create(personne=contrat.personne, courriel="elle@jalon.example", accepte_courriel=True)
    jeton = un_jeton(contrat, distribution, "courriel")
    envoi = Envoi.objects.get()
    assert jeton in envoi.texte
    assert not Acte.objects.filter(resume__contains=jeton).exists()


def test_refuse_un_moyen_que_la_personne_n_a_pas_accepte(contrat: Contrat, distribution: Distribution) -> None:
    Coordonnees.objects.create(personne=contrat.personne, courriel="elle@jalon.example", accepte_courriel=False)
    with pytest.raises(JalonError, match="pas accepté"):
        un_jeton(contrat, distribution, "courriel")
    assert not Envoi.objects.exists()


def test_l_ecran_montre_le_lien_une_fois_et_le_ferme(contrat: Contrat, connecte: Any) -> None:
    client, adresse = connecte("partenaire"), reverse("contrat_lien", args=[contrat.public_id])
    assert "/contrat/" in client.post(adresse).content.decode()
    assert "adresse-lien" not in client.get(adresse).content.decode()
    client.post(reverse("contrat_lien_fermer", args=[contrat.public_id]))
    assert not LienPersonnel.objects.get().ouvert

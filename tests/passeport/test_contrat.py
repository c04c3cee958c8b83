"""Dans son livret, la personne écrit sa part de son contrat et le signe, par les mêmes pages que par son lien."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from jalon.contrats.models import Contrat, Objectif, ValeurChamp
from jalon.personnes.codes import CodeUnique, UsageCode
from jalon.personnes.models import Personne
from jalon.traces.models import Acte
from tests.contrats.fabriques import brouillon, ecrire, suivie, une_fiche
from tests.contrats.parcours import a_signer
from tests.distribution import Distribution
from tests.passeport.aides import code_recu, entree, joignable, un_acces


@pytest.fixture
def elle(distribution: Distribution) -> Personne:
    cache.clear()
    return joignable(suivie(distribution))


@pytest.fixture
def client_entre(distribution: Distribution, elle: Personne) -> Client:
    return entree(elle, un_acces(distribution, elle)[1])


def page(contrat: Contrat, nom: str = "livret_contrat", *reste: str) -> str:
    return reverse(nom, args=[contrat.public_id, *reste])


def test_elle_ecrit_ses_mots_et_propose_un_objectif(
    distribution: Distribution, elle: Personne, client_entre: Client, connecte: Any
) -> None:
    contrat = brouillon(distribution, personne=elle)
    une_fiche(elle, projet="Devenir aide-soignante")
    ecrire(contrat, "constat", "Le constat du référent", distribution.partenaire)
    assert page(contrat) in client_entre.get("/livret/accueil/").content.decode()
    assert page(contrat) in client_entre.get("/livret/contrats/").content.decode()
    reponse = client_entre.get(page(contrat))
    html = reponse.content.decode()
    assert reponse["Cache-Control"] == "no-store"
    assert "Ma situation, avec mes mots" in html
    assert "Devenir aide-soignante" in html
    assert "Quitter" in html
    assert "Le constat du référent" not in html
    assert client_entre.post(page(contrat), {"n-ma_situation": "0", "c-ma_situation": "Je me sens seule."}).url == page(
        contrat
    )
    valeur = ValeurChamp.objects.get(champ__code="ma_situation")
    assert (valeur.texte, valeur.par_la_personne, valeur.ecrit_par) == ("Je me sens seule.", True, None)
    actes = Acte.objects.filter(code="contrats.contrat.redige", acteur=None)
    assert actes.get().personnes == [elle.public_id]
    client_entre.post(page(contrat, "livret_contrat_objectif"), {"acte": "ajouter", "intitule": "Passer le permis"})
    assert Objectif.objects.get().par_la_personne
    vu = connecte("partenaire").get(reverse("contrat", args=[contrat.public_id])).content.decode()
    assert "Écrit par la personne" in vu


def test_la_frappe_se_garde_et_une_visite_finie_le_dit(
    distribution: Distribution, elle: Personne, client_entre: Client
) -> None:
    contrat = brouillon(distribution, personne=elle)
    adresse = page(contrat, "livret_contrat_rubrique", "ma_situation")
    envoi = {"n-ma_situation": "0", "c-ma_situation": "Seule."}
    assert client_entre.post(adresse, envoi, headers={"Accept": "application/json"}).json()["numero"] == 1
    client_entre.post("/livret/quitter/")
    reponse = client_entre.post(adresse, envoi, headers={"Accept": "application/json"})
    assert reponse.status_code == 401
    assert reponse.json()["fini"]


def test_refuse_qu_elle_ecrive_la_part_du_referent(
    distribution: Distribution, elle: Personne, client_entre: Client
) -> None:
    contrat = brouillon(distribution, personne=elle)
    adresse = page(contrat, "livret_contrat_rubrique", "constat")
    assert client_entre.post(adresse, {"n-constat": "0", "c-constat": "Tout va bien"}).status_code == 409
    assert not ValeurChamp.objects.exists()


def test_elle_signe_avec_le_code_de_signature(distribution: Distribution, elle: Personne, client_entre: Client) -> None:
    contrat = a_signer(distribution, personne=elle)
    signer = page(contrat, "livret_contrat_signer")
    assert signer in client_entre.get("/livret/accueil/").content.decode()
    assert "Passer le permis" in client_entre.get(signer).content.decode()
    assert client_entre.get(page(contrat, "livret_contrat_texte")).content.startswith(b"%PDF-")
    assert client_entre.post(signer, {"nom": "Camille", "code": code_recu(elle)}).status_code == 409
    client_entre.post(page(contrat, "livret_contrat_code"))
    code = code_recu(elle)
    faux = f"{(int(code) + 1) % 1_000_000:06d}"
    assert client_entre.post(signer, {"nom": "Camille", "code": faux}).status_code == 409
    assert CodeUnique.objects.get(usage=UsageCode.SIGNATURE).essais == 1
    assert client_entre.post(signer, {"nom": "Camille", "code": code}).url == signer
    contrat.refresh_from_db()
    assert contrat.etat == "signe_personne"
    assert "Vous avez signé" in client_entre.get(signer).content.decode()


def test_refuse_le_contrat_d_une_autre(distribution: Distribution, elle: Personne, client_entre: Client) -> None:
    autre = a_signer(distribution, personne=joignable(suivie(distribution, nom="VOISINE")))
    for nom in ("livret_contrat", "livret_contrat_signer", "livret_contrat_texte"):
        assert client_entre.get(page(autre, nom)).status_code == 404
    for nom, reste in (
        ("livret_contrat", ()), ("livret_contrat_rubrique", ("ma_situation",)), ("livret_contrat_objectif", ()),
        ("livret_contrat_code", ()), ("livret_contrat_signer", ()),
    ):  # fmt: skip
        envoi = {"acte": "ajouter", "intitule": "Pas le sien", "n-ma_situation": "0", "c-ma_situation": "Pas le sien"}
        assert client_entre.post(page(autre, nom, *reste), envoi).status_code == 404
    autre.refresh_from_db()
    assert autre.etat == "a_signer"
    assert not Objectif.objects.filter(intitule="Pas le sien").exists()

"""Les écrans du circuit : signer, joindre un papier, recevoir, lire ensemble, valider, et les listes de délais."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat
from jalon.personnes.codes import UsageCode, montrer_code
from jalon.personnes.liens import UsageLien, creer_lien
from jalon.traces.models import Lecture
from tests.contrats.parcours import UN_PDF, a_signer, agent_de_droit, en_lecture, recu, signe, un_brouillon
from tests.distribution import Distribution
from tests.fabriques import un_contrat

pytestmark = pytest.mark.django_db


def adresse(nom: str, contrat: Contrat, **champs: str) -> str:
    return reverse(nom, kwargs={"contrat": contrat.public_id, **champs})


def agir(client: Client, contrat: Contrat, acte: str, **donnees: Any) -> Any:
    return client.post(adresse("contrat_acte", contrat, acte=acte), donnees)


def test_du_brouillon_a_la_vigueur(distribution: Distribution, connecte: Any) -> None:
    contrat, jour = un_brouillon(distribution), timezone.localdate()
    referent, siege = connecte("partenaire"), connecte("siege")
    agir(referent, contrat, "proposer_signature", debut=jour.isoformat(), duree="6")
    page = referent.get(adresse("contrat_signer", contrat)).content.decode()
    assert "Signature de la personne" in page
    assert "Passer le permis" in page
    trace = "M 10 10 L 20 30 L 40 50"
    referent.post(adresse("contrat_signer", contrat), {"nom": "Camille", "qualite": "tutrice", "trace": trace})
    referent.post(adresse("contrat_signer", contrat), {"nom": "Paul Référent"})
    signature = contrat.signatures.get(signataire="personne")
    assert (signature.nom, signature.trace) == ("Camille (tutrice)", trace)
    agir(siege, contrat, "recevoir", le=jour.isoformat())
    reponse = agir(siege, contrat, "valider")
    assert reponse.status_code == 302
    contrat.refresh_from_db()
    assert contrat.etat == "en_vigueur"
    page = siege.get(adresse("contrat", contrat)).content.decode()
    assert signature.empreinte in page
    assert 'd="M 10 10 L 20 30 L 40 50"' in page


def test_un_refus_rend_ce_qui_etait_rempli(distribution: Distribution, connecte: Any) -> None:
    contrat = un_brouillon(distribution)
    client = connecte("partenaire")
    reponse = agir(client, contrat, "proposer_signature", debut="2020-01-01", duree="6")
    assert reponse.status_code == 409
    assert 'value="2020-01-01"' in reponse.content.decode()
    reponse = agir(client, contrat, "abandonner", motif="")
    assert "Écrivez pourquoi" in reponse.content.decode()
    contrat.refresh_from_db()
    assert contrat.etat == "brouillon"


def test_un_acte_qui_n_est_plus_possible_ramene_a_la_page(distribution: Distribution, connecte: Any) -> None:
    contrat = recu(distribution)
    reponse = agir(connecte("siege"), contrat, "recevoir", le=timezone.localdate().isoformat())
    assert reponse.status_code == 302
    assert agir(connecte("siege"), contrat, "inconnu").status_code == 404


def test_la_page_signee_se_joint(distribution: Distribution, connecte: Any) -> None:
    contrat, jour = a_signer(distribution), timezone.localdate().isoformat()
    client = connecte("partenaire")
    donnees = {"nom": "Camille", "le_personne": jour, "le_referent": jour}
    faux = SimpleUploadedFile("page.pdf", b"<html>", content_type="application/pdf")
    refus = client.post(adresse("contrat_papier", contrat), {**donnees, "papier": faux})
    assert refus.status_code == 409
    assert "ni un PDF ni une photo" in refus.content.decode()
    bon = SimpleUploadedFile("page.html", UN_PDF, content_type="text/html")
    assert client.post(adresse("contrat_papier", contrat), {**donnees, "papier": bon}).status_code == 302
    contrat.refresh_from_db()
    assert contrat.etat == "signe"


def test_le_texte_arrete_se_lit_et_la_lecture_est_notee(distribution: Distribution, connecte: Any) -> None:
    contrat = a_signer(distribution)
    reponse = connecte("partenaire").get(adresse("contrat_texte", contrat))
    assert reponse.content.startswith(b"%PDF-")
    assert Lecture.objects.filter(personne=contrat.personne.public_id).exists()
    brouillon = un_brouillon(distribution, complet=False)
    assert connecte("partenaire").get(adresse("contrat_texte", brouillon)).status_code == 404


def test_lire_ensemble_puis_noter_l_avis(distribution: Distribution, connecte: Any) -> None:
    contrat = en_lecture(distribution)
    client, demain = connecte("siege"), timezone.localdate() + timedelta(days=1)
    assert "Plusieurs freins à la fois" in client.get(reverse("contrats_lectures")).content.decode()
    client.post(adresse("contrat_lecture_jour", contrat), {"prevue_le": demain.isoformat()})
    page = client.get(adresse("contrat_lecture", contrat)).content.decode()
    assert "Passer le permis" in page
    donnees = {"avis": "Étapes réalistes", "presents": "Deux référentes", "le": timezone.localdate().isoformat()}
    assert client.post(adresse("contrat_lecture", contrat), {**donnees, "avis": ""}).status_code == 409
    assert client.post(adresse("contrat_lecture", contrat), donnees).status_code == 302
    contrat.refresh_from_db()
    assert contrat.etat == "recu"
    assert "Étapes réalistes" in client.get(reverse("contrats_lectures")).content.decode()


def test_la_liste_des_delais_compte_par_territoire_et_valide_en_nombre(
    distribution: Distribution, connecte: Any
) -> None:
    vieux = timezone.localdate() - timedelta(days=60)
    bon = un_contrat(distribution, etat="recu", debut=vieux)
    fini = un_contrat(distribution, etat="recu", debut=vieux, duree=1)
    client = connecte("siege")
    page = client.get(reverse("contrats_delais")).content.decode()
    assert f"{distribution.territoire.libelle} <strong>2</strong>" in page
    autre = client.get(reverse("contrats_delais"), {"territoire": distribution.autre_territoire.code})
    assert "Aucun contrat n’attend" in autre.content.decode()
    page = client.post(reverse("contrats_valider"), {"contrat": [bon.public_id, fini.public_id, "n'importe"]})
    assert "1 contrat validé" in page.content.decode()
    assert "serait déjà terminé" in page.content.decode()
    bon.refresh_from_db()
    assert bon.etat == "en_vigueur"


def test_autant_de_requetes_pour_un_et_pour_vingt(distribution: Distribution, connecte: Any) -> None:
    client = connecte("siege")
    vieux = timezone.localdate() - timedelta(days=60)

    def compter() -> int:
        client.get(reverse("contrats_delais"))
        with CaptureQueriesContext(connection) as requetes:
            client.get(reverse("contrats_delais"))
        return len(requetes)

    un_contrat(distribution, etat="recu", debut=vieux)
    une = compter()
    for _ in range(19):
        un_contrat(distribution, etat="recu", debut=vieux)
    assert compter() == une


# --- Par son lien


def test_la_personne_signe_par_son_lien(distribution: Distribution, client: Client) -> None:
    contrat = a_signer(distribution)
    _, jeton = creer_lien(
        contrat.personne, acteur=distribution.partenaire, usage=UsageLien.CONTRAT, objet=contrat.public_id
    )
    agent = agent_de_droit(distribution, "acces_personnel.gerer")
    _, code = montrer_code(
        contrat.personne, acteur=agent, perimetre=Perimetre.de(agent), usage=UsageCode.SIGNATURE,
        objet=contrat.public_id,
    )  # fmt: skip
    page = reverse("lien_contrat_signer", args=[jeton])
    assert "Passer le permis" in client.get(page).content.decode()
    faux = f"{(int(code) + 1) % 1_000_000:06d}"
    assert client.post(page, {"nom": "Camille", "code": faux}).status_code == 409
    assert client.post(page, {"nom": "", "code": code}).status_code == 409
    assert client.post(page, {"nom": "Camille", "code": code}).status_code == 302
    contrat.refresh_from_db()
    assert contrat.etat == "signe_personne"
    assert "Vous avez signé" in client.get(page).content.decode()
    assert client.get(reverse("lien_contrat_texte", args=[jeton])).content.startswith(b"%PDF-")


def test_par_le_lien_les_essais_manques_restent_comptes(distribution: Distribution, client: Client) -> None:
    from jalon.personnes.codes import CodeUnique

    contrat = a_signer(distribution)
    _, jeton = creer_lien(
        contrat.personne, acteur=distribution.partenaire, usage=UsageLien.CONTRAT, objet=contrat.public_id
    )
    agent = agent_de_droit(distribution, "acces_personnel.gerer")
    montrer_code(
        contrat.personne, acteur=agent, perimetre=Perimetre.de(agent), usage=UsageCode.SIGNATURE,
        objet=contrat.public_id,
    )  # fmt: skip
    client.post(reverse("lien_contrat_signer", args=[jeton]), {"nom": "Camille", "code": "abc"})
    assert CodeUnique.objects.get().essais == 1


def test_sans_texte_a_signer_le_lien_le_dit(distribution: Distribution, client: Client) -> None:
    contrat = signe(distribution)
    _, jeton = creer_lien(
        contrat.personne, acteur=distribution.partenaire, usage=UsageLien.CONTRAT, objet=contrat.public_id
    )
    reponse = client.post(reverse("lien_contrat_code", args=[jeton]), follow=True)
    assert "n’attend plus votre signature" in reponse.content.decode()

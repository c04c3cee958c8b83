"""La feuille, les absences, les contacts, les suites du jour même."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from jalon.rendezvous.justificatifs import declarer_absence, joindre_preuve
from jalon.rendezvous.models import ContactIndividuel, EtatInvitation, Invitation, QuestionnairePreparatoire, RendezVous
from jalon.rendezvous.presences import noter_presence
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, motif, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db


@pytest.fixture
def deux(distribution: Distribution) -> list[Invitation]:
    personnes = [une_allocataire(territoire=distribution.territoire) for _ in range(2)]
    deux = inviter(distribution, une_reunion(distribution), *personnes)
    ramener(deux[0].reunion)
    return list(Invitation.objects.order_by("pk"))


def test_sans_javascript_un_bouton_enregistre_tout(connecte: Any, deux: list[Invitation]) -> None:
    adresse = f"/reunions/{deux[0].reunion.public_id}/feuille/"
    donnees = {
        f"etat-{deux[0].public_id}": "presente",
        f"etat-{deux[1].public_id}": "excusee", f"motif-{deux[1].public_id}": "garde",
    }  # fmt: skip
    page = connecte("orienteur").post(adresse, donnees, follow=True).content.decode()
    assert "2 lignes enregistrées" in page
    assert [i.etat for i in Invitation.objects.order_by("pk")] == ["presente", "excusee"]


def test_un_refus_ne_perd_pas_les_autres(connecte: Any, deux: list[Invitation]) -> None:
    adresse = f"/reunions/{deux[0].reunion.public_id}/feuille/"
    donnees = {f"etat-{deux[0].public_id}": "excusee", f"etat-{deux[1].public_id}": "absente"}
    page = connecte("orienteur").post(adresse, donnees, follow=True).content.decode()
    assert "a un motif" in page
    assert [i.etat for i in Invitation.objects.order_by("pk")] == ["invitee", "absente"]


def test_un_geste_rend_la_ligne_que_rendrait_la_page(connecte: Any, deux: list[Invitation]) -> None:
    client = connecte("orienteur")
    adresse = f"/reunions/invitations/{deux[0].public_id}/presence/"
    fragment = client.post(adresse, {"etat": "presente"}, headers={"HX-Request": "true"}).content.decode()
    page = client.get(f"/reunions/{deux[0].reunion.public_id}/feuille/").content.decode()
    assert f'id="p-{deux[0].public_id}"' in fragment
    assert " ".join(fragment.split()) in " ".join(page.split())


def test_ajoute_une_personne_venue(connecte: Any, distribution: Distribution, deux: list[Invitation]) -> None:
    venue = une_allocataire(territoire=distribution.territoire, nom="WARLOP")
    client = connecte("orienteur")
    adresse = f"/reunions/{deux[0].reunion.public_id}/feuille/"
    assert "Warlop" in client.get(f"{adresse}?q=warlop").content.decode()
    client.post(f"{adresse}ajouter/", {"personne": str(venue.public_id)})
    assert Invitation.objects.get(personne=venue).etat == EtatInvitation.PRESENTE


def test_clot_puis_rouvre(connecte: Any, deux: list[Invitation]) -> None:
    client = connecte("orienteur")
    base = f"/reunions/{deux[0].reunion.public_id}/feuille"
    assert "ni présence ni absence" in client.post(f"{base}/clore/", follow=True).content.decode()
    assert "Feuille close" in client.post(f"{base}/clore/", {"autres_absents": "oui"}, follow=True).content.decode()
    assert "rouverte" in client.post(f"{base}/rouvrir/", {"motif": "Erreur"}, follow=True).content.decode()


def test_la_feuille_a_signer_porte_les_noms(connecte: Any, deux: list[Invitation]) -> None:
    page = connecte("orienteur").get(f"/reunions/{deux[0].reunion.public_id}/feuille/imprimer/").content.decode()
    assert "Signature" in page
    assert page.count('<th scope="row">') == 2 + 6


def test_les_suites_du_jour_meme(connecte: Any, distribution: Distribution, deux: list[Invitation]) -> None:
    client = connecte("orienteur")
    base = f"/reunions/invitations/{deux[0].public_id}"
    noter_presence(deux[0], etat=EtatInvitation.PRESENTE, **qui(distribution))
    client.post(f"{base}/entretien/")
    client.post(f"{base}/questionnaire/", {"q-attentes": "Un emploi", "rendre": "oui"})
    jour = timezone.localdate() + timedelta(days=6)
    organisme = distribution.territoire.organisme_set.filter(actif=True).order_by("pk")[0]
    reponse = client.post(
        f"{base}/rendez-vous/",
        {
            "organisme": organisme.code, "date": jour.isoformat(), "heure": "14:30", "duree": "45",
            "modalite": "sur_place", "lieu": "Bureau 2",
        }, follow=True,
    )  # fmt: skip
    assert "Rendez-vous fixé" in reponse.content.decode()
    deux[0].refresh_from_db()
    assert deux[0].entretien_le is not None
    assert QuestionnairePreparatoire.objects.get().origine == "agent"
    page = client.get(f"/personnes/{deux[0].personne.public_id}/contacts/").content.decode()
    assert "Ce que la personne a écrit" in page
    assert "Un emploi" in page
    assert timezone.localtime(RendezVous.objects.get().debut).hour == 14


def test_un_lien_remis_ne_se_montre_qu_une_fois(connecte: Any, deux: list[Invitation]) -> None:
    reponse = connecte("orienteur").post(f"/reunions/invitations/{deux[0].public_id}/lien/")
    assert "/lien/" in reponse.content.decode()
    assert reponse["Cache-Control"] == "no-store"


def test_note_un_contact_et_leve_le_blocage(connecte: Any, distribution: Distribution, deux: list[Invitation]) -> None:
    noter_presence(deux[0], etat=EtatInvitation.ABSENTE, **qui(distribution))
    client = connecte("orienteur")
    adresse = f"/personnes/{deux[0].personne.public_id}/contacts/"
    assert "rien d&#x27;autre ne peut se faire" in client.get(adresse).content.decode()
    assert "data-ligne" in client.get("/reunions/absences/").content.decode()
    donnees = {"date": timezone.localdate().isoformat(), "moyen": "telephone", "resultat": "jointe", "resume": "Ok"}
    page = client.post(adresse, donnees, follow=True).content.decode()
    assert "rien d&#x27;autre ne peut se faire" not in page
    assert ContactIndividuel.objects.get().auteur == distribution.orienteur
    assert Lecture.objects.filter(personne=deux[0].personne.public_id, ecran="contacts").exists()


def test_examine_une_absence(connecte: Any, distribution: Distribution, deux: list[Invitation]) -> None:
    absence = declarer_absence(deux[0], motif=motif("travail"), **qui(distribution))
    client = connecte("orienteur")
    base = f"/reunions/absences/{absence.public_id}"
    fichier = SimpleUploadedFile("a.pdf", b"%PDF-1.7 essai")
    assert "Document ajouté" in client.post(f"{base}/joindre/", {"preuve": fichier}, follow=True).content.decode()
    preuve = client.get(f"/reunions/preuves/{absence.preuves.get().public_id}/")
    assert preuve["Content-Disposition"].startswith("attachment")
    assert "acceptée" in client.post(f"{base}/accepter/", follow=True).content.decode()


def test_un_motif_de_sante_et_son_document_restent_reserves(
    connecte: Any, distribution: Distribution, deux: list[Invitation]
) -> None:
    absence = declarer_absence(deux[0], motif=motif("sante"), precision="Opération", **qui(distribution))
    type(absence).objects.filter(pk=absence.pk).update(etat="declaree")
    preuve = joindre_preuve(absence, contenu=b"%PDF-1.7 essai", **qui(distribution))
    client = connecte("orienteur")
    page = client.get("/reunions/absences/").content.decode()
    assert "Motif réservé" in page
    assert "Opération" not in page
    assert client.get(f"/reunions/preuves/{preuve.public_id}/").status_code == 404

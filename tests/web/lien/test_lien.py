"""Le lien personnel : ce qu'il ouvre, ce qu'il n'ouvre pas, et ce que la personne y fait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from jalon.personnes.liens import LienPersonnel, UsageLien, creer_lien, empreinte
from jalon.personnes.models import Personne
from jalon.rendezvous.models import (
    EtatInvitation,
    Invitation,
    JustificatifAbsence,
    PreuveAbsence,
    QuestionnairePreparatoire,
)
from jalon.rendezvous.questionnaires import enregistrer_questionnaire
from jalon.socle.rls import REGISTRE, Reglages, web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 essai"


@pytest.fixture(autouse=True)
def _sans_compteur() -> None:
    cache.clear()


@pytest.fixture
def invitation(distribution: Distribution) -> Invitation:
    personne = une_allocataire(territoire=distribution.territoire, nom="TRESSECRET", prenom="CAMILLE")
    return inviter(distribution, une_reunion(distribution), personne)[0]


@pytest.fixture
def jeton(distribution: Distribution, invitation: Invitation) -> str:
    return creer_lien(
        invitation.personne, acteur=distribution.orienteur, usage=UsageLien.INVITATION, objet=invitation.public_id
    )[1]


class TestPage:
    def test_dit_la_reunion_et_le_prenom_seul(self, jeton: str) -> None:
        reponse = Client().get(f"/lien/{jeton}/")
        page = reponse.content.decode()
        assert "Bonjour Camille" in page
        assert "Maison du Département" in page
        assert "tressecret" not in page.lower()

    def test_ne_laisse_partir_le_jeton_nulle_part(self, jeton: str) -> None:
        reponse = Client().get(f"/lien/{jeton}/")
        # Même origine : rien ne part ailleurs, et les formulaires de la page restent reconnus.
        assert reponse["Referrer-Policy"] == "same-origin"
        assert reponse["Cache-Control"] == "no-store"
        assert "noindex" in reponse["X-Robots-Tag"]

    def test_un_jeton_inconnu_ne_dit_rien(self) -> None:
        reponse = Client().get("/lien/au-hasard/")
        assert reponse.status_code == 404
        assert "Nous ne reconnaissons pas ce lien" in reponse.content.decode()

    @pytest.mark.parametrize("champ", ["expire_le", "revoque_le"])
    def test_un_lien_ferme_dit_qui_appeler(self, jeton: str, champ: str) -> None:
        LienPersonnel.objects.update(**{champ: timezone.now() - timedelta(days=1)})
        reponse = Client().get(f"/lien/{jeton}/")
        assert reponse.status_code == 410
        page = reponse.content.decode()
        assert "Appelez le service" in page
        assert "Maison du Département" not in page

    def test_freine_apres_soixante_demandes(self, jeton: str) -> None:
        client = Client()
        statuts = [client.get(f"/lien/{jeton}/").status_code for _ in range(61)]
        assert (statuts[59], statuts[60]) == (200, 429)

    def test_l_agenda_ne_nomme_personne(self, jeton: str) -> None:
        reponse = Client().get(f"/lien/{jeton}/agenda.ics")
        texte = reponse.content.decode()
        assert texte.startswith("BEGIN:VCALENDAR\r\n")
        assert "Camille" not in texte
        assert jeton not in texte
        assert all(len(ligne.encode()) <= 75 for ligne in texte.split("\r\n"))

    def test_le_formulaire_passe_la_garde_contre_les_formulaires_forges(self, jeton: str) -> None:
        client = Client(enforce_csrf_checks=True)
        adresse = f"/lien/{jeton}/questionnaire/"
        page = client.get(adresse).content.decode()
        garde = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        donnees = {"q-attentes": "Un emploi", "csrfmiddlewaretoken": garde}
        assert client.post(adresse, {"q-attentes": "Un emploi"}).status_code == 403
        origine = {"Origin": "http://testserver"}
        assert client.post(adresse, donnees, headers=origine).status_code == 302

    def test_un_agent_connecte_n_y_voit_rien_de_plus(self, connecte: Any, jeton: str) -> None:
        assert "tressecret" not in connecte("siege").get(f"/lien/{jeton}/").content.decode().lower()


class TestQuestionnaire:
    def test_se_garde_puis_s_envoie(self, jeton: str, invitation: Invitation) -> None:
        client = Client()
        client.post(f"/lien/{jeton}/questionnaire/", {"q-attentes": "Un emploi"})
        questionnaire = QuestionnairePreparatoire.objects.get(invitation=invitation)
        assert (questionnaire.etat, questionnaire.origine) == ("commence", "personne")
        assert "Un emploi" in client.get(f"/lien/{jeton}/questionnaire/").content.decode()
        page = client.post(
            f"/lien/{jeton}/questionnaire/",
            {"q-attentes": "Un emploi", "q-besoins": ["emploi", "sante"], "rendre": "oui"}, follow=True,
        ).content.decode()  # fmt: skip
        assert "Merci, vos réponses sont envoyées" in page
        questionnaire.refresh_from_db()
        assert questionnaire.etat == "rendu"
        assert Acte.objects.get(code="rendezvous.questionnaire.rendu").personnes == [invitation.personne.public_id]

    def test_un_refus_garde_ce_qui_est_ecrit(self, jeton: str) -> None:
        page = (
            Client()
            .post(f"/lien/{jeton}/questionnaire/", {"q-attentes": "Un emploi", "q-moment": "jamais"})
            .content.decode()
        )
        assert "Choisissez une réponse proposée" in page
        assert "Un emploi" in page

    def test_se_ferme_une_fois_la_personne_venue(
        self, distribution: Distribution, jeton: str, invitation: Invitation
    ) -> None:
        from jalon.rendezvous.presences import noter_presence

        ramener(invitation.reunion)
        noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))
        page = Client().post(f"/lien/{jeton}/questionnaire/", {"q-attentes": "x"}).content.decode()
        assert "de vive voix" in page


class TestAbsence:
    def test_prevenir_avec_une_preuve(self, jeton: str, invitation: Invitation) -> None:
        fichier = SimpleUploadedFile("n'importe quoi.exe", PDF)
        page = (
            Client()
            .post(f"/lien/{jeton}/absence/", {"motif": "travail", "precision": "Équipe du matin", "preuve": fichier}, follow=True)
            .content.decode()
        )  # fmt: skip
        assert "Merci de nous avoir prévenus" in page
        justificatif = JustificatifAbsence.objects.get()
        assert (justificatif.etat, justificatif.origine) == ("preuve_recue", "personne")
        assert PreuveAbsence.objects.get().type == "application/pdf"
        invitation.refresh_from_db()
        assert invitation.etat == EtatInvitation.EXCUSEE

    def test_la_preuve_peut_venir_plus_tard(self, jeton: str) -> None:
        client = Client()
        client.post(f"/lien/{jeton}/absence/", {"motif": "travail"})
        assert "Il attend encore un document" in client.get(f"/lien/{jeton}/").content.decode()
        client.post(f"/lien/{jeton}/absence/", {"motif": "travail", "preuve": SimpleUploadedFile("a.pdf", PDF)})
        assert JustificatifAbsence.objects.get().etat == "preuve_recue"

    def test_refuse_un_fichier_deguise_et_garde_la_saisie(self, jeton: str) -> None:
        faux = SimpleUploadedFile("preuve.pdf", b"<html>")
        page = (
            Client()
            .post(f"/lien/{jeton}/absence/", {"motif": "travail", "precision": "Mon mot", "preuve": faux})
            .content.decode()
        )
        assert "ni un PDF ni une photo" in page
        assert "Mon mot" in page
        assert not JustificatifAbsence.objects.exists()

    def test_refuse_sans_raison(self, jeton: str) -> None:
        assert "Choisissez la raison" in Client().post(f"/lien/{jeton}/absence/", {}).content.decode()

    def test_refuse_de_changer_une_absence_deja_examinee(self, jeton: str) -> None:
        client = Client()
        client.post(f"/lien/{jeton}/absence/", {"motif": "garde"})
        JustificatifAbsence.objects.update(etat="acceptee")
        assert "déjà été examinée" in client.post(f"/lien/{jeton}/absence/", {"motif": "transport"}).content.decode()


class TestSecondeMuraille:
    """PostgreSQL lui-même n'ouvre au lien que ses lignes."""

    @pytest.fixture
    def voisine(self, distribution: Distribution, invitation: Invitation) -> Invitation:
        autre = une_allocataire(territoire=distribution.territoire)
        (voisine,) = inviter(distribution, invitation.reunion, autre)
        for ligne in (invitation, voisine):
            enregistrer_questionnaire(ligne, reponses={"attentes": ["A"]}, rendre=True, **qui(distribution))
        creer_lien(autre, acteur=distribution.orienteur, usage=UsageLien.INVITATION, objet=voisine.public_id)
        return voisine

    def test_un_lien_n_ouvre_que_son_invitation(self, jeton: str, invitation: Invitation, voisine: Invitation) -> None:
        with web_role(Reglages(lien=empreinte(jeton))):
            assert list(Invitation.objects.order_by("pk").values_list("pk", flat=True)) == [invitation.pk]
            questionnaires = QuestionnairePreparatoire.objects.order_by("pk").values_list("invitation_id", flat=True)
            assert list(questionnaires) == [invitation.pk]
            assert LienPersonnel.objects.count() == 1
            assert Invitation.objects.filter(pk=voisine.pk).update(etat="annulee") == 0

    def test_un_lien_n_ouvre_jamais_le_dossier(self, jeton: str, voisine: Invitation) -> None:
        ouvertes = {
            "rendezvous_invitation", "rendezvous_questionnairepreparatoire", "rendezvous_reponsequestion",
            "rendezvous_justificatifabsence", "rendezvous_preuveabsence", "personnes_lienpersonnel",
        }  # fmt: skip
        with web_role(Reglages(lien=empreinte(jeton))), connection.cursor() as curseur:
            assert not Personne.objects.exists()
            for table in sorted(set(REGISTRE.politiques) - ouvertes):
                curseur.execute(f'select count(*) from "{table}"')
                assert curseur.fetchone()[0] == 0, table

    @pytest.mark.parametrize("champ", ["expire_le", "revoque_le"])
    def test_un_lien_ferme_n_ouvre_plus_rien(self, jeton: str, voisine: Invitation, champ: str) -> None:
        LienPersonnel.objects.update(**{champ: timezone.now() - timedelta(days=1)})
        with web_role(Reglages(lien=empreinte(jeton))):
            assert not Invitation.objects.exists()
            assert not QuestionnairePreparatoire.objects.exists()

    def test_sans_lien_rien_ne_s_ouvre(self, voisine: Invitation) -> None:
        with web_role(Reglages(lien="")):
            assert not LienPersonnel.objects.exists()
            assert not Invitation.objects.exists()

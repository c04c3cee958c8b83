"""Le questionnaire préparatoire (R20, R46) et le premier rendez-vous (R16) ; la réunion de deux dossiers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from jalon.personnes.models import Personne, Rapprochement
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from jalon.rendezvous.models import EtatInvitation, Invitation
from jalon.rendezvous.presences import ajouter_presente
from jalon.rendezvous.questionnaires import enregistrer_questionnaire
from jalon.rendezvous.rendez_vous import Creneau, annuler_rendez_vous, fixer_rendez_vous
from jalon.rendezvous.selectors import questionnaire_de, reponses_lues
from jalon.socle.errors import JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire)


@pytest.fixture
def invitation(distribution: Distribution, personne: Personne) -> Invitation:
    return inviter(distribution, une_reunion(distribution), personne)[0]


class TestQuestionnaire:
    def test_un_brouillon_se_garde_puis_se_rend(self, distribution: Distribution, invitation: Invitation) -> None:
        enregistrer_questionnaire(invitation, reponses={"attentes": ["Un emploi"]}, rendre=False, **qui(distribution))
        assert questionnaire_de(invitation.personne).etat == "commence"  # type: ignore[union-attr]
        rendu = enregistrer_questionnaire(
            invitation, reponses={"attentes": ["Un emploi"], "besoins": ["emploi", "garde"]}, rendre=True,
            **qui(distribution),
        )  # fmt: skip
        assert rendu.etat == "rendu"
        assert [(r.question, r.reponse) for r in reponses_lues(rendu, voit_sante=False)] == [
            ("Qu'attendez-vous de cette rencontre ?", "Un emploi"),
            ("De quoi avez-vous besoin en premier ?", "Trouver un emploi, Faire garder mes enfants"),
        ]

    def test_une_reponse_s_efface(self, distribution: Distribution, invitation: Invitation) -> None:
        for reponses in ({"attentes": ["A"], "projet": ["B"]}, {"attentes": ["A"]}):
            questionnaire = enregistrer_questionnaire(invitation, reponses=reponses, rendre=False, **qui(distribution))
        assert [r.reponse for r in reponses_lues(questionnaire, voit_sante=False)] == ["A"]

    def test_un_besoin_de_sante_ne_se_lit_qu_avec_le_role_et_ne_s_efface_pas_sans_lui(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        enregistrer_questionnaire(
            invitation, reponses={"besoins": ["emploi", "sante"]}, rendre=True, **qui(distribution)
        )
        questionnaire = enregistrer_questionnaire(
            invitation, reponses={"besoins": ["emploi"]}, rendre=True, **qui(distribution)
        )
        (reservee,) = reponses_lues(questionnaire, voit_sante=False)
        (lue,) = reponses_lues(questionnaire, voit_sante=True)
        assert (reservee.reponse, reservee.reservee) == ("Trouver un emploi", True)
        assert (lue.reponse, lue.reservee) == ("Trouver un emploi, M'occuper de ma santé", False)

    @pytest.mark.parametrize(
        ("reponses", "phrase"),
        [
            ({"besoins": ["inconnu"]}, "réponse proposée"),
            ({"deja_suivi": ["oui", "non"]}, "réponse proposée"),
            ({"attentes": ["x" * 2_001]}, "2000 signes"),
            ({}, "au moins une question"),
        ],
    )
    def test_refuse_une_reponse_impossible(
        self, distribution: Distribution, invitation: Invitation, reponses: dict[str, list[str]], phrase: str
    ) -> None:
        with pytest.raises(JalonError, match=phrase):
            enregistrer_questionnaire(invitation, reponses=reponses, rendre=True, **qui(distribution))


class TestRendezVous:
    def creneau(self, distribution: Distribution, **champs: object) -> Creneau:
        debut = timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=5), time(14)))
        valeurs = {
            "organisme": distribution.organisme("ccas"), "debut": debut, "lieu": "CCAS, bureau 3", **champs
        }  # fmt: skip
        return Creneau(**valeurs)  # type: ignore[arg-type]

    def test_se_donne_sur_place(self, distribution: Distribution, invitation: Invitation) -> None:
        fixe = fixer_rendez_vous(
            invitation.personne, creneau=self.creneau(distribution), invitation=invitation, **qui(distribution)
        )
        assert (fixe.etat, fixe.objet, fixe.invitation) == ("fixe", "premier", invitation)

    def test_refuse_dans_le_passe(self, distribution: Distribution, personne: Personne) -> None:
        hier = timezone.now() - timedelta(days=1)
        with pytest.raises(JalonError, match="dans le passé"):
            fixer_rendez_vous(personne, creneau=self.creneau(distribution, debut=hier), **qui(distribution))

    def test_refuse_sur_place_sans_lieu(self, distribution: Distribution, personne: Personne) -> None:
        with pytest.raises(JalonError, match="a un lieu"):
            fixer_rendez_vous(personne, creneau=self.creneau(distribution, lieu=""), **qui(distribution))

    def test_refuse_un_agent_deja_pris(self, distribution: Distribution, personne: Personne) -> None:
        autre = une_allocataire(territoire=distribution.territoire)
        creneau = self.creneau(distribution, agent=distribution.collegue)
        fixer_rendez_vous(personne, creneau=creneau, **qui(distribution))
        with pytest.raises(JalonError, match="déjà un rendez-vous"):
            fixer_rendez_vous(autre, creneau=creneau, **qui(distribution))

    def test_s_annule_une_fois_avec_un_motif(self, distribution: Distribution, personne: Personne) -> None:
        fixe = fixer_rendez_vous(personne, creneau=self.creneau(distribution), **qui(distribution))
        with pytest.raises(JalonError, match="Dites pourquoi"):
            annuler_rendez_vous(fixe, motif="", **qui(distribution))
        annuler_rendez_vous(fixe, motif="Agent malade", **qui(distribution))
        with pytest.raises(TransitionRefuseeError, match="ne s'annule plus"):
            annuler_rendez_vous(fixe, motif="Encore", **qui(distribution))


class TestFusion:
    def fusionner(self, distribution: Distribution, gardee: Personne, absorbee: Personne) -> object:
        doute = Rapprochement.objects.create(
            ancienne=gardee, nouvelle=absorbee, score=95, motif="Mêmes noms", date_flux=date(2026, 10, 31)
        )
        return fusionner_personnes(doute, acteur=distribution.siege)

    def test_deux_invitations_en_cours_n_en_font_plus_qu_une(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        double = une_allocataire(territoire=distribution.territoire)
        (autre,) = inviter(distribution, une_reunion(distribution, debut=time(14), fin=time(16)), double)
        fusion = self.fusionner(distribution, invitation.personne, double)
        autre.refresh_from_db()
        assert (autre.personne, autre.etat) == (invitation.personne, "annulee")
        annuler_fusion(fusion, acteur=distribution.siege)  # type: ignore[arg-type]
        autre.refresh_from_db()
        assert (autre.personne, autre.etat) == (double, "invitee")

    def test_a_la_meme_reunion_la_presence_notee_l_emporte(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        double = une_allocataire(territoire=distribution.territoire)
        ramener(invitation.reunion)
        venue = ajouter_presente(invitation.reunion, personne=double, **qui(distribution))
        self.fusionner(distribution, invitation.personne, double)
        etats = dict(Invitation.objects.order_by("pk").values_list("pk", "etat"))
        assert etats == {invitation.pk: EtatInvitation.ANNULEE, venue.pk: EtatInvitation.PRESENTE}

    def test_questionnaires_contacts_et_rendez_vous_suivent(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        gardee = une_allocataire(territoire=distribution.territoire)
        enregistrer_questionnaire(invitation, reponses={"attentes": ["A"]}, rendre=True, **qui(distribution))
        TestRendezVous().test_se_donne_sur_place(distribution, invitation)
        self.fusionner(distribution, gardee, invitation.personne)
        assert questionnaire_de(gardee) is not None
        assert gardee.rendez_vous.count() == 1

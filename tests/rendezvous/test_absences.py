"""Absence, motif, preuve, contact : rien d'autre ne peut se faire avant le contact (R18, F026)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jalon.personnes.models import EtatTache, Tache, TypeTache
from jalon.rendezvous.contacts import exiger_contact_apres_absence, noter_contact
from jalon.rendezvous.justificatifs import (
    TAILLE_MAXIMALE,
    accepter_absence,
    declarer_absence,
    joindre_preuve,
    reconnaitre,
    refuser_absence,
)
from jalon.rendezvous.models import EtatInvitation, Invitation
from jalon.rendezvous.presences import noter_presence
from jalon.socle.errors import JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, motif, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db
PDF, JPEG = b"%PDF-1.7 essai", b"\xff\xd8\xff\xe0 essai"


@pytest.fixture
def invitation(distribution: Distribution) -> Invitation:
    personne = une_allocataire(territoire=distribution.territoire)
    (invitation,) = inviter(distribution, une_reunion(distribution), personne)
    return invitation


@pytest.fixture
def absence(distribution: Distribution, invitation: Invitation) -> Invitation:
    ramener(invitation.reunion)
    return noter_presence(invitation, etat=EtatInvitation.ABSENTE, **qui(distribution))


class TestContact:
    def test_refuse_toute_suite_sans_contact(self, distribution: Distribution, absence: Invitation) -> None:
        with pytest.raises(TransitionRefuseeError, match="Notez d'abord un contact individuel"):
            exiger_contact_apres_absence(absence.personne)

    def test_un_echange_ouvre_la_suite_et_repond_a_la_tache(
        self, distribution: Distribution, absence: Invitation
    ) -> None:
        noter_contact(
            absence.personne, jour=timezone.localdate(), moyen="telephone", resultat="jointe",
            resume="Elle viendra en décembre.", **qui(distribution),
        )  # fmt: skip
        exiger_contact_apres_absence(absence.personne, effectif=True)
        assert Tache.objects.get(type=TypeTache.CONTACT_ABSENCE).etat == EtatTache.FAITE

    def test_un_message_laisse_ne_suffit_pas(self, distribution: Distribution, absence: Invitation) -> None:
        noter_contact(
            absence.personne, jour=timezone.localdate(), moyen="telephone", resultat="message", **qui(distribution)
        )
        with pytest.raises(TransitionRefuseeError):
            exiger_contact_apres_absence(absence.personne)

    def test_des_tentatives_ne_valent_jamais_un_echange(self, distribution: Distribution, absence: Invitation) -> None:
        for _ in range(3):
            noter_contact(
                absence.personne, jour=timezone.localdate(), moyen="sms", resultat="message", **qui(distribution)
            )
        exiger_contact_apres_absence(absence.personne)
        with pytest.raises(TransitionRefuseeError):
            exiger_contact_apres_absence(absence.personne, effectif=True)

    def test_refuse_un_contact_a_venir(self, distribution: Distribution, absence: Invitation) -> None:
        with pytest.raises(JalonError, match="quand il a eu lieu"):
            noter_contact(
                absence.personne, jour=timezone.localdate() + timedelta(days=1), moyen="sms", resultat="message",
                **qui(distribution),
            )  # fmt: skip

    def test_refuse_un_echange_sans_dire_ce_qui_s_est_dit(
        self, distribution: Distribution, absence: Invitation
    ) -> None:
        with pytest.raises(JalonError, match="ce qui s'est dit"):
            noter_contact(
                absence.personne, jour=timezone.localdate(), moyen="sms", resultat="jointe", **qui(distribution)
            )


class TestJustificatif:
    def test_un_motif_sans_preuve_est_accepte_sur_parole(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        assert declarer_absence(invitation, motif=motif("garde"), **qui(distribution)).etat == "acceptee"

    def test_un_motif_a_preuve_attend_son_document(self, distribution: Distribution, invitation: Invitation) -> None:
        justificatif = declarer_absence(invitation, motif=motif("travail"), **qui(distribution))
        with pytest.raises(JalonError, match="demande une preuve"):
            accepter_absence(justificatif, **qui(distribution))
        joindre_preuve(justificatif, contenu=PDF, **qui(distribution))
        justificatif.refresh_from_db()
        assert justificatif.etat == "preuve_recue"
        assert accepter_absence(justificatif, **qui(distribution)).etat == "acceptee"

    def test_accepter_apres_coup_retire_la_tache(self, distribution: Distribution, absence: Invitation) -> None:
        declarer_absence(absence, motif=motif("garde"), **qui(distribution))
        absence.refresh_from_db()
        assert absence.etat == EtatInvitation.EXCUSEE
        assert Tache.objects.get(type=TypeTache.CONTACT_ABSENCE).etat == EtatTache.SANS_OBJET

    def test_refuser_avant_la_reunion_la_rend_attendue(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        justificatif = declarer_absence(invitation, motif=motif("travail"), **qui(distribution))
        refuser_absence(justificatif, motif="Le document ne dit pas la date", **qui(distribution))
        invitation.refresh_from_db()
        assert invitation.etat == EtatInvitation.INVITEE

    def test_refuser_apres_la_reunion_la_dit_absente(self, distribution: Distribution, invitation: Invitation) -> None:
        justificatif = declarer_absence(invitation, motif=motif("travail"), **qui(distribution))
        ramener(invitation.reunion, timezone.localdate() - timedelta(days=1))
        refuser_absence(justificatif, motif="Aucun document reçu", **qui(distribution))
        invitation.refresh_from_db()
        assert invitation.etat == EtatInvitation.ABSENTE
        assert Tache.objects.filter(type=TypeTache.CONTACT_ABSENCE, etat=EtatTache.A_FAIRE).count() == 1

    def test_refuse_de_refuser_sans_dire_pourquoi(self, distribution: Distribution, invitation: Invitation) -> None:
        justificatif = declarer_absence(invitation, motif=motif("travail"), **qui(distribution))
        with pytest.raises(JalonError, match="lira ce motif"):
            refuser_absence(justificatif, motif=" ", **qui(distribution))

    @pytest.mark.parametrize(
        ("contenu", "phrase"),
        [
            (b"", "vide"),
            (b"<html><script>", "ni un PDF ni une photo"),
            (b"PK\x03\x04 un document nomme preuve.pdf", "ni un PDF ni une photo"),
            (PDF + b"x" * TAILLE_MAXIMALE, "5 Mo"),
        ],
    )
    def test_refuse_un_fichier_qui_n_est_pas_ce_qu_il_dit(self, contenu: bytes, phrase: str) -> None:
        with pytest.raises(JalonError, match=phrase):
            reconnaitre(contenu)

    def test_refuse_deux_fois_le_meme_fichier_et_plus_de_trois(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        justificatif = declarer_absence(invitation, motif=motif("travail"), **qui(distribution))
        for rang in range(3):
            joindre_preuve(justificatif, contenu=JPEG + bytes([rang]), **qui(distribution))
        with pytest.raises(JalonError, match="maximum"):
            joindre_preuve(justificatif, contenu=PDF, **qui(distribution))

    def test_refuse_le_meme_fichier(self, distribution: Distribution, invitation: Invitation) -> None:
        justificatif = declarer_absence(invitation, motif=motif("travail"), **qui(distribution))
        joindre_preuve(justificatif, contenu=PDF, **qui(distribution))
        with pytest.raises(JalonError, match="déjà été reçu"):
            joindre_preuve(justificatif, contenu=PDF, **qui(distribution))

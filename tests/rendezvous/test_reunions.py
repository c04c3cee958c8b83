"""Planifier, reconduire, annuler ; inviter ; tenir la feuille (R15-R18)."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import EtatTache, Tache, TypeTache
from jalon.rendezvous.annulations import annuler_reunion
from jalon.rendezvous.invitations import inviter_personnes, retirer_invitation
from jalon.rendezvous.models import EtatInvitation, EtatReunion, Invitation, MotifInvitation, Reunion
from jalon.rendezvous.presences import (
    ajouter_presente,
    clore_feuille,
    noter_entretien,
    noter_presence,
    rouvrir_feuille,
)
from jalon.rendezvous.selectors import (
    absences_sans_contact,
    derniere_invitation,
    informee_le,
    territoires_sans_reunion,
)
from jalon.rendezvous.services import (
    jour_equivalent,
    modifier_reunion,
    reconduire_mois,
)
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.aides import inviter, motif, qui, ramener, seance, une_reunion

pytestmark = pytest.mark.django_db


class TestPlanifier:
    def test_inscrit_au_plan_et_trace(self, distribution: Distribution) -> None:
        reunion = une_reunion(distribution)
        assert reunion.etat == EtatReunion.PLANIFIEE
        assert reunion.organisateur is not None
        assert Acte.objects.get(code="rendezvous.reunion.planifiee").objet == reunion.public_id

    def test_refuse_un_territoire_qui_n_est_pas_le_sien(self, distribution: Distribution) -> None:
        with pytest.raises(HorsPerimetreError):
            une_reunion(distribution, territoire=distribution.autre_territoire)

    def test_refuse_sans_le_droit(self, distribution: Distribution) -> None:
        with pytest.raises(DroitManquantError):
            une_reunion(distribution, agent=distribution.lecteur)

    def test_refuse_une_date_passee(self, distribution: Distribution) -> None:
        with pytest.raises(JalonError, match="passée"):
            une_reunion(distribution, jour=timezone.localdate() - timedelta(days=1))

    def test_refuse_une_fin_avant_le_debut(self, distribution: Distribution) -> None:
        with pytest.raises(JalonError, match="heure de fin"):
            une_reunion(distribution, fin=time(8))

    def test_refuse_deux_reunions_au_meme_endroit_a_la_meme_heure(self, distribution: Distribution) -> None:
        une_reunion(distribution)
        with pytest.raises(JalonError, match="déjà prévue"):
            une_reunion(distribution)

    def test_refuse_de_changer_le_jour_une_fois_les_convocations_parties(self, distribution: Distribution) -> None:
        reunion = une_reunion(distribution)
        Reunion.objects.filter(pk=reunion.pk).update(etat=EtatReunion.CONVOQUEE)
        with pytest.raises(TransitionRefuseeError, match="convocations sont parties"):
            modifier_reunion(reunion, seance=seance(), **qui(distribution))

    def test_reconduit_un_mois_sans_doubler(self, distribution: Distribution) -> None:
        jour = timezone.localdate() + timedelta(days=40)
        reunion = une_reunion(distribution, jour=jour)
        ids = [distribution.territoire.pk]
        (copie,) = reconduire_mois(jour, territoires=ids, **qui(distribution))
        assert copie.date.weekday() == reunion.date.weekday()
        assert (copie.date.year, copie.date.month) != (jour.year, jour.month)
        assert copie.lieu == reunion.lieu
        assert reconduire_mois(jour, territoires=ids, **qui(distribution)) == []

    @pytest.mark.parametrize(
        ("jour", "attendu"),
        [
            (date(2026, 11, 3), date(2026, 12, 1)),
            (date(2026, 11, 30), date(2026, 12, 28)),
            (date(2027, 1, 31), date(2027, 2, 28)),
            (date(2026, 12, 31), date(2027, 1, 28)),
        ],
    )
    def test_le_jour_equivalent_du_mois_suivant(self, jour: date, attendu: date) -> None:
        assert jour_equivalent(jour) == attendu

    def test_un_territoire_sans_reunion_est_signale(self, distribution: Distribution) -> None:
        perimetre = Perimetre.de(distribution.orienteur)
        reunion = une_reunion(distribution)
        assert territoires_sans_reunion(perimetre, reunion.date) == []
        annuler_reunion(reunion, motif="Salle indisponible", **qui(distribution))
        assert territoires_sans_reunion(perimetre, reunion.date) == [distribution.territoire]

    def test_annuler_libere_les_personnes(self, distribution: Distribution) -> None:
        personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
        reunion = une_reunion(distribution)
        inviter(distribution, reunion, personne)
        annuler_reunion(reunion, motif="Salle indisponible", **qui(distribution))
        assert derniere_invitation(personne) is None
        autre = une_reunion(distribution, debut=time(14), fin=time(16))
        assert inviter(distribution, autre, personne)

    def test_refuse_d_annuler_sans_dire_pourquoi(self, distribution: Distribution) -> None:
        with pytest.raises(JalonError, match="Dites pourquoi"):
            annuler_reunion(une_reunion(distribution), motif=" ", **qui(distribution))


class TestInviter:
    def test_donne_le_motif_de_la_liste_calculee(self, distribution: Distribution) -> None:
        entrante = une_allocataire(territoire=distribution.territoire, en_attente=True)
        autre = une_allocataire(territoire=distribution.territoire)
        faites = inviter(distribution, une_reunion(distribution), entrante, autre)
        assert {i.personne: i.motif for i in faites} == {
            entrante: MotifInvitation.NOUVEL_ENTRANT, autre: MotifInvitation.LIBRE
        }  # fmt: skip
        assert Acte.objects.get(code="rendezvous.invitation.creees").personnes != []

    def test_laisse_de_cote_qui_est_deja_invitee_et_dit_pourquoi(self, distribution: Distribution) -> None:
        personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
        inviter(distribution, une_reunion(distribution), personne)
        bilan = inviter_personnes(
            une_reunion(distribution, debut=time(14), fin=time(16)), personnes=[personne.public_id],
            **qui(distribution),
        )  # fmt: skip
        assert bilan.faites == []
        assert "déjà invitée" in next(iter(bilan.ecartees))

    def test_la_base_refuse_deux_invitations_en_cours(self, distribution: Distribution) -> None:
        personne = une_allocataire(territoire=distribution.territoire)
        inviter(distribution, une_reunion(distribution), personne)
        autre = une_reunion(distribution, debut=time(14), fin=time(16))
        with pytest.raises(IntegrityError, match="invitation_une_seule_en_cours"), transaction.atomic():
            Invitation.objects.create(reunion=autre, personne=personne, motif="libre", invitee_le=timezone.localdate())

    def test_refuse_plus_de_personnes_que_de_places(self, distribution: Distribution) -> None:
        deux = [une_allocataire(territoire=distribution.territoire) for _ in range(2)]
        with pytest.raises(JalonError, match="Il reste 1 place"):
            inviter(distribution, une_reunion(distribution, capacite=1), *deux)

    def test_ne_voit_pas_une_personne_d_un_autre_territoire(self, distribution: Distribution) -> None:
        ailleurs = une_allocataire(territoire=distribution.autre_territoire, en_attente=True)
        with pytest.raises(JalonError, match="au moins une personne"):
            inviter(distribution, une_reunion(distribution), ailleurs)

    def test_laisse_de_cote_une_absente_sans_contact(self, distribution: Distribution) -> None:
        personne = une_allocataire(territoire=distribution.territoire)
        (invitation,) = inviter(distribution, une_reunion(distribution), personne)
        ramener(invitation.reunion)
        noter_presence(invitation, etat=EtatInvitation.ABSENTE, **qui(distribution))
        bilan = inviter_personnes(
            une_reunion(distribution, debut=time(14), fin=time(16)), personnes=[personne.public_id],
            **qui(distribution),
        )  # fmt: skip
        assert bilan.faites == []
        assert "contact" in next(iter(bilan.ecartees))

    def test_retire_avant_la_reunion_seulement(self, distribution: Distribution) -> None:
        (invitation,) = inviter(
            distribution, une_reunion(distribution), une_allocataire(territoire=distribution.territoire)
        )
        ramener(invitation.reunion)
        noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))
        with pytest.raises(TransitionRefuseeError, match="présente"):
            retirer_invitation(invitation, **qui(distribution))


class TestFeuille:
    @pytest.fixture
    def invitation(self, distribution: Distribution) -> Invitation:
        personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
        (invitation,) = inviter(distribution, une_reunion(distribution), personne)
        ramener(invitation.reunion)
        return Invitation.objects.get(pk=invitation.pk)

    def test_presente_elle_est_informee(self, distribution: Distribution, invitation: Invitation) -> None:
        assert informee_le(invitation.personne) is None
        noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))
        assert informee_le(invitation.personne) == timezone.localdate()

    def test_refuse_une_presence_avant_le_jour(self, distribution: Distribution, invitation: Invitation) -> None:
        ramener(invitation.reunion, timezone.localdate() + timedelta(days=1))
        with pytest.raises(TransitionRefuseeError, match="à partir de ce jour"):
            noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))

    def test_une_absence_demande_un_contact_et_sa_correction_le_retire(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        perimetre = Perimetre.de(distribution.orienteur)
        noter_presence(invitation, etat=EtatInvitation.ABSENTE, **qui(distribution))
        tache = Tache.objects.get(type=TypeTache.CONTACT_ABSENCE)
        assert tache.echeance == timezone.localdate() + timedelta(days=15)
        assert absences_sans_contact(perimetre).count() == 1
        noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))
        tache.refresh_from_db()
        assert tache.etat == EtatTache.SANS_OBJET
        assert absences_sans_contact(perimetre).count() == 0

    def test_une_excuse_a_un_motif(self, distribution: Distribution, invitation: Invitation) -> None:
        with pytest.raises(JalonError, match="a un motif"):
            noter_presence(invitation, etat=EtatInvitation.EXCUSEE, **qui(distribution))
        noter_presence(invitation, etat=EtatInvitation.EXCUSEE, motif=motif("garde"), **qui(distribution))
        invitation.refresh_from_db()
        assert (invitation.etat, invitation.justificatif.etat) == ("excusee", "acceptee")

    def test_une_personne_venue_sans_invitation_est_ajoutee(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        ailleurs = une_allocataire(territoire=distribution.territoire)
        autre = une_reunion(distribution, debut=time(14), fin=time(16))
        (prevue,) = inviter(distribution, autre, ailleurs)
        venue = ajouter_presente(invitation.reunion, personne=ailleurs, **qui(distribution))
        prevue.refresh_from_db()
        assert (venue.etat, venue.arrivee_sans_invitation, prevue.etat) == ("presente", True, "annulee")

    def test_refuse_de_clore_une_feuille_a_trous(self, distribution: Distribution, invitation: Invitation) -> None:
        with pytest.raises(TransitionRefuseeError, match="ni présence ni absence"):
            clore_feuille(invitation.reunion, **qui(distribution))
        reunion = clore_feuille(invitation.reunion, autres_absents=True, **qui(distribution))
        invitation.refresh_from_db()
        assert (reunion.etat, invitation.etat) == ("tenue", "absente")

    def test_une_feuille_close_se_rouvre_avec_un_motif(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        clore_feuille(invitation.reunion, autres_absents=True, **qui(distribution))
        with pytest.raises(TransitionRefuseeError, match="close"):
            noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))
        rouvrir_feuille(invitation.reunion, motif="Arrivée en retard", **qui(distribution))
        noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))

    def test_l_entretien_du_jour_meme_suppose_la_presence(
        self, distribution: Distribution, invitation: Invitation
    ) -> None:
        with pytest.raises(TransitionRefuseeError):
            noter_entretien(invitation, **qui(distribution))
        noter_presence(invitation, etat=EtatInvitation.PRESENTE, **qui(distribution))
        assert noter_entretien(invitation, **qui(distribution)).entretien_par == distribution.orienteur

    def test_l_etrangere_ne_tient_pas_cette_feuille(self, distribution: Distribution, invitation: Invitation) -> None:
        from jalon.rendezvous.selectors import acceder_invitation, acceder_reunion

        etrangere = Perimetre.de(distribution.etrangere)
        with pytest.raises(HorsPerimetreError):
            acceder_invitation(etrangere, invitation.public_id)
        with pytest.raises(HorsPerimetreError):
            acceder_reunion(etrangere, invitation.reunion.public_id)

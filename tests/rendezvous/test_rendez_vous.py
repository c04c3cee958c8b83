"""Fixer, tenir, excuser, reporter, annuler ; le temps de chacun ; l'absence demande un contact (R16, R18)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from jalon.documents.models import Envoi
from jalon.personnes.fusion import reunir
from jalon.personnes.models import Personne, Tache
from jalon.rendezvous.contacts import exiger_contact_apres_absence, noter_contact
from jalon.rendezvous.models import OccupationAgenda, PropositionRendezVous, RendezVous
from jalon.rendezvous.rendez_vous import (
    annuler_rendez_vous,
    constater_rendez_vous,
    fixer_rendez_vous,
    reporter_rendez_vous,
)
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.rls import set_context
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.rendezvous.agenda_aides import (
    LIEU,
    instant,
    joignable,
    jour_ouvre,
    proposer,
    referent,
    suivie,
    un_creneau,
    une_plage,
)


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return suivie(distribution, nom="DUPRE", prenom="CAMILLE")


@pytest.fixture
def fixe(distribution: Distribution, personne: Personne) -> RendezVous:
    return fixer_rendez_vous(personne, creneau=un_creneau(distribution), objet="entretien", **referent(distribution))


def ramener(rendez_vous: RendezVous, ecart: timedelta = timedelta(hours=-1)) -> RendezVous:
    """Fait d'un rendez-vous à venir un rendez-vous qui vient d'avoir lieu."""
    RendezVous.objects.filter(pk=rendez_vous.pk).update(debut=timezone.now() + ecart)
    rendez_vous.refresh_from_db()
    return rendez_vous


@pytest.mark.django_db
class TestFixer:
    def test_prend_le_temps_de_chaque_agent_present(self, distribution: Distribution, personne: Personne) -> None:
        fixe = fixer_rendez_vous(
            personne, creneau=un_creneau(distribution), participants=[distribution.collegue], externes=["Une médiatrice", " "],
            **referent(distribution),
        )  # fmt: skip
        pris = OccupationAgenda.objects.filter(source=fixe.public_id).order_by("pk").values_list("agent", flat=True)
        assert set(pris) == {distribution.partenaire.pk, distribution.collegue.pk}
        assert [str(p) for p in fixe.participants.order_by("pk")] == [str(distribution.collegue.pk), "Une médiatrice"]

    def test_refuse_un_temps_qui_en_chevauche_un_autre(self, distribution: Distribution, fixe: RendezVous) -> None:
        creneau = un_creneau(distribution, debut=fixe.debut + timedelta(minutes=30))
        with pytest.raises(JalonError, match=f"{distribution.partenaire} a déjà un rendez-vous sur ce temps"):
            fixer_rendez_vous(suivie(distribution), creneau=creneau, **referent(distribution))
        assert RendezVous.objects.count() == 1

    def test_accepte_un_temps_qui_suit_l_autre(self, distribution: Distribution, fixe: RendezVous) -> None:
        creneau = un_creneau(distribution, debut=fixe.debut + timedelta(minutes=45))
        fixer_rendez_vous(suivie(distribution), creneau=creneau, **referent(distribution))
        assert RendezVous.objects.count() == 2

    def test_refuse_un_participant_deja_pris(self, distribution: Distribution, fixe: RendezVous) -> None:
        creneau = un_creneau(distribution, agent=distribution.collegue)
        with pytest.raises(JalonError, match=f"{distribution.partenaire} a déjà un rendez-vous"):
            fixer_rendez_vous(
                suivie(distribution), creneau=creneau, participants=[distribution.partenaire], **referent(distribution)
            )

    def test_retire_l_invitation_a_choisir_qui_attendait(self, distribution: Distribution, personne: Personne) -> None:
        une_plage(distribution, jour_ouvre())
        proposition, _, _ = proposer(distribution, personne)
        fixer_rendez_vous(personne, creneau=un_creneau(distribution), **referent(distribution))
        proposition.refresh_from_db()
        assert proposition.etat == "retiree"


@pytest.mark.django_db
class TestConstater:
    def test_honore_le_jour_meme(self, distribution: Distribution, fixe: RendezVous) -> None:
        constater_rendez_vous(ramener(fixe), etat="honore", **referent(distribution))
        fixe.refresh_from_db()
        assert (fixe.etat, fixe.constate_par) == ("honore", distribution.partenaire)

    def test_refuse_honore_avant_le_jour(self, distribution: Distribution, fixe: RendezVous) -> None:
        with pytest.raises(JalonError, match="pas encore eu lieu"):
            constater_rendez_vous(fixe, etat="honore", **referent(distribution))

    def test_refuse_une_absence_avant_l_heure(self, distribution: Distribution, fixe: RendezVous) -> None:
        ramener(fixe, timedelta(minutes=10))
        with pytest.raises(JalonError, match="après l'heure prévue"):
            constater_rendez_vous(fixe, etat="manque", **referent(distribution))

    def test_refuse_une_excuse_sans_motif(self, distribution: Distribution, fixe: RendezVous) -> None:
        with pytest.raises(JalonError, match="Dites pourquoi"):
            constater_rendez_vous(fixe, etat="excuse", **referent(distribution))

    def test_une_excuse_rend_le_temps(self, distribution: Distribution, fixe: RendezVous) -> None:
        constater_rendez_vous(fixe, etat="excuse", motif="Enfant malade", **referent(distribution))
        assert not OccupationAgenda.objects.exists()
        fixer_rendez_vous(suivie(distribution), creneau=un_creneau(distribution), **referent(distribution))

    def test_une_absence_demande_un_contact_et_rien_d_autre(self, distribution: Distribution, fixe: RendezVous) -> None:
        constater_rendez_vous(ramener(fixe), etat="manque", **referent(distribution))
        tache = Tache.objects.get(personne=fixe.personne, etat="a_faire")
        assert (tache.type, tache.agent) == ("contact_absence", distribution.partenaire)
        with pytest.raises(TransitionRefuseeError, match="sans contact depuis"):
            exiger_contact_apres_absence(fixe.personne, effectif=True)
        noter_contact(
            fixe.personne, jour=timezone.localdate(), moyen="telephone", resultat="jointe", resume="Le bus n'est pas passé",
            **referent(distribution),
        )  # fmt: skip
        tache.refresh_from_db()
        assert tache.etat == "faite"
        exiger_contact_apres_absence(fixe.personne, effectif=True)

    def test_une_tentative_ne_suffit_pas(self, distribution: Distribution, fixe: RendezVous) -> None:
        constater_rendez_vous(ramener(fixe), etat="manque", **referent(distribution))
        noter_contact(
            fixe.personne,
            jour=timezone.localdate(),
            moyen="telephone",
            resultat="non_jointe",
            **referent(distribution),
        )
        assert Tache.objects.filter(personne=fixe.personne, etat="a_faire").exists()

    def test_une_absence_se_corrige(self, distribution: Distribution, fixe: RendezVous) -> None:
        constater_rendez_vous(ramener(fixe), etat="manque", **referent(distribution))
        constater_rendez_vous(fixe, etat="honore", **referent(distribution))
        assert Tache.objects.get(personne=fixe.personne).etat == "sans_objet"

    def test_refuse_apres_une_annulation(self, distribution: Distribution, fixe: RendezVous) -> None:
        annuler_rendez_vous(fixe, motif="Réunion", **referent(distribution))
        with pytest.raises(TransitionRefuseeError, match="annulé par le service"):
            constater_rendez_vous(ramener(fixe), etat="honore", **referent(distribution))


@pytest.mark.django_db
class TestReporterEtAnnuler:
    def test_reporte_lie_les_deux_et_rend_l_ancien_temps(self, distribution: Distribution, fixe: RendezVous) -> None:
        creneau = un_creneau(distribution, debut=fixe.debut + timedelta(minutes=15))
        nouveau = reporter_rendez_vous(fixe, creneau=creneau, motif="Retard", **referent(distribution))
        fixe.refresh_from_db()
        assert (fixe.etat, fixe.motif, nouveau.remplace, nouveau.objet) == ("reporte", "Retard", fixe, "entretien")
        assert list(OccupationAgenda.objects.values_list("source", flat=True)) == [nouveau.public_id]

    def test_refuse_un_report_sur_un_temps_pris_et_ne_change_rien(
        self, distribution: Distribution, fixe: RendezVous
    ) -> None:
        autre = un_creneau(distribution, debut=fixe.debut + timedelta(hours=2))
        fixer_rendez_vous(suivie(distribution), creneau=autre, **referent(distribution))
        with pytest.raises(JalonError, match="déjà un rendez-vous"):
            reporter_rendez_vous(fixe, creneau=autre, motif="Retard", **referent(distribution))
        fixe.refresh_from_db()
        assert fixe.etat == "fixe"
        assert OccupationAgenda.objects.count() == 2

    def test_la_personne_est_prevenue_meme_si_un_message_vient_de_partir(
        self, distribution: Distribution, personne: Personne, fixe: RendezVous
    ) -> None:
        joignable(personne)
        nouveau = reporter_rendez_vous(
            fixe, creneau=un_creneau(distribution, debut=fixe.debut + timedelta(days=7)), motif="Formation",
            **referent(distribution),
        )  # fmt: skip
        annuler_rendez_vous(nouveau, motif="Congés", **referent(distribution))
        objets = Envoi.objects.filter(personne=personne.public_id).order_by("pk").values_list("objet", flat=True)
        assert list(objets) == ["Votre rendez-vous change de date", "Votre rendez-vous est annulé"]

    def test_le_motif_reste(self, distribution: Distribution, fixe: RendezVous) -> None:
        annuler_rendez_vous(fixe, motif="Agent malade", **referent(distribution))
        fixe.refresh_from_db()
        assert (fixe.etat, fixe.motif) == ("annule", "Agent malade")


@pytest.mark.django_db
class TestEcrans:
    def donnees(self, distribution: Distribution, **champs: Any) -> dict[str, Any]:
        return {
            "objet": "contrat", "agent": str(distribution.partenaire.public_id),
            "organisme": str(distribution.organisme("ccas").public_id), "date": f"{jour_ouvre():%Y-%m-%d}",
            "heure": "10:00", "duree": "45", "modalite": "sur_place", "lieu": LIEU, **champs,
        }  # fmt: skip

    def test_fixe_depuis_le_dossier(self, distribution: Distribution, personne: Personne, connecte: Any) -> None:
        page = connecte("partenaire").post(
            f"/personnes/{personne.public_id}/rendez-vous/fixer/", self.donnees(distribution), follow=True
        ).content.decode()  # fmt: skip
        assert "Rendez-vous fixé" in page
        assert "Écrire le contrat" in page

    def test_refuse_et_garde_la_saisie(
        self, distribution: Distribution, personne: Personne, fixe: RendezVous, connecte: Any
    ) -> None:
        donnees = self.donnees(distribution, heure="14:15", externes="Une interprète")
        page = (
            connecte("partenaire").post(f"/personnes/{personne.public_id}/rendez-vous/fixer/", donnees).content.decode()
        )
        assert "a déjà un rendez-vous sur ce temps" in page
        assert "Une interprète" in page

    def test_le_creneau_de_l_agenda_remplit_le_formulaire(
        self, distribution: Distribution, personne: Personne, connecte: Any
    ) -> None:
        jour = jour_ouvre()
        une_plage(distribution, jour)
        page = connecte("partenaire").get(
            f"/personnes/{personne.public_id}/rendez-vous/fixer/", {"debut": instant(jour, 9, 45).isoformat()}
        ).content.decode()  # fmt: skip
        assert 'value="09:45"' in page
        assert f'value="{LIEU}"' in page

    def test_la_page_dit_ce_qui_peut_se_faire(self, fixe: RendezVous, connecte: Any) -> None:
        page = connecte("partenaire").get(f"/rendez-vous/{fixe.public_id}/").content.decode()
        assert "Reporter à une autre date" in page
        assert "Non venu" not in page
        page = connecte("partenaire").get(f"/rendez-vous/{ramener(fixe).public_id}/").content.decode()
        assert "Non venu" in page

    def test_note_non_venu_et_dit_la_suite(self, fixe: RendezVous, connecte: Any) -> None:
        ramener(fixe)
        page = connecte("partenaire").post(
            f"/rendez-vous/{fixe.public_id}/constater/", {"etat": "manque"}, follow=True
        ).content.decode()  # fmt: skip
        assert "Un contact avec la personne est à faire" in page
        assert "Une absence n’est pas une sanction" in page

    def test_la_liste_d_une_personne_range_ses_rendez_vous(
        self, distribution: Distribution, personne: Personne, fixe: RendezVous, connecte: Any
    ) -> None:
        page = connecte("partenaire").get(f"/personnes/{personne.public_id}/rendez-vous/").content.decode()
        assert "À venir" in page
        assert "À noter" not in page
        ramener(fixe)
        assert "À noter" in connecte("partenaire").get(f"/personnes/{personne.public_id}/rendez-vous/").content.decode()

    def test_refuse_hors_du_perimetre(self, fixe: RendezVous, connecte: Any) -> None:
        assert connecte("etrangere").get(f"/rendez-vous/{fixe.public_id}/").status_code == 404

    def test_refuse_d_agir_a_qui_ne_suit_pas(self, fixe: RendezVous, connecte: Any) -> None:
        adresse = f"/rendez-vous/{fixe.public_id}/annuler/"
        assert connecte("siege").post(adresse, {"motif": "Essai"}).status_code == 302
        assert connecte("lecteur").post(adresse, {"motif": "Essai"}).status_code == 403


@pytest.mark.django_db
class TestFusion:
    def test_deux_invitations_a_choisir_du_meme_agent_n_en_font_plus_qu_une(self, distribution: Distribution) -> None:
        une_plage(distribution, jour_ouvre())
        gardee, absorbee = suivie(distribution), suivie(distribution)
        ancienne, _, _ = proposer(distribution, gardee)
        recente, _, _ = proposer(distribution, absorbee)
        PropositionRendezVous.objects.filter(pk=ancienne.pk).update(proposee_le=timezone.now() - timedelta(days=2))
        fixer_rendez_vous(
            absorbee, creneau=un_creneau(distribution, agent=distribution.collegue), **referent(distribution)
        )
        reunir(gardee, absorbee, jour=date(2026, 11, 20))
        etats = dict(PropositionRendezVous.objects.order_by("pk").values_list("pk", "etat"))
        assert etats == {ancienne.pk: "ouverte", recente.pk: "retiree"}
        assert set(RendezVous.objects.order_by("pk").values_list("personne", flat=True)) == {gardee.pk}


# --- Deux agents au même instant


@pytest.fixture
def ecrite(base_a_part: None) -> Distribution:
    """La distribution, écrite pour de bon : deux connexions ne se voient que si les lignes sont validées."""
    return Distribution()


def _ensemble(*actes: Callable[[], Any]) -> list[Any]:
    depart = threading.Barrier(len(actes))
    issues: list[Any] = [None] * len(actes)

    def lancer(rang: int) -> None:
        try:
            depart.wait(timeout=20)
            issues[rang] = actes[rang]()
        except Exception as refus:  # un refus est ici un résultat attendu
            issues[rang] = refus
        finally:
            connection.close()

    fils = [threading.Thread(target=lancer, args=(rang,)) for rang in range(len(actes))]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=60)
        assert not fil.is_alive()
    return issues


@pytest.mark.parametrize("ecart", [0, 15])
def test_deux_agents_prennent_le_meme_temps(ecrite: Distribution, ecart: int) -> None:
    personnes = [suivie(ecrite), suivie(ecrite)]
    acces = referent(ecrite)
    debuts = [instant(jour_ouvre(), 14), instant(jour_ouvre(), 14, ecart)]

    def acte(rang: int) -> Callable[[], RendezVous]:
        creneau = un_creneau(ecrite, debut=debuts[rang])

        def faire() -> RendezVous:
            with transaction.atomic():
                set_context(acces["perimetre"].reglages())
                return fixer_rendez_vous(personnes[rang], creneau=creneau, **acces)

        return faire

    issues = _ensemble(acte(0), acte(1))

    refus = [issue for issue in issues if isinstance(issue, Exception)]
    assert len(refus) == 1, issues
    assert isinstance(refus[0], JalonError)
    assert "a déjà un rendez-vous" in str(refus[0])
    assert RendezVous.objects.count() == OccupationAgenda.objects.count() == 1
    assert Acte.objects.filter(code="rendezvous.rendez_vous.fixe").count() == 1

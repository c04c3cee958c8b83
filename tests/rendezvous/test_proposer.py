"""Inviter la personne à choisir son créneau, et ce qu'elle fait par son lien sans compte (D12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from jalon.documents.models import Envoi
from jalon.personnes.liens import LienPersonnel, empreinte
from jalon.personnes.models import Personne
from jalon.rendezvous.models import OccupationAgenda, PropositionRendezVous, RendezVous
from jalon.rendezvous.propositions import relancer_proposition, retirer_proposition
from jalon.rendezvous.rendez_vous import annuler_rendez_vous, fixer_rendez_vous, reporter_rendez_vous
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.rls import REGISTRE, Reglages, web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.rendezvous.agenda_aides import (
    instant,
    joignable,
    jour_ouvre,
    proposer,
    referent,
    suivie,
    un_creneau,
    une_plage,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sans_compteur() -> None:
    cache.clear()


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    une_plage(distribution, jour_ouvre())
    return joignable(suivie(distribution, nom="TRESSECRET", prenom="CAMILLE"))


@pytest.fixture
def jeton(distribution: Distribution, personne: Personne) -> str:
    return proposer(distribution, personne)[2]


def adresse(jeton: str, suite: str = "") -> str:
    return f"/lien/{jeton}/rendez-vous/{suite}"


class TestProposer:
    def test_part_par_ce_que_la_personne_accepte(self, distribution: Distribution, personne: Personne) -> None:
        proposition, bilan, jeton = proposer(distribution, personne)
        envoi = Envoi.objects.get(personne=personne.public_id)
        assert (bilan.canaux, envoi.canal, proposition.etat) == (["courriel"], "courriel", "ouverte")
        assert f"/lien/{jeton}/rendez-vous/" in envoi.texte

    def test_sans_message_accepte_une_lettre_porte_l_adresse(self, distribution: Distribution) -> None:
        une_plage(distribution, jour_ouvre())
        personne = suivie(distribution)
        _, bilan, _ = proposer(distribution, personne)
        envoi = Envoi.objects.select_related("document").get(personne=personne.public_id)
        assert (bilan.canaux, envoi.canal) == (["courrier"], "courrier")
        assert envoi.document is not None
        assert envoi.document.nature == "invitation_rendez_vous"
        assert bilan.sans_adresse

    def test_refuse_sans_creneau_libre(self, distribution: Distribution) -> None:
        with pytest.raises(JalonError, match="aucun créneau libre"):
            proposer(distribution, suivie(distribution))

    def test_refuse_une_seconde_invitation_qui_attendrait(self, distribution: Distribution, personne: Personne) -> None:
        proposer(distribution, personne)
        with pytest.raises(JalonError, match="attend déjà la réponse"):
            proposer(distribution, personne)

    def test_refuse_au_dela_de_l_horizon(self, distribution: Distribution, personne: Personne) -> None:
        with pytest.raises(JalonError, match="choisissez une date plus proche"):
            proposer(distribution, personne, au=timezone.localdate() + timedelta(days=46))

    def test_relancer_trop_tot_dit_quand(self, distribution: Distribution, personne: Personne) -> None:
        proposition, _, jeton = proposer(distribution, personne)
        with pytest.raises(JalonError, match="écrire de nouveau à partir du"):
            relancer_proposition(proposition, adresse_du_lien=str, **referent(distribution))
        assert Client().get(adresse(jeton)).status_code == 200

    def test_relancer_plus_tard_ferme_l_ancien_lien(self, distribution: Distribution, personne: Personne) -> None:
        proposition, _, jeton = proposer(distribution, personne)
        Envoi.objects.update(demande_le=timezone.now() - timedelta(days=2))
        relancer_proposition(proposition, adresse_du_lien=str, **referent(distribution))
        assert Client().get(adresse(jeton)).status_code == 410

    def test_retiree_le_lien_se_ferme(self, distribution: Distribution, personne: Personne) -> None:
        proposition, _, jeton = proposer(distribution, personne)
        retirer_proposition(proposition, **referent(distribution))
        assert Client().get(adresse(jeton)).status_code == 410
        with pytest.raises(TransitionRefuseeError):
            retirer_proposition(proposition, **referent(distribution))

    def test_depuis_le_dossier(self, distribution: Distribution, personne: Personne, connecte: Any) -> None:
        jour = timezone.localdate()
        donnees = {
            "objet": "entretien", "agent": str(distribution.partenaire.public_id),
            "organisme": str(distribution.organisme("ccas").public_id), "du": f"{jour:%Y-%m-%d}",
            "au": f"{jour + timedelta(days=20):%Y-%m-%d}",
        }  # fmt: skip
        page = connecte("partenaire").post(
            f"/personnes/{personne.public_id}/rendez-vous/proposer/", donnees, follow=True
        ).content.decode()  # fmt: skip
        assert "Invitation à choisir envoyée. Parti par courriel." in page
        assert "Attend un choix" in page


class TestChoisir:
    def test_la_page_montre_les_creneaux_en_mots_simples(self, jeton: str) -> None:
        reponse = Client().get(adresse(jeton))
        page = reponse.content.decode()
        assert "Bonjour Camille" in page
        assert "09:45" in page
        assert "tressecret" not in page.lower()
        assert (reponse["Referrer-Policy"], reponse["Cache-Control"]) == ("same-origin", "no-store")

    def test_un_geste_prend_le_creneau(self, distribution: Distribution, personne: Personne, jeton: str) -> None:
        debut = instant(jour_ouvre(), 9, 45)
        page = Client().post(adresse(jeton, "choisir/"), {"debut": debut.isoformat()}, follow=True).content.decode()
        pris = RendezVous.objects.get(personne=personne)
        assert (pris.debut, pris.agent, pris.prise) == (debut, distribution.partenaire, "invitation")
        assert OccupationAgenda.objects.get().source == pris.public_id
        assert "Ajouter à mon agenda" in page
        acte = Acte.objects.get(code="rendezvous.rendez_vous.choisi")
        assert (acte.acteur_id, acte.personnes) == (None, [personne.public_id])

    def test_refuse_un_creneau_pris_entre_temps(
        self, distribution: Distribution, personne: Personne, jeton: str
    ) -> None:
        debut = instant(jour_ouvre(), 9, 45)
        fixer_rendez_vous(suivie(distribution), creneau=un_creneau(distribution, debut=debut), **referent(distribution))
        page = Client().post(adresse(jeton, "choisir/"), {"debut": debut.isoformat()}, follow=True).content.decode()
        assert "Ce créneau vient d&#x27;être pris" in page
        assert not RendezVous.objects.filter(personne=personne).exists()

    @pytest.mark.parametrize("debut", ["", "demain", "2026-11-24T09:00:00", "2020-01-01T09:00:00+01:00"])
    def test_refuse_une_heure_qui_n_est_pas_dans_la_liste(self, jeton: str, debut: str) -> None:
        Client().post(adresse(jeton, "choisir/"), {"debut": debut}, follow=True)
        assert not RendezVous.objects.exists()

    def test_refuse_deux_choix(self, jeton: str) -> None:
        client = Client()
        client.post(adresse(jeton, "choisir/"), {"debut": instant(jour_ouvre(), 9).isoformat()})
        client.post(adresse(jeton, "choisir/"), {"debut": instant(jour_ouvre(), 11, 15).isoformat()})
        assert RendezVous.objects.count() == 1

    def test_l_agenda_du_telephone_ne_nomme_personne(self, jeton: str) -> None:
        client = Client()
        client.post(adresse(jeton, "choisir/"), {"debut": instant(jour_ouvre(), 9).isoformat()})
        texte = client.get(adresse(jeton, "agenda.ics")).content.decode()
        assert texte.startswith("BEGIN:VCALENDAR\r\n")
        assert "SUMMARY:Rendez-vous" in texte
        assert "Camille" not in texte
        assert jeton not in texte

    def test_aucun_ne_convient_parvient_au_referent(
        self, distribution: Distribution, jeton: str, connecte: Any
    ) -> None:
        Client().post(adresse(jeton, "aucun/"), {"mot": "Plutôt le soir"})
        proposition = PropositionRendezVous.objects.get()
        assert (proposition.etat, proposition.mot_de_la_personne) == ("ouverte", "Plutôt le soir")
        page = connecte("partenaire").get("/agenda/").content.decode()
        assert "Aucun créneau ne convient" in page
        assert "Plutôt le soir" in page

    def test_prevenir_excuse_rend_le_temps_et_laisse_choisir_une_autre_date(self, jeton: str) -> None:
        client = Client()
        debut = instant(jour_ouvre(), 9).isoformat()
        client.post(adresse(jeton, "choisir/"), {"debut": debut})
        page = client.post(adresse(jeton, "rendre/"), {"motif": "Enfant malade"}, follow=True).content.decode()
        assert "ce n’est pas une absence" in page
        ancien = RendezVous.objects.get()
        assert (ancien.etat, ancien.motif, ancien.constate_par) == ("excuse", "Enfant malade", None)
        assert not OccupationAgenda.objects.exists()
        client.post(adresse(jeton, "choisir/"), {"debut": debut})
        assert RendezVous.objects.filter(etat="fixe").count() == 1

    def test_refuse_de_prevenir_sans_raison(self, jeton: str) -> None:
        client = Client()
        client.post(adresse(jeton, "choisir/"), {"debut": instant(jour_ouvre(), 9).isoformat()})
        page = client.post(adresse(jeton, "rendre/"), {"motif": " "}, follow=True).content.decode()
        assert "Dites-nous en un mot pourquoi" in page
        assert RendezVous.objects.get().etat == "fixe"

    def test_rendre_quand_une_autre_invitation_attend(
        self, distribution: Distribution, personne: Personne, jeton: str
    ) -> None:
        client = Client()
        client.post(adresse(jeton, "choisir/"), {"debut": instant(jour_ouvre(), 9).isoformat()})
        Envoi.objects.update(demande_le=timezone.now() - timedelta(days=2))
        proposer(distribution, personne)
        client.post(adresse(jeton, "rendre/"), {"motif": "Empêchée"})
        etats = PropositionRendezVous.objects.order_by("pk").values_list("etat", flat=True)
        assert list(etats) == ["retiree", "ouverte"]

    def test_un_report_du_service_se_lit_sur_la_page(self, distribution: Distribution, jeton: str) -> None:
        Client().post(adresse(jeton, "choisir/"), {"debut": instant(jour_ouvre(), 9).isoformat()})
        pris = RendezVous.objects.get()
        nouveau = reporter_rendez_vous(
            pris, creneau=un_creneau(distribution, debut=pris.debut + timedelta(hours=6)), motif="Formation",
            **referent(distribution),
        )  # fmt: skip
        assert "à 15 h" in Client().get(adresse(jeton)).content.decode()
        annuler_rendez_vous(nouveau, motif="Agent malade", **referent(distribution))
        assert "Agent malade" in Client().get(adresse(jeton)).content.decode()


class TestSecondeMuraille:
    """PostgreSQL lui-même n'ouvre au lien que cette invitation, et les rendez-vous de cette personne."""

    @pytest.fixture
    def voisine(self, distribution: Distribution, personne: Personne, jeton: str) -> Personne:
        autre = suivie(distribution, nom="VOISINE")
        proposer(distribution, autre)
        for rang, qui in enumerate((personne, autre)):
            creneau = un_creneau(distribution, agent=distribution.collegue, debut=instant(jour_ouvre(), 9 + rang))
            fixer_rendez_vous(qui, creneau=creneau, **referent(distribution))
        return autre

    def test_n_ouvre_que_ses_lignes(self, personne: Personne, jeton: str, voisine: Personne) -> None:
        with web_role(Reglages(lien=empreinte(jeton))):
            propositions = PropositionRendezVous.objects.order_by("pk").values_list("personne_id", flat=True)
            rendez_vous = RendezVous.objects.order_by("pk").values_list("personne_id", flat=True)
            assert (list(propositions), list(rendez_vous)) == ([personne.pk], [personne.pk])
            assert LienPersonnel.objects.count() == 1
            assert PropositionRendezVous.objects.filter(personne_id=voisine.pk).update(etat="retiree") == 0
            assert OccupationAgenda.objects.count() == 2

    def test_n_ouvre_jamais_le_dossier(self, jeton: str, voisine: Personne) -> None:
        ouvertes = {"rendezvous_propositionrendezvous", "rendezvous_rendezvous", "personnes_lienpersonnel"}
        with web_role(Reglages(lien=empreinte(jeton))), connection.cursor() as curseur:
            assert not Personne.objects.exists()
            for table in sorted(set(REGISTRE.politiques) - ouvertes):
                curseur.execute(f'select count(*) from "{table}"')
                assert curseur.fetchone()[0] == 0, table

    @pytest.mark.parametrize("champ", ["expire_le", "revoque_le"])
    def test_un_lien_ferme_n_ouvre_plus_rien(self, jeton: str, voisine: Personne, champ: str) -> None:
        LienPersonnel.objects.update(**{champ: timezone.now() - timedelta(days=1)})
        assert Client().get(adresse(jeton)).status_code == 410
        with web_role(Reglages(lien=empreinte(jeton))):
            assert not PropositionRendezVous.objects.exists()
            assert not RendezVous.objects.exists()

    def test_le_lien_d_une_reunion_n_y_entre_pas(self, jeton: str) -> None:
        assert Client().get(f"/lien/{jeton}/").status_code == 404

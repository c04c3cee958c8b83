"""Convoquer par écrit, rappeler avant la date, laisser du temps entre deux messages (D12)."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pypdf import PdfReader

from jalon.documents.models import Envoi
from jalon.documents.services import lire_document
from jalon.personnes.models import Personne
from jalon.referentiels.profil import charger_profil
from jalon.rendezvous.messages import ecrire, possible_le
from jalon.rendezvous.models import RendezVous
from jalon.rendezvous.rappels import convoquer_rendez_vous, rappeler_les_rendez_vous
from jalon.rendezvous.rendez_vous import annuler_rendez_vous, fixer_rendez_vous
from jalon.socle.errors import TransitionRefuseeError
from tests.distribution import Distribution
from tests.fabriques import une_adresse
from tests.rendezvous.agenda_aides import instant, joignable, jour_ouvre, referent, suivie, un_creneau

pytestmark = pytest.mark.django_db
UN_JOUR = timedelta(days=1)


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return joignable(suivie(distribution, nom="DUPRE", prenom="CAMILLE"))


@pytest.fixture
def fixe(distribution: Distribution, personne: Personne) -> RendezVous:
    return fixer_rendez_vous(personne, creneau=un_creneau(distribution), objet="entretien", **referent(distribution))


def approcher(rendez_vous: RendezVous, ecart: timedelta) -> None:
    RendezVous.objects.filter(pk=rendez_vous.pk).update(debut=timezone.now() + ecart)


class TestConvoquer:
    def test_la_lettre_dit_tout_ce_qu_elle_doit(self, distribution: Distribution, fixe: RendezVous) -> None:
        une_adresse(fixe.personne)
        convoque, bilan = convoquer_rendez_vous(fixe, **referent(distribution))
        assert convoque.lettre is not None
        lecteur = PdfReader(io.BytesIO(lire_document(convoque.lettre)))
        texte = " ".join(" ".join(page.extract_text() for page in lecteur.pages).split())
        for mots in (
            "Voici votre convocation", "14 h", "CCAS, bureau 3", "faire le point ensemble", "la personne de votre choix",
            "En cas d'absence", "prendrons d'abord contact avec vous", "Rien n'est décidé sans vous",
        ):  # fmt: skip
            assert mots in texte, mots
        assert (convoque.prise, bilan.canaux, bilan.sans_adresse) == ("convocation", ["courrier", "courriel"], False)

    def test_chaque_envoi_laisse_sa_preuve(self, distribution: Distribution, fixe: RendezVous, connecte: Any) -> None:
        convoquer_rendez_vous(fixe, **referent(distribution))
        canaux = Envoi.objects.filter(personne=fixe.personne.public_id).order_by("pk").values_list("canal", flat=True)
        assert list(canaux) == ["courrier", "courriel"]
        page = connecte("partenaire").get(f"/personnes/{fixe.personne.public_id}/rendez-vous/").content.decode()
        assert "Convocation du" in page
        assert "Courrier postal" in page

    def test_refuse_deux_fois(self, distribution: Distribution, fixe: RendezVous) -> None:
        convoquer_rendez_vous(fixe, **referent(distribution))
        with pytest.raises(TransitionRefuseeError, match="déjà partie"):
            convoquer_rendez_vous(fixe, **referent(distribution))

    def test_refuse_un_rendez_vous_annule(self, distribution: Distribution, fixe: RendezVous) -> None:
        annuler_rendez_vous(fixe, motif="Réunion", **referent(distribution))
        with pytest.raises(TransitionRefuseeError, match="n'aurait plus d'objet"):
            convoquer_rendez_vous(fixe, **referent(distribution))

    def test_convoquee_par_lettre_l_annulation_l_est_aussi(self, distribution: Distribution, fixe: RendezVous) -> None:
        convoquer_rendez_vous(fixe, **referent(distribution))
        annuler_rendez_vous(fixe, motif="Réunion", **referent(distribution))
        lettres = Envoi.objects.filter(canal="courrier").order_by("pk").values_list("document__nature", flat=True)
        assert list(lettres) == ["convocation_rendez_vous", "annulation_rendez_vous"]

    def test_le_loiret_a_les_memes_lettres(self) -> None:
        codes = {c.code for c in charger_profil(Path(settings.PROFILS) / "loiret").courriers.courriers}
        assert {"convocation_rendez_vous", "invitation_rendez_vous", "mention_absence"} <= codes


class TestEntreDeuxMessages:
    def test_la_limite_est_exacte(self, distribution: Distribution, personne: Personne) -> None:
        ecrire(personne, acteur=None, objet="Un", courriel="Un", sms="Un")
        parti = Envoi.objects.get().demande_le
        assert possible_le(personne.public_id, "courriel", parti + UN_JOUR - timedelta(seconds=1)) == parti + UN_JOUR
        assert possible_le(personne.public_id, "courriel", parti + UN_JOUR) is None

    def test_une_autre_voie_ou_une_autre_personne_reste_ouverte(
        self, distribution: Distribution, personne: Personne
    ) -> None:
        ecrire(personne, acteur=None, objet="Un", courriel="Un", sms="Un")
        maintenant = timezone.now()
        assert possible_le(personne.public_id, "sms", maintenant) is None
        assert possible_le(suivie(distribution).public_id, "courriel", maintenant) is None

    def test_le_second_est_retenu_et_dit_quand(self, personne: Personne) -> None:
        ecrire(personne, acteur=None, objet="Un", courriel="Un", sms="Un")
        bilan = ecrire(personne, acteur=None, objet="Deux", courriel="Deux", sms="Deux")
        assert bilan.canaux == []
        assert "Courriel retenu : un message est déjà parti. Possible à partir du" in bilan.dit
        assert Envoi.objects.count() == 1

    def test_un_code_a_usage_unique_ne_compte_pas(self, personne: Personne) -> None:
        ecrire(personne, acteur=None, objet="Code", courriel="Code", sms="Code")
        Envoi.objects.update(perime_le=timezone.now())
        assert ecrire(personne, acteur=None, objet="Un", courriel="Un", sms="Un").canaux == ["courriel"]


class TestRappeler:
    def test_part_a_l_approche_une_seule_fois(self, fixe: RendezVous) -> None:
        approcher(fixe, timedelta(days=2) - timedelta(minutes=1))
        assert rappeler_les_rendez_vous() == 1
        Envoi.objects.update(demande_le=timezone.now() - UN_JOUR * 2)
        assert rappeler_les_rendez_vous() == 0
        assert "Nous vous rappelons" in Envoi.objects.get().texte

    def test_ne_part_pas_avant(self, fixe: RendezVous) -> None:
        approcher(fixe, timedelta(days=2) + timedelta(minutes=1))
        assert rappeler_les_rendez_vous() == 0

    def test_attend_que_la_voie_soit_reposee(self, personne: Personne, fixe: RendezVous) -> None:
        ecrire(personne, acteur=None, objet="Autre", courriel="Autre", sms="Autre")
        approcher(fixe, UN_JOUR)
        assert rappeler_les_rendez_vous() == 0
        Envoi.objects.update(demande_le=timezone.now() - UN_JOUR)
        assert rappeler_les_rendez_vous() == 1

    def test_rien_pour_un_rendez_vous_annule(self, distribution: Distribution, fixe: RendezVous) -> None:
        annuler_rendez_vous(fixe, motif="Réunion", **referent(distribution))
        approcher(fixe, UN_JOUR)
        Envoi.objects.update(demande_le=timezone.now() - UN_JOUR)
        assert rappeler_les_rendez_vous() == 0

    def test_rien_pour_qui_n_accepte_aucun_message(self, distribution: Distribution) -> None:
        creneau = un_creneau(distribution, debut=instant(jour_ouvre(), 10))
        fixe = fixer_rendez_vous(suivie(distribution), creneau=creneau, **referent(distribution))
        approcher(fixe, UN_JOUR)
        assert rappeler_les_rendez_vous() == 0

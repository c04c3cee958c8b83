"""Qui doit être invité : calculé, jamais tenu à la main (R15, R18, F024)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import DossierRsa, Evenement, Situation
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Personne, RolePersonne
from jalon.rendezvous.contacts import noter_contact
from jalon.rendezvous.mobilisation import a_inviter, besoins, remplir
from jalon.rendezvous.models import EtatInvitation, MotifInvitation
from jalon.rendezvous.presences import noter_presence
from tests.distribution import Distribution
from tests.fabriques import DossierRsaFactory, une_allocataire
from tests.rendezvous.aides import inviter, qui, ramener, une_reunion

pytestmark = pytest.mark.django_db


def noms(distribution: Distribution, limite: int = 50) -> list[str]:
    lignes = a_inviter(
        Perimetre.de(distribution.orienteur), timezone.localdate(), territoire=distribution.territoire, limite=limite
    )
    return [ligne.personne.nom for ligne in lignes]


def entrante(distribution: Distribution, nom: str, *, liquide_le: date | None = None) -> Personne:
    personne = une_allocataire(territoire=distribution.territoire, nom=nom, en_attente=True)
    if liquide_le is not None:
        attente = AttenteOrientation.objects.get(personne=personne)
        Evenement.objects.create(
            dossier=attente.dossier, liquide_le=liquide_le, fait_generateur="OUVDRO", recu_le=attente.entree_le
        )
    return personne


def ancienne(distribution: Distribution, nom: str, mois: int, **champs: object) -> Personne:
    dossier = DossierRsaFactory(
        foyer__territoire=distribution.territoire, date_demande=timezone.localdate() - relativedelta(months=mois),
        **champs,
    )  # fmt: skip
    Situation.objects.create(dossier=dossier, etat="2", periode="[2026-09-30,)")
    return une_allocataire(territoire=distribution.territoire, nom=nom, dossier=dossier)


def test_les_entrants_puis_les_anciens_par_anciennete(distribution: Distribution) -> None:
    ancienne(distribution, "DIX", 120)
    ancienne(distribution, "SEPT", 84)
    ancienne(distribution, "QUATRE", 48)
    entrante(distribution, "ENTRANTE")
    assert noms(distribution) == ["ENTRANTE", "DIX", "SEPT"]


def test_l_anciennete_compte_le_rmi(distribution: Distribution) -> None:
    ancienne(distribution, "RMI", 12, date_demande_rmi=timezone.localdate() - relativedelta(months=100))
    assert noms(distribution) == ["RMI"]


def test_l_anciennete_compte_l_api_transmise_par_la_demande_d_origine(distribution: Distribution) -> None:
    personne = ancienne(distribution, "API", 12)
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=personne)
    Situation.objects.filter(dossier=dossier).update(
        origine="API", date_origine=timezone.localdate() - relativedelta(months=90)
    )
    assert noms(distribution) == ["API"]


def test_la_limite_part_de_la_liquidation_que_portait_le_flux(distribution: Distribution) -> None:
    entrante(distribution, "SANS")
    entrante(distribution, "AVEC", liquide_le=date(2026, 9, 3))
    lignes = a_inviter(
        Perimetre.de(distribution.orienteur), date(2026, 10, 20), territoire=distribution.territoire, limite=5
    )
    assert [(a.personne.nom, a.depuis, a.echeance) for a in lignes] == [
        ("AVEC", date(2026, 9, 3), date(2026, 10, 3)),
        ("SANS", date(2026, 9, 30), date(2026, 10, 30)),
    ]
    assert [a.retard(date(2026, 10, 20)) for a in lignes] == [17, 0]


def test_une_liquidation_d_un_autre_flux_ne_compte_pas(distribution: Distribution) -> None:
    personne = entrante(distribution, "ENTRANTE")
    attente = AttenteOrientation.objects.get(personne=personne)
    Evenement.objects.create(
        dossier=attente.dossier, liquide_le=date(2025, 1, 3), fait_generateur="X", recu_le=date(2025, 1, 31)
    )
    lignes = a_inviter(
        Perimetre.de(distribution.orienteur), date(2026, 10, 20), territoire=distribution.territoire, limite=5
    )
    assert lignes[0].depuis == attente.entree_le


def test_n_y_sont_pas_les_personnes_invitees_ni_celles_que_l_on_a_rencontrees(distribution: Distribution) -> None:
    deux = [entrante(distribution, nom) for nom in ("INVITEE", "VENUE")]
    entrante(distribution, "LIBRE")
    reunion = une_reunion(distribution)
    _, venue = inviter(distribution, reunion, *deux)
    ramener(reunion)
    noter_presence(venue, etat=EtatInvitation.PRESENTE, **qui(distribution))
    assert noms(distribution) == ["LIBRE"]


def test_une_absente_revient_dans_la_liste_apres_un_contact(distribution: Distribution) -> None:
    personne = entrante(distribution, "ABSENTE")
    (invitation,) = inviter(distribution, une_reunion(distribution), personne)
    ramener(invitation.reunion)
    noter_presence(invitation, etat=EtatInvitation.ABSENTE, **qui(distribution))
    assert noms(distribution) == []
    noter_contact(
        personne, jour=timezone.localdate(), moyen="telephone", resultat="jointe", resume="Elle travaillait.",
        **qui(distribution),
    )  # fmt: skip
    (ligne,) = a_inviter(
        Perimetre.de(distribution.orienteur), timezone.localdate(), territoire=distribution.territoire, limite=5
    )
    assert (ligne.personne, ligne.motif_invitation) == (personne, MotifInvitation.RELANCE)


def test_des_tentatives_repetees_suffisent_a_inviter_de_nouveau(distribution: Distribution) -> None:
    personne = entrante(distribution, "MUETTE")
    (invitation,) = inviter(distribution, une_reunion(distribution), personne)
    ramener(invitation.reunion)
    noter_presence(invitation, etat=EtatInvitation.ABSENTE, **qui(distribution))
    for rang in range(3):
        assert noms(distribution) == [], rang
        noter_contact(
            personne, jour=timezone.localdate(), moyen="telephone", resultat="non_jointe", **qui(distribution)
        )
    assert noms(distribution) == ["MUETTE"]


def test_un_autre_territoire_et_un_droit_clos_n_y_sont_pas(distribution: Distribution) -> None:
    ancienne(distribution, "ICI", 100)
    close = ancienne(distribution, "CLOSE", 100)
    Situation.objects.filter(dossier__foyer__rattachements__personne=close).update(etat="5")
    une_allocataire(territoire=distribution.autre_territoire, nom="AILLEURS", en_attente=True)
    assert noms(distribution) == ["ICI"]


def test_les_deux_membres_d_un_couple_ne_sont_jamais_separes(distribution: Distribution) -> None:
    demandeuse = ancienne(distribution, "COUPLE", 130)
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=demandeuse)
    une_allocataire(territoire=distribution.territoire, nom="COUPLE", dossier=dossier, role=RolePersonne.CONJOINT)
    ancienne(distribution, "SEULE", 90)
    lignes = a_inviter(
        Perimetre.de(distribution.orienteur), timezone.localdate(), territoire=distribution.territoire, limite=10
    )
    assert [a.personne.nom for a in lignes] == ["COUPLE", "COUPLE", "SEULE"]
    assert [a.personne.nom for a in remplir(lignes, 3)] == ["COUPLE", "COUPLE", "SEULE"]
    assert [a.personne.nom for a in remplir(lignes, 2)] == ["COUPLE", "COUPLE"]
    assert [a.personne.nom for a in remplir(lignes, 1)] == ["SEULE"]


def test_les_besoins_d_un_territoire_disent_le_retard_du_service(distribution: Distribution) -> None:
    entrante(distribution, "TARD", liquide_le=date(2026, 8, 1))
    entrante(distribution, "ALHEURE", liquide_le=date(2026, 9, 25))
    ancienne(distribution, "DIX", 200)
    besoin = besoins(Perimetre.de(distribution.orienteur), date(2026, 10, 20))[distribution.territoire.pk]
    assert (besoin.entrants, besoin.en_retard, besoin.anciens) == (2, 1, 1)


def test_autant_de_lectures_pour_une_personne_que_pour_vingt(distribution: Distribution) -> None:
    perimetre, jour = Perimetre.de(distribution.orienteur), timezone.localdate()

    def lectures() -> int:
        with CaptureQueriesContext(
            connection,
        ) as capturees:
            a_inviter(perimetre, jour, territoire=distribution.territoire, limite=50)
        return len(capturees)

    entrante(distribution, "UNE")
    ancienne(distribution, "UNE", 100)
    une = lectures()
    for rang in range(20):
        entrante(distribution, f"E{rang}")
        ancienne(distribution, f"A{rang}", 70 + rang)
    assert lectures() == une
    assert len(noms(distribution)) == 42


def test_une_personne_dans_deux_listes_n_y_est_qu_une_fois(distribution: Distribution) -> None:
    personne = ancienne(distribution, "DEUX", 100)
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=personne)
    AttenteOrientation.objects.create(
        personne=personne, dossier=dossier, motif="nouvel_entrant", territoire=distribution.territoire,
        entree_le=timezone.localdate() - timedelta(days=3), echeance=timezone.localdate() + timedelta(days=60),
    )  # fmt: skip
    assert noms(distribution) == ["DEUX"]

"""Préparer et saisir : motif, faits, contact d'avant, service hors de cause (R18, R60, F057)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import Soumission
from jalon.manquements.models import EtatManquement, Manquement
from jalon.manquements.saisine import (
    SaisineIncompleteError,
    ajouter_fait,
    choisir_contact,
    ecrire_expose,
    manques,
    preparer_manquement,
    retirer_fait,
    saisir_instance,
)
from jalon.manquements.selectors import comptes, liste
from jalon.manquements.services import acceder_manquement
from jalon.manquements.workflows import MANQUEMENT, actes_permis
from jalon.personnes.models import Rapprochement
from jalon.personnes.services import annuler_fusion, fusionner_personnes
from jalon.rendezvous.models import EtatJustificatif, Invitation, JustificatifAbsence, MotifAbsence
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.manquements.aides import motif, qui, une_preparation
from tests.manquements.fabriques import (
    il_y_a,
    un_contact,
    un_manquement,
    un_rendez_vous_manque,
    une_invitation_manquee,
    une_personne_suivie,
)

pytestmark = pytest.mark.django_db


# --- Ouvrir


def test_une_preparation_complete_saisit_l_instance(distribution: Distribution) -> None:
    manquement = une_preparation(distribution)

    assert manques(manquement) == []
    saisi = saisir_instance(manquement, **qui(distribution.partenaire))

    assert (saisi.etat, saisi.saisi_par) == (EtatManquement.SAISI, distribution.partenaire)
    assert not saisi.service_en_cause
    assert Acte.objects.filter(code="manquements.manquement.saisir", de="prepare", vers="saisi").count() == 1


def test_la_saisine_se_fait_sous_la_securite_par_ligne(distribution: Distribution) -> None:
    manquement = une_preparation(distribution)
    with web_role(Perimetre.de(distribution.partenaire).reglages()):
        assert saisir_instance(manquement, **qui(distribution.partenaire)).etat == EtatManquement.SAISI


def test_refuse_une_seconde_procedure_ouverte(distribution: Distribution) -> None:
    ouverte = un_manquement(distribution, etat="averti")
    with pytest.raises(TransitionRefuseeError, match="déjà ouverte pour cette personne"):
        preparer_manquement(ouverte.personne, motif=motif(), **qui(distribution.partenaire))


def test_une_procedure_close_en_permet_une_autre(distribution: Distribution) -> None:
    close = un_manquement(distribution, etat="classe")
    ouverte = preparer_manquement(close.personne, motif=motif(), **qui(distribution.partenaire))
    assert ouverte.etat == EtatManquement.PREPARE


def test_dans_un_couple_chacun_a_la_sienne(distribution: Distribution) -> None:
    une = une_personne_suivie(distribution)
    autre = une_personne_suivie(distribution)
    autre.rattachements.update(foyer=une.rattachements.get().foyer, role="CJT")
    referent = qui(distribution.partenaire)

    premieres = [preparer_manquement(p, motif=motif(), **referent) for p in (une, autre)]

    assert [m.personne for m in premieres] == [une, autre]


def test_refuse_un_motif_que_le_regime_du_jour_ne_connait_pas(distribution: Distribution) -> None:
    """La radiation ne fonde plus rien depuis le régime plein emploi."""
    personne = une_personne_suivie(distribution)
    with pytest.raises(JalonError, match="ne peut pas être reproché sous le régime Plein emploi"):
        preparer_manquement(personne, motif=motif("radiation"), **qui(distribution.partenaire))


def test_refuse_une_personne_non_soumise(distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution)
    Soumission.objects.filter(personne=personne).update(soumise=False)
    with pytest.raises(JalonError, match="n'est pas soumise aux droits et devoirs"):
        preparer_manquement(personne, motif=motif(), **qui(distribution.partenaire))


def test_refuse_qui_n_a_pas_le_droit_de_saisir(distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution)
    with pytest.raises(DroitManquantError):
        preparer_manquement(personne, motif=motif(), **qui(distribution.siege))


def test_refuse_une_personne_hors_du_perimetre(distribution: Distribution) -> None:
    """L'autre organisme ne suit pas la personne : elle n'existe pas pour lui."""
    personne = une_allocataire(territoire=distribution.autre_territoire)
    referent = qui(distribution.partenaire)
    with web_role(referent["perimetre"].reglages()), pytest.raises(HorsPerimetreError):
        preparer_manquement(personne, motif=motif(), **referent)


def test_une_procedure_hors_du_perimetre_n_existe_pas(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    perimetre = Perimetre.de(distribution.partenaire)
    assert acceder_manquement(perimetre, manquement.public_id) == manquement
    manquement.personne.accompagnements.all().delete()
    with pytest.raises(HorsPerimetreError):
        acceder_manquement(perimetre, manquement.public_id)


# --- Les faits


def test_un_rendez_vous_manque_donne_sa_date_et_sa_description(distribution: Distribution) -> None:
    manquement = preparer_manquement(une_personne_suivie(distribution), motif=motif(), **qui(distribution.partenaire))
    manque = un_rendez_vous_manque(distribution, manquement.personne, il_y_a(40))

    fait = ajouter_fait(manquement, date=il_y_a(1), rendez_vous=manque, **qui(distribution.partenaire))

    assert (fait.date, fait.description) == (il_y_a(40), "Absence au rendez-vous : entretien de suivi")


@pytest.mark.parametrize(("etat", "dit"), [("excuse", "excusé"), ("honore", "honoré"), ("annule", "annulé")])
def test_refuse_un_rendez_vous_qui_n_est_pas_une_absence(distribution: Distribution, etat: str, dit: str) -> None:
    manquement = un_manquement(distribution)
    autre = un_rendez_vous_manque(distribution, manquement.personne, il_y_a(40), etat=etat, motif="Essai")
    with pytest.raises(JalonError, match=f"« {dit}.* » : ce n'est pas une absence"):
        ajouter_fait(manquement, date=il_y_a(40), rendez_vous=autre, **qui(distribution.partenaire))


def test_refuse_une_absence_de_reunion_acceptee(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    invitation = une_invitation_manquee(distribution, manquement.personne, il_y_a(40))
    _justifier(invitation, EtatJustificatif.ACCEPTEE)
    with pytest.raises(JalonError, match="« absence acceptée »"):
        ajouter_fait(manquement, date=il_y_a(40), invitation=invitation, **qui(distribution.partenaire))


def test_une_raison_a_examiner_retient_la_saisine(distribution: Distribution) -> None:
    manquement = une_preparation(distribution)
    invitation = une_invitation_manquee(distribution, manquement.personne, il_y_a(40))
    ajouter_fait(manquement, date=il_y_a(40), invitation=invitation, **qui(distribution.partenaire))
    assert manques(manquement) == []
    _justifier(invitation, EtatJustificatif.PREUVE_RECUE)
    assert manques(manquement) == [
        f"La personne a donné une raison pour le {il_y_a(40):%d/%m/%Y} : examinez-la d'abord."
    ]


def _justifier(invitation: Invitation, etat: str) -> None:
    JustificatifAbsence.objects.create(
        personne=invitation.personne, invitation=invitation, motif=MotifAbsence.objects.get(code="transport"),
        origine="personne", etat=etat,
    )  # fmt: skip


def test_refuse_le_rendez_vous_d_une_autre(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    autre = un_rendez_vous_manque(
        distribution, une_personne_suivie(distribution), il_y_a(41), agent=distribution.collegue
    )
    with pytest.raises(HorsPerimetreError, match="une autre personne"):
        ajouter_fait(manquement, date=il_y_a(41), rendez_vous=autre, **qui(distribution.partenaire))


def test_refuse_un_fait_a_venir_et_un_fait_deux_fois(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, motif="sollicitation", rendez_vous=False)
    referent = qui(distribution.partenaire)
    with pytest.raises(JalonError, match="a déjà eu lieu"):
        ajouter_fait(manquement, date=il_y_a(-1), description="Sans réponse", **referent)
    ajouter_fait(manquement, date=il_y_a(9), description="Sans réponse", **referent)
    with pytest.raises(JalonError, match="déjà dans la saisine"):
        ajouter_fait(manquement, date=il_y_a(9), description="Sans réponse", **referent)


def test_le_regime_suit_le_premier_fait(distribution: Distribution) -> None:
    personne = une_personne_suivie(distribution, depuis=date(2024, 1, 1))
    referent = qui(distribution.partenaire)
    manquement = preparer_manquement(personne, motif=motif("sollicitation"), **referent)
    assert manquement.regime_faits.code == "plein_emploi"
    fait = ajouter_fait(manquement, date=date(2025, 5, 31), description="Sans réponse", **referent)
    manquement.refresh_from_db()
    assert manquement.regime_faits.code == "rsa"
    retirer_fait(fait, **referent)
    ajouter_fait(manquement, date=date(2025, 6, 1), description="Sans réponse", **referent)
    manquement.refresh_from_db()
    assert manquement.regime_faits.code == "plein_emploi"


@pytest.mark.parametrize(
    ("faits_le", "refuse"), [(date(2025, 5, 31), True), (date(2025, 6, 1), False), (date(2025, 6, 2), False)]
)
def test_refuse_un_motif_qui_n_existait_pas_au_jour_du_fait(
    distribution: Distribution, faits_le: date, refuse: bool
) -> None:
    """Les heures ne se reprochent que depuis le régime plein emploi : les faits gardent le leur (annexe 1)."""
    personne = une_personne_suivie(distribution, depuis=date(2024, 1, 1))
    manquement = preparer_manquement(personne, motif=motif("heures"), **qui(distribution.partenaire))
    ajouter_fait(manquement, date=faits_le, description="Heures non faites", **qui(distribution.partenaire))

    dites = [phrase for phrase in manques(manquement) if "n'existait pas sous le régime RSA" in phrase]

    assert bool(dites) is refuse


def test_une_saisine_garde_au_moins_un_fait(distribution: Distribution) -> None:
    saisi = un_manquement(distribution, etat="saisi")
    with pytest.raises(TransitionRefuseeError, match="le seul fait"):
        retirer_fait(saisi.faits.get(), **qui(distribution.partenaire))


def test_les_faits_ne_changent_plus_une_fois_la_personne_avertie(distribution: Distribution) -> None:
    averti = un_manquement(distribution, etat="averti")
    with pytest.raises(TransitionRefuseeError, match="ne change plus"):
        retirer_fait(averti.faits.get(), **qui(distribution.partenaire))


# --- Le contact (R18)


def test_refuse_une_tentative_comme_contact(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, contact=False)
    tentative = un_contact(distribution, manquement.personne, il_y_a(20), resultat="sans_reponse")
    with pytest.raises(JalonError, match="n'a pas été jointe"):
        choisir_contact(manquement, contact=tentative, **qui(distribution.partenaire))


@pytest.mark.parametrize(
    ("jours", "phrase"),
    [(31, "précède le premier fait"), (30, None), (29, None), (0, None)],
)
def test_le_contact_suit_le_premier_fait(distribution: Distribution, jours: int, phrase: str | None) -> None:
    """Le premier fait est d'il y a trente jours."""
    manquement = une_preparation(distribution)
    contact = un_contact(distribution, manquement.personne, il_y_a(jours))
    manquement = choisir_contact(manquement, contact=contact, **qui(distribution.partenaire))
    trouves = manques(manquement)
    assert (trouves == []) if phrase is None else (len(trouves) == 1 and phrase in trouves[0])


def test_une_absence_sans_contact_depuis_retient_la_saisine(distribution: Distribution) -> None:
    manquement = une_preparation(distribution)
    un_rendez_vous_manque(distribution, manquement.personne, il_y_a(5))
    assert any("sans contact depuis" in phrase for phrase in manques(manquement))
    un_contact(distribution, manquement.personne, il_y_a(4))
    assert manques(manquement) == []


# --- Ce qui manque


def test_dit_tout_ce_qui_manque(distribution: Distribution) -> None:
    manquement = preparer_manquement(une_personne_suivie(distribution), motif=motif(), **qui(distribution.partenaire))
    with pytest.raises(SaisineIncompleteError) as refus:
        saisir_instance(manquement, **qui(distribution.partenaire))
    assert [phrase.split(" ")[0] for phrase in refus.value.manques] == ["Écrivez", "Ajoutez", "Choisissez"]


def test_un_tort_du_service_retient_la_saisine(distribution: Distribution) -> None:
    manquement = une_preparation(distribution, convoque_avant=None)
    with pytest.raises(SaisineIncompleteError, match="Aucune convocation écrite n'est partie"):
        saisir_instance(manquement, **qui(distribution.partenaire))


def test_le_motif_convocation_veut_un_rendez_vous(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, rendez_vous=False)
    assert any("Rattachez le fait" in phrase for phrase in manques(manquement))


def test_un_contrat_non_respecte_veut_un_contrat(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, motif="contrat_non_respecte", rendez_vous=False)
    assert any("Aucun contrat n'était en vigueur" in phrase for phrase in manques(manquement))


def test_un_collegue_n_efface_pas_l_expose(distribution: Distribution) -> None:
    manquement = un_manquement(distribution)
    referent = qui(distribution.partenaire)
    ecrire_expose(manquement, expose="Premier", numero_lu=1, **referent)
    with pytest.raises(TransitionRefuseeError, match="Un collègue a changé"):
        ecrire_expose(manquement, expose="Second", numero_lu=1, **referent)


# --- Ce que la base refuse, et la table


def test_la_base_refuse_une_saisine_sans_contact(distribution: Distribution) -> None:
    manquement = un_manquement(distribution, contact=False)
    with pytest.raises(IntegrityError, match="manquement_contact_avant_saisine"), transaction.atomic():
        Manquement.objects.filter(pk=manquement.pk).update(
            etat="saisi", saisi_le=il_y_a(1), saisi_par=distribution.partenaire
        )


def test_la_table_ne_mene_jamais_a_une_sanction() -> None:
    arrivees = {vers for _, vers in MANQUEMENT.values()}
    assert EtatManquement.SANCTIONNE not in arrivees
    assert actes_permis(EtatManquement.SANCTIONNE) == actes_permis(EtatManquement.CLASSE) == frozenset()


# --- Réunir deux dossiers


def test_reunir_deux_dossiers_garde_la_procedure_la_plus_avancee(distribution: Distribution) -> None:
    avertie = un_manquement(distribution, etat="averti", faits_le=il_y_a(60))
    preparee = un_manquement(distribution, etat="prepare", faits_le=il_y_a(200))
    doute = Rapprochement.objects.create(
        ancienne=preparee.personne, nouvelle=avertie.personne, score=95, motif="Mêmes noms", date_flux=il_y_a(3)
    )
    with web_role(Perimetre.de(distribution.siege).reglages()):
        fusion = fusionner_personnes(doute, acteur=distribution.siege)
    for manquement in (avertie, preparee):
        manquement.refresh_from_db()

    assert avertie.personne_id == preparee.personne_id
    assert (avertie.etat, preparee.etat, preparee.motif_classement) == ("averti", "classe", "suite")

    with web_role(Perimetre.de(distribution.siege).reglages()):
        annuler_fusion(fusion, acteur=distribution.siege)
    preparee.refresh_from_db()
    assert (preparee.etat, preparee.motif_classement, preparee.clos_le) == ("prepare", "", None)


def test_la_liste_compte_autant_de_requetes_pour_une_ou_plusieurs(
    distribution: Distribution, django_assert_num_queries: Any
) -> None:
    perimetre = Perimetre.de(distribution.siege)
    for rang in range(3):
        un_manquement(distribution, etat="saisi", faits_le=il_y_a(30 + rang))
    lignes = liste(perimetre, "a_instruire")
    with django_assert_num_queries(1):
        assert len([(m.personne.nom, m.motif.libelle, m.organisme.libelle) for m in lignes]) == 3
    assert {c.code: c.nombre for c in comptes(perimetre)}["a_instruire"] == 3

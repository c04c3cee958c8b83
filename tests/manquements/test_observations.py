"""Répondre : par courrier, en ligne, à l'oral ; une preuve, une raison légitime, une audition (R61, F057)."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jalon.agents.perimetre import Perimetre
from jalon.manquements.models import Manquement, Observation
from jalon.manquements.observations import (
    joindre_piece,
    noter_audition,
    observations_lisibles,
    pieces_lisibles,
    proposer_audition,
    recevoir_observation,
    reconnaitre_motif_legitime,
)
from jalon.personnes.liens import LienPersonnel, UsageLien, creer_lien, empreinte
from jalon.rendezvous.models import MotifAbsence
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.rls import Reglages, web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 essai"


@pytest.fixture
def averti(distribution: Distribution) -> Manquement:
    """Avertie, reçue : le délai court encore."""
    return un_manquement(distribution, etat="averti", faits_le=il_y_a(40))


def repondre(manquement: Manquement, qui_agit: dict[str, Any], **champs: Any) -> Observation:
    defauts: dict[str, Any] = {"canal": "papier", "texte": "J'étais malade.", "recue_le": il_y_a(0)}
    return recevoir_observation(manquement, **(defauts | qui_agit | champs))


PERSONNE: dict[str, Any] = {"acteur": None, "perimetre": None, "canal": "en_ligne"}


def test_une_reponse_se_garde_et_se_date(distribution: Distribution, averti: Manquement) -> None:
    observation = repondre(averti, qui(distribution.partenaire), assistee_par="Une sœur")
    averti.refresh_from_db()
    assert (averti.reponse_le, averti.assistee_par) == (il_y_a(0), "Une sœur")
    assert (observation.saisie_par, observation.relue) == (distribution.partenaire, False)


def test_la_premiere_reponse_compte(distribution: Distribution, averti: Manquement) -> None:
    for jours in (1, 0, 2):
        repondre(averti, qui(distribution.partenaire), recue_le=il_y_a(jours))
    averti.refresh_from_db()
    assert averti.reponse_le == il_y_a(2)


def test_demander_a_etre_entendue_n_est_pas_repondre(distribution: Distribution, averti: Manquement) -> None:
    """Le délai court toujours : la personne n'a encore rien dit."""
    repondre(averti, qui(distribution.partenaire), texte="", demande_audition=True)
    averti.refresh_from_db()
    assert (averti.demande_audition, averti.reponse_le) == (True, None)


def test_la_personne_repond_par_son_lien(distribution: Distribution, averti: Manquement) -> None:
    lien, jeton = creer_lien(
        averti.personne, acteur=distribution.siege, usage=UsageLien.MANQUEMENT, objet=averti.public_id
    )
    with web_role(Reglages(lien=empreinte(jeton))):
        ici = Manquement.objects.get(public_id=averti.public_id)
        observation = repondre(ici, PERSONNE, lien=lien)
        joindre_piece(
            ici, acteur=None, perimetre=None, contenu=PDF, libelle="Certificat", observation=observation, lien=lien
        )
    averti.refresh_from_db()
    assert (averti.reponse_le, observation.saisie_par, averti.pieces.count()) == (il_y_a(0), None, 1)
    acte = Acte.objects.get(code="manquements.manquement.recevoir_observation")
    assert (acte.acteur_id, acte.personnes) == (None, [averti.personne.public_id])


def test_refuse_le_lien_d_une_autre_procedure_ou_ferme(distribution: Distribution, averti: Manquement) -> None:
    autre = un_manquement(distribution, etat="averti", faits_le=il_y_a(41))
    lien, _ = creer_lien(autre.personne, acteur=distribution.siege, usage=UsageLien.MANQUEMENT, objet=autre.public_id)
    with pytest.raises(HorsPerimetreError, match="n'ouvre pas cette page"):
        repondre(averti, PERSONNE, lien=lien)
    LienPersonnel.objects.filter(pk=lien.pk).update(revoque_le=lien.expire_le)
    lien.refresh_from_db()
    with pytest.raises(HorsPerimetreError, match="n'ouvre pas cette page"):
        repondre(autre, PERSONNE, lien=lien)


@pytest.mark.parametrize(
    ("champs", "phrase"),
    [
        ({"texte": " "}, "Écrivez votre réponse"),
        ({"canal": "oral"}, "Relisez cette réponse"),
        ({"canal": "en_ligne"}, "par courrier ou à l'oral"),
        ({"recue_le": il_y_a(-1)}, "quand elle est reçue"),
        ({"recue_le": il_y_a(39)}, "ne peut pas être d'avant"),
        ({"texte": "x" * 5_001}, "dépasse 5000"),
    ],
)
def test_refuse_une_reponse_mal_notee(
    distribution: Distribution, averti: Manquement, champs: dict[str, Any], phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        repondre(averti, qui(distribution.partenaire), **champs)


def test_une_reponse_orale_relue_se_garde(distribution: Distribution, averti: Manquement) -> None:
    assert repondre(averti, qui(distribution.partenaire), canal="oral", relue=True).relue


def test_la_base_refuse_une_reponse_orale_non_relue(distribution: Distribution, averti: Manquement) -> None:
    with pytest.raises(IntegrityError, match="observation_orale_relue"), transaction.atomic():
        Observation.objects.create(
            manquement=averti, canal="oral", recue_le=il_y_a(0), texte="Dit", saisie_par=distribution.siege
        )


def test_une_reponse_tardive_se_garde_tant_que_rien_n_est_decide(distribution: Distribution) -> None:
    tard = un_manquement(distribution, etat="avis_rendu")
    assert repondre(tard, qui(distribution.partenaire)).pk
    for etat in ("saisi", "sanctionne", "classe"):
        with pytest.raises(TransitionRefuseeError, match="Cette procédure est"):
            repondre(un_manquement(distribution, etat=etat, rendez_vous=False), qui(distribution.partenaire))


def test_refuse_de_noter_sans_droit(distribution: Distribution, averti: Manquement) -> None:
    with pytest.raises(DroitManquantError):
        repondre(averti, qui(distribution.orienteur))


# --- Les pièces et le motif légitime


@pytest.mark.parametrize(
    ("contenu", "libelle", "phrase"),
    [(b"MZ", "Preuve", "ni un PDF ni une photo"), (b"", "Preuve", "vide"), (PDF, " ", "Dites ce qu'est cette pièce")],
)
def test_refuse_une_piece_illisible(
    distribution: Distribution, averti: Manquement, contenu: bytes, libelle: str, phrase: str
) -> None:
    with pytest.raises(JalonError, match=phrase):
        joindre_piece(averti, contenu=contenu, libelle=libelle, **qui(distribution.partenaire))


def test_un_motif_a_preuve_attend_sa_piece(distribution: Distribution, averti: Manquement) -> None:
    siege = qui(distribution.siege)
    observation = repondre(averti, qui(distribution.partenaire), motif=MotifAbsence.objects.get(code="travail"))
    with pytest.raises(JalonError, match="demande une preuve .*employeur"):
        reconnaitre_motif_legitime(averti, **siege)
    joindre_piece(averti, contenu=PDF, libelle="Planning", observation=observation, **qui(distribution.partenaire))
    assert reconnaitre_motif_legitime(averti, observation=observation, **siege).motif_legitime


def test_un_motif_sans_preuve_se_reconnait_sur_parole(distribution: Distribution, averti: Manquement) -> None:
    repondre(averti, qui(distribution.partenaire), motif=MotifAbsence.objects.get(code="garde"))
    assert reconnaitre_motif_legitime(averti, **qui(distribution.siege)).motif_legitime


def test_refuse_de_reconnaitre_sans_raison_donnee_ou_sans_droit(distribution: Distribution, averti: Manquement) -> None:
    repondre(averti, qui(distribution.partenaire))
    with pytest.raises(JalonError, match="n'a donné aucune raison"):
        reconnaitre_motif_legitime(averti, **qui(distribution.siege))
    with pytest.raises(DroitManquantError):
        reconnaitre_motif_legitime(averti, **qui(distribution.partenaire))


def test_une_raison_de_sante_n_est_lue_que_par_qui_en_a_le_droit(
    distribution: Distribution, averti: Manquement
) -> None:
    observation = repondre(averti, qui(distribution.partenaire), motif=MotifAbsence.objects.get(code="sante"))
    joindre_piece(averti, contenu=PDF, libelle="Certificat", observation=observation, **qui(distribution.partenaire))
    sans = Perimetre.de(distribution.siege)
    avec = Perimetre(agent=sans.agent, tout=True, voit_sante=True)
    assert not sans.voit_sante
    assert (observations_lisibles(averti, sans).count(), pieces_lisibles(averti, sans).count()) == (0, 0)
    assert (observations_lisibles(averti, avec).count(), pieces_lisibles(averti, avec).count()) == (1, 1)


# --- L'audition


def test_proposer_puis_noter_l_audition(distribution: Distribution, averti: Manquement) -> None:
    siege = qui(distribution.siege)
    lettre = proposer_audition(averti, le=il_y_a(-15), heure=time(14, 30), lieu="Maison des solidarités", **siege)
    averti.refresh_from_db()
    assert (averti.audition_proposee_le, lettre.personne) == (il_y_a(-15), averti.personne.public_id)
    entendu = noter_audition(averti, entendue_le=il_y_a(0), assistee_par="Un délégué", **siege)
    assert (entendu.entendue_le, entendu.assistee_par) == (il_y_a(0), "Un délégué")


def test_refuse_une_audition_mal_datee(distribution: Distribution, averti: Manquement) -> None:
    siege = qui(distribution.siege)
    with pytest.raises(JalonError, match="un jour à venir"):
        proposer_audition(averti, le=il_y_a(0), heure=time(9), lieu="Ici", **siege)
    with pytest.raises(JalonError, match="quand elle a eu lieu"):
        noter_audition(averti, entendue_le=il_y_a(-1), **siege)
    with pytest.raises(JalonError, match="n'a pas pu être entendue avant"):
        noter_audition(averti, entendue_le=il_y_a(39), **siege)

"""Classer sans sanction : le motif que dit le dossier, la lettre à qui avait été avertie (R62, I23)."""

from __future__ import annotations

import pytest

from jalon.droits.models import Soumission
from jalon.manquements.classement import classer, motifs_possibles
from jalon.manquements.constats import poser_constats
from jalon.manquements.models import EtatManquement, Manquement, MotifClassement
from jalon.rendezvous.models import RendezVous
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.distribution import Distribution
from tests.manquements.aides import qui
from tests.manquements.fabriques import il_y_a, un_manquement

pytestmark = pytest.mark.django_db


def en_cause(manquement: Manquement) -> Manquement:
    RendezVous.objects.filter(personne=manquement.personne).update(convoque_le=None)
    return manquement


def test_la_personne_avertie_recoit_une_lettre(distribution: Distribution) -> None:
    averti = un_manquement(distribution, etat="averti", faits_le=il_y_a(40))
    classe = classer(averti, motif="en_regle", **qui(distribution.siege))
    assert (classe.etat, classe.clos_le) == (EtatManquement.CLASSE, il_y_a(0))
    assert classe.classement is not None
    assert classe.classement.personne == averti.personne.public_id


@pytest.mark.parametrize("etat", ["prepare", "saisi"])
def test_sans_avertissement_aucune_lettre(distribution: Distribution, etat: str) -> None:
    manquement = un_manquement(distribution, etat=etat, faits_le=il_y_a(40))
    acteur = distribution.partenaire if etat == "prepare" else distribution.siege
    assert classer(manquement, motif="en_regle", **qui(acteur)).classement is None


def test_le_referent_ne_classe_plus_une_saisine_faite(distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        classer(un_manquement(distribution, etat="saisi"), motif="en_regle", **qui(distribution.partenaire))


def test_quand_le_service_est_en_cause_c_est_ce_que_dit_le_classement(distribution: Distribution) -> None:
    averti = en_cause(un_manquement(distribution, etat="averti", faits_le=il_y_a(40)))
    with pytest.raises(JalonError, match="le service est en cause : classez pour ce motif"):
        classer(averti, motif="en_regle", **qui(distribution.siege))
    assert classer(averti, motif="service", **qui(distribution.siege)).motif_classement == MotifClassement.SERVICE


@pytest.mark.parametrize(
    ("motif", "phrase"),
    [
        ("service", "aucun tort du service"),
        ("motif_legitime", "Aucun motif légitime n'est reconnu"),
        ("avis", "n'a pas rendu d'avis défavorable"),
        ("non_soumise", "est soumise aux droits et devoirs"),
        ("suite", "en une phrase pourquoi"),
        ("erreur", "en une phrase pourquoi"),
        ("inconnu", "dans la liste"),
    ],
)
def test_refuse_un_motif_que_le_dossier_contredit(distribution: Distribution, motif: str, phrase: str) -> None:
    averti = un_manquement(distribution, etat="averti", faits_le=il_y_a(40))
    with pytest.raises(JalonError, match=phrase):
        classer(averti, motif=motif, **qui(distribution.siege))


def test_chaque_motif_vaut_quand_le_dossier_le_dit(distribution: Distribution) -> None:
    averti = un_manquement(distribution, etat="averti", faits_le=il_y_a(40))
    assert motifs_possibles(averti) == [MotifClassement.EN_REGLE, MotifClassement.SUITE, MotifClassement.ERREUR]
    averti.motif_legitime = True
    Soumission.objects.filter(personne=averti.personne).update(soumise=False)
    assert {MotifClassement.MOTIF_LEGITIME, MotifClassement.NON_SOUMISE} < set(motifs_possibles(averti))
    poser_constats(en_cause(averti))
    assert motifs_possibles(averti) == [MotifClassement.SERVICE]


@pytest.mark.parametrize("sens", ["favorable", "defavorable"])
def test_un_avis_defavorable_permet_de_classer(distribution: Distribution, sens: str) -> None:
    rendu = un_manquement(distribution, etat="avis_rendu", sens=sens)
    assert (MotifClassement.AVIS in motifs_possibles(rendu)) == (sens == "defavorable")


@pytest.mark.parametrize("etat", ["sanctionne", "classe"])
def test_refuse_de_classer_ce_qui_est_clos(distribution: Distribution, etat: str) -> None:
    with pytest.raises(TransitionRefuseeError, match="Cette procédure est"):
        classer(un_manquement(distribution, etat=etat), motif="en_regle", **qui(distribution.siege))

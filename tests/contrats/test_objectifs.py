"""Le plan : objectifs, étapes, moyens ; deux auteurs, l'ordre, l'avancement, ce que la personne propose."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats import objectifs
from jalon.contrats.models import Contrat, Etape, Moyen, Objectif, ThemeContrat
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.contrats.fabriques import brouillon, seconde_plume
from tests.distribution import Distribution
from tests.fabriques import EtapeFactory, ObjectifFactory, un_contrat

pytestmark = pytest.mark.django_db


@pytest.fixture
def contrat(distribution: Distribution) -> Contrat:
    return brouillon(distribution)


@pytest.fixture
def qui(distribution: Distribution) -> dict[str, Any]:
    return {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}


@pytest.fixture
def objectif(contrat: Contrat, qui: dict[str, Any]) -> Objectif:
    return objectifs.ajouter_objectif(contrat, intitule="Passer le permis", **qui)


def test_un_plan_a_trois_etages(contrat: Contrat, objectif: Objectif, qui: dict[str, Any]) -> None:
    etape = objectifs.ajouter_etape(objectif, intitule="S'inscrire", qui="personne", echeance=date(2027, 1, 15), **qui)
    objectifs.ajouter_moyen(etape, intitule="Aide à la mobilité", qui="organisme", precision="CCAS", **qui)
    (lu,) = objectifs.plan(contrat)
    (pas,) = lu.etapes.all()
    (moyen,) = pas.moyens.all()
    assert (lu.intitule, pas.echeance, moyen.precision) == ("Passer le permis", date(2027, 1, 15), "CCAS")
    assert Acte.objects.filter(code="contrats.objectif.ajoute", objet=objectif.public_id).count() == 1


@pytest.mark.parametrize(("intitule", "phrase"), [("   ", "quelques mots"), ("x" * 301, "trop long")])
def test_refuse_un_objectif_illisible(contrat: Contrat, qui: dict[str, Any], intitule: str, phrase: str) -> None:
    with pytest.raises(JalonError, match=phrase):
        objectifs.ajouter_objectif(contrat, intitule=intitule, **qui)


def test_refuse_sans_le_droit(contrat: Contrat, distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        objectifs.ajouter_objectif(
            contrat, acteur=distribution.lecteur, perimetre=Perimetre.de(distribution.lecteur), intitule="Lire"
        )


def test_refuse_de_changer_le_plan_d_un_contrat_en_vigueur(distribution: Distribution, qui: dict[str, Any]) -> None:
    with pytest.raises(TransitionRefuseeError, match="en vigueur"):
        objectifs.ajouter_objectif(un_contrat(distribution), intitule="Trop tard", **qui)


def test_deux_auteurs_ne_s_effacent_pas(objectif: Objectif, qui: dict[str, Any], distribution: Distribution) -> None:
    rose = seconde_plume(distribution)
    objectifs.modifier_objectif(objectif, numero_lu=1, intitule="Passer le permis B", **qui)
    with pytest.raises(objectifs.ElementDepasseError, match="a changé") as refus:
        objectifs.modifier_objectif(
            objectif, numero_lu=1, intitule="Acheter un vélo", acteur=rose, perimetre=Perimetre.de(rose),
        )  # fmt: skip
    assert refus.value.actuel.intitule == "Passer le permis B"
    objectif.refresh_from_db()
    assert objectif.intitule == "Passer le permis B"


def test_l_ordre_change_et_les_bouts_ne_bougent_pas(contrat: Contrat, objectif: Objectif, qui: dict[str, Any]) -> None:
    second = objectifs.ajouter_objectif(contrat, intitule="Trouver une garde", **qui)
    objectifs.deplacer(second, vers_le_haut=True, **qui)
    objectifs.deplacer(second, vers_le_haut=True, **qui)
    assert [o.intitule for o in objectifs.plan(contrat)] == ["Trouver une garde", "Passer le permis"]


def test_retirer_un_objectif_emporte_ses_etapes(contrat: Contrat, objectif: Objectif, qui: dict[str, Any]) -> None:
    etape = objectifs.ajouter_etape(objectif, intitule="S'inscrire", **qui)
    objectifs.ajouter_moyen(etape, intitule="Une aide", **qui)
    objectifs.retirer(objectif, **qui)
    assert not Objectif.objects.exists()
    assert not Etape.objects.exists()
    assert not Moyen.objects.exists()


def test_refuse_l_avancement_entre_la_signature_et_la_validation(
    distribution: Distribution, qui: dict[str, Any]
) -> None:
    etape = EtapeFactory(objectif=ObjectifFactory(contrat=un_contrat(distribution, etat="signe")))
    with pytest.raises(TransitionRefuseeError, match="avancement"):
        objectifs.changer_etat(etape, etat="atteint", **qui)


def test_l_avancement_se_note_toute_la_vie_du_contrat(distribution: Distribution, qui: dict[str, Any]) -> None:
    etape = EtapeFactory(objectif=ObjectifFactory(contrat=un_contrat(distribution)))
    faite = objectifs.changer_etat(etape, etat="atteint", **qui)
    assert faite.faite_le == timezone.localdate()
    assert objectifs.changer_etat(etape, etat="en_cours", **qui).faite_le is None


def test_refuse_un_objectif_atteint_demain(objectif: Objectif, qui: dict[str, Any]) -> None:
    with pytest.raises(JalonError, match="jour passé"):
        objectifs.changer_etat(objectif, etat="atteint", le=timezone.localdate() + timedelta(days=1), **qui)


def test_l_objectif_de_la_personne_garde_ses_mots(contrat: Contrat, qui: dict[str, Any]) -> None:
    dit = objectifs.ajouter_objectif(contrat, acteur=None, perimetre=None, intitule="Revoir ma fille")
    with pytest.raises(JalonError, match="ne se changent pas à sa place"):
        objectifs.modifier_objectif(dit, numero_lu=1, intitule="Parentalité", **qui)
    theme = ThemeContrat.objects.order_by("pk")[0]
    assert objectifs.modifier_objectif(dit, numero_lu=1, intitule="Revoir ma fille", theme=theme, **qui).theme == theme
    with pytest.raises(JalonError, match="de côté"):
        objectifs.retirer(dit, **qui)


def test_la_personne_ne_retire_que_le_sien_et_avant_qu_on_y_travaille(
    contrat: Contrat, objectif: Objectif, qui: dict[str, Any]
) -> None:
    dit = objectifs.ajouter_objectif(contrat, acteur=None, perimetre=None, intitule="Revoir ma fille")
    with pytest.raises(JalonError, match="travaille déjà"):
        objectifs.retirer(objectif, acteur=None, perimetre=None)
    objectifs.ajouter_etape(dit, intitule="Appeler", **qui)
    with pytest.raises(JalonError, match="travaille déjà"):
        objectifs.retirer(dit, acteur=None, perimetre=None)
    Etape.objects.filter(objectif=dit).delete()
    objectifs.retirer(dit, acteur=None, perimetre=None)
    assert list(Objectif.objects.filter(contrat=contrat)) == [objectif]

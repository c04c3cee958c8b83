"""Ouvrir un contrat : le type qui convient, auprès de qui, un seul en préparation ; dans un couple, chacun le sien."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, TypeContrat
from jalon.contrats.services import ouvrir_contrat, types_proposes
from jalon.personnes.models import Rattachement
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from tests.contrats.fabriques import suivie
from tests.distribution import Distribution
from tests.fabriques import DEPUIS, PersonneFactory, une_decision

pytestmark = pytest.mark.django_db


@pytest.fixture
def qui(distribution: Distribution) -> dict[str, Any]:
    return {"acteur": distribution.partenaire, "perimetre": Perimetre.de(distribution.partenaire)}


def sorte(code: str) -> TypeContrat:
    return TypeContrat.objects.get(code=code)


def test_une_allocataire_soumise_a_les_contrats_de_l_allocation(distribution: Distribution) -> None:
    assert [t.code for t in types_proposes(suivie(distribution), date(2024, 6, 1))] == ["contrat_accompagnement"]
    codes = [t.code for t in types_proposes(suivie(distribution), date(2026, 11, 22))]
    assert codes == ["cer_solidarite", "cer_professionnel", "contrat_engagement"]


def test_les_autres_publics_ont_leur_contrat(distribution: Distribution) -> None:
    personne = suivie(distribution, soumise=False)
    assert [t.code for t in types_proposes(personne, date(2026, 11, 22))] == ["contrat_accompagnement"]


def test_le_type_de_l_orientation_vient_d_abord(distribution: Distribution) -> None:
    personne = suivie(distribution)
    decision = une_decision(distribution, personne=personne)
    premier = types_proposes(personne, date(2026, 11, 22))[0]
    assert premier.mot == decision.type.contrat


def test_le_contrat_s_ouvre_aupres_du_referent_de_la_personne(distribution: Distribution, qui: dict[str, Any]) -> None:
    personne = suivie(distribution)
    rose = distribution.agent("Rose", "referent_solidarite", organisme=distribution.organisme("ccas"))
    DesignationReferent.objects.create(
        personne=personne, organisme=rose.affectations.get().organisme, agent=rose, periode=DateRange(DEPUIS, None)
    )
    contrat = ouvrir_contrat(personne, type=sorte("cer_solidarite"), **qui)
    assert (contrat.referent, contrat.ouvert_par, contrat.duree) == (rose, distribution.partenaire, 6)
    assert contrat.version is not None


def test_refuse_un_type_qui_ne_convient_pas(distribution: Distribution, qui: dict[str, Any]) -> None:
    with pytest.raises(JalonError, match="ne convient pas"):
        ouvrir_contrat(suivie(distribution), type=sorte("contrat_accompagnement"), **qui)


def test_refuse_un_second_contrat_en_preparation(distribution: Distribution, qui: dict[str, Any]) -> None:
    personne = suivie(distribution)
    ouvrir_contrat(personne, type=sorte("cer_solidarite"), **qui)
    with pytest.raises(TransitionRefuseeError, match="déjà en préparation"):
        ouvrir_contrat(personne, type=sorte("cer_professionnel"), **qui)
    assert Contrat.objects.filter(personne=personne).count() == 1


def test_refuse_sans_le_droit(distribution: Distribution) -> None:
    with pytest.raises(DroitManquantError):
        ouvrir_contrat(
            suivie(distribution), type=sorte("cer_solidarite"), acteur=distribution.orienteur,
            perimetre=Perimetre.de(distribution.orienteur),
        )  # fmt: skip


def test_dans_un_couple_chacun_a_son_contrat(distribution: Distribution, qui: dict[str, Any]) -> None:
    elle = suivie(distribution)
    lui = PersonneFactory(territoire=distribution.territoire, sexe="1")
    dossier = elle.soumissions.get().dossier
    Rattachement.objects.create(foyer=dossier.foyer, personne=lui, role="CJT", periode=DateRange(DEPUIS, None))
    lui.soumissions.create(dossier=dossier, soumise=True, periode=DateRange(DEPUIS, None))
    for personne in (elle, lui):
        ouvrir_contrat(personne, type=sorte("cer_solidarite"), **qui)
    assert Contrat.objects.filter(etat="brouillon").count() == 2

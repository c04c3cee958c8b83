"""Aucun circuit livré ne mène à une impasse, n'oublie un acte ni ne laisse un état hors d'atteinte."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jalon.referentiels.profil.contrats import FINAUX, ActeContrat, Circuit, EtatContrat, Transition
from jalon.referentiels.profil.vocabulaire import Droit


def _pas(acte: str, de: str, vers: str) -> Transition:
    return Transition(
        acte=ActeContrat(acte), de=EtatContrat(de), vers=EtatContrat(vers), droit=Droit.CONTRAT_REDIGER, libelle="x"
    )


SIMPLE = [_pas("enregistrer", "brouillon", "en_vigueur"), _pas("terminer", "en_vigueur", "termine")]


def test_un_circuit_simple_se_lit() -> None:
    assert len(Circuit(code="simple", libelle="Simple", transitions=tuple(SIMPLE)).transitions) == 2


@pytest.mark.parametrize(
    ("de_trop", "phrase"),
    [
        (_pas("valider", "recu", "en_vigueur"), "aucun acte ne mène à recu"),
        (_pas("renvoyer", "en_vigueur", "renvoye"), "on ne peut pas sortir de renvoye"),
        (_pas("rompre", "termine", "rompu"), "on ne repart pas d'un état final"),
        (_pas("terminer", "en_vigueur", "rompu"), "donné deux fois"),
    ],
)
def test_refuse_un_circuit_boiteux(de_trop: Transition, phrase: str) -> None:
    with pytest.raises(ValidationError, match=phrase):
        Circuit(code="boiteux", libelle="Boiteux", transitions=(*SIMPLE, de_trop))


def test_refuse_un_circuit_qui_ne_met_rien_en_vigueur() -> None:
    with pytest.raises(ValidationError, match="aucun acte ne met le contrat en vigueur"):
        Circuit(code="vide", libelle="Vide", transitions=(_pas("abandonner", "brouillon", "abandonne"),))


def test_les_etats_finaux_sont_ceux_des_contrats() -> None:
    from jalon.contrats.enums import EtatContrat as EtatEnBase

    assert {str(etat) for etat in EtatContrat} == set(EtatEnBase.values)
    assert {str(etat) for etat in FINAUX} == set(EtatEnBase.finaux())

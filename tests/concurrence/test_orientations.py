"""Deux agents au même instant : une seule décision, une seule dernière place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.accompagnements.referents import ChargeDepasseeError, charge_referent, orienter_personne
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix
from jalon.orientations.models import AttenteOrientation, DecisionOrientation, MotifOrientation, TypeOrientation
from jalon.personnes.models import Personne
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre
from jalon.socle.errors import TransitionRefuseeError
from jalon.socle.rls import set_context
from tests.concurrence.ensemble import ensemble
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

CHARGE = "referent.charge_maximale"

pytestmark = pytest.mark.django_db


def acte(agent: Agent, personne: Personne, choix: Choix) -> Callable[[], DecisionOrientation]:
    attendue = AttenteOrientation.objects.get(personne=personne)
    perimetre = Perimetre.de(agent)

    def faire() -> DecisionOrientation:
        with transaction.atomic():
            set_context(perimetre.reglages())
            return orienter_personne(personne, acteur=agent, perimetre=perimetre, choix=choix, attendue=attendue)

    return faire


def choix_social(organisme: Organisme, motif: str, referent: Agent | None = None) -> Choix:
    return Choix(
        type=TypeOrientation.objects.get(code="solidarite"), organisme=organisme,
        motif=MotifOrientation.objects.get(code=motif), referent=referent,
    )  # fmt: skip


def test_deux_agents_orientent_la_meme_personne(distribution: Distribution) -> None:
    ccas = distribution.organisme("ccas")
    personne = une_allocataire(territoire=distribution.territoire, en_attente=True)
    agents = (distribution.orienteur, distribution.collegue)

    issues = ensemble(
        acte(agents[0], personne, choix_social(ccas, "logement")),
        acte(agents[1], personne, choix_social(ccas, "sante")),
    )

    decision = DecisionOrientation.objects.get(personne=personne)
    refus = next(i for i in issues if isinstance(i, Exception))
    assert isinstance(refus, TransitionRefuseeError), issues
    assert f"par {decision.decidee_par}" in str(refus)
    assert [i for i in issues if i is not refus] == [decision]


def test_deux_agents_nomment_le_meme_referent_a_sa_derniere_place(distribution: Distribution) -> None:
    ccas = distribution.organisme("ccas")
    referent = distribution.agent("Rita", "referent_solidarite", organisme=ccas)
    Parametre.objects.filter(code=CHARGE).update(valeur="1")
    parametres.oublier()
    personnes = [une_allocataire(territoire=distribution.territoire, en_attente=True) for _ in range(2)]
    agents = (distribution.orienteur, distribution.collegue)

    issues = ensemble(
        *(acte(a, p, choix_social(ccas, "logement", referent)) for a, p in zip(agents, personnes, strict=True))
    )

    refuses = [i for i in issues if isinstance(i, Exception)]
    assert [type(refus) for refus in refuses] == [ChargeDepasseeError], issues
    assert charge_referent(referent, timezone.localdate()) == 1
    assert DesignationReferent.objects.count() == DecisionOrientation.objects.count() == 1

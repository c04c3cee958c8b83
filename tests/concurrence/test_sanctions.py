"""Deux décisions au même instant dans un couple : ensemble, elles ne dépassent pas le plafond du foyer (R262-68)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.manquements.decisions import SanctionRefuseeError, decider_sanction
from jalon.manquements.models import DecisionSanction, Manquement
from jalon.personnes.models import Rattachement
from jalon.socle.rls import set_context
from tests.concurrence.ensemble import ensemble
from tests.distribution import Distribution
from tests.manquements.fabriques import une_personne_suivie
from tests.manquements.sanctions import MOTIVATION, regle, un_dossier_a_decider

pytestmark = pytest.mark.django_db


def test_un_couple_ne_perd_pas_deux_fois_la_moitie_au_meme_instant(distribution: Distribution) -> None:
    jour, decideur = timezone.localdate(), distribution.agent("Désiré", "decideur")
    elle, lui = (une_personne_suivie(distribution) for _ in range(2))
    Rattachement.objects.filter(personne=lui).update(foyer=elle.rattachements.get().foyer)
    procedures = [un_dossier_a_decider(distribution, jour, personne=personne) for personne in (elle, lui)]
    perimetre, la_regle = Perimetre.de(decideur), regle("plein_emploi", "premiere")

    def decider(procedure: Manquement) -> Callable[[], DecisionSanction]:
        def faire() -> DecisionSanction:
            with transaction.atomic():
                set_context(perimetre.reglages())
                return decider_sanction(
                    procedure, acteur=decideur, perimetre=perimetre, regle=la_regle, taux=50, duree=1,
                    motivation=MOTIVATION, motif_ecart="Plus court que l'avis.",
                )  # fmt: skip

        return faire

    issues = ensemble(*(decider(procedure) for procedure in procedures))

    refus = [issue for issue in issues if isinstance(issue, SanctionRefuseeError)]
    assert len(refus) == 1, issues
    assert "sanction_plafond_du_foyer" in [r.contrainte for r in refus[0].refus]
    assert DecisionSanction.objects.count() == 1

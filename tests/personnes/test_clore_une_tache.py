"""Faire une tâche, ou l'écarter avec un motif."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from jalon.personnes.models import EtatTache, Tache, TypeTache
from jalon.personnes.services import ecarter_tache, faire_tache
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import PersonneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tache() -> Tache:
    return Tache.objects.create(type=TypeTache.RECUEIL, personne=PersonneFactory(), ouverte_le=date(2026, 10, 1))


def test_marque_une_tache_comme_faite(tache: Tache, distribution: Distribution) -> None:
    faite = faire_tache(tache, acteur=distribution.siege)
    assert (faite.etat, faite.close_le) == (EtatTache.FAITE, timezone.localdate())
    assert Acte.objects.get(code="personnes.tache.faite").personnes == [tache.personne.public_id]


def test_ecarte_une_tache_avec_son_motif(tache: Tache, distribution: Distribution) -> None:
    assert ecarter_tache(tache, acteur=distribution.siege, motif=" déjà connue ").etat == EtatTache.SANS_OBJET
    assert Acte.objects.get(code="personnes.tache.sans_objet").motif == "déjà connue"


def test_refuse_d_ecarter_sans_motif(tache: Tache, distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="pourquoi"):
        ecarter_tache(tache, acteur=distribution.siege, motif="  ")


def test_refuse_une_tache_deja_close(tache: Tache, distribution: Distribution) -> None:
    faire_tache(tache, acteur=distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="déjà close"):
        faire_tache(tache, acteur=distribution.siege)


def test_refuse_un_simple_fait_quand_une_reponse_est_attendue(tache: Tache, distribution: Distribution) -> None:
    Tache.objects.filter(pk=tache.pk).update(type=TypeTache.FIN_ACCOMPAGNEMENT)
    with pytest.raises(TransitionRefuseeError, match="attend une réponse"):
        faire_tache(tache, acteur=distribution.siege)

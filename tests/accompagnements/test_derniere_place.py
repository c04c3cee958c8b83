"""Deux actes au même instant : une dernière place ne se donne qu'une fois, une personne n'a qu'un référent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Barrier, Thread

import pytest
from django.db import connection

from jalon.accompagnements.charge import charge_referent
from jalon.accompagnements.models import DesignationReferent
from jalon.accompagnements.referents import ChargeDepasseeError, designer_referent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.cli.installation import installer, lire_profil
from jalon.personnes.models import Personne
from jalon.referentiels import parametres
from jalon.referentiels.models import Parametre, ProfilDepartement
from jalon.socle.errors import TransitionRefuseeError
from tests.accompagnements.aides import jour, organisme_de
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


@pytest.fixture
def _une_place(transactional_db: None) -> Iterator[None]:
    """Un essai qui valide ses écritures vide la base derrière lui : le profil y est reposé, avec une seule place."""
    if not ProfilDepartement.objects.exists():
        parametres.oublier()
        installer(*lire_profil("pas-de-calais"), tout_le_pays=False)
    Parametre.objects.filter(code="referent.charge_maximale").update(valeur="1")
    parametres.oublier()
    yield
    parametres.oublier()


def ensemble(*actes: Callable[[], object]) -> list[BaseException | None]:
    """Lance ces actes au même instant, chacun sur sa connexion ; rend le refus de chacun."""
    depart, issues = Barrier(len(actes)), list[BaseException | None]([None] * len(actes))

    def lancer(rang: int) -> None:
        try:
            depart.wait(timeout=10)
            actes[rang]()
        except Exception as refus:
            issues[rang] = refus
        finally:
            connection.close()

    fils = [Thread(target=lancer, args=(rang,)) for rang in range(len(actes))]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join(timeout=30)
    return issues


def nommer(distribution: Distribution, personne: Personne, agent: Agent) -> Callable[[], object]:
    acteur = distribution.orienteur
    perimetre, organisme = Perimetre.de(acteur), organisme_de(agent)
    return lambda: designer_referent(personne, acteur=acteur, perimetre=perimetre, organisme=organisme, agent=agent)


@pytest.mark.usefixtures("_une_place")
@pytest.mark.django_db(transaction=True)
def test_la_derniere_place_d_un_referent_ne_se_donne_qu_une_fois() -> None:
    distribution = Distribution()
    agent = distribution.partenaire
    actes = [nommer(distribution, une_allocataire(territoire=distribution.territoire), agent) for _ in range(2)]
    issues = ensemble(*actes)
    assert sorted(type(refus) for refus in issues if refus is not None) == [ChargeDepasseeError]
    assert charge_referent(agent, jour()) == 1


@pytest.mark.usefixtures("_une_place")
@pytest.mark.django_db(transaction=True)
def test_deux_agents_nomment_un_referent_a_la_meme_personne() -> None:
    """Le second remplace le premier ou est refusé : jamais deux référents à la même date."""
    distribution = Distribution()
    personne = une_allocataire(territoire=distribution.territoire)
    collegue = distribution.agent("Ines", "referent_solidarite", organisme=organisme_de(distribution.partenaire))
    issues = ensemble(nommer(distribution, personne, distribution.partenaire), nommer(distribution, personne, collegue))
    assert {type(refus) for refus in issues if refus is not None} <= {TransitionRefuseeError}
    assert DesignationReferent.objects.filter(personne=personne, periode__contains=jour()).count() == 1

"""Les objets sur lesquels les adresses s'appellent, tous dans `distribution.territoire`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jalon.organismes.models import CategorieOrganisme
from tests.distribution import Distribution
from tests.fabriques import une_allocataire, une_demande

Fabrique = Callable[[Distribution], dict[str, Any]]


def personne(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": une_allocataire(territoire=distribution.territoire, en_attente=True).public_id}


def foyer(distribution: Distribution) -> dict[str, Any]:
    allocataire = une_allocataire(territoire=distribution.territoire)
    return {"public_id": allocataire.rattachements.get().foyer.public_id}


def agent(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": distribution.collegue.public_id}


def agent_ferme(distribution: Distribution) -> dict[str, Any]:
    distribution.collegue.is_active = False
    distribution.collegue.save()
    return {"public_id": distribution.collegue.public_id}


def affectation(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": distribution.collegue.affectations.get().public_id}


def territoire(distribution: Distribution) -> dict[str, Any]:
    return {"code": distribution.territoire.code}


def organisme(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": distribution.organisme(CategorieOrganisme.CCAS).public_id}


def lien_perime(distribution: Distribution) -> dict[str, Any]:
    return {"uidb36": "1", "key": "perime-perime"}


def cle_confirmation(distribution: Distribution) -> dict[str, Any]:
    return {"key": "perimee"}


def cle_securite(distribution: Distribution) -> dict[str, Any]:
    return {"pk": 1}


def demande(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": une_demande(distribution).public_id}


def critere_charte(distribution: Distribution) -> dict[str, Any]:
    return {"code": "complement_dans_delai"}


def public_de_la_personne(distribution: Distribution) -> dict[str, Any]:
    return {**personne(distribution), "code": "aah"}


FABRIQUES: dict[str, Fabrique] = {
    fabrique.__name__: fabrique
    for fabrique in (
        personne, foyer, agent, agent_ferme, affectation, territoire, organisme, lien_perime, cle_confirmation,
        cle_securite, demande, critere_charte, public_de_la_personne,
    )
}  # fmt: skip

"""Les procédures fictives de la démonstration : chaque étape se montre, sous chaque profil, une seule fois."""

from __future__ import annotations

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.cli.demonstration_parcours import peupler_manquements, peupler_parcours, peupler_suivis
from jalon.instances.models import AvisDossier, DossierSeance, Seance
from jalon.manquements.models import (
    AvisManquement,
    ConstatService,
    DecisionSanction,
    EtatManquement,
    LigneTransmission,
    Manquement,
    Observation,
    RecoursSanction,
)
from jalon.manquements.selectors import LISTES, comptes
from jalon.traces.models import Acte
from tests.cli.test_demonstration_parcours import GRAINE, population
from tests.echanges.aides_mois import Departement, _lire, departement

__all__ = ["departement", "population"]

PEUPLES = (
    Manquement, Observation, AvisManquement, DecisionSanction, RecoursSanction, LigneTransmission, ConstatService,
    AvisDossier, DossierSeance, Seance,
)  # fmt: skip
SANS_SCENE = {"sans_avis", "motif_reconnu"}
"""Ce que la démonstration ne montre pas : une instance qui tarde, et un motif reconnu qu'on n'a pas encore classé."""


def _nombres() -> dict[str, int]:
    return {modele._meta.label: modele.objects.count() for modele in (*PEUPLES, Acte, Agent)}


def test_chaque_etape_se_montre_et_rien_ne_se_double(population: Departement) -> None:
    profil, _ = _lire(population.code)
    assert not peupler_manquements(profil, graine=GRAINE), "Sans référent, il n'y a rien à peupler."
    peupler_parcours(profil, graine=GRAINE)
    peupler_suivis(profil, graine=GRAINE)

    assert peupler_manquements(profil, graine=GRAINE)

    nombres = _nombres()
    assert [nom for nom, nombre in nombres.items() if not nombre] == []
    assert set(Manquement.objects.order_by().values_list("etat", flat=True)) == set(EtatManquement.values)
    assert set(DecisionSanction.objects.order_by().values_list("etat", flat=True)) == {"notifiee", "levee"}
    siege = Agent.objects.get(email__startswith="siege@")
    remplies = {ligne.code for ligne in comptes(Perimetre.de(siege)) if ligne.nombre}
    assert remplies == set(LISTES) - SANS_SCENE
    assert (
        not Acte.objects.filter(code__startswith="manquements.", acteur_id=None)
        .exclude(code__endswith="recevoir_observation")
        .exists()
    ), "la personne ne fait que répondre"

    assert not peupler_manquements(profil, graine=GRAINE)
    assert _nombres() == nombres

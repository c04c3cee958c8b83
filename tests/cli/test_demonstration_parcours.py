"""Les parcours fictifs de la démonstration : de quoi montrer chaque écran, sous chaque profil, une seule fois."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.conf import LazySettings

from jalon.accompagnements.charge import charges, charges_maximales
from jalon.accompagnements.models import Accompagnement, DesignationReferent, FicheNavette, TempsReferent
from jalon.agents.models import Agent
from jalon.cli.demonstration import contexte
from jalon.cli.demonstration_parcours import peupler_parcours
from jalon.cli.installation import DOMAINE_DEMONSTRATION, creer_comptes_demonstration
from jalon.diagnostics.models import Passation, Recueil
from jalon.echanges.demonstration import ecrire_mois_initial
from jalon.echanges.services import importer_flux
from jalon.instances.models import DossierSeance, MembreInstance, Seance
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    DemandeReorientation,
    NotificationOrientation,
)
from jalon.referentiels.parametres import vrai
from jalon.rendezvous.models import ContactIndividuel, Invitation, JustificatifAbsence, Reunion
from jalon.traces.models import Acte
from tests.echanges.aides_mois import Departement, _lire, departement

__all__ = ["departement"]

TAILLE, GRAINE, MOIS = 300, 62, date(2026, 9, 30)
PEUPLES = (
    Recueil, Passation, DecisionOrientation, DesignationReferent, NotificationOrientation, DemandeReorientation,
    Reunion, Invitation, ContactIndividuel, JustificatifAbsence, MembreInstance, Seance, DossierSeance, FicheNavette,
    TempsReferent, Accompagnement,
)  # fmt: skip


@pytest.fixture
def population(departement: Departement, settings: LazySettings, tmp_path: Path) -> Departement:
    """Un mois importé et les comptes de démonstration."""
    settings.DEMONSTRATION = True
    profil, communes = _lire(departement.code)
    ecrire_mois_initial(
        tmp_path / "1.xml", contexte(profil, communes), taille=TAILLE, graine=GRAINE, date_reference=MOIS
    )
    importer_flux(tmp_path / "1.xml")
    creer_comptes_demonstration(profil)
    return departement


def _nombres() -> dict[str, int]:
    return {modele._meta.label: modele.objects.count() for modele in (*PEUPLES, Acte, Agent)}


def test_chaque_ecran_a_de_quoi_montrer_et_rien_ne_se_double(population: Departement) -> None:
    profil, _ = _lire(population.code)
    file = AttenteOrientation.objects.filter(sortie_le=None).count()

    assert peupler_parcours(profil, graine=GRAINE)

    nombres = _nombres()
    assert [nom for nom, nombre in nombres.items() if not nombre] == []
    assert AttenteOrientation.objects.filter(sortie_le=None).count() > file * 3 // 4
    assert set(Invitation.objects.order_by().values_list("etat", flat=True)) >= {
        "invitee", "presente", "excusee", "absente",
    }  # fmt: skip
    assert NotificationOrientation.objects.filter(recue_le=None).exists()
    assert NotificationOrientation.objects.filter(recue_le__isnull=False).exists()
    assert Seance.objects.get().etat == "convoquee"
    assert not Acte.objects.filter(code="orientations.decision.prise", acteur_id=None).exists()
    assert Agent.objects.exclude(email__endswith=f"@{DOMAINE_DEMONSTRATION}").count() == 0

    assert not peupler_parcours(profil, graine=GRAINE)
    assert _nombres() == nombres


def test_les_portefeuilles_disent_la_charge(population: Departement) -> None:
    profil, _ = _lire(population.code)
    peupler_parcours(profil, graine=GRAINE)
    jour = DecisionOrientation.objects.order_by("-decidee_le", "-pk")[0].decidee_le
    jour = max(jour, TempsReferent.objects.order_by("pk")[0].periode.lower)
    agents = sorted(TempsReferent.objects.order_by("pk").values_list("agent_id", flat=True))
    tenues, maximums = charges(agents, jour), charges_maximales(agents, jour)
    ecarts = sorted(tenues[agent] - maximums[agent] for agent in agents)
    bloquant = vrai("referent.depassement_bloquant", jour)
    assert ecarts[0] < 0
    assert ecarts[-1] == (0 if bloquant else 1)
    assert DesignationReferent.objects.filter(depassement=True).count() == (0 if bloquant else 1)


def test_une_seconde_grille_montre_une_evolution(population: Departement) -> None:
    profil, _ = _lire(population.code)
    peupler_parcours(profil, graine=GRAINE)
    personnes = list(Passation.objects.order_by("pk").values_list("personne_id", flat=True))
    assert len(personnes) > len(set(personnes))

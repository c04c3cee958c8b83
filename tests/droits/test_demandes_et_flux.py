"""Une personne et sa demande saisies à la main sont reconnues par le fichier de la caisse (F013, R12)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import DemandeInstruction, DossierRsa, EtatDemande
from jalon.droits.services import deposer_demande, rapprocher_demandes
from jalon.organismes.models import CategorieOrganisme
from jalon.personnes.creation import IdentiteSaisie, creer_personne
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.echanges.aides_mois import Mois, mois
from tests.echanges.flux_caf.fabrique import foyer
from tests.echanges.flux_caf.fabrique import personne as personne_du_flux

__all__ = ["mois"]

pytestmark = pytest.mark.django_db

NEE = date(1985, 4, 12)


@pytest.fixture
def demande(distribution: Distribution) -> DemandeInstruction:
    qui: dict[str, Any] = {"acteur": distribution.siege, "perimetre": Perimetre.de(distribution.siege)}
    personne = creer_personne(
        IdentiteSaisie(nom="Lefèvre", nom_naissance="Martin", prenom="Élodie", date_naissance=NEE, sexe="2"), **qui
    )
    return deposer_demande(
        personne, organisme=distribution.organisme(CategorieOrganisme.CCAS), depot_le=date(2026, 9, 3), **qui
    )


def flux(numero: str = "00000000777", **options: Any) -> str:
    elodie = personne_du_flux(
        "LEFEVRE", "ELODIE", nom_naissance="MARTIN", date_naissance=NEE.isoformat(), sexe="2", nir=None
    )
    return foyer(numero, personnes=[elodie], date_demande="2026-09-01", **options)


@pytest.mark.parametrize("le", ["2026-08-31", "2026-09-30", "2026-12-31"])
def test_le_flux_reconnait_la_personne_saisie(mois: Mois, demande: DemandeInstruction, le: str) -> None:
    """Que le flux soit daté d'avant ou d'après la saisie, il n'y a qu'une personne."""
    mois([flux()], le)
    assert Personne.objects.get() == demande.personne
    assert DossierRsa.objects.get().foyer.rattachements.get().personne == demande.personne


def test_le_flux_suivant_lie_la_demande_et_dit_sa_liquidation(mois: Mois, demande: DemandeInstruction) -> None:
    assert rapprocher_demandes() == 0
    mois([flux()], "2026-09-30")
    demande.refresh_from_db()
    assert (demande.etat, demande.dossier) == (EtatDemande.LIQUIDEE, DossierRsa.objects.get())
    assert demande.liquidee_le is not None
    assert demande.liquidee_le >= demande.depot_le
    assert rapprocher_demandes() == 0
    # Le complément reste dû : liquider ne dispense pas d'informer (R05).
    assert demande.complement_le is None


def test_un_droit_refuse_clot_la_demande_sans_suite(mois: Mois, demande: DemandeInstruction) -> None:
    mois([flux(etat="1")], "2026-09-30")
    demande.refresh_from_db()
    assert (demande.etat, demande.motif_sans_suite) == (EtatDemande.SANS_SUITE, "Droit refusé par l'organisme payeur")


def test_un_dossier_en_attente_de_decision_ne_change_rien(mois: Mois, demande: DemandeInstruction) -> None:
    mois([flux(etat="0")], "2026-09-30")
    assert rapprocher_demandes() == 0


def test_un_dossier_ancien_n_est_pas_celui_de_la_demande(mois: Mois, demande: DemandeInstruction) -> None:
    mois([flux(DTDEMRSA="2024-01-15")], "2026-09-30")
    assert rapprocher_demandes() == 0

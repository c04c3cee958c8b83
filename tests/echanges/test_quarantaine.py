"""Un foyer illisible attend, chiffré, avec sa ligne et sa raison ; le reste du fichier est entré."""

from __future__ import annotations

from datetime import date

import pytest

from jalon.droits.models import DossierRsa, Situation
from jalon.echanges.flux_caf import extraction
from jalon.echanges.models import Quarantaine
from jalon.echanges.services import ecarter_quarantaine, rejouer_quarantaine
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Personne
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.echanges.aides_mois import MOIS, Mois
from tests.echanges.flux_caf.fabrique import foyer, personne

AOUT, SEPTEMBRE, OCTOBRE, *_ = MOIS


def _illisible(**options: object) -> str:
    return foyer("00000000002", personnes=[personne("DEUX")], DTDEMRSA="2026-13-45", **options)  # type: ignore[arg-type]


def _rendre_lisible(monkeypatch: pytest.MonkeyPatch) -> None:
    """La règle de lecture a été corrigée depuis : cette date-là se lit maintenant."""
    vrai = extraction._jour
    monkeypatch.setattr(extraction, "_jour", lambda texte: "2024-03-15" if texte == "2026-13-45" else vrai(texte))


def test_le_foyer_attend_et_les_autres_entrent(mois: Mois) -> None:
    rapport = mois(
        [foyer("00000000001"), _illisible(), foyer("00000000003", personnes=[personne("TROIS")])], AOUT
    ).rapport
    assert (rapport["foyers"]["crees"], rapport["foyers"]["quarantaine"]) == (2, 1)
    attente = Quarantaine.objects.get()
    assert (attente.rang, attente.numero_demande, attente.champ, attente.etat) == (
        2,
        "00000000002",
        "DTDEMRSA",
        "a_traiter",
    )
    assert attente.ligne is not None
    assert attente.ligne > 2
    assert "2026-13-45" in attente.motif


def test_un_foyer_illisible_d_un_dossier_connu_ne_touche_pas_au_dossier(mois: Mois) -> None:
    mois([foyer("00000000002", personnes=[personne("DEUX")])], AOUT)
    mois([_illisible(etat="5")], SEPTEMBRE)
    assert Situation.objects.get().etat == "2"
    assert AttenteOrientation.objects.get().sortie_le is None


def test_rejouer_prend_la_date_de_son_flux(
    mois: Mois, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    mois([_illisible()], AOUT)
    mois([foyer("00000000001")], SEPTEMBRE)
    _rendre_lisible(monkeypatch)
    resultat = rejouer_quarantaine(Quarantaine.objects.get(), acteur=distribution.administrateur)
    assert resultat.rapport["foyers"]["crees"] == 1
    situation = Situation.objects.get(dossier__numero_demande="00000000002")
    assert situation.periode.lower == date.fromisoformat(AOUT)
    attente = Quarantaine.objects.get()
    assert (attente.etat, attente.traite_par) == ("rejoue", distribution.administrateur)
    assert attente.traite_le is not None
    assert AttenteOrientation.objects.filter(personne__nom="DEUX").count() == 1
    assert Acte.objects.filter(code="echanges.quarantaine.rejouee").count() == 1
    with pytest.raises(TransitionRefuseeError):
        rejouer_quarantaine(attente, acteur=distribution.administrateur)


def test_rejouer_apres_une_version_plus_recente_complete_seulement(mois: Mois, monkeypatch: pytest.MonkeyPatch) -> None:
    mois([_illisible(etat="3")], AOUT)
    mois([foyer("00000000002", personnes=[personne("DEUX")], etat="2")], SEPTEMBRE)
    _rendre_lisible(monkeypatch)
    rejouer_quarantaine(Quarantaine.objects.get(), acteur=None)
    assert Situation.objects.get(periode__endswith=None).etat == "2"
    assert Situation.objects.get(periode__contains=date.fromisoformat(AOUT)).etat == "3"
    assert DossierRsa.objects.count() == 1


def test_rejouer_un_foyer_toujours_illisible_dit_pourquoi_et_n_ecrit_rien(mois: Mois) -> None:
    mois([_illisible()], AOUT)
    with pytest.raises(JalonError, match="DTDEMRSA"):
        rejouer_quarantaine(Quarantaine.objects.get(), acteur=None)
    assert Quarantaine.objects.get().etat == "a_traiter"
    assert not Personne.objects.exists()


def test_ecarter_demande_un_motif(mois: Mois, distribution: Distribution) -> None:
    mois([_illisible()], AOUT)
    attente = Quarantaine.objects.get()
    with pytest.raises(JalonError):
        ecarter_quarantaine(attente, acteur=distribution.administrateur, motif="  ")
    ecarter_quarantaine(attente, acteur=distribution.administrateur, motif="Doublon d'un autre foyer")
    assert Quarantaine.objects.get().etat == "ecarte"
    with pytest.raises(TransitionRefuseeError):
        rejouer_quarantaine(attente, acteur=distribution.administrateur)

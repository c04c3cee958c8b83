"""Le travail de fond d'un import demandé à l'écran : il importe, refuse, simule, se coupe, reprend."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jalon.echanges import imports
from jalon.echanges.models import Flux, Import
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.echanges.aides_imports import executer, travaux, un_flux

pytestmark = pytest.mark.django_db


@pytest.fixture
def demande(depots: Path, distribution: Distribution) -> Any:
    def demander(contenu: bytes, *, nom: str = "flux.xml", simulation: bool = False) -> Import:
        return imports.demander_import([contenu], acteur=distribution.siege, nom=nom, simulation=simulation)

    return demander


def test_depose_sous_un_nom_tire_au_sort_lisible_de_jalon_seul(demande: Any, depots: Path) -> None:
    import_ = demande(un_flux(), nom="../../etc/passwd")
    [fichier] = depots.iterdir()
    assert import_.chemin == str(fichier)
    assert "passwd" not in fichier.name
    assert stat.S_IMODE(fichier.stat().st_mode) == 0o600
    assert import_.nom_fichier == "../../etc/passwd"
    assert travaux("echanges.importer") == [{"identifiant": str(import_.public_id)}]


def test_importe_et_efface_le_depot(demande: Any, depots: Path, distribution: Distribution) -> None:
    import_ = executer(demande(un_flux(3)))
    assert import_.etat == Import.Etat.TERMINE
    assert import_.avancement == 100
    assert import_.flux is not None
    assert import_.flux.importe_par == distribution.siege
    assert import_.rapport["foyers"]["crees"] == 3
    assert list(depots.iterdir()) == []
    assert travaux("observatoire.prendre_cliche") == [{"a_la_date": "2026-10-31"}]


def test_refuse_un_fichier_qui_n_est_pas_un_flux(demande: Any, depots: Path) -> None:
    import_ = executer(demande(b"<html><body>Erreur 404</body></html>", nom="page.xml"))
    assert import_.etat == Import.Etat.REFUSE
    assert "page web" in import_.message
    assert import_.flux is None
    assert list(depots.iterdir()) == []
    assert travaux("observatoire.prendre_cliche") == []


def test_refuse_un_fichier_deja_importe(demande: Any) -> None:
    executer(demande(un_flux()))
    import_ = executer(demande(un_flux(), nom="le-meme.xml"))
    assert import_.etat == Import.Etat.REFUSE
    assert "déjà été importé" in import_.message


def test_refuse_le_meme_contenu_encore_en_file(demande: Any, depots: Path) -> None:
    demande(un_flux())
    with pytest.raises(TransitionRefuseeError, match="déjà en file"):
        demande(un_flux(), nom="autre-nom.xml")
    assert len(list(depots.iterdir())) == 1


def test_garde_deux_contenus_differents_en_file(demande: Any, depots: Path) -> None:
    demande(un_flux())
    demande(un_flux(debut=2))
    assert len(list(depots.iterdir())) == 2


def test_refuse_un_fichier_vide(demande: Any, depots: Path) -> None:
    with pytest.raises(JalonError, match="vide"):
        demande(b"")
    assert list(depots.iterdir()) == []


def test_refuse_un_fichier_trop_gros(demande: Any, depots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "taille_maximale", lambda: 10)
    with pytest.raises(JalonError, match="limite"):
        demande(un_flux())
    assert list(depots.iterdir()) == []


def test_simule_sans_rien_ecrire_et_garde_le_depot(demande: Any, depots: Path) -> None:
    import_ = executer(demande(un_flux(), simulation=True))
    assert import_.etat == Import.Etat.TERMINE
    assert import_.rapport["simulation"] is True
    assert import_.flux is None
    assert not Flux.objects.exists()
    assert imports.peut_confirmer(import_)
    assert travaux("observatoire.prendre_cliche") == []


def test_importe_pour_de_bon_apres_une_simulation_une_seule_fois(
    demande: Any, depots: Path, distribution: Distribution
) -> None:
    simulation = executer(demande(un_flux(), simulation=True))
    reel = executer(imports.confirmer_simulation(simulation, acteur=distribution.siege))
    assert reel.flux is not None
    assert list(depots.iterdir()) == []
    with pytest.raises(TransitionRefuseeError):
        imports.confirmer_simulation(simulation, acteur=distribution.siege)


def test_refuse_de_confirmer_un_import_reel(demande: Any, distribution: Distribution) -> None:
    with pytest.raises(TransitionRefuseeError):
        imports.confirmer_simulation(demande(un_flux()), acteur=distribution.siege)


def test_un_travail_presente_deux_fois_n_importe_qu_une_fois(demande: Any) -> None:
    import_ = executer(demande(un_flux()))
    assert executer(import_).etat == Import.Etat.TERMINE
    assert Flux.objects.count() == 1


# --- Coupures


def test_une_panne_interrompt_garde_le_depot_et_se_reprend(
    demande: Any, depots: Path, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_ = demande(un_flux())

    def tomber(*_: Any, **__: Any) -> None:
        raise RuntimeError("plus de mémoire")

    with monkeypatch.context() as panne:
        panne.setattr(imports, "importer_flux", tomber)
        with pytest.raises(RuntimeError):
            imports.executer_import(import_.public_id)
    import_.refresh_from_db()
    assert import_.etat == Import.Etat.INTERROMPU
    assert "plus de mémoire" not in import_.message
    assert len(list(depots.iterdir())) == 1
    _vider_la_file()
    assert executer(imports.reprendre_import(import_, acteur=distribution.siege)).flux is not None
    assert Acte.objects.filter(code="echanges.import.repris", acteur=distribution.siege).exists()


def _vider_la_file() -> None:
    """Le travail d'avant est sorti de la file quand l'exécuteur l'a pris."""
    with connection.cursor() as curseur:
        curseur.execute("delete from procrastinate_jobs")


def test_marque_interrompu_un_import_en_cours_sans_travail(demande: Any) -> None:
    import_ = demande(un_flux())
    Import.objects.filter(pk=import_.pk).update(etat=Import.Etat.EN_COURS)
    assert imports.marquer_interrompus() == 1
    import_.refresh_from_db()
    assert import_.etat == Import.Etat.INTERROMPU
    assert "reprendre" in import_.message


def test_laisse_vivre_un_import_dont_le_travail_tient_le_verrou(demande: Any) -> None:
    import_ = demande(un_flux())
    Import.objects.filter(pk=import_.pk).update(etat=Import.Etat.EN_COURS)
    with imports.Suivi(import_):
        assert imports.marquer_interrompus() == 0
    assert imports.marquer_interrompus() == 1


def test_laisse_attendre_un_import_encore_en_file(demande: Any) -> None:
    import_ = demande(un_flux())
    Import.objects.filter(pk=import_.pk).update(demande_le=timezone.now() - timedelta(hours=1))
    assert imports.marquer_interrompus() == 0
    _vider_la_file()
    assert imports.marquer_interrompus() == 1


def test_refuse_de_reprendre_un_import_qui_vit(demande: Any, distribution: Distribution) -> None:
    import_ = demande(un_flux())
    Import.objects.filter(pk=import_.pk).update(etat=Import.Etat.EN_COURS)
    with imports.Suivi(import_), pytest.raises(TransitionRefuseeError, match="interrompu"):
        imports.reprendre_import(import_, acteur=distribution.siege)


def test_refuse_de_reprendre_sans_le_fichier(demande: Any, distribution: Distribution, depots: Path) -> None:
    import_ = demande(un_flux())
    Import.objects.filter(pk=import_.pk).update(etat=Import.Etat.INTERROMPU)
    Path(import_.chemin).unlink()
    with pytest.raises(JalonError, match="déposez-le à nouveau"):
        imports.reprendre_import(import_, acteur=distribution.siege)


def test_coupe_juste_apres_l_ecriture_la_reprise_retrouve_le_flux(demande: Any, distribution: Distribution) -> None:
    """Le flux est écrit, mais le travail meurt avant de le dire : la reprise n'est pas un doublon."""
    import_ = demande(un_flux())
    imports.importer_flux(Path(import_.chemin), acteur=distribution.siege, nom=import_.nom_fichier)
    Import.objects.filter(pk=import_.pk).update(etat=Import.Etat.INTERROMPU)
    _vider_la_file()
    import_ = executer(imports.reprendre_import(import_, acteur=distribution.siege))
    assert import_.etat == Import.Etat.TERMINE
    assert import_.flux == Flux.objects.get()


# --- Avancement


def test_ecrit_l_avancement_quatre_fois_par_seconde_au_plus(
    demande: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    import_ = demande(un_flux())
    heure = [1000.0]
    monkeypatch.setattr(imports.horloge, "monotonic", lambda: heure[0])
    with imports.Suivi(import_) as suivi:
        with django_assert_num_queries(2):
            suivi("Lecture du fichier", 2)
            for pourcentage in range(3, 40):
                suivi("Lecture du fichier", pourcentage)
            suivi("Mise à jour des dossiers", 40)
        heure[0] += 0.3
        with django_assert_num_queries(1):
            suivi("Mise à jour des dossiers", 55)
    import_.refresh_from_db()
    assert (import_.etape, import_.avancement) == ("Mise à jour des dossiers", 55)


# --- Purge


@pytest.mark.parametrize(
    ("etat", "simulation", "age", "garde"),
    [
        ("termine", True, timedelta(hours=23), True),
        ("termine", True, timedelta(hours=25), False),
        ("interrompu", False, timedelta(days=6), True),
        ("interrompu", False, timedelta(days=8), False),
        ("en_attente", False, timedelta(days=30), True),
        ("refuse", False, timedelta(minutes=1), False),
    ],
)
def test_purge_les_depots_selon_leur_issue(
    demande: Any, depots: Path, etat: str, simulation: bool, age: timedelta, garde: bool
) -> None:
    import_ = demande(un_flux(), simulation=simulation)
    vieillir(depots)
    Import.objects.filter(pk=import_.pk).update(etat=etat, fini_le=timezone.now() - age)
    imports.purger_depots()
    assert Path(import_.chemin).exists() is garde


def vieillir(depots: Path) -> None:
    import os

    for fichier in depots.iterdir():
        os.utime(fichier, (1, 1))


def test_purge_un_depot_orphelin_mais_pas_un_depot_tout_neuf(depots: Path) -> None:
    orphelin, neuf = depots / "ancien", depots / "neuf"
    orphelin.touch()
    vieillir(depots)
    neuf.touch()
    assert imports.purger_depots() == 1
    assert [fichier.name for fichier in depots.iterdir()] == ["neuf"]

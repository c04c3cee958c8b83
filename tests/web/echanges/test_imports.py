"""L'écran des imports : déposer, suivre, lire l'issue, reprendre, importer pour de bon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.echanges import imports
from jalon.echanges.models import Flux, Import
from tests.acces.table_echanges import un_flux_importe
from tests.distribution import Distribution
from tests.echanges.aides_imports import deposer, executer, un_flux

pytestmark = pytest.mark.django_db


@pytest.fixture
def siege(depots: Path, connecte: Any) -> Any:
    return connecte("siege")


def test_depose_importe_et_mene_au_rapport(siege: Any) -> None:
    reponse = deposer(siege, un_flux(3, illisibles=1), nom="octobre.xml")
    import_ = Import.objects.get()
    assert reponse.headers["Location"] == f"/imports/{import_.public_id}/"
    assert "En attente" in siege.get(reponse.headers["Location"]).content.decode()
    flux = executer(import_).flux
    assert flux is not None
    assert siege.get(f"/imports/{import_.public_id}/").headers["Location"] == f"/flux/{flux.public_id}/"
    page = siege.get("/imports/").content.decode()
    assert "octobre.xml" in page
    assert "Mensuel du 31 oct. 2026" in page
    assert "Simone" in page


def test_refuse_un_fichier_absent(siege: Any) -> None:
    reponse = siege.post("/imports/deposer/", {})
    assert reponse.status_code == 422
    assert "Choisissez le fichier à importer." in reponse.content.decode()
    assert not Import.objects.exists()


def test_refuse_le_double_clic(siege: Any) -> None:
    assert deposer(siege, un_flux()).status_code == 302
    reponse = deposer(siege, un_flux())
    assert reponse.status_code == 422
    assert "déjà en file" in reponse.content.decode()
    assert Import.objects.count() == 1


def test_un_fichier_refuse_dit_pourquoi_et_quoi_faire(siege: Any) -> None:
    deposer(siege, b"<html><body>404</body></html>", nom="page.xml")
    import_ = executer(Import.objects.get())
    page = siege.get(f"/imports/{import_.public_id}/").content.decode()
    assert "Ce fichier n’a pas été importé" in page
    assert "choisissez le bon fichier" in page
    assert "Déposer un autre fichier" in page


def test_un_nom_de_fichier_piege_s_affiche_tel_quel(siege: Any) -> None:
    deposer(siege, un_flux(), nom="<script>alert(1)</script>.xml")
    page = siege.get("/imports/").content.decode()
    assert "<script>alert(1)" not in page
    # Le serveur ne garde d'un nom que ce qui suit la dernière barre.
    assert Import.objects.get().nom_fichier == "script>.xml"


def test_une_simulation_montre_son_rapport_puis_s_importe_sans_nouveau_depot(siege: Any) -> None:
    deposer(siege, un_flux(2), simulation=True)
    simulation = executer(Import.objects.get())
    page = siege.get(f"/imports/{simulation.public_id}/").content.decode()
    assert "Rien n’a été écrit" in page
    assert "Importer pour de bon" in page
    assert "/flux/" not in page
    reponse = siege.post(f"/imports/{simulation.public_id}/confirmer/")
    reel = Import.objects.exclude(pk=simulation.pk).get()
    assert reponse.headers["Location"] == f"/imports/{reel.public_id}/"
    assert executer(reel).flux is not None
    assert siege.post(f"/imports/{simulation.public_id}/confirmer/").status_code == 409


def test_un_import_coupe_se_montre_interrompu_et_se_reprend(siege: Any) -> None:
    deposer(siege, un_flux())
    import_ = Import.objects.get()
    Import.objects.update(etat=Import.Etat.EN_COURS, avancement=40)
    page = siege.get(f"/imports/{import_.public_id}/").content.decode()
    assert "s’est arrêté avant la fin" in page
    assert "Reprendre" in page
    with connection.cursor() as curseur:
        curseur.execute("delete from procrastinate_jobs")
    assert siege.post(f"/imports/{import_.public_id}/reprendre/").status_code == 302
    assert executer(import_).flux is not None


def test_refuse_de_reprendre_un_import_fini(siege: Any) -> None:
    deposer(siege, un_flux())
    import_ = executer(Import.objects.get())
    assert siege.post(f"/imports/{import_.public_id}/reprendre/").status_code == 409


@pytest.mark.parametrize("adresse", ["/imports/", "detail"])
def test_le_fragment_suit_l_import_puis_fait_recharger_la_page(siege: Any, adresse: str) -> None:
    deposer(siege, un_flux())
    import_ = Import.objects.get()
    adresse = f"/imports/{import_.public_id}/" if adresse == "detail" else adresse
    Import.objects.update(etat=Import.Etat.EN_COURS, etape="Lecture du fichier", avancement=27)
    with imports.Suivi(import_):
        reponse = siege.get(adresse, headers={"HX-Request": "true"})
        assert "<html" not in reponse.content.decode()
        assert 'value="27"' in reponse.content.decode()
        assert "every 1s" in reponse.content.decode()
        assert "HX-Refresh" not in reponse.headers
    Import.objects.update(etat=Import.Etat.EN_ATTENTE)
    executer(import_)
    reponse = siege.get(adresse, headers={"HX-Request": "true"})
    assert reponse.headers["HX-Refresh"] == "true"
    assert "HX-Request" in reponse.headers["Vary"]


def test_qui_consulte_sans_importer_ne_voit_pas_le_formulaire(
    depots: Path, connecte: Any, distribution: Distribution
) -> None:
    profil = distribution.siege.affectations.get().profil
    profil.droits = [droit for droit in profil.droits if droit != "flux.importer"]
    profil.save()
    page = connecte("siege").get("/imports/").content.decode()
    assert "Déposer le fichier" not in page
    assert deposer(connecte("siege"), un_flux()).status_code == 403


def test_autant_de_requetes_pour_un_flux_que_pour_vingt(siege: Any) -> None:
    un_flux_importe()
    siege.get("/imports/")
    with CaptureQueriesContext(connection) as un:
        siege.get("/imports/")
    for _ in range(19):
        un_flux_importe()
    with CaptureQueriesContext(connection) as vingt:
        siege.get("/imports/")
    assert Flux.objects.count() == 20
    assert len(vingt) == len(un)

"""La quarantaine : lire un foyer, le rejouer, l'écarter, sans montrer un numéro à qui n'a pas à le voir."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.echanges.models import Quarantaine
from jalon.traces.models import Acte, Lecture
from tests.acces.table_echanges import un_flux_importe, un_foyer_en_quarantaine
from tests.distribution import Distribution
from tests.echanges.aides_imports import travaux

pytestmark = pytest.mark.django_db
NIR = "885046212345612"


@pytest.fixture
def foyer(depots: Path) -> Quarantaine:
    return un_foyer_en_quarantaine(un_flux_importe())


def test_montre_le_motif_sans_ouvrir_le_fragment(foyer: Quarantaine, connecte: Any) -> None:
    page = connecte("siege").get("/quarantaine/").content.decode()
    assert "n&#x27;existe pas" in page
    assert "DURAND" not in page
    assert not Lecture.objects.filter(ecran="quarantaine").exists()


def test_ouvrir_un_foyer_est_une_lecture_notee(foyer: Quarantaine, connecte: Any, distribution: Distribution) -> None:
    page = connecte("siege").get(f"/quarantaine/{foyer.public_id}/").content.decode()
    assert "DURAND" in page
    assert Lecture.objects.filter(ecran="quarantaine", nature="foyer", agent=distribution.siege).count() == 1


def test_la_relecture_de_l_etat_n_est_pas_une_ouverture(foyer: Quarantaine, connecte: Any) -> None:
    page = connecte("siege").get(f"/quarantaine/{foyer.public_id}/", headers={"HX-Request": "true"}).content.decode()
    assert "DURAND" not in page
    assert not Lecture.objects.filter(ecran="quarantaine").exists()


@pytest.mark.parametrize("voit", [True, False])
def test_le_nir_ne_se_lit_qu_avec_l_habilitation(
    foyer: Quarantaine, connecte: Any, distribution: Distribution, voit: bool
) -> None:
    profil = distribution.siege.affectations.get().profil
    profil.voit_nir = voit
    profil.save()
    page = connecte("siege").get(f"/quarantaine/{foyer.public_id}/").content.decode()
    assert (NIR in page) is voit
    assert "DURAND" in page
    assert Lecture.objects.filter(ecran="quarantaine", nature="nir").exists() is voit


def test_l_administrateur_traite_sans_lire_le_fragment(foyer: Quarantaine, connecte: Any) -> None:
    page = connecte("administrateur").get(f"/quarantaine/{foyer.public_id}/").content.decode()
    assert "DURAND" not in page
    assert "Rejouer" in page
    assert not Lecture.objects.filter(ecran="quarantaine").exists()


def test_un_agent_de_territoire_n_y_voit_rien(foyer: Quarantaine, connecte: Any, distribution: Distribution) -> None:
    profil = distribution.orienteur.affectations.get().profil
    profil.droits = [*profil.droits, "quarantaine.traiter"]
    profil.save()
    orienteur = connecte("orienteur")
    assert foyer.numero_demande not in orienteur.get("/quarantaine/").content.decode()
    assert orienteur.get(f"/quarantaine/{foyer.public_id}/").status_code == 404
    assert orienteur.post(f"/quarantaine/{foyer.public_id}/rejouer/").status_code == 404


def test_rejouer_met_un_travail_en_file_et_le_dit(
    foyer: Quarantaine, connecte: Any, distribution: Distribution
) -> None:
    siege = connecte("siege")
    assert siege.post(f"/quarantaine/{foyer.public_id}/rejouer/").status_code == 302
    assert travaux("echanges.rejouer") == [{"identifiants": [str(foyer.public_id)], "acteur": distribution.siege.pk}]
    assert "Rejeu en cours" in siege.get("/quarantaine/").content.decode()
    siege.post(f"/quarantaine/{foyer.public_id}/rejouer/")
    assert len(travaux("echanges.rejouer")) == 1


def test_tout_rejouer(foyer: Quarantaine, connecte: Any) -> None:
    connecte("siege").post("/quarantaine/rejouer/")
    assert len(travaux("echanges.rejouer")) == 1


def test_ecarte_avec_un_motif(foyer: Quarantaine, connecte: Any, distribution: Distribution) -> None:
    reponse = connecte("siege").post(f"/quarantaine/{foyer.public_id}/ecarter/", {"motif": "Corrigé par la caisse"})
    foyer.refresh_from_db()
    assert reponse.status_code == 302
    assert (foyer.etat, foyer.traite_par) == ("ecarte", distribution.siege)
    assert Acte.objects.get(code="echanges.quarantaine.ecartee").motif == "Corrigé par la caisse"


def test_refuse_d_ecarter_sans_motif(foyer: Quarantaine, connecte: Any) -> None:
    reponse = connecte("siege").post(f"/quarantaine/{foyer.public_id}/ecarter/", {"motif": " "})
    foyer.refresh_from_db()
    assert reponse.status_code == 422
    assert "le motif reste au journal" in reponse.content.decode()
    assert foyer.etat == "a_traiter"


def test_refuse_d_ecarter_deux_fois(foyer: Quarantaine, connecte: Any) -> None:
    siege = connecte("siege")
    for statut in (302, 409):
        assert siege.post(f"/quarantaine/{foyer.public_id}/ecarter/", {"motif": "x"}).status_code == statut


@pytest.mark.parametrize(("filtre", "vus"), [("", 1), ("etat=traites", 1), ("etat=tous", 2), ("flux=pas-un-uuid", 0)])
def test_filtre_par_etat_et_par_flux(foyer: Quarantaine, connecte: Any, filtre: str, vus: int) -> None:
    un_foyer_en_quarantaine(un_flux_importe(), etat="ecarte")
    assert connecte("siege").get(f"/quarantaine/?{filtre}").context["page"].paginator.count == vus


def test_autant_de_requetes_pour_un_foyer_que_pour_vingt(foyer: Quarantaine, connecte: Any) -> None:
    siege = connecte("siege")
    siege.get("/quarantaine/")
    with CaptureQueriesContext(connection) as un:
        siege.get("/quarantaine/")
    for rang in range(19):
        un_foyer_en_quarantaine(foyer.flux, rang=rang + 10)
    with CaptureQueriesContext(connection) as vingt:
        siege.get("/quarantaine/")
    assert len(un) == len(vingt)

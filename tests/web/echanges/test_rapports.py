"""Le rapport d'un flux : ses nombres, les listes derrière, le JSON et le PDF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.agents.models import ProfilHabilitation
from jalon.droits.models import DossierRsa
from jalon.echanges.listes import RUBRIQUES
from jalon.echanges.models import AnomalieFlux, Flux
from jalon.echanges.services import importer_flux
from jalon.organismes.models import CommuneTerritoire
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.echanges.aides_imports import un_flux

pytestmark = pytest.mark.django_db


def importer(depots: Path, contenu: bytes, nom: str = "flux.xml") -> Flux:
    chemin = depots / "essai.xml"
    chemin.write_bytes(contenu)
    flux = importer_flux(chemin, nom=nom).flux
    assert flux is not None
    return flux


@pytest.fixture
def communes(distribution: Distribution) -> tuple[str, str]:
    """Une commune du territoire de la distribution, une de l'autre."""

    def premiere(territoire: Any) -> str:
        return str(CommuneTerritoire.objects.filter(territoire=territoire).order_by("commune_id")[0].commune_id)

    return premiere(distribution.territoire), premiere(distribution.autre_territoire)


@pytest.fixture
def lecteurs_de_rapports(db: None) -> None:
    """Un département peut ouvrir les rapports à ses orienteurs : leur périmètre doit tenir."""
    for profil in ProfilHabilitation.objects.filter(code="orienteur"):
        profil.droits = [*profil.droits, "flux.consulter"]
        profil.save()


def test_montre_les_nombres_du_rapport(depots: Path, connecte: Any) -> None:
    flux = importer(depots, un_flux(3, illisibles=1))
    reponse = connecte("siege").get(f"/flux/{flux.public_id}/")
    assert reponse.status_code == 200
    for section in reponse.context["sections"]:
        for chiffre in section.chiffres:
            assert isinstance(chiffre.valeur, int)
    nombres = {c.libelle: c.valeur for s in reponse.context["sections"] for c in s.chiffres}
    assert nombres["Lus"] == flux.rapport["foyers"]["lus"] == 4
    assert nombres["En quarantaine"] == 1
    assert nombres["Entrées"] == flux.rapport["soumis_droits_devoirs"]["entrees"]
    page = reponse.content.decode()
    assert "Foyer mis en quarantaine" in page


@pytest.mark.parametrize("rubrique", sorted(RUBRIQUES))
def test_chaque_liste_compte_ce_que_dit_le_rapport(depots: Path, connecte: Any, rubrique: str) -> None:
    importer(depots, un_flux(2))
    flux = importer(depots, un_flux(4, date_reference="2026-11-30", date_creation="2026-12-03"))
    bloc, cle = RUBRIQUES[rubrique].chemin
    reponse = connecte("siege").get(f"/flux/{flux.public_id}/{rubrique}/")
    assert reponse.context["page"].paginator.count == flux.rapport[bloc][cle]


@pytest.mark.usefixtures("lecteurs_de_rapports")
@pytest.mark.parametrize("rubrique", ["lus", "crees", "ouverts", "entrees"])
def test_une_liste_ne_sort_pas_du_perimetre(
    depots: Path, connecte: Any, communes: tuple[str, str], rubrique: str
) -> None:
    ici = un_flux(1, commune=communes[0])
    la_bas = un_flux(2, commune=communes[1], debut=5)
    debut, fin = ici.split(b"<TransmissionFlux>")[0], la_bas.split(b"</IdentificationFlux>\n")[1]
    flux = importer(depots, debut + fin)
    orienteur, etrangere = (
        connecte(role).get(f"/flux/{flux.public_id}/{rubrique}/") for role in ("orienteur", "etrangere")
    )
    assert orienteur.context["page"].paginator.count == 1
    assert etrangere.context["page"].paginator.count == 2
    assert "Nom001" in orienteur.content.decode()
    assert "Nom005" not in orienteur.content.decode()
    assert "Le rapport compte tout le département : 3." in orienteur.content.decode()


@pytest.mark.usefixtures("lecteurs_de_rapports")
def test_les_anomalies_ne_sortent_pas_du_perimetre(depots: Path, connecte: Any, communes: tuple[str, str]) -> None:
    flux = importer(depots, un_flux(1, commune=communes[0]))
    dossier, personne = DossierRsa.objects.get(), Personne.objects.get()
    AnomalieFlux.objects.bulk_create(
        [
            AnomalieFlux(flux=flux, code="flux_ancien", detail="par la personne", personne=personne),
            AnomalieFlux(flux=flux, code="flux_ancien", detail="par le dossier", dossier=dossier),
            AnomalieFlux(flux=flux, code="flux_ancien", detail="du fichier"),
        ]
    )
    flux.rapport["anomalies"] = [{"code": "flux_ancien", "nombre": 3}]
    flux.save()
    vus = {
        role: connecte(role).get(f"/flux/{flux.public_id}/anomalies/flux_ancien/").context["page"].paginator.count
        for role in ("siege", "orienteur", "etrangere")
    }
    assert vus == {"siege": 3, "orienteur": 2, "etrangere": 0}


def test_refuse_une_rubrique_ou_un_code_inconnus(depots: Path, connecte: Any) -> None:
    flux = importer(depots, un_flux())
    siege = connecte("siege")
    assert siege.get(f"/flux/{flux.public_id}/inventee/").status_code == 404
    assert siege.get(f"/flux/{flux.public_id}/anomalies/inventee/").status_code == 404
    assert siege.get("/flux/11111111-1111-1111-1111-111111111111/").status_code == 404


def test_l_administrateur_lit_les_nombres_sans_les_noms(depots: Path, connecte: Any) -> None:
    flux = importer(depots, un_flux())
    administrateur = connecte("administrateur")
    assert f"/flux/{flux.public_id}/crees/" not in administrateur.get(f"/flux/{flux.public_id}/").content.decode()
    assert f"/flux/{flux.public_id}/crees/" in connecte("siege").get(f"/flux/{flux.public_id}/").content.decode()


def test_le_json_est_celui_de_la_ligne_de_commande(depots: Path, connecte: Any) -> None:
    flux = importer(depots, un_flux(), nom='x"; rm.xml')
    reponse = connecte("siege").get(f"/flux/{flux.public_id}/rapport.json")
    assert json.loads(reponse.content) == flux.rapport
    assert reponse.headers["Content-Disposition"] == 'attachment; filename="rapport-import-2026-10-31-M.json"'


def test_le_pdf_se_telecharge_quel_que_soit_le_nom_du_fichier(depots: Path, connecte: Any) -> None:
    flux = importer(depots, un_flux(), nom='#read("/etc/passwd")')
    reponse = connecte("siege").get(f"/flux/{flux.public_id}/rapport.pdf")
    assert reponse.headers["Content-Type"] == "application/pdf"
    assert reponse.content.startswith(b"%PDF-")


@pytest.mark.parametrize("rubrique", ["crees", "entrees"])
def test_autant_de_requetes_pour_une_ligne_que_pour_vingt(depots: Path, connecte: Any, rubrique: str) -> None:
    un = importer(depots, un_flux(1))
    vingt = importer(depots, un_flux(20, debut=100, date_reference="2026-11-30", date_creation="2026-12-03"))
    siege, requetes = connecte("siege"), []
    siege.get(f"/flux/{un.public_id}/{rubrique}/")
    for flux in (un, vingt):
        with CaptureQueriesContext(connection) as vues:
            siege.get(f"/flux/{flux.public_id}/{rubrique}/")
        requetes.append(len(vues))
    assert requetes[0] == requetes[1]

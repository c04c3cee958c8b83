"""Confier et exporter depuis la file."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from django.test import Client

from jalon.orientations.models import AttenteOrientation
from jalon.personnes.identite import lire_nir
from jalon.traces.models import Acte, Lecture
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
AFFECTER, EXPORTER = "/orientation/affecter/", "/orientation/exporter/"


def attente(territoire: Any, **champs: Any) -> AttenteOrientation:
    return AttenteOrientation.objects.get(personne=une_allocataire(territoire=territoire, en_attente=True, **champs))


def confier(client: Client, agent: Any, *lignes: AttenteOrientation, **champs: Any) -> str:
    donnees = {"a_qui": f"agent:{agent.public_id}", "choisies": [str(ligne.public_id) for ligne in lignes], **champs}
    reponse = client.post(AFFECTER, donnees, follow=True)
    assert reponse.status_code == 200
    return reponse.content.decode()


def telecharger(reponse: Any) -> bytes:
    assert reponse.status_code == 200
    assert reponse["Content-Disposition"].startswith("attachment")
    return b"".join(reponse.streaming_content)


def lire_csv(contenu: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(contenu.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_confie_les_lignes_choisies_et_propose_de_defaire(connecte: Any, distribution: Distribution) -> None:
    choisie, autre = attente(distribution.territoire), attente(distribution.territoire)
    client = connecte("orienteur")
    page = confier(client, distribution.collegue, choisie)
    assert "1 personne confiée à Colette" in page
    choisie.refresh_from_db()
    autre.refresh_from_db()
    assert (choisie.agent, autre.agent) == (distribution.collegue, None)
    acte = Acte.objects.get(code="orientations.attente.affectee")
    assert f"/orientation/affectations/{acte.public_id}/defaire/" in page
    page = client.post(f"/orientation/affectations/{acte.public_id}/defaire/", follow=True).content.decode()
    assert "1 personne rendue" in page
    choisie.refresh_from_db()
    assert choisie.agent is None


def test_confie_toutes_celles_du_filtre_et_garde_le_filtre(connecte: Any, distribution: Distribution) -> None:
    dans, hors = attente(distribution.territoire, nom="ALPHA"), attente(distribution.territoire, nom="OMEGA")
    client = connecte("orienteur")
    reponse = client.post(
        AFFECTER, {"a_qui": f"agent:{distribution.collegue.public_id}", "tout": "oui", "filtre": "q=alpha"}
    )
    assert reponse["Location"] == "/orientation/?q=alpha"
    dans.refresh_from_db()
    hors.refresh_from_db()
    assert (dans.agent, hors.agent) == (distribution.collegue, None)


@pytest.mark.parametrize(
    ("donnees", "attendu"),
    [
        ({}, "Choisissez au moins une personne"),
        ({"choisies": "pas-un-uuid"}, ""),
        ({"tout": "oui"}, "Choisissez à qui"),
    ],
)
def test_dit_ce_qui_manque(connecte: Any, distribution: Distribution, donnees: dict[str, str], attendu: str) -> None:
    if "tout" not in donnees:
        donnees = {**donnees, "a_qui": f"agent:{distribution.collegue.public_id}"}
    page = connecte("orienteur").post(AFFECTER, donnees, follow=True).content.decode()
    assert attendu in page
    assert not Acte.objects.filter(code="orientations.attente.affectee").exists()


def test_une_ligne_d_un_autre_territoire_n_est_pas_touchee(connecte: Any, distribution: Distribution) -> None:
    dehors = attente(distribution.autre_territoire)
    page = confier(connecte("orienteur"), distribution.collegue, dehors)
    assert "Aucune personne" in page
    dehors.refresh_from_db()
    assert dehors.agent is None


def test_refuse_sans_le_droit_d_affecter(connecte: Any, distribution: Distribution) -> None:
    assert connecte("partenaire").post(AFFECTER, {}).status_code == 403


def test_refuse_de_defaire_l_acte_d_une_collegue(connecte: Any, distribution: Distribution) -> None:
    confier(connecte("orienteur"), distribution.collegue, attente(distribution.territoire))
    acte = Acte.objects.get(code="orientations.attente.affectee")
    assert connecte("collegue").post(f"/orientation/affectations/{acte.public_id}/defaire/").status_code == 404
    assert connecte("orienteur").post(f"/orientation/affectations/{uuid4()}/defaire/").status_code == 404


def test_affecter_n_accepte_que_l_envoi(connecte: Any, distribution: Distribution) -> None:
    assert connecte("orienteur").get(AFFECTER).status_code == 405


# --- Export


def test_exporte_la_file_filtree_et_le_note(connecte: Any, distribution: Distribution) -> None:
    nir = lire_nir("2850462041001")
    assert nir is not None
    attente(
        distribution.territoire, nom="ALPHA", nir_chiffre=nir.chiffre, nir_empreinte=nir.empreinte, type_nir=nir.type
    )
    attente(distribution.territoire, nom="OMEGA")
    reponse = connecte("siege").get(f"{EXPORTER}?q=alpha&format=csv")
    lignes = lire_csv(telecharger(reponse))
    assert lignes[0][0] == "Nom"
    assert [ligne[0] for ligne in lignes[1:]] == ["Alpha"]
    assert "2850462041001" not in str(lignes)
    lecture = Lecture.objects.get(nature=Lecture.Nature.EXPORT)
    assert (lecture.nombre, lecture.agent, lecture.ecran) == (1, distribution.siege, "file_orientation")


@pytest.mark.parametrize("format", ["csv", "xlsx", "ods"])
def test_exporte_dans_chaque_format(connecte: Any, distribution: Distribution, format: str) -> None:
    attente(distribution.territoire)
    reponse = connecte("siege").get(f"{EXPORTER}?format={format}")
    assert reponse["Content-Disposition"].endswith(f'.{format}"')
    assert telecharger(reponse)


def test_exporte_les_seules_lignes_choisies(connecte: Any, distribution: Distribution) -> None:
    choisie = attente(distribution.territoire, nom="ALPHA")
    attente(distribution.territoire, nom="OMEGA")
    reponse = connecte("siege").post(EXPORTER, {"choisies": [str(choisie.public_id)]})
    feuille = openpyxl.load_workbook(io.BytesIO(telecharger(reponse))).active
    assert feuille is not None
    assert [ligne[0].value for ligne in feuille.iter_rows(min_row=2)] == ["Alpha"]


def test_un_export_ne_sort_pas_du_perimetre(connecte: Any, distribution: Distribution) -> None:
    attente(distribution.territoire, nom="ALPHA")
    dehors = attente(distribution.autre_territoire, nom="OMEGA")
    chef = distribution.agent("Chloé", "chef_territoire", territoire=distribution.territoire)
    client = Client()
    client.force_login(chef, backend="jalon.agents.authentification.ConnexionProtegee")
    assert len(lire_csv(telecharger(client.get(f"{EXPORTER}?format=csv")))) == 2
    reponse = client.post(EXPORTER, {"choisies": [str(dehors.public_id)], "format": "csv"})
    assert len(lire_csv(telecharger(reponse))) == 1


def test_refuse_l_export_sans_le_droit(connecte: Any, distribution: Distribution) -> None:
    """L'orienteur voit la file mais ne l'exporte pas : seul ce droit lui manque."""
    client = connecte("orienteur")
    assert client.get(EXPORTER).status_code == 403
    assert "Exporter" not in client.get("/orientation/").content.decode()

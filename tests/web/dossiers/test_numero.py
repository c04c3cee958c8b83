"""Le numéro de sécurité sociale : sur demande expresse, noté, jamais dans une adresse."""

from __future__ import annotations

from typing import Any

import pytest

from jalon.traces.models import Lecture
from tests.web.dossiers.conftest import NUMERO, Famille


def test_le_numero_s_affiche_sur_demande_et_c_est_note(famille: Famille, connecte: Any) -> None:
    client = connecte("siege")
    adresse = f"/personnes/{famille.elodie.public_id}"
    avant = client.get(f"{adresse}/identite/").content.decode()
    assert NUMERO not in avant
    assert "Afficher le numéro" in avant
    apres = client.post(f"{adresse}/numero/")
    assert NUMERO in apres.content.decode()
    assert apres["Cache-Control"] == "no-store"
    assert list(Lecture.objects.order_by("pk").values_list("nature", flat=True)) == ["dossier", "nir"]


def test_refuse_le_numero_a_qui_ne_doit_pas_le_voir(famille: Famille, connecte: Any) -> None:
    client = connecte("orienteur")
    adresse = f"/personnes/{famille.elodie.public_id}"
    assert "Afficher le numéro" not in client.get(f"{adresse}/identite/").content.decode()
    reponse = client.post(f"{adresse}/numero/")
    assert reponse.status_code == 403
    assert NUMERO not in reponse.content.decode()
    assert not Lecture.objects.filter(nature="nir").exists()


def test_refuse_le_numero_par_get(famille: Famille, connecte: Any) -> None:
    assert connecte("siege").get(f"/personnes/{famille.elodie.public_id}/numero/").status_code == 405


@pytest.mark.parametrize("onglet", ["", "droits/", "identite/", "lectures/"])
def test_aucun_onglet_ne_montre_le_numero(famille: Famille, connecte: Any, onglet: str) -> None:
    assert NUMERO not in connecte("siege").get(f"/personnes/{famille.elodie.public_id}/{onglet}").content.decode()

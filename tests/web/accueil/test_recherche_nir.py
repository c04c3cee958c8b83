"""Le numéro de sécurité sociale ne passe jamais par l'adresse."""

from __future__ import annotations

from typing import Any

import pytest

from jalon.personnes.identite import lire_nir
from jalon.personnes.models import Personne, TypeNir
from jalon.traces.models import Lecture
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

NUMERO = "2850462041123"


@pytest.fixture
def elodie(distribution: Distribution) -> Personne:
    nir = lire_nir(NUMERO)
    assert nir is not None
    return une_allocataire(
        territoire=distribution.territoire, nom="LEFÈVRE", prenom="ÉLODIE", nir_chiffre=nir.chiffre,
        nir_empreinte=nir.empreinte, type_nir=TypeNir.CERTAIN,
    )  # fmt: skip


@pytest.mark.parametrize("role", ["siege", "orienteur"])
def test_refuse_un_numero_dans_l_adresse(elodie: Personne, connecte: Any, role: str) -> None:
    reponse = connecte(role).get("/recherche/", {"q": NUMERO})
    page = reponse.content.decode()
    assert "Ce numéro n’a pas été cherché" in page
    assert NUMERO not in page
    assert "Élodie" not in page
    assert Lecture.objects.count() == 0
    assert ('name="numero"' in page) == (role == "siege")


def test_qui_voit_le_nir_le_cherche_par_un_formulaire(elodie: Personne, connecte: Any) -> None:
    reponse = connecte("siege").post("/recherche/numero/", {"numero": "2 85 04 62 041 123"})
    assert reponse.status_code == 302
    assert reponse["Location"] == f"/personnes/{elodie.public_id}/"
    assert Lecture.objects.get().ecran == "recherche par numéro"


def test_refuse_a_qui_ne_voit_pas_le_nir(elodie: Personne, connecte: Any) -> None:
    reponse = connecte("orienteur").post("/recherche/numero/", {"numero": NUMERO})
    assert reponse.status_code == 403
    assert "ne permet pas d" in reponse.content.decode()


def test_refuse_la_lecture_par_get(connecte: Any) -> None:
    assert connecte("siege").get("/recherche/numero/", {"numero": NUMERO}).status_code == 405


def test_refuse_ce_qui_n_est_pas_un_numero_sans_le_reafficher(connecte: Any) -> None:
    reponse = connecte("siege").post("/recherche/numero/", {"numero": "12345secret"})
    page = reponse.content.decode()
    assert "Ce n&#x27;est pas un numéro de sécurité sociale" in page
    assert "12345secret" not in page


def test_un_numero_inconnu_ne_trouve_personne(elodie: Personne, connecte: Any) -> None:
    reponse = connecte("siege").post("/recherche/numero/", {"numero": "2850462041124"})
    page = reponse.content.decode()
    assert "Personne ne répond" in page
    assert "2850462041124" not in page


def test_la_page_n_est_gardee_par_aucun_cache(connecte: Any) -> None:
    assert connecte("siege").get("/recherche/", {"q": "lefevre"})["Cache-Control"] == "no-store"

"""La page des grilles comptées : image, table, origine, territoire, secret, exports."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from jalon.diagnostics.installation import installer_grilles
from jalon.referentiels.profil import charger_profil
from tests.diagnostics.fabriques import une_passation
from tests.distribution import Distribution

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sans_cliche(settings: Any, tmp_path: Any) -> None:
    settings.DONNEES = tmp_path


@pytest.fixture
def grilles(distribution: Distribution) -> None:
    for lieu, fois in ((distribution.territoire, 3), (distribution.autre_territoire, 9)):
        for _ in range(fois):
            une_passation(reponses={"logement": 1, "transport": 5}, territoire=lieu, age=30, sexe="2")


def texte(reponse: Any) -> str:
    return str(reponse.content.decode())


def test_montre_la_question_en_image_et_en_table(connecte: Any, grilles: None) -> None:
    page = texte(connecte("siege").get(reverse("chiffres_grilles"), {"item": "transport"}))
    assert "12 grilles remplies" in page
    assert page.count('class="graphique"') == 1
    assert page.count("<table") == 4
    assert page.count("D’où vient ce chiffre ?") == 4
    assert "100,00\u202f%" in page
    assert "style=" not in page


def test_un_agent_ne_voit_que_son_territoire(connecte: Any, distribution: Distribution, grilles: None) -> None:
    client = connecte("orienteur")
    page = texte(client.get(reverse("chiffres_grilles")))
    assert "3 grilles remplies" in page
    ailleurs = client.get(reverse("chiffres_grilles"), {"territoire": distribution.autre_territoire.code})
    assert ailleurs.status_code == 404


def test_compte_une_grille_d_une_personne_partie_ailleurs(connecte: Any, distribution: Distribution) -> None:
    """Le territoire est celui de la date de la grille : un déménagement ne récrit pas ses chiffres."""
    remplie = une_passation(reponses={"logement": 1}, territoire=distribution.territoire)
    assert remplie.personne is not None
    remplie.personne.territoire = distribution.autre_territoire
    remplie.personne.save()
    assert "1 grille remplie " in texte(connecte("orienteur").get(reverse("chiffres_grilles")))
    assert "0 grille remplie " in texte(connecte("etrangere").get(reverse("chiffres_grilles")))


def test_masque_les_petits_effectifs_a_qui_n_ouvre_aucun_dossier(connecte: Any, grilles: None) -> None:
    page = texte(connecte("administrateur").get(reverse("chiffres_grilles")))
    assert "Secret statistique" in page
    assert "Masqué" in page
    assert "Freins regroupés" not in page
    assert "Secret statistique" not in texte(connecte("siege").get(reverse("chiffres_grilles")))


def test_sans_grille_dit_quoi_faire(connecte: Any) -> None:
    assert "Aucune grille à compter" in texte(connecte("siege").get(reverse("chiffres_grilles")))


@pytest.mark.parametrize("parametres", [{"item": "moral"}, {"territoire": "ailleurs"}, {"grille": "autre"}])
def test_une_demande_inconnue_est_une_page_absente(connecte: Any, grilles: None, parametres: dict[str, str]) -> None:
    assert connecte("siege").get(reverse("chiffres_grilles"), parametres).status_code == 404


def test_exporte_les_freins_par_territoire(connecte: Any, distribution: Distribution, grilles: None) -> None:
    """F035."""
    reponse = connecte("siege").get(reverse("chiffres_grilles_export", args=["freins", "csv"]))
    lignes = b"".join(reponse.streaming_content if reponse.streaming else [reponse.content]).decode("utf-8-sig")
    assert distribution.territoire.libelle in lignes.splitlines()[0]
    seuls = next(ligne for ligne in lignes.splitlines() if ligne.startswith("Transports en commun seuls"))
    assert seuls.split(";")[1:5] == ["12", "100,00", "3", "100,00"]


def test_un_format_inconnu_est_une_page_absente(connecte: Any, grilles: None) -> None:
    assert connecte("siege").get(reverse("chiffres_grilles_export", args=["freins", "pdf"])).status_code == 404


def test_l_autre_profil_montre_sa_grille(connecte: Any) -> None:
    installer_grilles(charger_profil(settings.PROFILS / "loiret"))
    une_passation(reponses={"mobilite": 3})
    page = texte(connecte("siege").get(reverse("chiffres_grilles"), {"item": "mobilite"}))
    assert "Pouvez-vous vous déplacer" in page
    assert "Mobilité réduite" in page

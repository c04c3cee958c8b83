"""La feuille de couleur du département."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from jalon.web.socle.theme import BLANC, CARTE_SOMBRE, FOND_CLAIR, FOND_SOMBRE, _lire, contraste, feuille


@pytest.mark.django_db
def test_la_feuille_est_servie_a_un_visiteur_et_gardee_un_jour(client: Client) -> None:
    reponse = client.get("/theme.css")
    assert reponse.status_code == 200
    assert reponse["Content-Type"] == "text/css"
    assert "max-age=86400" in reponse["Cache-Control"]
    assert "--accent: #" in reponse.content.decode()


@pytest.mark.parametrize("couleur", ["#0b5a7d", "#ffe600", "#ffffff", "#000000", "#e2001a", "#00a650"])
def test_toute_couleur_est_ramenee_a_un_contraste_lisible(couleur: str) -> None:
    clair, sombre = re.findall(r"--accent: (#[0-9a-f]{6})", feuille(couleur))
    clair_doux, sombre_doux = re.findall(r"--accent-doux: (#[0-9a-f]{6})", feuille(couleur))
    for texte, fond in (
        (_lire(clair), FOND_CLAIR),
        (_lire(clair), _lire(clair_doux)),
        (BLANC, _lire(clair)),
        (_lire(sombre), FOND_SOMBRE),
        (_lire(sombre), CARTE_SOMBRE),
        (_lire(sombre), _lire(sombre_doux)),
        (_lire("#0b1219"), _lire(sombre)),
    ):
        assert contraste(texte, fond) >= 4.4, (couleur, texte, fond)


def test_une_couleur_deja_lisible_est_gardee() -> None:
    assert "--accent: #0b5a7d;" in feuille("#0b5a7d")

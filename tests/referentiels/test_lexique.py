"""Le lexique : il relève les mots qui n'ont pas leur place dans un dossier, sans rien empêcher."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jalon.cli.installation import lire_profil
from jalon.referentiels.lexique import installer_lexique, relever
from jalon.referentiels.models import TermeDeconseille

pytestmark = pytest.mark.django_db


def mots(texte: str) -> list[str]:
    return [alerte.mot for alerte in relever(texte)]


def test_dit_le_mot_tel_qu_il_est_ecrit_pourquoi_et_quoi_ecrire() -> None:
    (alerte,) = relever("Madame semble Dépressive depuis l'été.")
    assert alerte.mot == "Dépressive"
    assert alerte.famille == "Santé"
    assert "secret médical" in alerte.raison
    assert "ne peut pas porter de charges" in alerte.conseil


@pytest.mark.parametrize(
    ("texte", "attendus"),
    [
        ("Il est fainéant, dit-il.", ["fainéant"]),
        ("IL EST FAINEANT", ["FAINEANT"]),
        ("Il est faine\u0301ant", ["fainéant"]),
        ("un cas-social", ["cas-social"]),
        ("un cas social", ["cas social"]),
        ("C'est un cas. Social, il l'est.", []),
        ("sortant de prison", ["sortant de prison"]),
        ("la prison, puis la prison", ["prison"]),
        ("Rome, romarin, aromate", []),
        ("Famille rom", ["rom"]),
        ("", []),
        ("Cherche un emploi à mi-temps, a besoin d'une garde d'enfant.", []),
    ],
)
def test_releve_sans_s_arreter_aux_accents_ni_aux_traits_d_union(texte: str, attendus: list[str]) -> None:
    assert mots(texte) == attendus


def test_les_releve_dans_l_ordre_du_texte() -> None:
    assert mots("Voleur, puis menteuse, puis voleur") == ["Voleur", "menteuse"]


def test_le_lexique_de_l_autre_departement_se_lit_aussitot() -> None:
    assert mots("paresseux") == ["paresseux"]
    TermeDeconseille.objects.filter(terme="paresseu*").delete()
    assert mots("paresseux") == []
    profil, _ = lire_profil("loiret")
    installer_lexique(profil)
    assert mots("paresseux") == ["paresseux"]


def test_une_seule_lecture_de_la_base_quelle_que_soit_la_longueur() -> None:
    for texte in ("paresseux", "Il cherche un logement et il est paresseux. " * 200):
        with CaptureQueriesContext(connection) as requetes:
            assert mots(texte) == ["paresseux"]
        assert len(requetes) == 1


def test_relever_n_ecrit_rien() -> None:
    with CaptureQueriesContext(connection) as requetes:
        relever("Il est violent et menteur.")
    assert all(requete["sql"].startswith("SELECT") for requete in requetes)

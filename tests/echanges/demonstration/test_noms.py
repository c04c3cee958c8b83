"""Des noms assez nombreux pour ne pas se confondre, des NIR qu'aucune personne ne porte."""

from __future__ import annotations

from datetime import date
from random import Random

from jalon.echanges.demonstration import noms


def test_le_vivier_de_noms_suffit() -> None:
    assert noms.nombre_de_noms() > 8_000
    assert len(set(noms.lexique("prenom", "femme"))) >= 150
    assert len(set(noms.lexique("prenom", "homme"))) >= 150


def test_les_noms_tiennent_dans_le_format() -> None:
    alea = Random(1)
    tires = [noms.nom_de_famille(alea) for _ in range(20_000)]
    assert len(set(tires)) > 5_000
    for nom in tires:
        assert 2 < len(nom) <= 28
        nom.encode("windows-1252")
        assert noms.sans_accent(nom).isascii()
    assert any("-" in nom for nom in tires)
    assert any("'" in nom for nom in tires)
    assert any(" " in nom for nom in tires)


def test_nir_fictifs_uniques_et_cle_juste() -> None:
    naissance = date(1987, 4, 12)
    serie = {noms.nir_fictif(5, k, naissance) for k in range(50_000)}
    assert len(serie) == 50_000
    for nir in list(serie)[:200]:
        assert len(nir) == 13
        assert nir.startswith("88704")
        assert (int(nir) + int(noms.cle_nir(nir))) % 97 == 0


def test_prenom_altere_reste_proche() -> None:
    assert noms.alterer_prenom("ELODIE") == "ELOIE"
    assert noms.alterer_prenom("MARC") == "MARRC"

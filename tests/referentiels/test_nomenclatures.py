"""Les nomenclatures CNAF : un code a un libellé, un code inconnu se voit, une liste inconnue lève."""

from __future__ import annotations

import pytest

from jalon.referentiels import nomenclatures


@pytest.mark.parametrize(
    ("liste", "code", "attendu"),
    [
        ("ETATDOSRSA", "2", "Droit ouvert et versable"),
        ("ROLEPERS", "CJT", "Conjoint du demandeur"),
        ("NUMORG", "621", "CAF D'ARRAS"),
        pytest.param("TYPEPARTE", "CG  ", "Conseil Départemental", id="complété d'espaces"),
        ("ETATDOSRSA", "9", None),
    ],
)
def test_libelle_d_un_code(liste: str, code: str, attendu: str | None) -> None:
    assert nomenclatures.libelle(liste, code) == attendu
    assert nomenclatures.est_connu(liste, code) is (attendu is not None)


def test_une_liste_inconnue_est_une_faute_de_notre_code() -> None:
    with pytest.raises(nomenclatures.ListeInconnueError, match="ETATDORSA"):
        nomenclatures.est_connu("ETATDORSA", "2")


def test_les_listes_du_flux_mensuel_sont_la() -> None:
    utiles = {
        "ACT", "ETATDOSRSA", "FONORG", "MOTICLORSA", "MOTISUSDRORSA", "MOTISUSVERSRSA", "NATPF", "NATRESS",
        "QUAL", "ROLEPERS", "SITFAM", "TOPPERSDRODEVORSA", "TYPEFLUX",
    }  # fmt: skip
    assert utiles <= nomenclatures.listes()
    for liste in nomenclatures.listes():
        assert all(libelle.strip() for libelle in nomenclatures.valeurs(liste).values()), liste


def test_une_nomenclature_ne_se_modifie_pas() -> None:
    with pytest.raises(TypeError):
        nomenclatures.valeurs("SEXE")["3"] = "Autre"  # type: ignore[index]

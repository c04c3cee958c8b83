"""Secret statistique : rien de petit ne se lit, et rien de masqué ne se calcule."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from jalon.observatoire.cliches import prendre_cliche
from jalon.observatoire.declarations import Modalite
from jalon.observatoire.moteur import calculer
from jalon.observatoire.secret import Case, determinees, equations, masquer
from tests.distribution import Distribution
from tests.observatoire.aides import JOUR, un_foyer

SEUIL = 5


def axe(lettre: str, nombre: int) -> tuple[Modalite, ...]:
    parties = tuple(f"{lettre}{rang}" for rang in range(nombre))
    return (*(Modalite(code, code) for code in parties), Modalite(f"{lettre}*", "total", parties=parties))


def remplir(axes: tuple[tuple[Modalite, ...], ...], feuilles: dict[Case, int]) -> dict[Case, int]:
    return {
        case: sum(
            feuilles[feuille]
            for feuille in product(
                *(m.parties or (m.code,) for m in (_une(a, c) for a, c in zip(axes, case, strict=True)))
            )
        )
        for case in product(*([m.code for m in a] for a in axes))
    }


def _une(modalites: tuple[Modalite, ...], code: str) -> Modalite:
    return next(m for m in modalites if m.code == code)


def test_une_case_petite_en_cache_d_autres() -> None:
    axes = (axe("l", 3), axe("c", 3))
    effectifs = [2, 30, 40, 50, 60, 7, 80, 9, 100]
    valeurs = remplir(axes, dict(zip(product(("l0", "l1", "l2"), ("c0", "c1", "c2")), effectifs, strict=True)))

    masquees = masquer(valeurs, equations(axes), SEUIL)

    assert ("l0", "c0") in masquees
    assert len(masquees) >= 4
    assert not determinees(masquees, equations(axes))


def test_rien_a_cacher_quand_tout_est_grand_ou_nul() -> None:
    axes = (axe("l", 2), axe("c", 2))
    feuilles = dict(zip(product(("l0", "l1"), ("c0", "c1")), [0, 5, 6, 7], strict=True))

    assert masquer(remplir(axes, feuilles), equations(axes), SEUIL) == frozenset()


def test_deux_petites_cases_ne_se_trahissent_pas_par_leur_somme() -> None:
    """1 + 1 = 2 : deux cases masquées dont la somme se lit et ne peut être que deux uns."""
    axes = (axe("l", 1), axe("c", 4))
    feuilles = dict(zip(product(("l0",), ("c0", "c1", "c2", "c3")), [1, 1, 20, 30], strict=True))

    masquees = masquer(remplir(axes, feuilles), equations(axes), SEUIL)

    assert ("l0", "c2") in masquees


@pytest.mark.parametrize("graine", range(12))
def test_aucune_case_masquee_ne_se_deduit_des_sommes_publiees(graine: int) -> None:
    alea = Random(graine)
    axes = (axe("t", alea.randint(2, 6)), axe("l", alea.randint(2, 5)), axe("c", alea.randint(2, 4)))
    feuilles = {
        case: alea.choice((0, 0, 1, 2, 3, 4, 6, 9, 15, 40, 200)) for case in product(*(a[-1].parties for a in axes))
    }
    valeurs = remplir(axes, feuilles)

    masquees = masquer(valeurs, equations(axes), SEUIL)

    assert all(case in masquees for case, valeur in valeurs.items() if 0 < valeur < SEUIL)
    assert not determinees(masquees, equations(axes))


def test_une_case_isolee_est_reconnue_devinable() -> None:
    axes = (axe("l", 2), axe("c", 2))

    assert determinees({("l0", "c0")}, equations(axes)) == {("l0", "c0")}


@pytest.mark.django_db
def test_les_pages_d_un_meme_tableau_ne_se_trahissent_pas(distribution: Distribution) -> None:
    """Masqué dans la page d'un territoire, l'effectif l'est aussi dans la ventilation, et le reste ne le rend pas."""
    ici, ailleurs = distribution.territoire, distribution.autre_territoire
    for territoire, seules, couples in ((ici, 9, 2), (ailleurs, 12, 8)):
        for _ in range(seules):
            un_foyer(territoire)
        for _ in range(couples):
            un_foyer(territoire, conjoint=True)
    prendre_cliche(JOUR)

    interne = calculer("T06", JOUR, territoire=ici.code)
    page = calculer("T06", JOUR, territoire=ici.code, publication=True)
    ventile = calculer("T06", JOUR, ventilation="territoire", publication=True)
    ensemble = calculer("T06", JOUR, publication=True)

    assert interne.valeur("couple", "ensemble") == 2
    assert not interne.masque
    assert page.valeur("couple", "ensemble") is None
    assert ventile.valeur(ici.code, "couple") is None
    assert ventile.valeur(ailleurs.code, "couple") is None or ensemble.valeur("couple", "ensemble") is None
    assert page.pourcentage("couple", "ensemble") is None

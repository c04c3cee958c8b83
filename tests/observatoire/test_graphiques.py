"""Le graphique dit les mêmes chiffres que son tableau, se lit, et passe la politique de contenu."""

from __future__ import annotations

import re

import pytest

from jalon.observatoire.cliches import prendre_cliche
from jalon.observatoire.graphiques import dessin, en_svg
from jalon.observatoire.moteur import calculer
from jalon.observatoire.tableaux import CATALOGUE
from tests.distribution import Distribution
from tests.observatoire.aides import JOUR, un_foyer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_le_graphique_et_le_tableau_disent_les_memes_chiffres(code: str) -> None:
    un_foyer(enfants=1)
    un_foyer(natures=("RCI",), cumul=10)
    un_foyer(natures=("RSD", "RCD"), conjoint=True)
    prendre_cliche(JOUR)

    resultat = calculer(code, JOUR)
    fait = dessin(resultat)
    lignes = {m.libelle: m.code for m in resultat.lignes}
    colonnes = {m.libelle: m.code for m in resultat.colonnes}

    assert fait.parts
    for part in fait.parts:
        if part.barre in lignes:
            assert part.effectif == resultat.valeur(lignes[part.barre], colonnes[part.serie])
        else:
            assert part.effectif == resultat.valeur(lignes[part.serie], colonnes[part.barre])


def test_le_svg_est_etiquete_et_sans_style_ni_script(distribution: Distribution) -> None:
    un_foyer(distribution.territoire)
    prendre_cliche(JOUR)

    simple, ventile = (en_svg(dessin(calculer("T06", JOUR, ventilation=v))) for v in (None, "territoire"))

    for svg in (simple, ventile):
        assert 'role="img"' in svg
        assert "Foyers par situation familiale" in svg
        assert not re.search(r"style=|<style|<script|<a\b|href|on\w+=", svg)
    assert distribution.territoire.libelle in ventile
    assert "1 · 100,0" in simple


def test_une_case_masquee_ne_se_lit_pas_dans_le_graphique() -> None:
    un_foyer()
    prendre_cliche(JOUR)

    fait = dessin(calculer("T06", JOUR, publication=True))

    assert {part.effectif for part in fait.parts if part.serie == "Socle"} <= {None, 0}
    assert dict(fait.etiquettes)["femme seule sans enfant"] == "s"

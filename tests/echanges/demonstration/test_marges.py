"""Les tableaux publiés se retrouvent à l'unité à la taille réelle, au plus fort reste ailleurs."""

from __future__ import annotations

from collections import Counter

import pytest

from jalon.echanges.demonstration import TAILLE_REELLE, ContexteDemo, TerritoireDemo, ecrire_mois_initial
from jalon.echanges.demonstration import marges as m
from jalon.echanges.demonstration.population import Population

from .conftest import GRAINE, REFERENCE


@pytest.fixture(scope="module")
def reelle(contexte: ContexteDemo) -> Population:
    return Population(contexte, taille=TAILLE_REELLE, graine=GRAINE)


def test_les_tableaux_livres_s_additionnent() -> None:
    """Les fautes d'impression sont corrigées dans le fichier de données, pas ici."""
    for tableau, lignes in (("T06", m.TYPES_FOYER), ("T07", m.TRANCHES_AGE)):
        totaux = m.charger_marges()[tableau]["total"]
        for nom, total in zip((*m.COMPOSANTES, "ensemble"), totaux, strict=True):
            assert sum(m.colonne(tableau, nom, lignes)) == total
    for nom, total in zip(m.charger_marges()["T08"]["colonnes"], m.charger_marges()["T08"]["total"], strict=True):
        assert sum(m.colonne("T08", nom)) == total
    assert sum(m.poids_territoires_publies().values()) == m.charger_marges()["T12"]["total"][-1]


def test_t06_situation_a_l_unite(reelle: Population) -> None:
    comptes = Counter(zip(reelle.composante[:TAILLE_REELLE], reelle.type_foyer[:TAILLE_REELLE], strict=True))
    for c, nom in enumerate(m.COMPOSANTES):
        assert [comptes[c, t] for t in range(7)] == m.colonne("T06", nom, m.TYPES_FOYER)


def test_t07_age_a_l_unite(reelle: Population) -> None:
    comptes = Counter(zip(reelle.composante[:TAILLE_REELLE], reelle.tranche_age[:TAILLE_REELLE], strict=True))
    for c, nom in enumerate(m.COMPOSANTES):
        assert [comptes[c, a] for a in range(9)] == m.colonne("T07", nom, m.TRANCHES_AGE)


def test_t05_majoration_personnes_et_soumission(reelle: Population) -> None:
    """Les parts de décembre 2009, portées sur les effectifs de septembre."""
    attendus = {
        m.SOCLE: (8_017, 94_681, 48_861),
        m.ACTIVITE: (1_180, 43_213, 0),
        m.SOCLE_ET_ACTIVITE: (532, 10_633, 5_298),
    }
    for c, (majores, personnes, soumis) in attendus.items():
        foyers = [i for i in reelle.payables if reelle.composante[i] == c]
        assert sum(reelle.majore[i] for i in foyers) == majores
        assert sum(reelle.adultes(i) + reelle.enfants[i] for i in foyers) == personnes
        if c != m.ACTIVITE:
            assert sum(reelle.adultes(i) - reelle.au_dessus_du_seuil[i] for i in foyers) == soumis


def test_la_majoration_va_aux_isoles(reelle: Population) -> None:
    for i in reelle.payables:
        if reelle.majore[i]:
            assert reelle.type_foyer[i] in (m.FEMME_ENFANT, m.HOMME_ENFANT) or reelle.enceinte[i]
            assert not reelle.en_couple(i)


def test_pas_d_homme_seul_sans_enfant_avant_25_ans(reelle: Population) -> None:
    assert not [i for i in reelle.payables if reelle.type_foyer[i] == m.HOMME and reelle.tranche_age[i] == 0]


def test_t08_anciennetes(reelle: Population) -> None:
    bandes = m.repartir(TAILLE_REELLE, m.colonne("T08", "dispositif_rmi_api_compris"))
    for (bas, haut), nombre in zip(m.BORNES_ANCIENNETE, bandes, strict=True):
        assert sum(bas <= reelle.mois_dispositif[i] <= haut for i in reelle.payables) == nombre
    for tableau, autre, nom in (
        (reelle.mois_socle, m.ACTIVITE, "socle"),
        (reelle.mois_activite, m.SOCLE, "activite"),
    ):
        foyers = [i for i in reelle.payables if reelle.composante[i] != autre]
        recents = sum(1 <= tableau[i] <= 3 for i in foyers)
        assert [recents, len(foyers) - recents] == m.colonne("T08", nom, ("1-3 mois", "4-6 mois"))
        assert all(1 <= tableau[i] <= min(6, reelle.mois_dispositif[i]) for i in foyers)


def test_t09_cumul_et_t10_heures(reelle: Population) -> None:
    for c, nom in enumerate(m.COMPOSANTES):
        foyers = [i for i in reelle.payables if reelle.composante[i] == c]
        assert sum(reelle.cumul[i] for i in foyers) == m.valeur("T09", "cumul intégral", nom)
        if c != m.SOCLE:
            heures = Counter(reelle.heures[i] for i in foyers)
            assert [heures[b] for b in range(1, 7)] == m.colonne("T10", nom)


@pytest.mark.parametrize("taille", [6_000, 1_000, 137])
def test_plus_fort_reste_aux_autres_tailles(contexte: ContexteDemo, taille: int) -> None:
    population = Population(contexte, taille=taille, graine=GRAINE)
    effectifs = m.repartir_composantes(taille)
    assert sum(effectifs) == taille
    for tableau, valeurs, lignes in (
        ("T06", population.type_foyer, m.TYPES_FOYER),
        ("T07", population.tranche_age, m.TRANCHES_AGE),
    ):
        comptes = Counter(zip(population.composante[:taille], valeurs[:taille], strict=True))
        for c, nom in enumerate(m.COMPOSANTES):
            attendus = m.repartir(effectifs[c], m.colonne(tableau, nom, lignes))
            assert [comptes[c, k] for k in range(len(lignes))] == attendus


def test_territoires_en_proportion(reelle: Population, contexte: ContexteDemo) -> None:
    comptes = Counter(reelle.territoire[i] for i in reelle.payables)
    attendus = m.repartir(TAILLE_REELLE, [t.poids for t in contexte.territoires])
    assert [comptes[k] for k in range(len(attendus))] == attendus


def test_repartir_tombe_toujours_juste() -> None:
    assert m.repartir(10, [1, 1, 1]) == [4, 3, 3]
    assert m.repartir(0, [1, 2]) == [0, 0]
    with pytest.raises(ValueError, match="poids positif"):
        m.repartir(3, [0, 0])


def test_refus_d_un_contexte_vide(contexte: ContexteDemo, tmp_path) -> None:
    vide = ContexteDemo(
        "62",
        (TerritoireDemo("x", "X", 1, ()),),
        contexte.caisses,
        contexte.montant_forfaitaire,
        contexte.seuil_activite,
    )
    with pytest.raises(ValueError, match="au moins une commune"):
        ecrire_mois_initial(tmp_path / "f.xml", vide, taille=10, graine=1, date_reference=REFERENCE)
    with pytest.raises(ValueError, match="taille"):
        ecrire_mois_initial(tmp_path / "f.xml", contexte, taille=0, graine=1, date_reference=REFERENCE)
    assert not list(tmp_path.iterdir())

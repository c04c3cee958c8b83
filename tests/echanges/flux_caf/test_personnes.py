"""Reconnaître une personne : qui est qui, et surtout qui n'est pas qui."""

from __future__ import annotations

import pytest
from lxml import etree

from jalon.echanges.flux_caf.extraction import Extraction
from jalon.echanges.flux_caf.personnes import (
    Candidate,
    PersonneConnue,
    preparer,
    reconnaitre_ailleurs,
    reconnaitre_dans_le_dossier,
)
from jalon.personnes.identite import cle_nir
from tests.echanges.flux_caf.fabrique import personne


def nir(treize: str) -> str:
    return f"{treize}{cle_nir(treize):02d}"


UN, DEUX = nir("8850462041001"), nir("8850462041002")


def recue(*arguments: str, **options: object) -> Candidate:
    xml = personne(*arguments, **options)  # type: ignore[arg-type]
    return preparer(Extraction(1, 1, b"")._personne(etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))))


def connue(identifiant: int, *arguments: str, **options: object) -> PersonneConnue:
    c = recue(*arguments, **options)
    return PersonneConnue(
        identifiant, c.etat_civil, c.nir_empreinte, c.type_nir, c.cle_nom, c.cle_prenom, c.cle_prenoms,
        c.date_naissance, c.sexe, "2026-09-30", "", None, None,
    )  # fmt: skip


DURAND = ("DURAND", "CAMILLE", "1985-04-12")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (DURAND, {}),
        (("Durand", "Camille", "1985-04-12"), {}),
        (("DURAND", "CAMILLE", "1985-04-13"), {}),
        (("DURAND", "CAMILLA", "1985-04-12"), {}),
        (("MARTIN", "CAMILLE", "1985-04-12"), {"nom_naissance": "DURAND"}),
        (("MARTIN", "CAMILLE", "1985-04-12"), {}),
        (("CAMILLE", "DURAND", "1985-04-12"), {}),
        (("DURAND", "CAMILLE", "1985-04-12"), {"prenom2": "ANNE"}),
    ],
    ids=["meme", "casse", "date", "prenom", "nom-d-usage", "nom-de-naissance", "inversion", "second-prenom"],
)
def test_une_correction_de_la_caisse_ne_cree_pas_une_seconde_personne(
    arguments: tuple[str, ...], options: dict[str, object]
) -> None:
    liens = reconnaitre_dans_le_dossier([recue(*arguments, **options)], [connue(7, *DURAND)])
    assert liens == {0: 7}


@pytest.mark.parametrize(
    ("avant", "apres"),
    [("JEAN-PIERRE", "JEAN PIERRE"), ("ANDRÉ", "ANDRE"), ("MAËLLE", "MAELLE"), ("N'GOLO", "N GOLO")],
)
def test_accents_traits_d_union_et_apostrophes(avant: str, apres: str) -> None:
    trouvee, _ = reconnaitre_ailleurs(recue("LE-GOFF", avant), [connue(7, "LE GOFF", apres)], set(), [])
    assert trouvee == 7


def test_prenoms_separes_ou_reunis() -> None:
    reuni, separe = ("DURAND", "JEAN PIERRE"), recue("DURAND", "JEAN", prenom2="PIERRE")
    assert reconnaitre_ailleurs(separe, [connue(7, *reuni)], set(), [])[0] == 7


@pytest.mark.parametrize("traits", [{"sexe": "1"}, {"date_naissance": "1990-01-01", "prenom": "ZOE"}])
def test_un_autre_membre_n_est_pas_une_correction(traits: dict[str, str]) -> None:
    recu = recue("DURAND", traits.get("prenom", "PAUL"), traits.get("date_naissance", "1985-04-12"),
                 sexe=traits.get("sexe", "2"))  # fmt: skip
    assert reconnaitre_dans_le_dossier([recu], [connue(7, *DURAND)]) == {}


def test_les_jumeaux_restent_deux() -> None:
    un, deux = ("DURAND", "LINA", "2020-01-01"), ("DURAND", "LISA", "2020-01-01")
    membres = [connue(1, *un), connue(2, *deux)]
    assert reconnaitre_dans_le_dossier([recue(*deux), recue(*un)], membres) == {0: 2, 1: 1}
    assert reconnaitre_dans_le_dossier([recue(*un), recue(*deux)], [connue(1, *un)]) == {0: 1}
    assert reconnaitre_ailleurs(recue(*deux), [connue(1, *un)], set(), [])[0] is None


def test_deux_personnes_connues_pareilles_ne_se_devinent_pas() -> None:
    membres = [connue(1, *DURAND), connue(2, *DURAND)]
    assert reconnaitre_dans_le_dossier([recue(*DURAND)], membres) == {}
    assert reconnaitre_ailleurs(recue(*DURAND), membres, set(), []) == (None, False)


# --- Le NIR -------------------------------------------------------------------------------------------


def test_le_nir_et_deux_traits_suffisent_ailleurs() -> None:
    p = connue(7, *DURAND, nir=UN)
    assert reconnaitre_ailleurs(recue("MARTIN", "CAMILLE", "1985-04-12", UN), [p], set(), [])[0] == 7


def test_le_nir_et_le_nom_seul_ne_suffisent_pas() -> None:
    """La fille porte le NIR de sa mère par erreur : même nom, même sexe, mais ce n'est pas la mère."""
    mere = connue(7, *DURAND, nir=UN)
    assert reconnaitre_ailleurs(recue("DURAND", "LEA", "2005-01-01", UN), [mere], set(), []) == (None, True)


def test_le_nir_et_la_date_suffisent_pour_un_nom_et_un_prenom_changes() -> None:
    p = connue(7, *DURAND, nir=UN)
    assert reconnaitre_ailleurs(recue("CAMILLE", "DURAND", "1985-04-12", UN), [p], set(), [])[0] == 7


def test_deux_nir_differents_separent_deux_homonymes() -> None:
    assert reconnaitre_ailleurs(recue(*DURAND, DEUX), [connue(7, *DURAND, nir=UN)], set(), []) == (None, False)


def test_dans_le_dossier_le_nir_peut_etre_corrige() -> None:
    assert reconnaitre_dans_le_dossier([recue(*DURAND, DEUX)], [connue(7, *DURAND, nir=UN)]) == {0: 7}


@pytest.mark.parametrize("avant", ["", nir("8850462041001")[:13], "3850462041001"])
def test_nir_absent_de_treize_chiffres_ou_d_attente_puis_certain(avant: str) -> None:
    assert reconnaitre_ailleurs(recue(*DURAND, UN), [connue(7, *DURAND, nir=avant)], set(), [])[0] == 7


def test_un_nir_dont_la_cle_est_fausse_ne_rapproche_pas() -> None:
    faux = UN[:13] + f"{(int(UN[13:]) + 1) % 97:02d}"
    assert recue(*DURAND, faux).nir_empreinte is None
    assert reconnaitre_ailleurs(recue("AUTRE", "AUTRE", "1970-01-01", faux), [connue(7, *DURAND, nir=UN)], set(), []) == (
        None, False,
    )  # fmt: skip


@pytest.mark.parametrize("conjoint_d_abord", [False, True])
def test_le_nir_recopie_chez_le_conjoint_ne_le_confond_pas(conjoint_d_abord: bool) -> None:
    """Même NIR, même nom de naissance, même date de naissance : seuls les prénoms distinguent les époux."""
    elle, lui = recue("DURAND", "CAMILLE", nir=UN), recue("DURAND", "PAUL", nir=UN)
    connues, foyer = [connue(7, "DURAND", "CAMILLE", nir=UN)], [elle, lui]
    prises: set[int] = set()
    trouvees = {}
    for nom, candidate in (("lui", lui), ("elle", elle)) if conjoint_d_abord else (("elle", elle), ("lui", lui)):
        trouvees[nom], _ = reconnaitre_ailleurs(candidate, connues, prises, foyer)
        prises |= {trouvees[nom]} - {None}  # type: ignore[operator]
    assert trouvees == {"elle": 7, "lui": None}


def test_une_personne_fusionnee_se_reconnait_sous_chaque_identite() -> None:
    visages = [connue(7, *DURAND), connue(7, "DUPONT", "CAMILLA", "1984-01-01")]
    assert reconnaitre_dans_le_dossier([recue("DUPONT", "CAMILLA", "1984-01-01")], visages) == {0: 7}
    assert reconnaitre_dans_le_dossier([recue(*DURAND), recue("DUPONT", "CAMILLA", "1984-01-01")], visages) == {0: 7}
    assert reconnaitre_ailleurs(recue("DUPONT", "CAMILLA", "1984-01-01"), visages, set(), [])[0] == 7

"""Ce qui se lit d'un seul tenant dans une lettre ne se coupe pas en fin de ligne."""

from __future__ import annotations

import io

import pypdf
import pytest

from jalon.documents.caracteres import INSECABLE, SUITE_LONGUE, imprimable
from jalon.documents.pdf import rendre_lettre


@pytest.mark.parametrize(
    ("ecrit", "lu"),
    [
        ("Appelez le 03 21 00 00 00", "Appelez le 03~21~00~00~00"),
        ("au +33 3 21 00 00 00.", "au +33~3~21~00~00~00."),
        ("une amende de 300,00 €", "une amende de 300,00~€"),
        ("soit 1 500,00 € en tout", "soit 1~500,00~€ en tout"),
        ("le 5 novembre 2026", "le 5~novembre 2026"),
        ("du 1er décembre 2026 à 9 h 30", "du 1er~décembre 2026 à 9~h~30"),
        ("texte n° 2", "texte n°~2"),
        ("l'article L262-37, I 2° du code", "l'article~L262-37,~I~2° du code"),
        ("articles L. 262-37, II et R262-68-1", "articles~L.~262-37,~II et R262-68-1"),
        ("30 à 100 %, pendant 1 à 4 mois", "30~à~100~%, pendant 1~à~4~mois"),
        ("Une question ? Le service dit : « oui » ; et vous !", "Une question~? Le service dit~: «~oui~»~; et vous~!"),
        ("avec Mme Exemple et M. Modèle", "avec Mme~Exemple et M.~Modèle"),
    ],
)
def test_lie_ce_qui_se_lit_d_un_seul_tenant(ecrit: str, lu: str) -> None:
    assert imprimable(ecrit) == lu.replace("~", INSECABLE)
    assert imprimable(imprimable(ecrit)) == imprimable(ecrit)


@pytest.mark.parametrize(
    "texte",
    ["12 rue des Lilas", "62000 Arras", "Matricule 1000042, demande 00000000042", "le 05/11/2026 et le 06/11/2026"],
)
def test_ne_lie_rien_d_autre(texte: str) -> None:
    assert imprimable(texte) == texte


@pytest.mark.parametrize("motif", ["1 à 1 mois ", "a ; ", "5 mai ", "« "])
def test_une_suite_sans_fin_reste_dans_la_page(motif: str) -> None:
    lu = imprimable(motif * 60)
    assert max(len(mot) for mot in lu.split(" ")) <= SUITE_LONGUE


@pytest.mark.parametrize("decalage", range(0, 60, 3))
@pytest.mark.parametrize(
    "entier",
    ["03 21 00 00 00", "1 500,00 €", "5 novembre", "n° 12", "article L262-37, I 2°", "a.essai-long@exemple.fr"],
)
def test_reste_sur_une_seule_ligne_ou_que_tombe_la_marge(decalage: int, entier: str) -> None:
    """La fin de ligne passe sur chaque place du texte : l'ensemble y reste entier."""
    texte = imprimable(f"{'x' * (decalage % 7)} {'mot ' * (8 + decalage // 3)}{entier} et la suite.")
    charge = {
        "expediteur": ["Service"], "destinataire": ["Camille Exemple"], "date": "Le 2 octobre 2026", "references": [],
        "objet": "essai", "signature": ["La direction"], "pied": "pied", "bandeau": "",
        "blocs": [{"genre": "p", "texte": texte}],
    }  # fmt: skip
    [page] = pypdf.PdfReader(io.BytesIO(rendre_lettre({"departement": "Essai", "couleur": "#333333"}, charge))).pages
    lignes = page.extract_text().replace(INSECABLE, " ").splitlines()
    assert [ligne for ligne in lignes if entier in ligne]

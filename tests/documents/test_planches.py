"""Des lettres à la suite pour l'imprimeur : les mêmes, au même endroit de la feuille, chacune à partir d'un recto."""

from __future__ import annotations

import io
from itertools import product
from typing import Any

import pypdf
import pytest

from jalon.documents.lots import Atelier
from jalon.documents.pdf import assembler, rendre_lettre, rendre_tranche

PAPIER = {"departement": "Pas-de-Calais", "couleur": "#0b5a7d"}
LONG = (
    "Un texte assez long pour passer à la ligne, car il faut voir où tombe la suite de ce paragraphe quand il déborde."
)
BLOCS: dict[str, dict[str, Any]] = {
    "paragraphe": {"genre": "p", "texte": LONG},
    "titre": {"genre": "titre", "texte": "Ce qui est décidé"},
    "liste": {"genre": "liste", "elements": ["Court", LONG, "Fin"]},
    "table": {"genre": "table", "colonnes": ["Nom", "Né le"], "rangees": [["Zoé", "1er mai"], [LONG, "2 mai"]]},
}
Places = list[tuple[str, float, float]]


def lettre(*blocs: str, pied: str = "Décision 1", **champs: Any) -> dict[str, Any]:
    return {
        "expediteur": ["Direction de l'insertion", "62018 Arras"], "destinataire": ["Madame Zoé ABEL", "62000 ARRAS"],
        "date": "Le 3 novembre 2026", "references": [["Décision", "1"]], "objet": "votre orientation",
        "blocs": [BLOCS[bloc] for bloc in blocs], "signature": ["Pour le Président"], "pied": pied, "bandeau": "",
    } | champs  # fmt: skip


def places(page: pypdf.PageObject) -> Places:
    """Chaque morceau de texte de la page, et où il est."""
    trouvees: Places = []

    def visiter(morceau: str, repere: list[float], place: list[float], *_: object) -> None:
        if morceau.strip():
            x = place[4] * repere[0] + place[5] * repere[2] + repere[4]
            y = place[4] * repere[1] + place[5] * repere[3] + repere[5]
            trouvees.append((morceau.strip(), x, y))

    page.extract_text(visitor_text=visiter)
    return trouvees


def lire(octets: bytes) -> list[pypdf.PageObject]:
    return list(pypdf.PdfReader(io.BytesIO(octets)).pages)


def test_l_imprimeur_recoit_la_lettre_qui_est_au_dossier() -> None:
    """Le même texte, au même endroit de la même feuille : seules les balises diffèrent."""
    suites = [*product(BLOCS, repeat=2), *(("titre", "paragraphe", "liste") * nombre for nombre in range(1, 12))]
    seules, planche = rendre_tranche(PAPIER, [lettre(*suite) for suite in suites])
    imprimees = lire(planche)
    debut = 0
    for suite, seule in zip(suites, seules, strict=True):
        pages = lire(seule)
        for rang, page in enumerate(pages):
            dossier, imprimee = places(page), places(imprimees[debut + rang])
            assert [morceau for morceau, *_ in dossier] == [morceau for morceau, *_ in imprimee], suite
            for (_, *ou), (_, *la) in zip(dossier, imprimee, strict=True):
                assert la == pytest.approx(ou, abs=0.1), suite
        debut += len(pages) + len(pages) % 2


def test_chaque_feuille_porte_la_reference_de_sa_lettre() -> None:
    trois_feuilles = ("paragraphe", "liste") * 21
    seules, planche = rendre_tranche(
        PAPIER, [lettre(*trois_feuilles, pied=f"Décision {rang}") for rang in ("un", "deux")]
    )
    for rang, seule in zip(("un", "deux"), seules, strict=True):
        pages = lire(seule)
        assert len(pages) == 3
        assert all(f"Décision {rang}" in page.extract_text() for page in pages)
    pieds = [texte.rsplit("Décision ", 1)[1].strip() for page in lire(planche) if (texte := page.extract_text())]
    assert pieds == ["un"] * 3 + ["deux"] * 3


@pytest.mark.parametrize("piege", ['"))#panic("x")', "\\", '\\"', "]#panic(1)[", "#import", "\u2028"])
def test_une_donnee_piegee_reste_du_texte_pour_l_imprimeur(piege: str) -> None:
    _, planche = rendre_tranche(PAPIER, [lettre("paragraphe", pied=piege, destinataire=[piege], objet=piege)])
    assert lire(planche)[0].extract_text().count(piege.strip()) >= 3


def test_assemble_dans_l_ordre_chaque_suite_au_recto() -> None:
    une, deux = lettre("paragraphe"), lettre(*["paragraphe", "liste"] * 8)
    planches = [rendre_tranche(PAPIER, [charge])[1] for charge in (une, deux, une)]
    pages = [page.extract_text() for page in lire(assembler([planches[0], b"", *planches[1:]]))]
    assert [bool(page) for page in pages] == [True, False, True, True, True]
    assert all("Objet : votre orientation" in pages[rang] for rang in (0, 2, 4))


def test_n_assemble_rien_sans_planche() -> None:
    assert assembler([b"", b""]) == b""


def test_compose_pareil_ici_et_dans_un_autre_processus() -> None:
    charge = lettre("titre", "paragraphe")
    with Atelier(1) as ici, Atelier(2) as ailleurs:
        rendues = [atelier.confier(rendre_lettre, PAPIER, charge)() for atelier in (ici, ailleurs)]
    assert places(lire(rendues[0])[0]) == places(lire(rendues[1])[0])
    assert all(b"<pdfuaid:part>1</pdfuaid:part>" in octets for octets in rendues)


def test_une_panne_dans_un_autre_processus_se_propage() -> None:
    with Atelier(2) as ailleurs, pytest.raises(KeyError):
        ailleurs.confier(rendre_lettre, PAPIER, {})()

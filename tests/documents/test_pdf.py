"""Le PDF du rapport d'import : normé, en français, et sourd à ce que contiennent ses données."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typst

from jalon.documents import pdf

DONNEES: dict[str, Any] = {
    "titre": "Rapport d’import du 31 octobre 2026",
    "sous_titre": "Flux mensuel de la CAF ou de la MSA",
    "departement": "Pas-de-Calais",
    "couleur": "#0b5aa5",
    "pied": "Jalon · Pas-de-Calais",
    "message": "",
    "identite": [["Fichier", "flux.xml"]],
    "sections": [{"titre": "Foyers", "chiffres": [["Lus", "1 234"], ["Créés", "56"]]}],
    "anomalies": [{"titre": "Commune inconnue", "explication": "Vu.", "que_faire": "Faire.", "nombre": "7"}],
}


def textes(donnees: dict[str, Any], element: str) -> list[str]:
    """Textes des éléments du document composé, tels que Typst les a compris."""
    source = (pdf.GABARITS / "rapport_import.typ").read_text(encoding="utf-8")
    if element == "table.cell":
        # Une cellule ne se laisse pas interroger d'elle-même : une étiquette invisible suit chaque contenu.
        source = f"#show table.cell: it => {{ it; metadata(it.body) }}\n{source}"
        element = "metadata"
    compilateur = typst.Compiler(source.encode(), sys_inputs={"donnees": json.dumps(donnees)})
    cle = "value" if element == "metadata" else "body"
    return [_texte(trouve[cle]) for trouve in json.loads(compilateur.query(element))]


def _texte(contenu: Any) -> str:
    if isinstance(contenu, list):
        return "".join(_texte(c) for c in contenu)
    if isinstance(contenu, dict):
        if contenu.get("func") == "space":
            return " "
        return str(contenu.get("text", "")) + _texte(contenu.get("children", [])) + _texte(contenu.get("body", []))
    return ""


def test_rend_un_pdf_accessible_et_archivable() -> None:
    octets = pdf.rendre_pdf("rapport_import", DONNEES)
    assert octets.startswith(b"%PDF-")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in octets
    assert b"<pdfaid:part>2</pdfaid:part>" in octets
    assert b"/Lang (fr)" in octets or b"/Lang(fr)" in octets


def test_contient_les_chiffres_et_les_titres() -> None:
    assert {"Lus", "1 234", "Créés", "56", "7"} <= set(textes(DONNEES, "table.cell"))
    assert textes(DONNEES, "heading") == ["Rapport d’import du 31 octobre 2026", "Foyers", "Anomalies"]


@pytest.mark.parametrize(
    "piege", ['#read("/etc/passwd")', '*gras* $x$ ]#panic("x")[', "\\ = Titre", "<label> @ref", "// commentaire"]
)
def test_une_donnee_piegee_reste_du_texte(piege: str) -> None:
    piegees = {**DONNEES, "titre": piege, "identite": [["Fichier", piege]], "message": piege}
    assert pdf.rendre_pdf("rapport_import", piegees).startswith(b"%PDF-")
    assert piege in textes(piegees, "table.cell")
    assert textes(piegees, "heading")[0] == piege


def test_deux_rapports_de_suite_ne_se_melangent_pas() -> None:
    autres = {**DONNEES, "titre": "Un autre titre, plus long que le premier"}
    assert pdf.rendre_pdf("rapport_import", DONNEES) != pdf.rendre_pdf("rapport_import", autres)


def test_refuse_un_gabarit_inconnu() -> None:
    with pytest.raises(FileNotFoundError):
        pdf.rendre_pdf("absent", {})

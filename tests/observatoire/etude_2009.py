"""L'étude de décembre 2009 rebâtie : un fichier de grilles qui rend, question par question, les effectifs publiés.

Seules les marges par question et par territoire sont connues : les réponses d'une ligne n'ont pas de lien entre elles.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PARTAGE

SOURCE = PARTAGE / "donnees" / "echelles_2009.json"
CODES = {
    "T15": "logement", "T16": "transport", "T17": "sante", "T18": "dernier_emploi", "T19": "reprise",
    "T20": "contraintes", "T21": "adaptation", "T22": "relations",
}  # fmt: skip
COLONNES = ("territoire", "date", "sexe", "age", "parcours_envisage", *CODES.values())


def etude() -> dict[str, Any]:
    """Le fichier partagé ; l'essai se saute s'il manque."""
    if not SOURCE.is_file():
        pytest.skip("Les échelles publiées ne sont pas sur cette machine.")
    lue: dict[str, Any] = json.loads(SOURCE.read_text())
    return lue


def tables(lue: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{code : tableau}, sans l'intitulé qui suit le code."""
    return {titre.split()[0]: tableau for titre, tableau in lue["tables"].items()}


def ecrire_fichier(lue: dict[str, Any], chemin: Path) -> int:
    """Écrit le fichier de reprise et rend son nombre de lignes ; les bases trop courtes sont complétées de vides."""
    lignes = [";".join(COLONNES)]
    par_code = tables(lue)
    for rang, territoire in enumerate(lue["territoires"]):
        nombre = lue["echelles_par_territoire"][rang]
        reponses = []
        for code in CODES:
            suite = [
                str(ligne["echelon"]) for ligne in par_code[code]["lignes"] for _ in range(ligne["effectifs"][rang])
            ]
            reponses.append((suite + [""] * nombre)[:nombre])
        lignes += [
            ";".join((territoire, "2009-12-15", "", "", "", *valeurs)) for valeurs in zip(*reponses, strict=True)
        ]
    chemin.write_text("\ufeff" + "\r\n".join(lignes) + "\r\n", encoding="utf-8")
    return len(lignes) - 1

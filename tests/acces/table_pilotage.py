"""Les tableaux de bord : des effectifs pour beaucoup, les dossiers derrière pour qui les ouvre."""

from __future__ import annotations

from typing import Any

from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution


def tableau(distribution: Distribution) -> dict[str, Any]:
    return {"code": "t05"}


def tableau_export(distribution: Distribution) -> dict[str, Any]:
    return tableau(distribution) | {"format": "csv"}


def export_orientations(distribution: Distribution) -> dict[str, Any]:
    return {"format": "csv"}


def export_contrats(distribution: Distribution) -> dict[str, Any]:
    return {"format": "csv"}


def export_manquements(distribution: Distribution) -> dict[str, Any]:
    return {"format": "csv"}


FABRIQUES.update(
    {f.__name__: f for f in (tableau, tableau_export, export_orientations, export_contrats, export_manquements)}
)

VOIT = {"orienteur": 200, "etrangere": 200, "siege": 200, "administrateur": 200}

ROUTES = {
    "tableaux": acces(**VOIT),
    "tableau": acces(objet="tableau", **VOIT),
    "tableau_export": acces(objet="tableau_export", **VOIT),
    # L'administrateur lit les nombres, pas les noms derrière.
    "tableau_orientations": acces(**VOIT),
    "tableau_orientations_export": acces(objet="export_orientations", **VOIT),
    "tableau_orientations_dossiers": acces(orienteur=200, etrangere=200, siege=200),
    "tableau_contrats": acces(**VOIT),
    "tableau_contrats_export": acces(objet="export_contrats", **VOIT),
    "tableau_contrats_dossiers": acces(orienteur=200, etrangere=200, siege=200),
    "tableau_manquements": acces(**VOIT),
    "tableau_manquements_export": acces(objet="export_manquements", **VOIT),
    "tableau_manquements_dossiers": acces(orienteur=200, etrangere=200, siege=200),
    "tableau_dossiers": acces(objet="tableau", orienteur=200, etrangere=200, siege=200),
}

"""La documentation suit le code : un objet, un réglage ou un gabarit de trop se voit ici."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

RACINE = Path(__file__).resolve().parents[2]
MODELES = sorted(
    modele.__name__
    for modele in apps.get_models()
    if modele.__module__.startswith("jalon.") and not modele.__name__.endswith("Event")
)
ENTREES = dict(re.findall(r"^\| (\w+) \| .+? \| (.+?) \|$", (RACINE / "docs" / "glossaire.md").read_text(), re.M))


@pytest.mark.parametrize("modele", MODELES)
def test_le_glossaire_dit_chaque_objet_et_sa_source(modele: str) -> None:
    assert ENTREES.get(modele), f"{modele} n'a pas d'entrée dans docs/glossaire.md"


def test_le_glossaire_ne_dit_rien_qui_n_existe_plus() -> None:
    assert set(ENTREES) - {"Objet"} <= set(MODELES)


def test_le_readme_dit_chaque_variable_d_environnement() -> None:
    internes = {"JALON_DEMONSTRATION", "JALON_PROCESSUS", "JALON_BINAIRES_POSTGRESQL", "JALON_BASE_ESSAIS"}
    lues = set()
    for dossier in ("config", "jalon"):
        for fichier in (RACINE / dossier).rglob("*.py"):
            lues |= set(re.findall(r"environ\S*?[\[(]\s*\"((?:JALON|DATABASE)_\w+)\"", fichier.read_text()))
    readme = (RACINE / "README.md").read_text()
    assert {nom for nom in lues - internes if nom not in readme} == set()


def test_tout_gabarit_sert() -> None:
    """Un gabarit que rien n'inclut, n'étend ni n'affiche est à retirer."""
    gabarits = RACINE / "jalon" / "web" / "templates"
    sources = "\n".join(f.read_text() for f in [*gabarits.rglob("*.html"), *(RACINE / "jalon").rglob("*.py"),
                                                *(RACINE / "config").rglob("*.py")])  # fmt: skip
    cadre = ("account/", "mfa/", "usersessions/", "allauth/", "403_csrf.html")
    choisis = tuple(re.findall(r'f"(\w+/)\{\w+\}\.html"', sources))  # f"dossiers/{onglet}.html"
    inutiles = [
        nom
        for fichier in gabarits.rglob("*.html")
        if not (nom := fichier.relative_to(gabarits).as_posix()).startswith(cadre + choisis) and nom not in sources
    ]
    assert inutiles == []


def test_aucun_nom_de_departement_dans_le_code() -> None:
    """Ce qui diffère d'un département à l'autre est une donnée : le code ne nomme aucun profil."""
    # La ligne de commande a un profil d'essai par défaut ; les marges disent d'où viennent leurs chiffres.
    permis = {"jalon/cli/principal.py", "jalon/echanges/demonstration/marges.py"}
    fautes = [
        f"{fichier.relative_to(RACINE)}"
        for fichier in (RACINE / "jalon").rglob("*.py")
        if re.search(r"pas-de-calais|loiret|lot-et-garonne", fichier.read_text(), re.I)
        and fichier.relative_to(RACINE).as_posix() not in permis
    ]
    assert fautes == []

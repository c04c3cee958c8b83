"""`make bench` : mesure Jalon à taille réelle (62 549 foyers). Aucun essai ne dépend de ces durées."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

os.environ["JALON_DEMONSTRATION"] = "oui"


def main() -> None:
    analyseur = argparse.ArgumentParser(description=__doc__)
    analyseur.add_argument(
        "--tours", type=int, default=3, help="nombre de tours de l'import (médiane) ; 0 pour les pages seules"
    )
    analyseur.add_argument("--taille", type=int, default=62_549, help="nombre de foyers")
    arguments = analyseur.parse_args()
    from jalon.cli.environnement import preparer_django

    preparer_django()
    from jalon.cli.demonstration import ecrire_fichiers
    from jalon.cli.installation import creer_comptes_demonstration, installer, lire_profil, migrer

    def dire(texte: str) -> None:
        print(f"  {texte}", file=sys.stderr, flush=True)

    migrer()
    profil, communes = lire_profil("pas-de-calais")
    installer(profil, communes)
    creer_comptes_demonstration(profil)

    def fichiers(taille: int) -> list[Path]:
        return ecrire_fichiers(profil, communes, taille=taille, graine=62, dire=dire, avancement=lambda *_: None)

    from bench.accueil import mesurer as mesurer_accueil
    from bench.contrats import mesurer as mesurer_contrats
    from bench.criteres import mesurer as mesurer_criteres
    from bench.imports import charger
    from bench.imports import mesurer as mesurer_imports
    from bench.lettres import mesurer as mesurer_lettres
    from bench.pages import mesurer as mesurer_pages
    from bench.seances import mesurer as mesurer_seances

    print(f"Machine : {platform.platform()}, {os.cpu_count()} cœurs, Python {platform.python_version()}")
    mois = fichiers(arguments.taille)
    mesures = mesurer_imports(mois, fichiers(6_000), arguments.tours) if arguments.tours else []
    charger(mois)
    mesures += mesurer_pages(dire)
    mesures += mesurer_criteres(dire)
    mesures += mesurer_lettres(dire)
    mesures += mesurer_accueil(dire)
    mesures += mesurer_contrats(dire)
    mesures += mesurer_seances(dire)
    for mesure in mesures:
        cible = "" if mesure.cible is None else f" (cible ≤ {mesure.cible:g})"
        verdict = "" if mesure.cible is None else ("  ✓" if mesure.tenue else "  ✗")
        print(f"{mesure.nom:<46} {mesure.valeur:9.2f} {mesure.unite}{cible}{verdict}  {mesure.detail}")


if __name__ == "__main__":
    main()

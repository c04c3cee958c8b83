"""La commande `jalon`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from jalon import __version__
from jalon.cli.environnement import preparer_django


class AnalyseurFrancais(argparse.ArgumentParser):
    """argparse, en français jusque dans ses titres et ses refus."""

    def __init__(self, **options: Any) -> None:
        super().__init__(add_help=False, **options)
        self._positionals.title = "arguments"
        self._optionals.title = "options"
        self.add_argument("-h", "--help", "--aide", action="help", help="affiche cette aide et sort")

    def format_help(self) -> str:
        return super().format_help().replace("usage:", "usage :")

    def format_usage(self) -> str:
        return super().format_usage().replace("usage:", "usage :")

    def error(self, message: str) -> NoReturn:
        traduit = message
        for anglais, francais in _TRADUCTIONS:
            traduit = traduit.replace(anglais, francais)
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog} : {traduit}. Voir « {self.prog} --help ».\n")


_TRADUCTIONS = (
    ("the following arguments are required:", "il manque"),
    ("unrecognized arguments:", "argument inconnu :"),
    ("invalid choice:", "valeur inconnue :"),
    ("choose from", "au choix"),
    ("expected one argument", "une valeur est attendue"),
    ("one of the arguments", "donnez l'un de"),
    ("is required", "(obligatoire)"),
    ("not allowed with argument", "ne va pas avec"),
    ("invalid int value:", "nombre entier attendu, reçu"),
    ("invalid UUID value:", "identifiant attendu, reçu"),
)


def analyseur() -> argparse.ArgumentParser:
    """Construit l'analyse des arguments ; les commandes ne chargent Django qu'à l'exécution."""
    racine = AnalyseurFrancais(prog="jalon", description="Jalon : le dispositif d'insertion du département.")
    racine.add_argument("--version", action="version", version=f"Jalon {__version__}", help="affiche la version")
    commandes = racine.add_subparsers(
        title="commandes", metavar="COMMANDE", required=True, parser_class=AnalyseurFrancais
    )

    def ajouter(nom: str, aide: str, executer: str) -> argparse.ArgumentParser:
        sous = commandes.add_parser(nom, help=aide, description=aide)
        sous.set_defaults(executer=executer)
        return sous

    demo = ajouter("demo", "crée un département de démonstration, importe deux mois et sert l'application", "demo")
    demo.add_argument("--taille", default="6000", help="nombre de foyers, ou « reelle » (62 549) ; 6000 par défaut")
    demo.add_argument("--graine", type=int, default=62, help="graine du tirage (62 par défaut)")
    demo.add_argument("--profil", default="pas-de-calais", help="profil du département (pas-de-calais par défaut)")
    demo.add_argument("--port", type=int, default=8000, help="port du serveur (8000 par défaut)")
    demo.add_argument("--sans-servir", action="store_true", help="prépare tout, sans servir l'application")

    serve = ajouter("serve", "sert l'application et traite les travaux en attente", "serve")
    serve.add_argument("--port", type=int, default=8000, help="port du serveur (8000 par défaut)")
    serve.add_argument("--adresse", default="127.0.0.1", help="adresse d'écoute (127.0.0.1 par défaut)")
    serve.add_argument("--sans-worker", action="store_true", help="ne traite pas les travaux en attente")

    ajouter("worker", "traite les travaux en attente (imports, clichés, échéances)", "worker")

    init = ajouter("init", "prépare la base et y charge le profil d'un département", "init")
    init.add_argument("--profil", required=True, help="nom d'un dossier de profils/ (pas-de-calais, loiret…)")

    administrateur = ajouter(
        "creer-administrateur", "crée le premier compte, celui d'un administrateur", "creer_administrateur"
    )
    administrateur.add_argument("--courriel", required=True, help="adresse électronique")
    administrateur.add_argument("--nom", required=True, help="nom")
    administrateur.add_argument("--prenom", required=True, help="prénom")

    importer = ajouter("importer", "importe un fichier", "importer_flux_caf")
    objets = importer.add_subparsers(title="objets", metavar="OBJET", required=True, parser_class=AnalyseurFrancais)
    flux = objets.add_parser(
        "flux-caf", help="flux des bénéficiaires de la CAF ou de la MSA (VRSB0801)",
        description="Importe un flux VRSB0801 (.xml, .xml.gz, .zip). Sortie : 0 importé ; 3 importé, des foyers en "
        "quarantaine ; 2 refusé, rien n'est écrit.",
    )  # fmt: skip
    flux.add_argument("fichier", type=Path, help="fichier reçu de la caisse")
    flux.add_argument("--simulation", action="store_true", help="dit ce qui changerait, sans rien écrire")
    flux.add_argument("--json", action="store_true", help="écrit le rapport en JSON sur la sortie standard")
    flux.set_defaults(executer="importer_flux_caf")
    echelles = objets.add_parser(
        "echelles", help="grilles déjà remplies (étude, reprise), nominatives ou non",
        description="Verse un fichier de grilles remplies (CSV « ; », UTF-8), tout ou rien. Colonnes : territoire, date, "
        "sexe, age, parcours_envisage, puis une par question ; matricule et personne sont facultatives. Sortie : "
        "0 versé, ou déjà versé ; 2 refusé, rien n'est écrit.",
    )  # fmt: skip
    echelles.add_argument("fichier", type=Path, help="fichier CSV")
    echelles.add_argument("--grille", metavar="CODE", help="grille remplie (la grille principale par défaut)")
    echelles.add_argument("--simulation", action="store_true", help="contrôle tout, sans rien écrire")
    echelles.add_argument("--json", action="store_true", help="écrit le rapport en JSON sur la sortie standard")
    echelles.set_defaults(executer="importer_echelles")
    quarantaine = objets.add_parser(
        "quarantaine", help="rejoue les foyers mis en quarantaine", description="Rejoue les foyers mis en quarantaine."
    )
    quarantaine.add_argument(
        "identifiant", nargs="?", type=UUID, help="un seul foyer (son identifiant) ; tous par défaut"
    )
    quarantaine.add_argument("--json", action="store_true", help="écrit le résultat en JSON sur la sortie standard")
    quarantaine.set_defaults(executer="rejouer_quarantaine")

    exporter = ajouter("exporter", "exporte ce que Jalon sait", "exporter_dossier")
    objets = exporter.add_subparsers(title="objets", metavar="OBJET", required=True, parser_class=AnalyseurFrancais)
    dossier = objets.add_parser(
        "dossier", help="tout ce que Jalon sait d'un foyer, daté",
        description="Écrit tout ce que Jalon sait d'un foyer : état, personnes, soumission, suspensions, adresses…",
    )  # fmt: skip
    cle = dossier.add_mutually_exclusive_group(required=True)
    cle.add_argument("--matricule", help="numéro d'allocataire CAF, ou NIR pour la MSA")
    cle.add_argument("--numdemrsa", help="numéro de demande RSA")
    dossier.add_argument("--json", action="store_true", help="en JSON (seul format ; accepté pour la clarté)")
    dossier.set_defaults(executer="exporter_dossier")

    sauvegarder = ajouter("sauvegarder", "sauvegarde la base, les fichiers et la clé dans une archive", "sauvegarder")
    sauvegarder.add_argument("fichier", type=Path, help="archive à écrire (.tar)")
    restaurer = ajouter("restaurer", "remet une sauvegarde en place", "restaurer")
    restaurer.add_argument("fichier", type=Path, help="archive écrite par « jalon sauvegarder »")
    restaurer.add_argument("--ecraser", action="store_true", help="remplace les données présentes")

    verifier = ajouter("verifier", "dit si cette installation est en bonne santé", "verifier")
    verifier.add_argument("--json", action="store_true", help="en JSON sur la sortie standard")

    observatoire = ajouter("observatoire", "calcule les tableaux et les indicateurs", "observatoire")
    from jalon.observatoire.commandes import ajouter_arguments

    ajouter_arguments(observatoire)
    return racine


def main(arguments: Sequence[str] | None = None) -> None:
    """Point d'entrée du script `jalon`."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lus = analyseur().parse_args(arguments)
    if lus.executer == "demo":
        os.environ["JALON_DEMONSTRATION"] = "oui"
    if lus.executer == "restaurer":
        from jalon.cli import sauvegarde

        sys.exit(sauvegarde.restaurer_avant_django(lus))
    preparer_django()
    import psycopg
    from django.db import InterfaceError, OperationalError, ProgrammingError

    from jalon.cli import commandes
    from jalon.socle.errors import JalonError

    try:
        sys.exit(getattr(commandes, lus.executer)(lus))
    except JalonError as erreur:
        sys.exit(f"jalon : {erreur}")
    except ProgrammingError as erreur:
        if not isinstance(erreur.__cause__, psycopg.errors.UndefinedTable):
            raise
        sys.exit("jalon : cette installation n'est pas prête : lancez d'abord « jalon init --profil … ».")
    except (OperationalError, InterfaceError, psycopg.OperationalError) as erreur:
        sys.exit(f"jalon : la base de données ne répond plus ({str(erreur).strip()}) ; l'opération en cours n'a rien "
                 "écrit, relancez-la.")  # fmt: skip
    except KeyboardInterrupt:
        sys.exit(130)

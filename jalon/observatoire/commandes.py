"""`jalon observatoire` : les chiffres de l'observatoire en ligne de commande, tels que la page les montre."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jalon.observatoire.moteur import Resultat

USAGE = 2


def _jour(texte: str) -> date:
    try:
        return date.fromisoformat(texte)
    except ValueError:
        raise argparse.ArgumentTypeError(f"« {texte} » n'est pas une date : écrivez AAAA-MM-JJ") from None


def ajouter_arguments(parser: argparse.ArgumentParser) -> None:
    """Sous-commandes : `tableau CODE`, `liste`, `cliche`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    tableau = actions.add_parser("tableau", help="calcule un tableau à une date")
    tableau.add_argument("code", metavar="CODE", help="code du tableau : T05, T06… (voir « liste »)")
    tableau.add_argument("--date", type=_jour, metavar="AAAA-MM-JJ", help="date de la situation (dernier flux reçu)")
    tableau.add_argument("--territoire", metavar="CODE", help="restreint à un territoire")
    tableau.add_argument("--par-territoire", action="store_true", help="une ligne par territoire")
    tableau.add_argument("--colonne", metavar="CODE", help="colonne détaillée par territoire")
    tableau.add_argument("--publication", action="store_true", help="masque les petits effectifs")
    tableau.add_argument("--json", action="store_true", help="rend un objet JSON")
    liste = actions.add_parser("liste", help="liste les tableaux et leur définition")
    liste.add_argument("--json", action="store_true", help="rend une liste JSON")
    cliche = actions.add_parser("cliche", help="prépare les données d'une date")
    cliche.add_argument("--date", type=_jour, metavar="AAAA-MM-JJ", help="date de la situation (dernier flux reçu)")
    cliche.add_argument("--refaire", action="store_true", help="les prépare même si rien n'a changé")


def executer(args: argparse.Namespace) -> int:
    """Exécute la sous-commande ; une erreur tient en une phrase et rend le code 2."""
    from jalon.socle.errors import JalonError

    actions = {"tableau": _tableau, "liste": _liste, "cliche": _cliche}
    try:
        actions[args.action](args)
    except JalonError as erreur:
        print(f"jalon : {erreur}", file=sys.stderr)
        return USAGE
    return 0


def _date(args: argparse.Namespace) -> date:
    """La date demandée, sinon celle du dernier flux."""
    from jalon.observatoire.erreurs import DonneesAbsentesError
    from jalon.observatoire.filigrane import flux_recus

    if isinstance(args.date, date):
        return args.date
    recus = flux_recus()
    if not recus:
        raise DonneesAbsentesError("Aucun flux n'a encore été reçu : importez un fichier de la caisse.")
    return recus[-1].date_reference


def _tableau(args: argparse.Namespace) -> None:
    from jalon.observatoire.cliches import prendre_cliche
    from jalon.observatoire.moteur import calculer, declaration

    declaration(args.code)
    a_la_date = _date(args)
    prendre_cliche(a_la_date)
    resultat = calculer(
        args.code,
        a_la_date,
        territoire=args.territoire,
        ventilation="territoire" if args.par_territoire else None,
        colonne=args.colonne,
        publication=args.publication,
    )
    if args.json:
        print(json.dumps(resultat.en_json(), ensure_ascii=False, indent=2))
    else:
        print(en_texte(resultat))


def en_texte(resultat: Resultat) -> str:
    """Le tableau en colonnes alignées."""
    lignes = [["", *(colonne.libelle for colonne in resultat.colonnes)]]
    for ligne in resultat.lignes:
        valeurs = (resultat.valeur(ligne.code, colonne.code) for colonne in resultat.colonnes)
        lignes.append([ligne.libelle, *("s" if v is None else f"{v:,}".replace(",", "\u202f") for v in valeurs)])
    largeurs = [max(len(rangee[rang]) for rangee in lignes) for rang in range(len(lignes[0]))]
    corps = "\n".join(
        "  ".join(
            [rangee[0].ljust(largeurs[0]), *(t.rjust(n) for t, n in zip(rangee[1:], largeurs[1:], strict=True))]
        ).rstrip()
        for rangee in lignes
    )
    pied = f"Flux du {resultat.flux_le:%d/%m/%Y}, {resultat.edition}. {resultat.tableau.source}"
    if resultat.masque:
        pied += f"\ns : masqué, secret statistique (moins de {resultat.seuil}, ou de quoi le retrouver)."
    entete = f"{resultat.tableau.code} · {resultat.tableau.titre}\n{resultat.lieu}, {resultat.a_la_date:%d/%m/%Y}"
    return f"{entete}\n\n{corps}\n\n{pied}"


def _liste(args: argparse.Namespace) -> None:
    from jalon.observatoire.tableaux import CATALOGUE

    if args.json:
        champs = ("code", "titre", "definition", "population", "numerateur", "denominateur", "unite", "source")
        declares = [{champ: getattr(t, champ) for champ in champs} for t in CATALOGUE.values()]
        print(json.dumps(declares, ensure_ascii=False, indent=2))
        return
    for tableau in CATALOGUE.values():
        print(f"{tableau.code:<5} {tableau.titre}")


def _cliche(args: argparse.Namespace) -> None:
    from jalon.observatoire.cliches import lire_cliche, prendre_cliche

    a_la_date = _date(args)
    dossier = prendre_cliche(a_la_date, refaire=args.refaire)
    cliche = lire_cliche(a_la_date)
    edition = "édition consolidée" if cliche.consolide else "édition non consolidée"
    print(f"Données au {a_la_date:%d/%m/%Y} prêtes (flux du {cliche.flux_le:%d/%m/%Y}, {edition}) : {dossier}")

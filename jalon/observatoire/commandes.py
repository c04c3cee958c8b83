"""`jalon observatoire` : les chiffres de l'observatoire en ligne de commande, tels que la page les montre."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

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
    tableau.add_argument("code", metavar="CODE", help="code du tableau : T05, T14, echelles… (voir « liste »)")
    tableau.add_argument("--date", type=_jour, metavar="AAAA-MM-JJ", help="date de la situation (dernier flux reçu)")
    tableau.add_argument("--territoire", metavar="CODE", help="restreint à un territoire")
    tableau.add_argument("--par-territoire", action="store_true", help="une ligne par territoire")
    tableau.add_argument("--colonne", metavar="CODE", help="colonne détaillée par territoire")
    tableau.add_argument("--publication", action="store_true", help="masque les petits effectifs")
    tableau.add_argument("--item", metavar="CODE", help="question de la grille (tableau « echelles »)")
    tableau.add_argument("--grille", metavar="CODE", help="grille comptée (la principale par défaut)")
    tableau.add_argument(
        "--depuis", type=_jour, metavar="AAAA-MM-JJ", help="grilles remplies, ou décisions prises, à partir de ce jour"
    )
    tableau.add_argument("--json", action="store_true", help="rend un objet JSON")
    indicateur = actions.add_parser("indicateur", help="calcule un indicateur à une date")
    indicateur.add_argument("code", metavar="CODE", help="code de l'indicateur : I07, I09… (voir « liste »)")
    indicateur.add_argument("--date", type=_jour, metavar="AAAA-MM-JJ", help="date, ou fin de période (aujourd'hui)")
    indicateur.add_argument(
        "--depuis", type=_jour, metavar="AAAA-MM-JJ", help="début de période (I03, I04, I10, I13, I14, I23…)"
    )
    indicateur.add_argument("--territoire", metavar="CODE", help="restreint à un territoire")
    indicateur.add_argument("--service", metavar="CODE", help="restreint à un organisme (indicateurs de contrats)")
    indicateur.add_argument("--type", metavar="CODE", help="restreint à un type de contrat (indicateurs de contrats)")
    indicateur.add_argument(
        "--public", metavar="CODE", help="restreint à un public : moins_25, femmes… (I01 à I08, I13…)"
    )
    indicateur.add_argument("--json", action="store_true", help="rend un objet JSON")
    liste = actions.add_parser("liste", help="liste les tableaux et leur définition")
    liste.add_argument("--json", action="store_true", help="rend une liste JSON")
    cliche = actions.add_parser("cliche", help="prépare les données d'une date")
    cliche.add_argument("--date", type=_jour, metavar="AAAA-MM-JJ", help="date de la situation (dernier flux reçu)")
    cliche.add_argument("--refaire", action="store_true", help="les prépare même si rien n'a changé")


def executer(args: argparse.Namespace) -> int:
    """Exécute la sous-commande ; une erreur tient en une phrase et rend le code 2."""
    from jalon.socle.errors import JalonError

    actions = {"tableau": _tableau, "indicateur": _indicateur, "liste": _liste, "cliche": _cliche}
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
    from jalon.observatoire.echelles import ECHELLES, T14
    from jalon.observatoire.moteur import calculer, declaration

    if args.code.upper() in (ECHELLES.code, T14.code):
        _tableau_de_grilles(args)
        return
    if args.code.upper() == "T12":
        _tableau_des_orientations(args)
        return
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


def _tableau_de_grilles(args: argparse.Namespace) -> None:
    """Les grilles remplies sont des événements : elles se comptent à toute date, sans attendre un flux."""
    from django.utils import timezone

    from jalon.diagnostics.selectors import grille_de_code
    from jalon.observatoire import echelles
    from jalon.observatoire.erreurs import TableauInconnuError
    from jalon.referentiels.parametres import nombre

    jour = args.date or timezone.localdate()
    grille = grille_de_code(args.grille)
    vu = echelles.champ(grille, jour, depuis=args.depuis, territoire=args.territoire)
    seuil = int(nombre("observatoire.seuil_secret", jour)) if args.publication else 0
    resultat: echelles.Repartition | echelles.ParcoursEnvisages
    if args.code.upper() == echelles.T14.code:
        resultat = echelles.parcours_envisages(vu, seuil=seuil)
        texte = echelles.texte_parcours(resultat)
    else:
        if not args.item:
            questions = ", ".join(item.code for item in vu.version.items.all())
            raise TableauInconnuError(f"Dites quelle question compter avec --item : {questions}.")
        resultat = echelles.repartition(vu, args.item, seuil=seuil)
        texte = echelles.texte_repartition(resultat)
    if args.json:
        print(json.dumps(resultat.en_json(), ensure_ascii=False, indent=2))
        return
    entete, lignes, pied = texte
    print(f"{entete}\n\n{aligner(lignes)}\n\n{pied}")


def _tableau_des_orientations(args: argparse.Namespace) -> None:
    """Les décisions sont des événements : elles se comptent à toute date, sans attendre un flux."""
    from django.utils import timezone

    from jalon.observatoire import orientations
    from jalon.observatoire.graphiques import ecrire_nombre
    from jalon.referentiels.parametres import nombre

    jour = args.date or timezone.localdate()
    resultat = orientations.orientations_realisees(
        orientations.Periode(jour, args.depuis), territoire=args.territoire,
        seuil=int(nombre("observatoire.seuil_secret", jour)) if args.publication else 0,
    )  # fmt: skip
    if args.json:
        print(json.dumps(resultat.en_json(), ensure_ascii=False, indent=2))
        return
    rangees = [
        [ligne.libelle, *(ecrire_nombre(n) for n in (*ligne.effectifs.values(), ligne.total))]
        for ligne in (*resultat.lignes, resultat.total)
    ]
    entete = ["", *(t.libelle for t in resultat.types), "Ensemble"]
    print(f"T12 · {orientations.TITRE_T12}\n\n{aligner([entete, *rangees])}\n\n{orientations.SOURCE}")


def _calculer(args: argparse.Namespace, jour: date) -> dict[str, Any]:
    """L'indicateur demandé ; une restriction qu'il ne connaît pas est refusée plutôt qu'oubliée."""
    from jalon.observatoire import contrats, manquements, orientations, referencement
    from jalon.observatoire.erreurs import TableauInconnuError
    from jalon.socle.errors import JalonError

    code = args.code.upper()
    voulues: dict[str, Any] = {nom: getattr(args, nom) or "" for nom in ("service", "type", "public")}
    if code in contrats.INDICATEURS:
        return contrats.calculer(code, jour, args.territoire, du=args.depuis, **voulues)
    permises = {"public"} if code in referencement.INDICATEURS else set[str]()
    refusees = [f"--{nom}" for nom, valeur in voulues.items() if valeur and nom not in permises]
    if refusees:
        raise JalonError(f"L'indicateur {code} ne se restreint pas par {' ni '.join(refusees)} : retirez-le.")
    if code in orientations.INDICATEURS:
        return orientations.calculer(code, jour, args.territoire, du=args.depuis)
    if code in manquements.INDICATEURS:
        return manquements.calculer(code, jour, args.territoire, du=args.depuis)
    if code in referencement.INDICATEURS:
        return referencement.calculer(code, jour, args.territoire, public=voulues["public"])
    salles = (contrats, manquements, orientations, referencement)
    connus = ", ".join(sorted({indicateur for salle in salles for indicateur in salle.INDICATEURS}))
    raise TableauInconnuError(f"L'indicateur « {args.code} » n'existe pas. Indicateurs connus : {connus}.")


def _indicateur(args: argparse.Namespace) -> None:
    from django.utils import timezone

    jour = args.date or timezone.localdate()
    resultat = _calculer(args, jour)
    if args.json:
        print(json.dumps(resultat, ensure_ascii=False, indent=2, default=_en_json))
        return
    print(f"{resultat['code']} · {resultat['titre']} au {jour:%d/%m/%Y}\n{resultat['definition']}\n")
    champs = ("valeur", "numerateur", "denominateur")
    lignes = [["", "Valeur", "Numérateur", "Dénominateur"]]
    lignes += [
        [str(v.get("code") or ""), *("-" if v[champ] is None else str(v[champ]) for champ in champs)]
        for v in resultat["variantes"] or [resultat]
    ]
    print(aligner(lignes))


def _en_json(valeur: object) -> object:
    """Un nombre décimal reste un nombre ; une date s'écrit AAAA-MM-JJ."""
    return float(valeur) if isinstance(valeur, Decimal) else str(valeur)


def en_texte(resultat: Resultat) -> str:
    """Le tableau en colonnes alignées."""
    lignes = [["", *(colonne.libelle for colonne in resultat.colonnes)]]
    for ligne in resultat.lignes:
        valeurs = (resultat.valeur(ligne.code, colonne.code) for colonne in resultat.colonnes)
        lignes.append([ligne.libelle, *("s" if v is None else f"{v:,}".replace(",", "\u202f") for v in valeurs)])
    corps = aligner(lignes)
    pied = f"Flux du {resultat.flux_le:%d/%m/%Y}, {resultat.edition}. {resultat.tableau.source}"
    if resultat.masque:
        pied += f"\ns : masqué, secret statistique (moins de {resultat.seuil}, ou de quoi le retrouver)."
    entete = f"{resultat.tableau.code} · {resultat.tableau.titre}\n{resultat.lieu}, {resultat.a_la_date:%d/%m/%Y}"
    return f"{entete}\n\n{corps}\n\n{pied}"


def aligner(lignes: list[list[str]]) -> str:
    """Intitulés à gauche, nombres à droite."""
    largeurs = [max(len(rangee[rang]) for rangee in lignes) for rang in range(len(lignes[0]))]
    return "\n".join(
        "  ".join(
            [rangee[0].ljust(largeurs[0]), *(t.rjust(n) for t, n in zip(rangee[1:], largeurs[1:], strict=True))]
        ).rstrip()
        for rangee in lignes
    )


def _liste(args: argparse.Namespace) -> None:
    from jalon.observatoire.declarations import Tableau
    from jalon.observatoire.echelles import ECHELLES, T14, Declaration
    from jalon.observatoire.tableaux import CATALOGUE

    declares: list[Tableau | Declaration] = [*CATALOGUE.values(), T14, ECHELLES]
    if args.json:
        champs = ("code", "titre", "definition", "population", "numerateur", "denominateur", "unite", "source")
        print(
            json.dumps([{champ: getattr(t, champ) for champ in champs} for t in declares], ensure_ascii=False, indent=2)
        )
        return
    from jalon.observatoire import contrats, manquements, orientations, referencement

    titres = {tableau.code: tableau.titre for tableau in declares} | {"T12": orientations.TITRE_T12}
    for indicateurs in (referencement.INDICATEURS, orientations.INDICATEURS, contrats.INDICATEURS):
        titres |= {code: indicateur.titre for code, indicateur in indicateurs.items()}
    titres |= {code: indicateur.titre for code, indicateur in manquements.INDICATEURS.items()}
    for code, titre in titres.items():
        print(f"{code:<8} {titre}")


def _cliche(args: argparse.Namespace) -> None:
    from jalon.observatoire.cliches import lire_cliche, prendre_cliche

    a_la_date = _date(args)
    dossier = prendre_cliche(a_la_date, refaire=args.refaire)
    cliche = lire_cliche(a_la_date)
    edition = "édition consolidée" if cliche.consolide else "édition non consolidée"
    print(f"Données au {a_la_date:%d/%m/%Y} prêtes (flux du {cliche.flux_le:%d/%m/%Y}, {edition}) : {dossier}")

"""Ce que fait chaque commande, Django une fois chargé. Chacune rend son code de sortie."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from jalon.cli.environnement import RACINE
from jalon.cli.installation import (
    DOMAINE_DEMONSTRATION,
    MOT_DE_PASSE_DEMONSTRATION,
    installer,
    lire_profil,
    migrer,
)
from jalon.echanges.flux_caf.erreurs import FluxRefuseError
from jalon.echanges.models import Quarantaine
from jalon.echanges.reprise_echelles import RepriseRefuseeError
from jalon.echanges.reprise_echelles import importer_echelles as verser_echelles
from jalon.echanges.selectors import exporter_dossier as exporter
from jalon.echanges.selectors import trouver_dossiers
from jalon.echanges.services import importer_flux
from jalon.echanges.services import rejouer_quarantaine as rejouer
from jalon.observatoire.commandes import executer as executer_observatoire
from jalon.referentiels.profil import ProfilInvalideError, profils_disponibles
from jalon.socle.errors import JalonError

IMPORTE, REFUSE, EN_QUARANTAINE = 0, 2, 3
FAUTES_MONTREES = 50
ESPACE_MINIMAL = 1_000_000_000


def dire(texte: str) -> None:
    """Progression : sur la sortie d'erreur, pour que la sortie standard reste au résultat."""
    print(texte, file=sys.stderr, flush=True)


class Avancement:
    """Une ligne d'avancement, récrite sur un terminal, une ligne par étape ailleurs."""

    def __init__(self) -> None:
        self.etape = ""
        self.terminal = sys.stderr.isatty()

    def __call__(self, etape: str, pourcentage: int) -> None:
        if self.terminal:
            print(f"\r  {pourcentage:3d} %  {etape:<50}", end="", file=sys.stderr, flush=True)
            if pourcentage >= 100:
                print(file=sys.stderr)
        elif etape != self.etape:
            dire(f"  {etape}…")
        self.etape = etape


def init(args: argparse.Namespace) -> int:
    """Prépare la base et charge un profil."""
    _charger(args.profil)
    dire(
        "Installation prête. « jalon creer-administrateur » crée le premier compte ; « jalon serve » sert l'application."
    )
    return 0


def _charger(code: str) -> Any:
    connus = profils_disponibles(settings.PROFILS)
    if code not in connus:
        raise JalonError(f"Le profil « {code} » n'existe pas ; les profils fournis sont : {', '.join(connus)}.")
    dire("Base de données : mise à jour du schéma…")
    migrer()
    dire(f"Profil « {code} » : communes, territoires, organismes, paramètres…")
    try:
        profil, communes = lire_profil(code)
    except ProfilInvalideError as erreur:
        raise JalonError(f"Le profil « {code} » contient des erreurs, rien n'a été chargé :\n{erreur}") from None
    installer(profil, communes)
    return profil


def importer_flux_caf(args: argparse.Namespace) -> int:
    """Importe un flux ; 0 importé, 3 importé avec quarantaine, 2 refusé."""
    try:
        resultat = importer_flux(args.fichier, simulation=args.simulation, progression=Avancement())
    except FluxRefuseError as erreur:
        if args.json:
            ecrire_json({"fichier": args.fichier.name, "refus": {"code": erreur.code, "message": str(erreur)}})
        dire(f"jalon : {erreur}")
        return REFUSE
    if args.json:
        ecrire_json(resultat.rapport)
    else:
        print(texte_du_rapport(resultat.rapport))
    if resultat.flux is not None:
        from jalon.observatoire.tasks import demander_cliche

        demander_cliche(resultat.flux.date_reference)
    return EN_QUARANTAINE if resultat.rapport["foyers"]["quarantaine"] else IMPORTE


def texte_du_rapport(rapport: dict[str, Any]) -> str:
    """Le rapport en quelques lignes lisibles."""
    foyers, personnes, soumis = rapport["foyers"], rapport["personnes"], rapport["soumis_droits_devoirs"]
    mouvements = rapport["mouvements"]
    lignes = [
        f"{rapport['fichier']} : flux {rapport['type_flux']} au {rapport['date_reference']}"
        + (" (simulation, rien n'est écrit)" if rapport["simulation"] else ""),
        f"  Foyers    : {foyers['lus']} lus, {foyers['crees']} créés, {foyers['mis_a_jour']} mis à jour, "
        f"{foyers['inchanges']} inchangés, {foyers['quarantaine']} en quarantaine",
        f"  Personnes : {personnes['lues']} lues, {personnes['creees']} créées, {personnes['mises_a_jour']} mises à jour",
        f"  Droits et devoirs : {soumis['total']} personnes soumises, {soumis['entrees']} entrées, "
        f"{soumis['sorties']} sorties",
        f"  Droits : {mouvements['ouverts']} ouverts, {mouvements['suspendus']} suspendus, {mouvements['clos']} clos, "
        f"{mouvements['arrives']} arrivés et {mouvements['partis']} partis par mutation, "
        f"{mouvements['absents']} absents de ce fichier",
    ]
    lignes += [f"  Anomalie {a['code']} : {a['nombre']}" for a in rapport["anomalies"]]
    if rapport["message"]:
        lignes.append(f"  {rapport['message']}")
    return "\n".join(lignes)


def importer_echelles(args: argparse.Namespace) -> int:
    """Verse un fichier de grilles ; 0 versé ou déjà versé, 2 refusé avec ses fautes, ligne par ligne."""
    try:
        bilan = verser_echelles(args.fichier, grille=args.grille, simulation=args.simulation)
    except RepriseRefuseeError as erreur:
        if args.json:
            fautes = [{"ligne": f.ligne, "colonne": f.colonne, "message": f.message, "que_faire": f.que_faire}
                      for f in erreur.fautes]  # fmt: skip
            ecrire_json({"fichier": args.fichier.name, "versees": 0, "erreurs": fautes, "message": str(erreur)})
        else:
            for faute in erreur.fautes[:FAUTES_MONTREES]:
                colonne = f", colonne {faute.colonne}" if faute.colonne else ""
                dire(f"  ligne {faute.ligne}{colonne} : {faute.message} {faute.que_faire}")
            if len(erreur.fautes) > FAUTES_MONTREES:
                dire(f"  … et {len(erreur.fautes) - FAUTES_MONTREES} autres ; --json les donne toutes.")
        dire(f"jalon : {erreur}")
        return REFUSE
    except JalonError as erreur:
        dire(f"jalon : {erreur}")
        return REFUSE
    if args.json:
        ecrire_json(bilan.en_json())
    else:
        print(f"{bilan.fichier} : {bilan.lignes} grilles lues, dont {bilan.nominatives} nominatives")
        for territoire, nombre in sorted(bilan.par_territoire.items()):
            print(f"  {territoire} : {nombre}")
        print(f"  {bilan.message}")
    return IMPORTE


def rejouer_quarantaine(args: argparse.Namespace) -> int:
    """Rejoue un foyer, ou tous ceux à traiter ; 3 s'il en reste d'illisibles."""
    attente = Quarantaine.objects.filter(etat=Quarantaine.Etat.A_TRAITER).order_by("flux_id", "rang")
    if args.identifiant:
        attente = attente.filter(public_id=args.identifiant)
        if not attente.exists():
            raise JalonError(f"Aucun foyer à traiter ne porte l'identifiant {args.identifiant}.")
    resultats = []
    for quarantaine in attente:
        try:
            rejouer(quarantaine, acteur=None)
            resultats.append({"identifiant": str(quarantaine.public_id), "rejoue": True, "message": ""})
        except JalonError as erreur:
            resultats.append({"identifiant": str(quarantaine.public_id), "rejoue": False, "message": str(erreur)})
    reprises = sum(bool(r["rejoue"]) for r in resultats)
    if args.json:
        ecrire_json({"rejoues": reprises, "restants": len(resultats) - reprises, "foyers": resultats})
    else:
        print(f"{reprises} foyers rejoués, {len(resultats) - reprises} encore en quarantaine.")
        for resultat in resultats:
            if not resultat["rejoue"]:
                print(f"  {resultat['identifiant']} : {resultat['message']}")
    return IMPORTE if reprises == len(resultats) else EN_QUARANTAINE


def exporter_dossier(args: argparse.Namespace) -> int:
    """Écrit en JSON les dossiers trouvés ; 1 s'il n'y en a aucun."""
    dossiers = trouver_dossiers(matricule=args.matricule, numero_demande=args.numdemrsa)
    ecrire_json({"dossiers": [exporter(dossier) for dossier in dossiers]})
    if not dossiers:
        dire("jalon : aucun dossier ne correspond ; vérifiez le numéro.")
        return 1
    return 0


def ecrire_json(objet: Any) -> None:
    json.dump(objet, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def observatoire(args: argparse.Namespace) -> int:
    return executer_observatoire(args)


def verifier(args: argparse.Namespace) -> int:
    """Contrôle l'installation ; 1 si un point est mauvais."""
    from jalon.socle.sante import verifier_installation

    points = verifier_installation()
    if args.json:
        ecrire_json([{"code": p.code, "libelle": p.libelle, "etat": p.etat, "detail": p.detail, "remede": p.remede}
                     for p in points])  # fmt: skip
    else:
        signes = {"bon": "✓", "attention": "!", "mauvais": "✗"}
        for p in points:
            print(f"{signes[p.etat]} {p.libelle} : {p.detail}" + (f" → {p.remede}" if p.remede else ""))
    return 1 if any(p.etat == "mauvais" for p in points) else 0


def sauvegarder(args: argparse.Namespace) -> int:
    from jalon.cli.sauvegarde import sauvegarder as ecrire

    return ecrire(args.fichier)


# --- Serveur --------------------------------------------------------------------------------------


def _port_libre(adresse: str, port: int) -> None:
    with contextlib.closing(socket.socket()) as prise:
        prise.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            prise.bind((adresse, port))
        except OSError:
            raise JalonError(
                f"Le port {port} est déjà pris sur {adresse} : arrêtez l'autre programme, "
                f"ou choisissez un autre port (--port {port + 1})."
            ) from None


def serve(args: argparse.Namespace) -> int:
    """Sert l'application jusqu'à Ctrl-C, avec le travail de fond dans un second processus."""
    _port_libre(args.adresse, args.port)
    return _servir(args.adresse, args.port, avec_worker=not args.sans_worker)


def _servir(adresse: str, port: int, *, avec_worker: bool, pret: Callable[[], None] = lambda: None) -> int:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    environnement = {**os.environ, "JALON_PROCESSUS": "web", "PYTHONUNBUFFERED": "1"}
    if os.environ.get("DATABASE_URL_WEB"):
        environnement["DATABASE_URL"] = os.environ["DATABASE_URL_WEB"]
    enfants = [
        subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"{adresse}:{port}",
             "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "120",
             "--no-control-socket", "--log-level", "warning"],
            env=environnement, cwd=RACINE, process_group=0,
        )
    ]  # fmt: skip
    if avec_worker:
        enfants.append(subprocess.Popen([sys.executable, "-m", "jalon.cli", "worker"], cwd=RACINE, process_group=0))
    try:
        _attendre_reponse(adresse, port, enfants[0])
        pret()
        while all(enfant.poll() is None for enfant in enfants):
            time.sleep(0.5)
        dire("Un des processus s'est arrêté : fin du service.")
        return 1
    except KeyboardInterrupt:
        dire("\nArrêt de Jalon.")
        return 0
    finally:
        for enfant in enfants:
            with contextlib.suppress(ProcessLookupError):
                enfant.terminate()
        for enfant in enfants:
            try:
                enfant.wait(15)
            except subprocess.TimeoutExpired:
                enfant.kill()


def _attendre_reponse(adresse: str, port: int, serveur: subprocess.Popen[bytes]) -> None:
    limite = time.monotonic() + 60
    while time.monotonic() < limite:
        if serveur.poll() is not None:
            raise JalonError("Le serveur web s'est arrêté au démarrage : son message est ci-dessus.")
        try:
            socket.create_connection((adresse, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise JalonError("Le serveur web ne répond pas après une minute.")


def worker(_args: argparse.Namespace) -> int:
    """Traite la file des travaux (imports, clichés, échéances du jour)."""
    import asyncio

    from procrastinate.contrib.django import app

    travaux = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]

    async def traiter() -> None:
        async with travaux.open_async():
            await travaux.run_worker_async(concurrency=1)

    asyncio.run(traiter())
    return 0


def creer_administrateur(args: argparse.Namespace) -> int:
    """Crée le premier compte : celui d'un administrateur, qui créera les autres."""
    import secrets

    from jalon.agents.models import ProfilHabilitation
    from jalon.agents.services import affecter_agent, creer_agent
    from jalon.organismes.models import CategorieOrganisme, Organisme

    profil = ProfilHabilitation.objects.filter(code="administrateur").first()
    organisme = Organisme.objects.filter(type__categorie=CategorieOrganisme.DEPARTEMENT).order_by("id").first()
    if profil is None or organisme is None:
        raise JalonError("Aucun département n'est chargé : lancez d'abord « jalon init --profil … ».")
    mot_de_passe = secrets.token_urlsafe(12)
    agent = creer_agent(email=args.courriel, nom=args.nom, prenom=args.prenom, acteur=None, mot_de_passe=mot_de_passe)
    affecter_agent(agent, acteur=None, profil=profil, organisme=organisme)
    print(f"Compte créé pour {agent}. Mot de passe provisoire, à changer à la première connexion : {mot_de_passe}")
    return 0


# --- Démonstration --------------------------------------------------------------------------------


def demo(args: argparse.Namespace) -> int:
    """Crée le département de démonstration, s'il ne l'est pas déjà, puis le sert."""
    from jalon.echanges.demonstration import TAILLE_REELLE

    if not args.sans_servir:
        _port_libre("127.0.0.1", args.port)
    taille = TAILLE_REELLE if args.taille == "reelle" else _taille(args.taille)
    libre = shutil.disk_usage(settings.DONNEES).free
    if libre < ESPACE_MINIMAL:
        raise JalonError(
            f"Il reste {libre // 1_000_000} Mo sur le disque de {settings.DONNEES} et la démonstration en demande "
            f"{ESPACE_MINIMAL // 1_000_000} : libérez de la place ou changez JALON_DONNEES."
        )
    from jalon.cli.demonstration import preparer

    comptes = preparer(
        args.profil, taille=taille, graine=args.graine, dire=dire, avancement=Avancement(), charger=_charger
    )
    if args.sans_servir:
        return 0

    def annoncer() -> None:
        print(f"\nJalon est prêt : http://localhost:{args.port}\n")
        print(f"Mot de passe de tous les comptes : {MOT_DE_PASSE_DEMONSTRATION}")
        for courriel, role in comptes:
            print(f"  {courriel:<44} {role}")
        print(f"\nLes adresses en @{DOMAINE_DEMONSTRATION} sont fictives. Ctrl-C pour arrêter.", flush=True)

    return _servir("127.0.0.1", args.port, avec_worker=True, pret=annoncer)


def _taille(texte: str) -> int:
    if not texte.isdigit() or not 1 <= int(texte) <= 200_000:
        raise JalonError("La taille est un nombre de foyers entre 1 et 200 000, ou « reelle ».")
    return int(texte)

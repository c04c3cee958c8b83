"""Une installation entière, servie comme en vrai, et un navigateur : base, web et travaux de fond compris."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.bases import RACINE, Bases
from tests.cli.conftest import dossier_traversable

CHROMIUM = next((chemin for nom in ("chromium", "chromium-browser") if (chemin := shutil.which(nom))), None)
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
TAILLE = 300
ATTENTE = 60_000
"""Millisecondes laissées à une page : deux cœurs partagés peuvent la faire tarder sans que rien ne soit en faute."""
DEMARRAGE = 120
"""Secondes laissées au serveur pour répondre."""
PROFIL = """
import json, sys
from jalon.cli.environnement import preparer_django
preparer_django()
from jalon.cli.demonstration import ecrire_fichiers
from jalon.cli.installation import creer_comptes_demonstration, installer, lire_profil, migrer
migrer()
profil, communes = lire_profil(sys.argv[1])
installer(profil, communes, tout_le_pays=False)
comptes = creer_comptes_demonstration(profil)
"""
PREPARATION = """
fichiers = ecrire_fichiers(profil, communes, taille=int(sys.argv[2]), graine=7, dire=lambda _: None,
                           avancement=lambda *_: None)
roles = {role.code: compte.email for role, compte in zip(profil.roles, comptes, strict=True)}
"""
COULISSES = """
import traceback
from django.db import connection
print(json.dumps({"fichiers": [str(f) for f in fichiers], "comptes": roles, "personnes": globals().get("personnes", {})}),
      flush=True)
for ordre in sys.stdin:
    texte, *arguments = json.loads(ordre)
    sys.argv, faute = ["", *arguments], ""
    try:
        exec(texte, {})
    except Exception:
        faute = traceback.format_exc()
    connection.close()
    print(json.dumps(faute), flush=True)
"""
"""Ce qui a préparé l'installation reste là, et fait ensuite dans sa base ce que l'essai lui demande."""


class Coulisses:
    """Le processus qui prépare une installation, puis y agit sans passer par l'écran : le temps qui passe."""

    def __init__(self, texte: str, *arguments: str, environnement: dict[str, str], journal: Path) -> None:
        self.journal = journal
        with open(journal, "w") as erreurs:
            self.processus = subprocess.Popen(
                [sys.executable, "-c", texte + COULISSES, *arguments],
                cwd=RACINE, env=environnement, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=erreurs,
            )  # fmt: skip

    def lire(self) -> Any:
        assert self.processus.stdout is not None
        ligne = self.processus.stdout.readline()
        assert ligne, self.journal.read_text()[-2000:]
        return json.loads(ligne)

    def executer(self, texte: str, *arguments: str) -> None:
        """Exécute un texte Python dans l'installation, avec ces arguments ; une faute fait échouer l'essai."""
        assert self.processus.stdin is not None
        print(json.dumps([texte, *arguments]), file=self.processus.stdin, flush=True)
        faute = self.lire()
        assert not faute, faute[-2000:]

    def finir(self) -> None:
        self.processus.communicate(timeout=60)


@dataclass(frozen=True)
class Installation:
    """Profil, adresse servie, fichiers des deux mois, comptes par rôle ; ce que la préparation y a mis de personnes."""

    profil: str
    adresse: str
    mois: tuple[Path, Path]
    comptes: dict[str, str]
    personnes: dict[str, str]
    """Nom que leur donne l'essai → identifiant public."""
    environnement: dict[str, str]
    """Réglages sous lesquels elle tourne."""
    executer: Callable[..., None]
    """`executer(texte, *arguments)` agit dans sa base sans passer par l'écran."""


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port: int = prise.getsockname()[1]
        return port


def _environnement(donnees: Path, **reglages: str) -> dict[str, str]:
    garde = {
        cle: valeur for cle, valeur in os.environ.items() if not cle.startswith(("DATABASE_", "DJANGO_", "JALON_"))
    }
    return garde | {"JALON_DONNEES": str(donnees), "JALON_DEMONSTRATION": "oui", **reglages}


Servir = Callable[..., Iterator["Installation"]]


@pytest.fixture(scope="session")
def servir(bases: Bases, worker_id: str) -> Servir:
    """`servir(profil, taille=…, suite=…, reglages=…)` : une installation de ce profil, le temps d'un module.

    `suite` : ce que la préparation fait encore avant que le serveur parte. La base est une copie de celle du profil, montée
    une fois par passage ; avec `embarquee`, elle se crée et se migre de bout en bout, sur son propre serveur.
    """

    def monter(profil: str) -> Callable[[str], None]:
        def faire(base: str) -> None:
            bases.copier(bases.migree(), base)
            with _dossier() as donnees:
                environnement = _environnement(donnees, DATABASE_URL=bases.adresse(base))
                fait = subprocess.run(
                    [sys.executable, "-c", PROFIL, profil],
                    cwd=RACINE, env=environnement, capture_output=True, text=True,
                )  # fmt: skip
                assert fait.returncode == 0, fait.stderr[-2000:]

        return faire

    def servir(
        profil: str, *, taille: int = TAILLE, suite: str = "", reglages: Mapping[str, str] | None = None,
        embarquee: bool = False,
    ) -> Iterator[Installation]:  # fmt: skip
        with _dossier() as donnees:
            environnement = _environnement(donnees, **(reglages or {}))
            base = ""
            if not embarquee:
                modele = bases.modele(profil.replace("-", "_"), monter(profil))
                base = bases.copier(modele, f"{bases.prefixe}_{worker_id}_navigateur")
                environnement["DATABASE_URL"] = bases.adresse(base)
                environnement["DATABASE_URL_WEB"] = bases.adresse(base, web=True)
            coulisses = Coulisses(
                PROFIL + PREPARATION + suite, profil, str(taille), environnement=environnement,
                journal=donnees / "coulisses.log",
            )  # fmt: skip
            try:
                yield from _servir(profil, donnees, environnement, coulisses)
            finally:
                coulisses.finir()
                if base:
                    bases.retirer(base)

    return servir


@contextmanager
def _dossier() -> Iterator[Path]:
    """Un dossier de données que le compte du serveur peut atteindre, retiré à la fin avec sa base embarquée."""
    dossier = dossier_traversable()
    serveur = dossier / "postgresql" / "grappe" / "postmaster.pid"
    try:
        yield dossier
    finally:
        limite = time.monotonic() + DEMARRAGE
        while serveur.exists() and time.monotonic() < limite:  # il s'arrête seul quand plus personne ne s'en sert
            time.sleep(0.2)
        shutil.rmtree(dossier, ignore_errors=True)


def _servir(profil: str, donnees: Path, environnement: dict[str, str], coulisses: Coulisses) -> Iterator[Installation]:
    donne = coulisses.lire()
    premier, second = (Path(fichier) for fichier in donne["fichiers"])
    port, journal = _port_libre(), donnees / "serveur.log"
    with open(journal, "w") as sortie:
        serveur = subprocess.Popen(
            [sys.executable, "-m", "jalon.cli", "serve", "--port", str(port)],
            cwd=RACINE, env=environnement, stdout=sortie, stderr=sortie,
        )  # fmt: skip
    try:
        _attendre(port, serveur, journal)
        yield Installation(
            profil, f"http://127.0.0.1:{port}", (premier, second), donne["comptes"], donne["personnes"], environnement,
            coulisses.executer,
        )  # fmt: skip
    finally:
        serveur.terminate()
        serveur.wait(60)


def _attendre(port: int, serveur: subprocess.Popen[bytes], journal: Path) -> None:
    """Le serveur répond ; s'il s'arrête ou n'y parvient pas, l'essai le dit avec son journal."""
    limite = time.monotonic() + DEMARRAGE
    while time.monotonic() < limite and serveur.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"Le serveur ne répond pas.\n{journal.read_text()[-2000:]}")


@pytest.fixture(scope="module", params=["pas-de-calais", "loiret"])
def installation(request: pytest.FixtureRequest, servir: Servir) -> Iterator[Installation]:
    """Sous le premier profil, rien n'est préparé d'avance : ce qu'un département fait, de la base vide au service."""
    yield from servir(request.param, embarquee=request.param == "pas-de-calais")


@pytest.fixture(scope="module")
def navigateur() -> Iterator[Browser]:
    """Fermé avec le module : Playwright laisse tourner une boucle que Django prendrait pour un contexte asynchrone."""
    if CHROMIUM is None:
        pytest.skip("Chromium n'est pas installé")
    expect.set_options(timeout=ATTENTE)
    with sync_playwright() as jeu:
        lance = jeu.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield lance
        lance.close()


class Visite:
    """Une page visitée : toute erreur de console et toute faute d'accessibilité fait échouer l'essai."""

    def __init__(self, page: Page, installation: Installation) -> None:
        self.page = page
        self.installation = installation
        self.erreurs: list[str] = []
        page.on("console", lambda m: self.erreurs.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda erreur: self.erreurs.append(str(erreur)))

    def aller(self, chemin: str) -> None:
        reponse = self.page.goto(self.installation.adresse + chemin)
        assert reponse is not None
        assert reponse.ok, f"{chemin} répond {reponse.status}"

    def controler(self) -> None:
        """La page est accessible, ne déborde pas et n'a produit aucune erreur."""
        violations = Axe().run(self.page).response["violations"]
        assert not violations, [(v["id"], v["help"], v["nodes"][0]["html"][:200]) for v in violations]
        largeur = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert largeur <= 0, f"la page déborde de {largeur} px"
        assert not self.erreurs, self.erreurs

    def se_connecter(self, role: str) -> None:
        self.aller("/compte/login/")
        self.controler()
        self.page.get_by_label("Courriel").fill(self.installation.comptes[role])
        self.page.get_by_label("Mot de passe", exact=True).fill("jalon-demonstration")
        self.page.get_by_role("button", name="Se connecter").click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Bonjour")


@pytest.fixture(params=[(1360, 900), (390, 844)], ids=["bureau", "telephone"])
def visite(request: pytest.FixtureRequest, navigateur: Browser, installation: Installation) -> Iterator[Visite]:
    contexte = navigateur.new_context(
        viewport={"width": request.param[0], "height": request.param[1]}, locale="fr-FR", accept_downloads=True
    )
    contexte.set_default_timeout(ATTENTE)
    yield Visite(contexte.new_page(), installation)
    contexte.close()

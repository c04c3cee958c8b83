"""Une installation entière, servie comme en vrai, et un navigateur : base, web et travaux de fond compris."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

RACINE = Path(__file__).resolve().parents[2]
CHROMIUM = next((chemin for nom in ("chromium", "chromium-browser") if (chemin := shutil.which(nom))), None)
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
TAILLE = 300
PREPARATION = """
import json, sys
from jalon.cli.environnement import preparer_django
preparer_django()
from jalon.cli.demonstration import ecrire_fichiers
from jalon.cli.installation import creer_comptes_demonstration, installer, lire_profil, migrer
migrer()
profil, communes = lire_profil(sys.argv[1])
installer(profil, communes, tout_le_pays=False)
comptes = creer_comptes_demonstration(profil)
fichiers = ecrire_fichiers(profil, communes, taille=int(sys.argv[2]), graine=7, dire=lambda _: None,
                           avancement=lambda *_: None)
roles = {role.code: compte.email for role, compte in zip(profil.roles, comptes, strict=True)}
"""
RESTITUTION = """
print(json.dumps({"fichiers": [str(f) for f in fichiers], "comptes": roles, "personnes": globals().get("personnes", {})}))
"""


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


def _port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port: int = prise.getsockname()[1]
        return port


def servir(
    profil: str, donnees: Path, *, taille: int = TAILLE, suite: str = "", reglages: Mapping[str, str] | None = None
) -> Iterator[Installation]:
    """Prépare une installation et la sert ; `suite` : ce que la préparation fait encore, avant que le serveur parte."""
    environnement = {
        cle: valeur for cle, valeur in os.environ.items() if not cle.startswith(("DATABASE_", "DJANGO_", "JALON_"))
    } | {"JALON_DONNEES": str(donnees), "JALON_DEMONSTRATION": "oui", **(reglages or {})}
    prepare = subprocess.run(
        [sys.executable, "-c", PREPARATION + suite + RESTITUTION, profil, str(taille)],
        cwd=RACINE, env=environnement, capture_output=True, text=True, check=True,
    )  # fmt: skip
    donne = json.loads(prepare.stdout)
    premier, second = (Path(fichier) for fichier in donne["fichiers"])
    port = _port_libre()
    with open(donnees / "serveur.log", "w") as journal:
        serveur = subprocess.Popen(
            [sys.executable, "-m", "jalon.cli", "serve", "--port", str(port)],
            cwd=RACINE, env=environnement, stdout=journal, stderr=journal,
        )  # fmt: skip
    try:
        limite = time.monotonic() + 60
        while time.monotonic() < limite:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield Installation(
            profil, f"http://127.0.0.1:{port}", (premier, second), donne["comptes"], donne["personnes"], environnement
        )
    finally:
        serveur.terminate()
        serveur.wait(30)


@pytest.fixture(scope="module", params=["pas-de-calais", "loiret"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    yield from servir(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def navigateur() -> Iterator[Browser]:
    """Fermé avec le module : Playwright laisse tourner une boucle que Django prendrait pour un contexte asynchrone."""
    if CHROMIUM is None:
        pytest.skip("Chromium n'est pas installé")
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
    contexte.set_default_timeout(60_000)
    yield Visite(contexte.new_page(), installation)
    contexte.close()

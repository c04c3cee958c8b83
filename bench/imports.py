"""Mesure l'import à taille réelle, en rapport au simple parcours du même fichier dans la même séance."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

RACINE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mesure:
    """Un chiffre mesuré, sa cible, et ce à quoi il se rapporte."""

    nom: str
    valeur: float
    unite: str
    cible: float | None = None
    detail: str = ""

    @property
    def tenue(self) -> bool:
        return self.cible is None or self.valeur <= self.cible


def parcours_nu(chemin: Path) -> float:
    """Durée du parcours nu : `lxml.iterparse` de tous les éléments, vidés au passage."""
    depart = time.perf_counter()
    for _, element in etree.iterparse(str(chemin)):
        element.clear()
    return time.perf_counter() - depart


def parcours_filtre(chemin: Path) -> float:
    """Variante plus sévère : seuls les foyers remontent à Python."""
    depart = time.perf_counter()
    for _, element in etree.iterparse(str(chemin), tag="InfosFoyerRSA"):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return time.perf_counter() - depart


def importer(chemin: Path) -> dict[str, Any]:
    """Importe dans un processus neuf ; rend la durée, la mémoire maximale (Mo) et le rapport."""
    sortie = subprocess.run(
        [sys.executable, "-m", "bench.un_import", str(chemin)], cwd=RACINE, capture_output=True, text=True
    )
    if sortie.returncode:
        raise SystemExit(f"L'import de {chemin.name} a échoué :\n{sortie.stderr}")
    resultat: dict[str, Any] = json.loads(sortie.stdout)
    return resultat


def vider() -> None:
    """Rend la base à son état d'avant tout import."""
    from django.db import connection

    with connection.cursor() as curseur:
        curseur.execute("truncate personnes_foyer, personnes_personne, echanges_flux, traces_acte cascade")


def charger(mois: list[Path]) -> None:
    """Met dans la base les deux mois à taille réelle, s'ils n'y sont pas déjà."""
    from jalon.echanges.models import Flux

    if set(Flux.objects.values_list("nom_fichier", "taille")) != {(m.name, m.stat().st_size) for m in mois}:
        vider()
        for chemin in mois:
            importer(chemin)


def repetition(chemin: Path) -> Path:
    """Le même mois, émis une heure plus tard : tout y est connu, mais ce n'est pas le même fichier."""
    copie = chemin.with_name(chemin.stem + "-repete.xml")
    with chemin.open("rb") as entree, copie.open("wb") as sortie:
        debut = entree.read(4096)
        sortie.write(debut.replace(b"<HEUCREAFLUX>04:30:00<", b"<HEUCREAFLUX>05:30:00<"))
        while morceau := entree.read(1 << 20):
            sortie.write(morceau)
    return copie


def mesurer(fichiers: list[Path], petit: list[Path], tours: int) -> list[Mesure]:
    """Médianes de plusieurs tours ; chaque durée est rapportée au parcours nu du même tour."""
    fichiers = [*fichiers, repetition(fichiers[1])]
    rapports: dict[str, list[float]] = {"premier": [], "suivant": [], "repetition": []}
    severes: dict[str, list[float]] = {"premier": [], "suivant": [], "repetition": []}
    durees: dict[str, list[float]] = {"premier": [], "suivant": [], "repetition": []}
    memoires: list[float] = []
    for tour in range(tours):
        vider()
        for nom, chemin in zip(rapports, fichiers, strict=True):
            nu, filtre = parcours_nu(chemin), parcours_filtre(chemin)
            resultat = importer(chemin)
            rapports[nom].append(resultat["duree"] / nu)
            severes[nom].append(resultat["duree"] / filtre)
            durees[nom].append(resultat["duree"])
            memoires.append(resultat["memoire_mo"])
            print(
                f"  tour {tour + 1}, {nom} : {resultat['duree']:.1f} s, parcours nu {nu:.1f} s, "
                f"filtré {filtre:.1f} s, mémoire {resultat['memoire_mo']:.0f} Mo, {resultat['etapes']}",
                file=sys.stderr, flush=True,
            )  # fmt: skip
    vider()
    memoire_petite = max(importer(chemin)["memoire_mo"] for chemin in petit)
    mediane = statistics.median
    cibles = {"premier": 4.0, "suivant": 2.5, "repetition": 1.8}
    libelles = {"premier": "Premier import", "suivant": "Mois suivant", "repetition": "Répétition"}
    return [
        *(
            Mesure(
                f"{libelles[nom]} ÷ parcours nu", mediane(rapports[nom]), "×", cibles[nom],
                f"{mediane(durees[nom]):.1f} s ; {mediane(severes[nom]):.2f} × le parcours filtré",
            )
            for nom in rapports
        ),
        Mesure("Mémoire maximale de l'import", max(memoires), "Mo", 400),
        Mesure(
            "Mémoire à 62 549 foyers ÷ à 6 000", max(memoires) / memoire_petite, "×", 1.25, f"{memoire_petite:.0f} Mo à 6 000"
        ),
    ]  # fmt: skip

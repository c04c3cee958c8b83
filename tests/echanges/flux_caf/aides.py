"""Ce que partagent les essais de lecture : lire, ou constater un refus bien rédigé."""

from pathlib import Path

import pytest
from lxml import etree

from jalon.echanges.flux_caf.lecture import FluxRefuseError, FoyerLu, LecteurFlux
from tests.echanges.flux_caf.fabrique import flux_xml, foyer, personne


def lire(chemin: Path, taille_max: int = 50_000_000) -> tuple[LecteurFlux, list[FoyerLu]]:
    lecteur = LecteurFlux(chemin, taille_max=taille_max)
    return lecteur, list(lecteur.foyers())


def refus(chemin: Path, taille_max: int = 50_000_000) -> FluxRefuseError:
    with pytest.raises(FluxRefuseError) as capture:
        lire(chemin, taille_max)
    phrase = str(capture.value)
    assert phrase[0].isupper()
    assert phrase.endswith(".")
    assert " ; " in phrase
    assert "\n" not in phrase
    return capture.value


def empreintes(foyers: list[FoyerLu]) -> list[bytes]:
    return [un_foyer.empreinte for un_foyer in foyers]


def textes(un_foyer: FoyerLu, balise: str) -> list[str | None]:
    return [element.text for element in etree.fromstring(un_foyer.xml).iter(balise)]


def trois_foyers() -> list[str]:
    return [foyer(f"{i:011d}", personnes=[personne("LÉGER", "ANDRÉ")]) for i in (1, 2, 3)]


def lignes_attendues(contenu: bytes, encodage: str = "windows-1252") -> list[int]:
    lignes = contenu.decode(encodage).split("\n")
    return [i for i, ligne in enumerate(lignes, start=1) if "<InfosFoyerRSA" in ligne]


COMPLET = flux_xml(trois_foyers())
FIN_UTILE = COMPLET.rindex(b"</Racine>") + len(b"</Racine>")

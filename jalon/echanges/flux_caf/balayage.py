"""Le balayage du texte avant l'analyse : refus de toute DTD, nom de la racine, lignes des foyers.

libxml2 ne compte les lignes des éléments que jusqu'à 65 535 : elles sont comptées ici. Les morceaux
balayés finissent tous juste après un « > » (sauf le dernier), donc ni une balise ouvrante de foyer, ni
l'ouverture ou la fin d'un commentaire, d'une section CDATA ou d'une instruction n'y sont coupées.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from jalon.echanges.flux_caf.erreurs import FluxRefuseError

MORCEAU_MAX = 16 * 1024 * 1024

_BALISE = re.compile(rb"<InfosFoyerRSA(?=[\s/>])")
_RACINE = re.compile(rb"<([^\s<>/!?][^\s<>/]*)(?=[\s/>])")
_SPECIAL = re.compile(rb"<!--|<!\[CDATA\[|<\?|<!")
_FINS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}


def couper_apres_balise(morceaux: Iterable[bytes]) -> Iterator[bytes]:
    """Redécoupe : chaque morceau rendu finit par « > », sauf peut-être le dernier."""
    reste: list[bytes] = []
    taille = 0
    for morceau in morceaux:
        coupe = morceau.rfind(b">") + 1
        if coupe:
            yield b"".join([*reste, morceau[:coupe]])
            reste, taille = [], 0
        reste.append(morceau[coupe:])
        taille += len(morceau) - coupe
        if taille > MORCEAU_MAX:
            raise FluxRefuseError(
                "xml_mal_forme",
                "Le fichier n'est pas un flux lisible : plus de 16 Mo s'y suivent sans la moindre balise ; "
                "vérifiez qu'il s'agit du bon fichier.",
            )
    if taille:
        yield b"".join(reste)


class Balayeur:
    """Suit le texte morceau par morceau ; `lignes` reçoit la ligne de chaque balise ouvrante de foyer."""

    def __init__(self) -> None:
        self.lignes: deque[int] = deque()
        self.racine: str | None = None
        self.ligne = 1
        self._fin_attendue: bytes | None = None  # terminaison du commentaire, CDATA ou instruction en cours

    def avancer(self, morceau: bytes) -> None:
        ordinaire = b"<!" not in morceau and b"<?" not in morceau  # cas de presque tous les morceaux
        if ordinaire and self.racine is not None and self._fin_attendue is None:
            self._relever(morceau, 0, len(morceau))
            return
        position = 0
        while position < len(morceau):
            if self._fin_attendue is not None:
                fin = morceau.find(self._fin_attendue, position)
                suite = len(morceau) if fin < 0 else fin + len(self._fin_attendue)
                self.ligne += morceau.count(b"\n", position, suite)
                if fin >= 0:
                    self._fin_attendue = None
                position = suite
                continue
            special = _SPECIAL.search(morceau, position)
            limite = len(morceau) if special is None else special.start()
            self._relever(morceau, position, limite)
            if special is None:
                return
            ouverture = special[0]
            if ouverture == b"<!" or (ouverture == b"<![CDATA[" and self.racine is None):
                self._refuser_dtd(morceau[special.start() : special.start() + 40])
            self._fin_attendue = _FINS[ouverture]
            position = special.end()

    def _relever(self, morceau: bytes, debut: int, limite: int) -> None:
        if self.racine is None:
            intervalle = morceau[debut:limite]
            if intervalle.strip() and not intervalle.lstrip().startswith(b"<"):
                raise FluxRefuseError(
                    "pas_un_flux",
                    "Ce fichier n'est pas du XML, alors que les flux de la CAF et de la MSA le sont ; "
                    "déposez le fichier reçu de l'organisme, sans le convertir.",
                )
            trouve = _RACINE.search(morceau, debut, limite)
            if trouve is not None:
                self.racine = trouve[1].decode("utf-8", "replace")
        position = debut
        while (trouvee := morceau.find(b"<InfosFoyerRSA", position, limite)) >= 0:
            self.ligne += morceau.count(b"\n", position, trouvee)
            if _BALISE.match(morceau, trouvee):
                self.lignes.append(self.ligne)
            position = trouvee + 1
        self.ligne += morceau.count(b"\n", position, limite)

    def _refuser_dtd(self, extrait: bytes) -> None:
        if extrait.lower().split()[:2] == [b"<!doctype", b"html"] or extrait.lower().startswith(b"<!doctype html"):
            raise FluxRefuseError(
                "pas_un_flux",
                "Ce fichier est une page web, pas un flux de la CAF ou de la MSA : le téléchargement a sans doute "
                "rendu une page d'erreur ; téléchargez le flux à nouveau.",
            )
        raise FluxRefuseError(
            "dtd_interdite",
            "Le fichier contient une définition de type (DTD), ce qu'aucun flux de la CAF ou de la MSA ne fait et "
            "qui peut cacher une attaque ; ne l'importez pas et signalez-le à votre responsable informatique.",
        )

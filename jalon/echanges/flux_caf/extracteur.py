"""Extraction des foyers dans un second processus, pendant que le premier lit le fichier.

Le processus principal lui envoie des lots sur son entrée ; il écrit ce qu'il en extrait dans le fichier mis de
côté. Si le principal est tué, son entrée se ferme et il s'arrête. Un petit flux s'extrait sur place.
"""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import IO, Final

from django.conf import settings

from jalon.echanges.flux_caf.extraction import (
    Extraction,
    FoyerIllisibleError,
    FoyerRecu,
    IdentiteRecue,
    PersonneRecue,
)
from jalon.echanges.flux_caf.lecture import FoyerLu
from jalon.echanges.flux_caf.personnes import Candidate, preparer
from jalon.personnes.identite import Nir

TAILLE_LOT: Final = 1_000
LANCEMENT: Final = "import django; django.setup(); from jalon.echanges.flux_caf.extracteur import servir; servir()"


@dataclass(slots=True)
class LotExtrait:
    """Foyers lus d'un lot avec leurs personnes prêtes à comparer, et ceux qui n'ont pas pu l'être."""

    recus: list[tuple[FoyerRecu, list[Candidate]]] = field(default_factory=list)
    illisibles: list[tuple[FoyerLu, str, str]] = field(default_factory=list)


def extraire_lot(lus: Iterable[FoyerLu]) -> LotExtrait:
    """Extrait les faits d'un lot de foyers. Ne touche pas à la base."""
    lot = LotExtrait()
    for lu in lus:
        try:
            recu = Extraction(lu.rang, lu.ligne, lu.empreinte).lire(lu.xml)
        except FoyerIllisibleError as erreur:
            lot.illisibles.append((lu, erreur.champ, str(erreur)))
        else:
            lot.recus.append((recu, [preparer(personne) for personne in recu.personnes]))
    return lot


_CHAMPS_FOYER = tuple(nom for nom in FoyerRecu.__slots__ if nom != "personnes")
_CHAMPS_PERSONNE = tuple(nom for nom in PersonneRecue.__slots__ if nom not in ("identite", "nir"))
_CHAMPS_CANDIDATE = tuple(nom for nom in Candidate.__slots__ if nom != "recue")
_VALEURS_FOYER, _VALEURS_PERSONNE, _VALEURS_CANDIDATE = (
    attrgetter(*champs) for champs in (_CHAMPS_FOYER, _CHAMPS_PERSONNE, _CHAMPS_CANDIDATE)
)


def _ecrire_lot(lot: LotExtrait, sortie: IO[bytes]) -> None:
    """Écrit un lot en n-uplets : `marshal` est cinq fois plus rapide que `pickle`, et le fichier ne sort pas d'ici."""
    foyers = [
        (
            _VALEURS_FOYER(recu),
            [
                (
                    _VALEURS_PERSONNE(p),
                    p.identite.colonnes(),
                    None if p.nir is None else (p.nir.numero, str(p.nir.type)),
                    _VALEURS_CANDIDATE(c),
                )
                for p, c in zip(recu.personnes, candidates, strict=True)
            ],
        )
        for recu, candidates in lot.recus
    ]
    illisibles = [((f.rang, f.ligne, f.empreinte, f.xml), champ, motif) for f, champ, motif in lot.illisibles]
    marshal.dump((foyers, illisibles), sortie)


def _relire_lot(entree: IO[bytes]) -> LotExtrait:
    """Relit un lot ; lève `EOFError` après le dernier."""
    foyers, illisibles = marshal.load(entree)
    lot = LotExtrait(illisibles=[(FoyerLu(*foyer), champ, motif) for foyer, champ, motif in illisibles])
    for champs, personnes in foyers:
        recus, candidates = [], []
        for reste, identite, nir, cles in personnes:
            recue = PersonneRecue(IdentiteRecue(*identite), None if nir is None else Nir(*nir), *reste)
            recus.append(recue)
            candidates.append(Candidate(recue, *cles))
        lot.recus.append((FoyerRecu(recus, *champs), candidates))
    return lot


class Extracteur:
    """Reçoit des foyers un à un, et les range extraits, par lots, dans un fichier."""

    def __init__(self, reserve: IO[bytes]) -> None:
        self.reserve = reserve
        self.nombre = 0
        self._lot: list[FoyerLu] = []
        self._enfant: subprocess.Popen[bytes] | None = None

    def deposer(self, foyer: FoyerLu) -> None:
        self._lot.append(foyer)
        self.nombre += 1
        if len(self._lot) == TAILLE_LOT:
            self._envoyer()

    def _envoyer(self) -> None:
        if self._enfant is None:
            self._enfant = subprocess.Popen(
                [sys.executable, "-c", LANCEMENT, str(self.reserve.fileno())],
                stdin=subprocess.PIPE,
                cwd=settings.RACINE,
                pass_fds=(self.reserve.fileno(),),
            )
        assert self._enfant.stdin is not None
        marshal.dump([(f.rang, f.ligne, f.empreinte, f.xml) for f in self._lot], self._enfant.stdin)
        self._lot = []

    def terminer(self) -> None:
        """Attend que tout soit extrait ; lève `RuntimeError` si le second processus a échoué."""
        if self._enfant is None:
            if self._lot:
                _ecrire_lot(extraire_lot(self._lot), self.reserve)
                self.reserve.flush()
            return
        if self._lot:
            self._envoyer()
        assert self._enfant.stdin is not None
        self._enfant.stdin.close()
        if self._enfant.wait():
            raise RuntimeError(f"L'extraction des foyers s'est arrêtée (code {self._enfant.returncode}).")
        self._enfant = None

    def abandonner(self) -> None:
        """Arrête le second processus quand le fichier est refusé en cours de lecture."""
        if self._enfant is not None:
            self._enfant.kill()
            self._enfant.wait()
            if self._enfant.stdin is not None:
                self._enfant.stdin.close()

    def lots(self) -> Iterator[LotExtrait]:
        """Les lots rangés, dans l'ordre du fichier."""
        self.reserve.seek(0)
        while True:
            try:
                yield _relire_lot(self.reserve)
            except EOFError:
                return


def servir() -> None:
    """Boucle du second processus : un lot sur l'entrée, son extraction dans le fichier dont on a le numéro."""
    gc.disable()  # rien ici ne forme de cycle, et le ramasse-miettes prendrait un quart du temps
    with os.fdopen(int(sys.argv[1]), "wb") as sortie:
        while True:
            try:
                lus = marshal.load(sys.stdin.buffer)
            except EOFError:
                return
            _ecrire_lot(extraire_lot(FoyerLu(*lu) for lu in lus), sortie)

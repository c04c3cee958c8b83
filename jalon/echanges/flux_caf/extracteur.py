"""Extraction des foyers dans un second processus, pendant que le premier lit le fichier puis intègre.

Le processus principal range ses lots dans un fichier mis de côté et en dit la place au second, qui range de même
ce qu'il en extrait : aucun n'attend l'autre tant qu'il a de quoi faire, et rien ne s'accumule en mémoire. Si le
principal est tué, le second perd ses tuyaux et s'arrête. Un petit flux s'extrait sur place.
"""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from typing import IO, Final

from django.conf import settings

from jalon.echanges.flux_caf.extraction import Extraction, Fait, FoyerIllisibleError, FoyerRecu
from jalon.echanges.flux_caf.lecture import FoyerLu
from jalon.echanges.flux_caf.lignes import Ligne, en_ligne, en_lignes
from jalon.echanges.flux_caf.personnes import Candidate, preparer

TAILLE_LOT: Final = 1_000
LANCEMENT: Final = "import django; django.setup(); from jalon.echanges.flux_caf.extracteur import servir; servir()"


@dataclass(slots=True)
class FoyerExtrait:
    """Un foyer lu, ses faits mis en lignes ; ceux des personnes n'ont pas encore leur identifiant."""

    personnes: list[Candidate]
    rang: int
    ligne: int | None
    empreinte: bytes
    numero_demande: str
    attributs: Fait
    matricule_chiffre: bytes | None
    matricule_empreinte: bytes | None
    adresses: list[AdresseExtraite]
    situation: Ligne
    etat: str
    montants: list[Ligne]
    natures: list[Ligne]
    suspensions: list[Ligne]
    avis: list[Ligne]
    blocs: list[Ligne]
    evenements: list[Fait]
    anomalies: list[tuple[str, str]]


AdresseExtraite = tuple[Ligne, str, str, str, str]
"""La ligne, puis ce qui situe l'adresse : rang, code INSEE, pays, nom de la commune."""


@dataclass(slots=True)
class LotExtrait:
    """Foyers lus d'un lot, et ceux qui n'ont pas pu l'être."""

    recus: list[FoyerExtrait] = field(default_factory=list)
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
            lot.recus.append(_mettre_en_lignes(recu))
    return lot


def _mettre_en_lignes(recu: FoyerRecu) -> FoyerExtrait:
    msa = recu.matricule_msa
    empreinte = settings.CLE_MAITRE.indexer(msa) if msa else None
    return FoyerExtrait(
        personnes=[preparer(personne) for personne in recu.personnes],
        rang=recu.rang,
        ligne=recu.ligne,
        empreinte=recu.empreinte,
        numero_demande=recu.numero_demande,
        attributs=(
            recu.matricule, "" if empreinte is None else empreinte.hex(), recu.caisse_regime, recu.caisse_numero,
            recu.partenaire, recu.date_demande, recu.date_demande_rmi, recu.instruction_rmi,
        ),
        matricule_chiffre=settings.CLE_MAITRE.chiffrer(msa) if msa else None,
        matricule_empreinte=empreinte,
        adresses=[(en_ligne(fait), fait[0], fait[11], fait[3], fait[13]) for fait in recu.adresses],
        situation=en_ligne(recu.situation),
        etat=recu.etat,
        montants=en_lignes(recu.montants),
        natures=en_lignes(recu.natures),
        suspensions=en_lignes(recu.suspensions),
        avis=en_lignes(recu.avis),
        blocs=en_lignes(recu.blocs),
        evenements=recu.evenements,
        anomalies=recu.anomalies,
    )  # fmt: skip


_VALEURS_LU, _VALEURS_FOYER, _VALEURS_CANDIDATE = (
    attrgetter(*(nom for nom in classe.__slots__ if nom != "personnes"))
    for classe in (FoyerLu, FoyerExtrait, Candidate)
)


def _emballer(lot: LotExtrait) -> bytes:
    """Met un lot en octets, en n-uplets : `marshal` est cinq fois plus rapide que `pickle`, et rien ne sort d'ici."""
    foyers = [
        ([_VALEURS_CANDIDATE(personne) for personne in recu.personnes], _VALEURS_FOYER(recu)) for recu in lot.recus
    ]
    return marshal.dumps((foyers, [(_VALEURS_LU(lu), champ, motif) for lu, champ, motif in lot.illisibles]))


def _deballer(octets: bytes) -> LotExtrait:
    foyers, illisibles = marshal.loads(octets)
    return LotExtrait(
        recus=[FoyerExtrait([Candidate(*valeurs) for valeurs in personnes], *champs) for personnes, champs in foyers],
        illisibles=[(FoyerLu(*foyer), champ, motif) for foyer, champ, motif in illisibles],
    )


class _Reserve:
    """Un fichier où un processus ajoute des lots et où l'autre les relit, chacun à sa place."""

    def __init__(self, descripteur: int) -> None:
        self.descripteur = descripteur
        self.taille = 0

    def ranger(self, octets: bytes) -> bytes:
        """Ajoute un lot ; rend la ligne qui dit où le relire."""
        place = b"%d %d\n" % (self.taille, len(octets))
        while octets:
            ecrits = os.pwrite(self.descripteur, octets, self.taille)
            self.taille += ecrits
            octets = octets[ecrits:]
        return place

    def relire(self, place: bytes) -> bytes:
        debut, taille = map(int, place.split())
        morceaux = []
        while taille and (morceau := os.pread(self.descripteur, taille, debut)):
            morceaux.append(morceau)
            debut, taille = debut + len(morceau), taille - len(morceau)
        return b"".join(morceaux)


class Extracteur:
    """Reçoit des foyers un à un, et les rend extraits, par lots."""

    def __init__(self, reserve: IO[bytes]) -> None:
        self.nombre = 0
        self._lot: list[FoyerLu] = []
        self._envoyes = 0
        self._fichier = reserve
        self._lus = _Reserve(reserve.fileno())
        self._enfant: subprocess.Popen[bytes] | None = None
        self._retour: IO[bytes] | None = None

    def deposer(self, foyer: FoyerLu) -> None:
        self._lot.append(foyer)
        self.nombre += 1
        if len(self._lot) == TAILLE_LOT:
            self._envoyer()

    def _envoyer(self) -> None:
        if self._enfant is None:
            self._retour = tempfile.TemporaryFile(dir=settings.DONNEES / "provisoire")  # noqa: SIM115
            descripteurs = (self._fichier.fileno(), self._retour.fileno())
            self._enfant = subprocess.Popen(
                [sys.executable, "-c", LANCEMENT, *map(str, descripteurs)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=settings.RACINE,
                pass_fds=descripteurs,
            )
        assert self._enfant.stdin is not None
        with suppress(BrokenPipeError):  # le second processus est tombé : `lots` le dira
            self._enfant.stdin.write(self._lus.ranger(marshal.dumps([_VALEURS_LU(lu) for lu in self._lot])))
            self._enfant.stdin.flush()
        self._envoyes += 1
        self._lot = []

    def terminer(self) -> None:
        """Dit que tout est déposé ; l'extraction des derniers lots continue pendant que les premiers s'intègrent."""
        if self._enfant is not None:
            if self._lot:
                self._envoyer()
            assert self._enfant.stdin is not None
            with suppress(BrokenPipeError):
                self._enfant.stdin.close()

    def abandonner(self) -> None:
        """Arrête le second processus s'il tourne encore : fichier refusé, ou intégration en échec."""
        if self._enfant is not None:
            self._enfant.kill()
            self._enfant.wait()
            for tuyau in (self._enfant.stdin, self._enfant.stdout, self._retour):
                assert tuyau is not None
                with suppress(BrokenPipeError):
                    tuyau.close()
            self._enfant = None

    def lots(self) -> Iterator[LotExtrait]:
        """Les lots dans l'ordre du fichier, à mesure qu'ils sont extraits ; `RuntimeError` si l'extraction échoue."""
        if self._enfant is None:
            if self._lot:
                yield extraire_lot(self._lot)
            return
        assert self._enfant.stdout is not None
        assert self._retour is not None
        retour, recus = _Reserve(self._retour.fileno()), 0
        for recus, place in enumerate(self._enfant.stdout, 1):  # noqa: B007
            yield _deballer(retour.relire(place))
        if self._enfant.wait() or recus != self._envoyes:
            raise RuntimeError(f"L'extraction des foyers s'est arrêtée (code {self._enfant.returncode}).")


def servir() -> None:
    """Boucle du second processus : chaque ligne reçue dit où lire un lot, chaque ligne rendue où le trouver extrait."""
    gc.disable()  # rien ici ne forme de cycle, et le ramasse-miettes prendrait un quart du temps
    lus, retour = (_Reserve(int(descripteur)) for descripteur in sys.argv[1:3])
    with suppress(BrokenPipeError):  # le principal a été tué : plus personne n'attend
        for place in sys.stdin.buffer:
            lot = extraire_lot(FoyerLu(*valeurs) for valeurs in marshal.loads(lus.relire(place)))
            sys.stdout.buffer.write(retour.ranger(_emballer(lot)))
            sys.stdout.buffer.flush()

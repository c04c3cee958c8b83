"""Produire des lettres en nombre : par tranches, sur tous les cœurs, et sans jamais faire deux fois la même.

Chaque tranche s'écrit d'un bloc, lettres et part de l'imprimeur ensemble ; sa place est unique en base. Une panne
laisse des tranches entières : la reprise fait les autres. Le travail tient un verrou consultatif tant qu'il vit, que
le noyau rend même après un arrêt brutal : c'est ainsi que l'écran distingue un lot long d'un lot mort.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from django.db import connection, models, transaction
from django.utils import timezone

from jalon.documents.models import Document, EtatLot, LotDocuments, TrancheLot
from jalon.documents.pdf import assembler, etre_ouvrier, rendre_lettre, rendre_tranche
from jalon.documents.services import enregistrer_document
from jalon.socle.errors import JalonError, TransitionRefuseeError

TAILLE_TRANCHE: Final = 100
SEUL: Final = 100
"""Jusque-là, partager le travail coûterait plus que le faire."""
VERROU_LOT: Final = 7_062_031
"""Classe des verrous de suivi ; le second nombre est la clé du lot."""
EN_VIE: Final = (EtatLot.EN_ATTENTE, EtatLot.EN_COURS)
Rendu = tuple[list[bytes], bytes]
Tranche = tuple[int, Sequence[int]]
T = TypeVar("T")


class TrancheARefaireError(Exception):
    """Un autre acte a touché un objet de la tranche pendant qu'elle se composait : elle est à préparer de nouveau."""


class Fabrique(Protocol):
    """Ce que le métier apporte : ce qu'il faut écrire sur chaque lettre, et ce qu'une tranche change au dossier."""

    @property
    def papier(self) -> dict[str, Any]: ...

    def preparer(self, objets: Sequence[int]) -> Sequence[Any]:
        """Lettres à faire pour ces objets, dans l'ordre ; chacune a une `charge`. Ce qui ne se fait plus est omis."""
        ...

    def ecrire(self, preparees: Sequence[Any], pdf: Sequence[bytes]) -> None:
        """Garde les lettres d'une tranche, dans la transaction où la tranche est notée faite.

        Lève `TrancheARefaireError` si l'une des lettres ne doit plus partir : rien de la tranche n'est gardé.
        """
        ...

    def completer(self) -> Iterable[Any]:
        """Une fois tout fait, les lettres que le lot entier demande encore ; chacune a une `charge`."""
        ...

    def conclure(self, complements: Sequence[Any], pdf: Sequence[bytes]) -> None:
        """Garde ces lettres, dans la transaction qui termine le lot."""
        ...


class Atelier:
    """Où se composent les PDF : dans un processus par cœur, ou dans celui-ci si le travail est trop petit."""

    def __init__(self, processus: int) -> None:
        # « spawn » : un compilateur né avant la division des processus les bloquerait tous.
        self._pool = (
            ProcessPoolExecutor(processus, multiprocessing.get_context("spawn"), initializer=etre_ouvrier)
            if processus > 1
            else None
        )
        self.avance = 2 * processus if processus > 1 else 1
        """Tranches à tenir prêtes : une d'avance par cœur, assez pour ne pas attendre sans remplir la mémoire."""

    def __enter__(self) -> Atelier:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def confier(self, travail: Callable[..., T], *donnees: Any) -> Callable[[], T]:
        """Met le travail en route, et rend de quoi en attendre le résultat."""
        if self._pool is None:
            return partial(travail, *donnees)
        return self._pool.submit(travail, *donnees).result


def creer_lot(
    *,
    acteur: models.Model,
    nature: str,
    titre: str,
    objets: Sequence[int],
    ecartes: Sequence[dict[str, str]],
    jour: date,
) -> LotDocuments:
    """Note la demande ; son travail de fond est mis en file par qui appelle, dans la même transaction."""
    return LotDocuments.objects.create(
        taille_tranche=TAILLE_TRANCHE,
        nature=nature,
        titre=titre,
        objets=list(objets),
        ecartes=list(ecartes),
        date_courrier=jour,
        demande_par_id=acteur.pk,
    )


@transaction.atomic
def remettre_en_file(lot: LotDocuments) -> LotDocuments:
    """Rend un lot coupé à la file, pour qu'il finisse ce qui manque. Lève `TransitionRefuseeError`."""
    lot = LotDocuments.objects.select_for_update(of=("self",)).get(pk=lot.pk)
    if etat_reel(lot, lots_vivants()) != EtatLot.INTERROMPU:
        raise TransitionRefuseeError(
            f"Ce lot est « {lot.get_etat_display().lower()} » : seul un lot interrompu peut être repris."
        )
    lot.etat, lot.message = EtatLot.EN_ATTENTE, ""
    lot.save(update_fields=["etat", "message"])
    return lot


def lots_vivants() -> set[int]:
    """Clés des lots dont le travail tourne en ce moment, d'après les verrous que PostgreSQL tient."""
    with connection.cursor() as curseur:
        curseur.execute(
            "select objid::bigint from pg_locks where locktype = 'advisory' and objsubid = 2 and granted "
            "and classid::bigint = %s and database = (select oid from pg_database where datname = current_database())",
            [VERROU_LOT],
        )
        return {cle for (cle,) in curseur}


def etat_reel(lot: LotDocuments, vivants: set[int]) -> EtatLot:
    """Un lot en cours dont plus aucun travail ne tient le verrou est interrompu, avant même d'être marqué."""
    if lot.etat == EtatLot.EN_COURS and lot.pk not in vivants:
        return EtatLot.INTERROMPU
    return EtatLot(lot.etat)


@contextmanager
def _verrou(lot: LotDocuments) -> Iterator[bool]:
    with connection.cursor() as curseur:
        curseur.execute("select pg_try_advisory_lock(%s, %s)", [VERROU_LOT, lot.pk])
        pris = bool(curseur.fetchone()[0])
    try:
        yield pris
    finally:
        if pris:
            with connection.cursor() as curseur:
                curseur.execute("select pg_advisory_unlock(%s, %s)", [VERROU_LOT, lot.pk])


@contextmanager
def _sans_relire_la_memoire() -> Iterator[None]:
    """Ce qui vivait avant le lot n'est plus parcouru à chaque ramassage : le sixième du temps de ce processus."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def executer_lot(lot: LotDocuments, fabrique: Fabrique) -> None:
    """Fait les tranches qui manquent, puis assemble le fichier de l'imprimeur.

    Un lot qu'un autre travail tient, ou déjà fini, est laissé tel quel. Une panne le marque interrompu et se propage.
    """
    with _verrou(lot) as pris:
        lot.refresh_from_db()
        if not pris or lot.etat not in EN_VIE:
            return
        lot.etat = EtatLot.EN_COURS
        lot.save(update_fields=["etat"])
        try:
            a_faire = _a_faire(lot)
            with _sans_relire_la_memoire(), Atelier(_processus(a_faire)) as atelier:
                _faire(lot, fabrique, atelier, a_faire)
                _finir(lot, fabrique, atelier)
        except Exception as erreur:
            lot.etat = EtatLot.INTERROMPU
            lot.message = str(erreur)[:500] if isinstance(erreur, JalonError) else (
                "Une panne a arrêté la production. Les lettres déjà faites sont gardées : vous pouvez reprendre."
            )  # fmt: skip
            lot.save(update_fields=["etat", "message"])
            raise


def _a_faire(lot: LotDocuments) -> deque[Tranche]:
    """Les tranches qu'aucun travail n'a encore écrites."""
    faites = set(lot.tranches.order_by("rang").values_list("rang", flat=True))
    return deque(
        (rang, lot.objets[debut : debut + lot.taille_tranche])
        for rang, debut in enumerate(range(0, len(lot.objets), lot.taille_tranche))
        if rang not in faites
    )


def _processus(a_faire: deque[Tranche]) -> int:
    if sum(len(objets) for _, objets in a_faire) <= SEUL:
        return 1
    return min(os.cpu_count() or 1, len(a_faire))


def _faire(lot: LotDocuments, fabrique: Fabrique, atelier: Atelier, a_faire: deque[Tranche]) -> None:
    en_cours: deque[tuple[int, Sequence[int], Sequence[Any], Callable[[], Rendu]]] = deque()
    while a_faire or en_cours:
        while a_faire and len(en_cours) < atelier.avance:
            rang, objets = a_faire.popleft()
            preparees = fabrique.preparer(objets)
            rendu = atelier.confier(rendre_tranche, fabrique.papier, _charges(preparees))
            en_cours.append((rang, objets, preparees, rendu))
        rang, objets, preparees, rendu = en_cours.popleft()
        try:
            _ecrire(lot, fabrique, rang, len(objets), preparees, rendu())
        except TrancheARefaireError:
            _faire_ici(lot, fabrique, rang, objets)


def _faire_ici(lot: LotDocuments, fabrique: Fabrique, rang: int, objets: Sequence[int]) -> None:
    """Compose et écrit une tranche dans ce processus, en recommençant si les dossiers bougent pendant ce temps."""
    while True:
        preparees = fabrique.preparer(objets)
        rendu = rendre_tranche(fabrique.papier, _charges(preparees))
        try:
            return _ecrire(lot, fabrique, rang, len(objets), preparees, rendu)
        except TrancheARefaireError:
            continue


def _charges(preparees: Sequence[Any]) -> list[dict[str, Any]]:
    return [preparee.charge for preparee in preparees]


@transaction.atomic
def _ecrire(
    lot: LotDocuments, fabrique: Fabrique, rang: int, nombre: int, preparees: Sequence[Any], rendu: Rendu
) -> None:
    pdf, planche = rendu
    TrancheLot.objects.create(lot=lot, rang=rang, planche=planche)
    fabrique.ecrire(preparees, pdf)
    lot.fait += nombre
    lot.save(update_fields=["fait"])


@transaction.atomic
def _finir(lot: LotDocuments, fabrique: Fabrique, atelier: Atelier) -> None:
    tranches = lot.tranches.order_by("rang").values_list("planche", flat=True)
    planche = atelier.confier(assembler, [bytes(octets) for octets in tranches])
    complements, rendus = [], []
    for complement in fabrique.completer():
        complements.append(complement)
        rendus.append(atelier.confier(rendre_lettre, fabrique.papier, complement.charge))
    fabrique.conclure(complements, [rendu() for rendu in rendus])
    octets = planche()
    if octets:
        lot.planche = _garder_planche(lot, octets)
    lot.etat, lot.fini_le, lot.message = EtatLot.TERMINE, timezone.now(), ""
    lot.save(update_fields=["etat", "fini_le", "message", "planche"])
    lot.tranches.all().delete()


def _garder_planche(lot: LotDocuments, octets: bytes) -> Document:
    return enregistrer_document(
        octets, acteur=lot.demande_par, nature="planche", titre=f"Pour l'imprimeur : {lot.titre}"
    )

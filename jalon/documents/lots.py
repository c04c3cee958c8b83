"""Produire des lettres en nombre : par tranches, sur tous les cœurs, et sans jamais faire deux fois la même.

Chaque tranche s'écrit d'un bloc, lettres et part de l'imprimeur ensemble ; sa place est unique en base. Une panne
laisse des tranches entières : la reprise fait les autres. Le travail tient un verrou consultatif tant qu'il vit, que
le noyau rend même après un arrêt brutal : c'est ainsi que l'écran distingue un lot long d'un lot mort.
"""

from __future__ import annotations

import io
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import Any, Final, Protocol

import pikepdf
from django.db import connection, models, transaction
from django.utils import timezone

from jalon.documents.models import Document, EtatLot, LotDocuments, TrancheLot
from jalon.documents.pdf import rendre_tranche
from jalon.documents.services import enregistrer_document
from jalon.socle.errors import JalonError, TransitionRefuseeError

TAILLE_TRANCHE: Final = 100
SEUL: Final = 100
"""Jusque-là, partager le travail coûterait plus que le faire."""
A4: Final = (595, 842)
VERROU_LOT: Final = 7_062_031
"""Classe des verrous de suivi ; le second nombre est la clé du lot."""
EN_VIE: Final = (EtatLot.EN_ATTENTE, EtatLot.EN_COURS)
Rendu = tuple[list[bytes], bytes]


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

    def conclure(self) -> None:
        """Une fois tout fait, dans la transaction qui termine le lot."""
        ...


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
            _faire(lot, fabrique)
            _finir(lot, fabrique)
        except Exception as erreur:
            lot.etat = EtatLot.INTERROMPU
            lot.message = str(erreur)[:500] if isinstance(erreur, JalonError) else (
                "Une panne a arrêté la production. Les lettres déjà faites sont gardées : vous pouvez reprendre."
            )  # fmt: skip
            lot.save(update_fields=["etat", "message"])
            raise


def _faire(lot: LotDocuments, fabrique: Fabrique) -> None:
    faites = set(lot.tranches.order_by("rang").values_list("rang", flat=True))
    a_faire: deque[tuple[int, Sequence[int]]] = deque(
        (rang, lot.objets[debut : debut + lot.taille_tranche])
        for rang, debut in enumerate(range(0, len(lot.objets), lot.taille_tranche))
        if rang not in faites
    )
    coeurs = min(os.cpu_count() or 1, len(a_faire))
    if coeurs < 2 or sum(len(objets) for _, objets in a_faire) <= SEUL:
        for rang, objets in a_faire:
            _faire_ici(lot, fabrique, rang, objets)
        return
    # « spawn » : un compilateur né avant la division des processus les bloquerait tous.
    with ProcessPoolExecutor(coeurs, mp_context=multiprocessing.get_context("spawn")) as atelier:
        en_cours: deque[tuple[int, Sequence[int], Sequence[Any], Future[Rendu]]] = deque()
        while a_faire or en_cours:
            # Une tranche d'avance par cœur : assez pour ne pas attendre, pas assez pour remplir la mémoire.
            while a_faire and len(en_cours) < 2 * coeurs:
                rang, objets = a_faire.popleft()
                preparees = fabrique.preparer(objets)
                rendu = atelier.submit(rendre_tranche, fabrique.papier, _charges(preparees))
                en_cours.append((rang, objets, preparees, rendu))
            rang, objets, preparees, rendu = en_cours.popleft()
            try:
                _ecrire(lot, fabrique, rang, len(objets), preparees, rendu.result())
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
def _finir(lot: LotDocuments, fabrique: Fabrique) -> None:
    octets = assembler(bytes(planche) for planche in lot.tranches.order_by("rang").values_list("planche", flat=True))
    if octets:
        lot.planche = _garder_planche(lot, octets)
    fabrique.conclure()
    lot.etat, lot.fini_le, lot.message = EtatLot.TERMINE, timezone.now(), ""
    lot.save(update_fields=["etat", "fini_le", "message", "planche"])
    lot.tranches.all().delete()


def _garder_planche(lot: LotDocuments, octets: bytes) -> Document:
    return enregistrer_document(
        octets, acteur=lot.demande_par, nature="planche", titre=f"Pour l'imprimeur : {lot.titre}"
    )


def assembler(planches: Iterator[bytes]) -> bytes:
    """Met des suites de pages bout à bout. Chaque suite est complétée au verso, pour que la suivante parte d'un recto."""
    sortie = pikepdf.new()
    # Les sources restent ouvertes jusqu'à l'écriture : leurs pages y sont encore.
    sources = [pikepdf.open(io.BytesIO(octets)) for octets in planches if octets]
    for source in sources:
        if len(sortie.pages) % 2:
            sortie.add_blank_page(page_size=A4)
        sortie.pages.extend(source.pages)
    if not sources:
        return b""
    tampon = io.BytesIO()
    sortie.save(tampon, compress_streams=True)
    return tampon.getvalue()

"""Demander un import à l'écran, le suivre, le reprendre s'il a été coupé (F011).

Le fichier déposé attend dans le dossier de données sous un nom tiré au sort ; la demande et son travail de
fond s'écrivent dans la même transaction. Le travail tient un verrou consultatif tant qu'il vit : le noyau le
rend même après un `kill -9`, et c'est ainsi que l'écran distingue un import long d'un import mort.
"""

from __future__ import annotations

import hashlib
import os
import time as horloge
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from jalon.agents.models import Agent
from jalon.echanges.flux_caf.erreurs import FluxRefuseError
from jalon.echanges.flux_caf.lecture import LecteurFlux
from jalon.echanges.models import Flux, Import
from jalon.echanges.services import importer_flux
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

TACHE_IMPORT: Final = "echanges.importer"
TACHE_CLICHE: Final = "observatoire.prendre_cliche"
"""Appelée par son nom : l'observatoire est une pièce voisine, qu'on n'importe pas."""
VERROU_DEPOT: Final = 7_062_017
VERROU_SUIVI: Final = 7_062_018
"""Classe des verrous de suivi ; le second nombre est la clé de l'import."""
GARDE_SIMULATION: Final = timedelta(hours=24)
GARDE_INTERROMPU: Final = timedelta(days=7)
PAUSE_ECRITURE: Final = 0.25
SANS_NOUVELLES: Final = timedelta(minutes=1)
"""Un travail pris par un exécuteur muet depuis ce temps est perdu (l'exécuteur se signale toutes les 10 s)."""

EN_VIE: Final = (Import.Etat.EN_ATTENTE, Import.Etat.EN_COURS)
COUPE: Final = (
    "L'import s'est arrêté avant la fin (machine éteinte ou service de travaux arrêté). Rien n'a été écrit : "
    "vous pouvez le reprendre."
)


# --- Déposer


def dossier_depots() -> Path:
    """Fichiers en attente d'import, lisibles du seul compte de l'application."""
    dossier: Path = settings.DONNEES / "depots"
    dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
    return dossier


def taille_maximale() -> int:
    """Taille permise d'un fichier, en octets."""
    return int(nombre("flux.taille_decompressee_max", timezone.localdate())) * 1_000_000


@transaction.atomic
def demander_import(morceaux: Iterable[bytes], *, acteur: Agent, nom: str, simulation: bool = False) -> Import:
    """Garde le fichier et met son import en file.

    Un double clic ne fait qu'un import : deux dépôts simultanés passent l'un après l'autre, et le même contenu
    encore en file est refusé. Lève `JalonError` si le fichier est vide, trop gros, ou déjà en file.
    """
    chemin = _deposer(morceaux)
    try:
        with connection.cursor() as curseur:
            curseur.execute("select pg_advisory_xact_lock(%s)", [VERROU_DEPOT])
        _refuser_si_en_file(chemin, simulation)
        import_ = Import.objects.create(
            nom_fichier=_nom_propre(nom), chemin=str(chemin), simulation=simulation, demande_par=acteur
        )
    except BaseException:
        chemin.unlink(missing_ok=True)
        raise
    tracer(
        "echanges.import.demande", import_, acteur=acteur, vers=import_.etat,
        resume=f"{'Simulation' if simulation else 'Import'} de « {import_.nom_fichier} » demandé"[:300],
    )  # fmt: skip
    _mettre_en_file(import_)
    return import_


def _nom_propre(nom: str) -> str:
    """Nom montré à l'écran ; il ne sert jamais de chemin."""
    visible = "".join(c for c in nom if c.isprintable()).strip()
    return visible[-255:] or "fichier sans nom"


def _deposer(morceaux: Iterable[bytes]) -> Path:
    chemin, limite, taille = dossier_depots() / str(uuid4()), taille_maximale(), 0
    descripteur = os.open(chemin, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descripteur, "wb") as sortie:
            for morceau in morceaux:
                taille += len(morceau)
                if taille > limite:
                    raise JalonError(
                        f"Ce fichier dépasse la limite de {limite // 1_000_000} Mo : vérifiez qu'il s'agit du bon "
                        "fichier, ou compressez-le (.gz ou .zip)."
                    )
                sortie.write(morceau)
        if not taille:
            raise JalonError("Ce fichier est vide : demandez-le à nouveau à la caisse.")
    except OSError as erreur:
        chemin.unlink(missing_ok=True)
        raise JalonError(
            "Le fichier n'a pas pu être enregistré : le disque du serveur est plein ou fermé à l'écriture. "
            "Prévenez l'administrateur de Jalon."
        ) from erreur
    except BaseException:
        chemin.unlink(missing_ok=True)
        raise
    return chemin


def _refuser_si_en_file(chemin: Path, simulation: bool) -> None:
    taille, somme = chemin.stat().st_size, None
    for autre in Import.objects.filter(etat__in=EN_VIE, simulation=simulation).order_by("id"):
        depose = Path(autre.chemin)
        if not depose.is_file() or depose.stat().st_size != taille:
            continue
        somme = somme or _somme(chemin)
        if _somme(depose) == somme:
            raise TransitionRefuseeError(
                f"Ce fichier est déjà en file depuis le {timezone.localtime(autre.demande_le):%d/%m/%Y à %H:%M} "
                f"(sous le nom « {autre.nom_fichier} ») : il n'est importé qu'une fois, suivez-le ci-dessous."
            )


def _somme(chemin: Path) -> bytes:
    with chemin.open("rb") as fichier:
        return hashlib.file_digest(fichier, "sha256").digest()


def _mettre_en_file(import_: Import) -> None:
    app.configure_task(TACHE_IMPORT, queueing_lock=f"{TACHE_IMPORT}.{import_.public_id}").defer(
        identifiant=str(import_.public_id)
    )


# --- Reprendre, confirmer


@transaction.atomic
def reprendre_import(import_: Import, *, acteur: Agent) -> Import:
    """Remet en file un import coupé, sans redéposer le fichier."""
    import_ = Import.objects.select_for_update(of=("self",)).get(pk=import_.pk)
    mort = import_.etat == Import.Etat.EN_COURS and import_.pk not in imports_vivants()
    if import_.etat != Import.Etat.INTERROMPU and not mort:
        raise TransitionRefuseeError(
            f"Cet import est « {import_.get_etat_display().lower()} » : seul un import interrompu peut être repris."
        )
    if not depot_present(import_):
        raise JalonError(
            "Le fichier déposé n'est plus gardé (sept jours après une interruption) : déposez-le à nouveau."
        )
    de = import_.etat
    import_.etat, import_.etape, import_.avancement, import_.message = Import.Etat.EN_ATTENTE, "", 0, ""
    import_.fini_le = None
    import_.save(update_fields=["etat", "etape", "avancement", "message", "fini_le"])
    tracer(
        "echanges.import.repris", import_, acteur=acteur, de=de, vers=import_.etat,
        resume=f"Import de « {import_.nom_fichier} » repris"[:300],
    )  # fmt: skip
    _mettre_en_file(import_)
    return import_


@transaction.atomic
def confirmer_simulation(import_: Import, *, acteur: Agent) -> Import:
    """Importe pour de bon un fichier simulé : une nouvelle demande reprend le dépôt, l'ancienne le lui laisse."""
    import_ = Import.objects.select_for_update(of=("self",)).get(pk=import_.pk)
    if not peut_confirmer(import_):
        raise TransitionRefuseeError(
            "Ce fichier n'est plus gardé (un jour après la simulation) ou son import a déjà été demandé : regardez la "
            "liste des imports, ou déposez-le à nouveau."
        )
    reel = Import.objects.create(
        nom_fichier=import_.nom_fichier, chemin=import_.chemin, simulation=False, demande_par=acteur
    )
    import_.chemin = ""
    import_.save(update_fields=["chemin"])
    tracer(
        "echanges.import.demande", reel, acteur=acteur, vers=reel.etat,
        resume=f"Import de « {reel.nom_fichier} » demandé après simulation"[:300],
    )  # fmt: skip
    _mettre_en_file(reel)
    return reel


def depot_present(import_: Import) -> bool:
    return bool(import_.chemin) and Path(import_.chemin).is_file()


def peut_confirmer(import_: Import) -> bool:
    """La simulation a réussi et son fichier est encore là."""
    return import_.simulation and import_.etat == Import.Etat.TERMINE and depot_present(import_)


# --- Suivre


def imports_vivants() -> set[int]:
    """Clés des imports dont le travail tourne en ce moment, d'après les verrous que PostgreSQL tient."""
    with connection.cursor() as curseur:
        curseur.execute(
            "select objid::bigint from pg_locks where locktype = 'advisory' and objsubid = 2 and granted "
            "and classid::bigint = %s and database = (select oid from pg_database where datname = current_database())",
            [VERROU_SUIVI],
        )
        return {cle for (cle,) in curseur}


def ouvrir_connexion() -> BaseDatabaseWrapper:
    """Connexion à part, sans transaction : ce qu'elle écrit se voit tout de suite."""
    return connection.copy()


class Suivi:
    """Écrit l'avancement d'un import hors de sa transaction, et tient le verrou qui dit qu'il vit."""

    def __init__(self, import_: Import) -> None:
        self.import_ = import_
        self.connexion = ouvrir_connexion()
        self.etape = ""
        self.ecrit = 0.0

    def __enter__(self) -> Suivi:
        self._executer("select pg_advisory_lock(%s, %s)", [VERROU_SUIVI, self.import_.pk])
        return self

    def __exit__(
        self, genre: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(DatabaseError):
            self._executer("select pg_advisory_unlock(%s, %s)", [VERROU_SUIVI, self.import_.pk])
        self.connexion.close()

    def commencer(self) -> bool:
        """Prend l'import ; faux s'il n'attend pas (travail présenté deux fois)."""
        return bool(
            self._executer(
                "update echanges_import set etat = %s where id = %s and etat = %s",
                [Import.Etat.EN_COURS, self.import_.pk, Import.Etat.EN_ATTENTE],
            )
        )

    def __call__(self, etape: str, pourcentage: int) -> None:
        """Quatre écritures par seconde au plus ; un changement d'étape s'écrit toujours."""
        maintenant = horloge.monotonic()
        if etape == self.etape and maintenant - self.ecrit < PAUSE_ECRITURE:
            return
        self.etape, self.ecrit = etape, maintenant
        self._executer(
            "update echanges_import set etape = %s, avancement = %s where id = %s",
            [etape[:60], pourcentage, self.import_.pk],
        )

    def finir(self, etat: Import.Etat, *, message: str = "", rapport: Any = None, flux: Flux | None = None) -> None:
        champs = Import(rapport=rapport)
        rapport_json = Import._meta.get_field("rapport").get_db_prep_save(champs.rapport, connection)
        self._executer(
            "update echanges_import set etat = %s, message = %s, rapport = %s, flux_id = %s, fini_le = %s, "
            "avancement = case when %s then 100 else avancement end where id = %s",
            [
                etat, message[:500], rapport_json, flux.pk if flux else None, timezone.now(),
                etat == Import.Etat.TERMINE, self.import_.pk,
            ],
        )  # fmt: skip

    def _executer(self, requete: str, valeurs: list[Any]) -> int:
        with self.connexion.cursor() as curseur:
            curseur.execute(requete, valeurs)
            return int(curseur.rowcount)


# --- Exécuter


def executer_import(identifiant: UUID) -> None:
    """Le travail de fond : importe, écrit l'issue, efface le dépôt quand il ne sert plus."""
    import_ = Import.objects.select_related("demande_par").filter(public_id=identifiant).first()
    if import_ is None:
        return
    with Suivi(import_) as suivi:
        if suivi.commencer():
            _executer(import_, suivi)


def _executer(import_: Import, suivi: Suivi) -> None:
    try:
        resultat = importer_flux(
            Path(import_.chemin), acteur=import_.demande_par, simulation=import_.simulation, nom=import_.nom_fichier,
            progression=suivi,
        )  # fmt: skip
    except FluxRefuseError as refus:
        flux = _flux_deja_ecrit(import_) if refus.code == "deja_importe" else None
        if flux is None:
            suivi.finir(Import.Etat.REFUSE, message=str(refus))
        else:
            suivi.finir(Import.Etat.TERMINE, rapport=flux.rapport, flux=flux)
            demander_cliche(flux.date_reference)
        Path(import_.chemin).unlink(missing_ok=True)
        return
    except Exception as erreur:
        message = str(erreur) if isinstance(erreur, JalonError) else (
            "Une panne a arrêté l'import. Rien n'a été écrit : vous pouvez le reprendre ; si la panne revient, "
            "prévenez l'administrateur de Jalon."
        )  # fmt: skip
        # Si la base elle-même est tombée, l'état s'écrira plus tard : le verrou perdu dira que l'import est mort.
        with suppress(DatabaseError):
            suivi.finir(Import.Etat.INTERROMPU, message=message)
        raise
    suivi.finir(Import.Etat.TERMINE, rapport=resultat.rapport, flux=resultat.flux)
    if resultat.flux is not None:
        demander_cliche(resultat.flux.date_reference)
        Path(import_.chemin).unlink(missing_ok=True)


def _flux_deja_ecrit(import_: Import) -> Flux | None:
    """Flux que cette même demande a écrit juste avant d'être coupée : ce n'est pas un doublon, c'est une réussite."""
    if import_.simulation:
        return None
    empreinte = LecteurFlux(Path(import_.chemin), taille_max=taille_maximale()).empreinte_fichier()
    return (
        Flux.objects.filter(
            empreinte=empreinte,
            importe_par=import_.demande_par,
            importe_le__gte=import_.demande_le,
            **{"import": None},
        )
        .order_by("id")
        .first()
    )


def demander_cliche(a_la_date: date) -> bool:
    """Fait refaire les chiffres d'une date, une seule fois en file ; faux si c'était déjà demandé."""
    try:
        with transaction.atomic():
            app.configure_task(TACHE_CLICHE, queueing_lock=f"observatoire.cliche.{a_la_date:%Y-%m-%d}").defer(
                a_la_date=a_la_date.isoformat()
            )
    except exceptions.AlreadyEnqueued:
        return False
    return True


# --- Surveiller


def marquer_interrompus() -> int:
    """Marque « interrompu » les imports dont le travail est mort ; rend leur nombre."""
    vivants = imports_vivants()
    morts = [i for i in Import.objects.filter(etat=Import.Etat.EN_COURS).order_by("id") if i.pk not in vivants]
    anciens = Import.objects.filter(etat=Import.Etat.EN_ATTENTE, demande_le__lt=timezone.now() - SANS_NOUVELLES)
    morts += [i for i in anciens.order_by("id") if i.pk not in vivants and not _travail_attendu(i)]
    marques = 0
    for import_ in morts:
        with transaction.atomic():
            marques += _interrompre(import_)
    return marques


def _interrompre(import_: Import) -> int:
    """Sous verrou, et seulement si rien n'a bougé : l'import a pu finir entre-temps."""
    change = Import.objects.filter(pk=import_.pk, etat=import_.etat).update(
        etat=Import.Etat.INTERROMPU, message=COUPE, fini_le=timezone.now()
    )
    if change:
        tracer(
            "echanges.import.interrompu", import_, acteur=None, de=import_.etat, vers=Import.Etat.INTERROMPU,
            resume=f"Import de « {import_.nom_fichier} » interrompu"[:300],
        )  # fmt: skip
    return change


def _travail_attendu(import_: Import) -> bool:
    """Un travail est en file pour cet import, ou un exécuteur qui donne des nouvelles vient de le prendre."""
    travaux = ProcrastinateJob.objects.filter(task_name=TACHE_IMPORT, args__identifiant=str(import_.public_id))
    pris = travaux.filter(status="doing", worker__last_heartbeat__gte=timezone.now() - SANS_NOUVELLES)
    return travaux.filter(status="todo").exists() or pris.exists()


def purger_depots() -> int:
    """Efface les dépôts dont plus rien ne se servira ; rend leur nombre."""
    maintenant = timezone.now()
    gardes = {
        Path(i.chemin).name
        for i in Import.objects.exclude(chemin="").order_by("id").iterator()
        if i.etat in EN_VIE
        or (i.etat == Import.Etat.INTERROMPU and maintenant - (i.fini_le or i.demande_le) < GARDE_INTERROMPU)
        or (
            i.simulation
            and i.etat == Import.Etat.TERMINE
            and maintenant - (i.fini_le or i.demande_le) < GARDE_SIMULATION
        )
    }
    effaces = 0
    for fichier in dossier_depots().iterdir():
        # Un dépôt tout neuf peut précéder sa demande, pas encore validée : il a une heure pour y être rattaché.
        recent = maintenant.timestamp() - fichier.stat().st_mtime < 3_600
        if fichier.name not in gardes and not recent:
            fichier.unlink(missing_ok=True)
            effaces += 1
    return effaces

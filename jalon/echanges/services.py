"""Importer un flux de la caisse, rejouer un foyer mis en quarantaine."""

from __future__ import annotations

import gc
import hashlib
import tempfile
import time as horloge
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from jalon.accompagnements.services import proposer_fins
from jalon.agents.models import Agent
from jalon.droits.models import DossierRsa
from jalon.droits.services import rapprocher_demandes
from jalon.echanges.flux_caf.copie import copier
from jalon.echanges.flux_caf.entete import TypeFlux
from jalon.echanges.flux_caf.erreurs import FluxRefuseError
from jalon.echanges.flux_caf.extracteur import Extracteur, extraire_lot
from jalon.echanges.flux_caf.faits import TABLES
from jalon.echanges.flux_caf.integration import FERMES, Bilan, Integration, Ordre
from jalon.echanges.flux_caf.lecture import EnteteFlux, FoyerLu, LecteurFlux
from jalon.echanges.flux_caf.suites import Suites, appliquer
from jalon.echanges.models import AnomalieFlux, Flux, ListeRapport, Quarantaine
from jalon.organismes.models import CommuneTerritoire
from jalon.referentiels.models import Commune
from jalon.referentiels.parametres import ajouter_mois, nombre
from jalon.socle.bulk import DeferredSchema, ahead
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

VERROU_IMPORT: Final = 7_062_016
"""Verrou consultatif de PostgreSQL : un seul import à la fois, rendu même si le processus est tué."""
GROS_IMPORT: Final = 2_000
TABLES_DU_FLUX: Final = (
    "personnes_foyer", "personnes_personne", "droits_dossierrsa", "droits_reception", *(table.nom for table in TABLES),
)  # fmt: skip
TABLES_ANALYSEES: Final = (
    "personnes_foyer", "personnes_personne", "personnes_rattachement", "personnes_adresse", "droits_dossierrsa",
    "droits_reception", "droits_situation", "droits_soumission",
)  # fmt: skip
TABLES_DES_SUITES: Final = ("orientations_attenteorientation", "personnes_tache")
INDEX_DU_RAPPROCHEMENT: Final = (
    "personne_naissance", "personne_nir", "personnes_personne_fusionnee%", "dossier_matricule%",
)  # fmt: skip
"""Index dont l'intégration se sert pendant le chargement lui-même."""
Progression = Callable[[str, int], None]


@dataclass(slots=True)
class ResultatImport:
    """Rapport d'un import, et le flux enregistré (aucun en simulation)."""

    rapport: dict[str, Any]
    flux: Flux | None


@dataclass(slots=True)
class Lecture:
    """Premier temps : le fichier entier est lu, et seuls les foyers à intégrer sont gardés de côté."""

    entete: EnteteFlux
    ordre: Ordre
    empreinte: str
    taille: int
    annonces: int | None
    anomalies_annoncees: int | None
    inchanges: list[int] = field(default_factory=list)
    rangs_inchanges: dict[int, int] = field(default_factory=dict)
    personnes_inchangees: int = 0
    a_integrer: int = 0


def importer_flux(
    chemin: Path,
    *,
    acteur: Agent | None = None,
    simulation: bool = False,
    nom: str | None = None,
    progression: Progression = lambda _etape, _pourcentage: None,
) -> ResultatImport:
    """Importe un fichier VRSB0801 (F011, R25).

    Deux temps : lire et vérifier tout le fichier, puis l'intégrer en une seule transaction. Tué à n'importe
    quel moment, il laisse la base comme elle était. Lève `FluxRefuseError` si le fichier ne peut pas être
    importé ; rien n'est alors écrit.
    """
    depart = horloge.monotonic()
    with _seul_import(progression), _mise_de_cote() as extracteur:
        lecture = _lire(chemin, extracteur, progression)
        with transaction.atomic():
            premier = lecture.a_integrer >= GROS_IMPORT and not DossierRsa.objects.exists()
            with _schema_allege(TABLES_DU_FLUX, premier):
                integration = _integrer(lecture, extracteur, progression)
            _analyser(integration.bilan, TABLES_ANALYSEES)
            with _schema_allege(TABLES_DES_SUITES, premier):
                suites = _conclure(lecture, integration, progression)
            _analyser(integration.bilan, TABLES_DES_SUITES)
            rapport = _rapport(nom or chemin.name, lecture, integration.bilan, suites, simulation)
            if simulation:
                transaction.set_rollback(True)
                return ResultatImport(rapport, None)
            flux = _enregistrer(nom or chemin.name, lecture, integration.bilan, suites, rapport, acteur, depart)
            # Une demande déposée à un guichet se lie au dossier que la caisse vient d'envoyer, ou pas du tout.
            rapprocher_demandes()
    progression("Terminé", 100)
    return ResultatImport(rapport, flux)


@contextmanager
def _schema_allege(tables: tuple[str, ...], premier: bool) -> Iterator[None]:
    """Au premier chargement, les liens et les index se posent une fois les lignes écrites (ADR 3)."""
    if not premier:
        yield
        return
    schema = DeferredSchema(connection.connection, tables, garder=INDEX_DU_RAPPROCHEMENT)
    yield
    schema.restore()


def _analyser(bilan: Bilan, tables: tuple[str, ...]) -> None:
    """Un gros import change les tailles : le planificateur doit les connaître avant les requêtes qui suivent."""
    if len(bilan.crees) + len(bilan.mis_a_jour) >= GROS_IMPORT:
        with connection.cursor() as curseur:
            curseur.execute(f"analyze {', '.join(tables)}")


@contextmanager
def _seul_import(progression: Progression) -> Iterator[None]:
    with connection.cursor() as curseur:
        curseur.execute("select pg_try_advisory_lock(%s)", [VERROU_IMPORT])
        if not curseur.fetchone()[0]:
            progression("Un autre import est en cours : celui-ci attend son tour", 0)
            curseur.execute("select pg_advisory_lock(%s)", [VERROU_IMPORT])
        try:
            yield
        finally:
            if connection.connection is not None and not connection.connection.closed:
                curseur.execute("select pg_advisory_unlock(%s)", [VERROU_IMPORT])


@contextmanager
def _mise_de_cote() -> Iterator[Extracteur]:
    """Les foyers extraits attendent dans un fichier déjà effacé du disque : il disparaît avec le processus."""
    dossier = settings.DONNEES / "provisoire"
    dossier.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=dossier) as reserve:
        extracteur = Extracteur(reserve)
        try:
            yield extracteur
        finally:
            extracteur.abandonner()


def _ordre(entete: EnteteFlux) -> Ordre:
    emis = datetime.combine(entete.date_creation, entete.heure_creation, tzinfo=ZoneInfo(settings.TIME_ZONE))
    return entete.date_reference.isoformat(), emis.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _lire(chemin: Path, extracteur: Extracteur, progression: Progression) -> Lecture:
    taille_max = int(nombre("flux.taille_decompressee_max", timezone.localdate())) * 1_000_000
    lecteur = LecteurFlux(chemin, taille_max=taille_max)
    progression("Vérification du fichier", 1)
    empreinte = lecteur.empreinte_fichier()
    _refuser_si_deja_importe(empreinte)
    taille = lecteur.taille or 1
    lecture: Lecture | None = None
    connues: dict[bytes, int] = {}
    vus: set[int] = set()
    dernier = -1

    def avancer(octets: int) -> None:
        nonlocal dernier
        if (pourcentage := min(100 * octets // taille, 100)) != dernier:
            dernier = pourcentage
            progression("Lecture du fichier", 2 + pourcentage * 38 // 100)

    for foyer in lecteur.foyers(avancer):
        if lecture is None:
            lecture = _ouvrir_lecture(lecteur, empreinte)
            connues = _empreintes_connues(lecture.ordre)
        dossier = connues.get(foyer.empreinte)
        if dossier is not None and dossier not in vus:
            vus.add(dossier)
            lecture.inchanges.append(dossier)
            lecture.rangs_inchanges[dossier] = foyer.rang
            lecture.personnes_inchangees += foyer.xml.count(b"<Personne>")
        else:
            extracteur.deposer(foyer)
    if lecture is None:
        lecture = _ouvrir_lecture(lecteur, empreinte)
    extracteur.terminer()
    lecture.a_integrer = extracteur.nombre
    lecture.annonces = lecteur.totaux_annonces["dossiers"]
    lecture.anomalies_annoncees = lecteur.totaux_annonces["dossiers_en_anomalie"]
    return lecture


def _ouvrir_lecture(lecteur: LecteurFlux, empreinte: str) -> Lecture:
    return Lecture(lecteur.entete, _ordre(lecteur.entete), empreinte, lecteur.taille or 0, None, None)


def _refuser_si_deja_importe(empreinte: str) -> None:
    deja = Flux.objects.filter(empreinte=empreinte).order_by("id").first()
    if deja is not None:
        raise FluxRefuseError(
            "deja_importe",
            f"Ce fichier a déjà été importé le {timezone.localtime(deja.importe_le):%d/%m/%Y à %H:%M} "
            f"(sous le nom « {deja.nom_fichier} ») ; il n'y a rien à refaire : ouvrez son rapport dans la liste des "
            "imports.",
        )


def _empreintes_connues(ordre: Ordre) -> dict[bytes, int]:
    """Empreinte → dossier, si ce flux est le plus récent ; sinon rien : l'histoire est à compléter en entier."""
    with connection.cursor() as curseur:
        curseur.execute(
            "select 1 from droits_reception where (date_reference, emis_le) > (%s, %s) limit 1",
            [ordre[0], ordre[1] + "Z"],
        )
        if curseur.fetchone():
            return {}
        curseur.execute("select empreinte, id from droits_dossierrsa")
        return {bytes(empreinte): dossier for empreinte, dossier in curseur}


def _communes() -> dict[str, tuple[str, int | None]]:
    """Code INSEE (présent ou ancien) → (code présent, territoire)."""
    territoires = dict(CommuneTerritoire.objects.order_by("id").values_list("commune_id", "territoire_id"))
    communes: dict[str, tuple[str, int | None]] = {}
    for code, anciens in Commune.objects.order_by("code_insee").values_list("code_insee", "anciens_codes"):
        for ancien in anciens:
            communes.setdefault(ancien, (code, territoires.get(code)))
    for code in Commune.objects.order_by("code_insee").values_list("code_insee", flat=True):
        communes[code] = (code, territoires.get(code))
    return communes


def _integrer(lecture: Lecture, extracteur: Extracteur, progression: Progression) -> Integration:
    connexion = connection.connection
    integration = Integration(connexion, ordre=lecture.ordre, communes=_communes())
    integration.rangs_inchanges = lecture.rangs_inchanges
    copier(
        connexion, "droits_reception", ("dossier_id", "date_reference", "emis_le"),
        [f"{dossier}\t{lecture.ordre[0]}\t{lecture.ordre[1]}Z" for dossier in lecture.inchanges],
    )  # fmt: skip
    faits = 0
    gc.disable()  # des milliers de petits objets par lot, sans cycle : les parcourir ne rend rien
    try:
        # Le lot suivant se relit pendant que PostgreSQL écrit celui-ci.
        for lot in ahead(extracteur.lots()):
            integration.integrer(lot)
            faits += len(lot.recus) + len(lot.illisibles)
            progression("Mise à jour des dossiers", 40 + 50 * faits // lecture.a_integrer)
    finally:
        gc.enable()
    bilan = integration.bilan
    bilan.lus = len(lecture.inchanges) + lecture.a_integrer
    bilan.inchanges += len(lecture.inchanges)
    bilan.personnes_lues += lecture.personnes_inchangees
    return integration


def _conclure(lecture: Lecture, integration: Integration, progression: Progression) -> Suites:
    progression("File d'orientation et doublons", 92)
    seuil = float(nombre("rapprochement.seuil_doute", lecture.entete.date_reference))
    suites = appliquer(integration, connection.connection, ajouter_mois, seuil)
    plus_recent = Flux.objects.filter(date_reference__gt=lecture.ordre[0]).exists()
    if lecture.entete.type_flux == Flux.Type.MENSUEL.value and not plus_recent:
        suites.absents = _absents(integration.vus.union(lecture.inchanges))
    if lecture.annonces is not None and lecture.annonces != integration.bilan.lus:
        integration.signaler(
            "total_different",
            f"la caisse annonce {lecture.annonces} dossiers, le fichier en contient {integration.bilan.lus}",
        )
    part = nombre("flux.part_absents_alerte", lecture.entete.date_reference)
    if suites.absents and 100 * len(suites.absents) > part * (len(suites.absents) + integration.bilan.lus):
        integration.signaler(
            "absents_nombreux",
            f"{len(suites.absents)} dossiers ouverts manquent dans ce fichier : est-il complet ?",
        )
    if not plus_recent:
        proposer_fins(a_la_date=lecture.entete.date_reference)
    return suites


def _absents(vus: set[int]) -> list[int]:
    """Dossiers encore ouverts d'une caisse présente dans ce mensuel, et qui n'y figurent pas."""
    with connection.cursor() as curseur:
        curseur.execute(
            "select d.id, d.caisse_regime, d.caisse_numero, t.etat <> all(%s) from droits_dossierrsa d "
            "join droits_situation t on t.dossier_id = d.id and upper_inf(t.periode) and not isempty(t.periode)",
            [sorted(FERMES)],
        )
        dossiers = curseur.fetchall()
    caisses = {(regime, numero) for dossier, regime, numero, _ in dossiers if dossier in vus}
    return sorted(
        dossier
        for dossier, regime, numero, ouvert in dossiers
        if ouvert and dossier not in vus and (regime, numero) in caisses
    )


def _rapport(nom: str, lecture: Lecture, bilan: Bilan, suites: Suites, simulation: bool) -> dict[str, Any]:
    """Rapport d'import, tel que la ligne de commande l'écrit en JSON et que l'écran l'affiche."""
    creees = len(bilan.personnes_creees)
    mises_a_jour = len(bilan.personnes_mises_a_jour.difference(bilan.personnes_creees))
    rien = not (bilan.crees or bilan.mis_a_jour or bilan.quarantaine)
    return {
        "fichier": nom,
        "type_flux": lecture.entete.type_flux,
        "date_reference": lecture.ordre[0],
        "emis_le": f"{lecture.ordre[1]}Z",
        "simulation": simulation,
        "message": "Ce fichier répète ce que Jalon savait déjà : rien n'a changé." if rien else "",
        "foyers": {
            "lus": bilan.lus,
            "crees": len(bilan.crees),
            "mis_a_jour": len(bilan.mis_a_jour),
            "inchanges": bilan.inchanges,
            "quarantaine": len(bilan.quarantaine),
        },
        "personnes": {
            "lues": bilan.personnes_lues,
            "creees": creees,
            "mises_a_jour": mises_a_jour,
            "inchangees": bilan.personnes_lues - creees - mises_a_jour,  # on n'en crée ni n'en change que de lues
        },
        "soumis_droits_devoirs": {
            "total": suites.total_soumises,
            "entrees": len(suites.entrees),
            "sorties": len(suites.sorties),
        },
        "mouvements": {
            "ouverts": len(bilan.ouverts),
            "suspendus": len(bilan.suspendus),
            "clos": len(bilan.clos),
            "refuses": len(bilan.refuses),
            "arrives": len(bilan.arrives),
            "partis": len(bilan.partis),
            "absents": len(suites.absents),
        },
        "anomalies": [
            {"code": code, "nombre": nombre_de}
            for code, nombre_de in sorted(
                (Counter(a[0] for a in bilan.anomalies) + Counter({"foyer_illisible": len(bilan.quarantaine)})).items()
            )
        ],
        "totaux": {"annonces": lecture.annonces, "lus": bilan.lus},
    }


def _enregistrer(
    nom: str,
    lecture: Lecture,
    bilan: Bilan,
    suites: Suites,
    rapport: dict[str, Any],
    acteur: Agent | None,
    depart: float,
) -> Flux:
    flux = Flux.objects.create(
        nom_fichier=nom[:255],
        empreinte=lecture.empreinte,
        taille=lecture.taille,
        type=lecture.entete.type_flux,
        application=lecture.entete.applieme,
        date_reference=lecture.entete.date_reference,
        emis_le=datetime.fromisoformat(lecture.ordre[1] + "+00:00"),
        importe_par=acteur,
        duree=timedelta(seconds=horloge.monotonic() - depart),
        rapport=rapport,
    )
    listes = {
        "crees": bilan.crees, "mis_a_jour": bilan.mis_a_jour, "ouverts": bilan.ouverts, "suspendus": bilan.suspendus,
        "clos": bilan.clos, "refuses": bilan.refuses, "arrives": bilan.arrives, "partis": bilan.partis,
        "absents": suites.absents,
    }  # fmt: skip
    ListeRapport.objects.bulk_create(
        [
            *(ListeRapport(flux=flux, rubrique=nom, dossiers=cles) for nom, cles in listes.items() if cles),
            *(
                ListeRapport(flux=flux, rubrique=rubrique, personnes=cles)
                for rubrique, cles in (("entrees", suites.entrees), ("sorties", suites.sorties))
                if cles
            ),
        ]
    )
    AnomalieFlux.objects.bulk_create(
        [
            AnomalieFlux(flux=flux, code=code, detail=detail, dossier_id=dossier, personne_id=personne, ligne=ligne)
            for code, detail, dossier, personne, ligne in bilan.anomalies
        ],
        batch_size=5_000,
    )
    Quarantaine.objects.bulk_create(
        [
            Quarantaine(
                flux=flux, rang=lu.rang, ligne=lu.ligne, numero_demande=numero, champ=champ, motif=motif[:300],
                fragment_chiffre=settings.CLE_MAITRE.chiffrer(lu.xml.decode()),
            )
            for lu, numero, champ, motif in bilan.quarantaine
        ]
    )  # fmt: skip
    tracer("echanges.flux.importe", flux, acteur=acteur, resume=f"Flux « {nom} » importé", donnees=rapport["foyers"])
    return flux


def rejouer_quarantaine(quarantaine: Quarantaine, *, acteur: Agent | None) -> ResultatImport:
    """Reprend un foyer mis de côté, avec la date du flux d'où il vient.

    Lève `JalonError` avec le motif s'il reste illisible, `TransitionRefuseeError` s'il est déjà traité.
    """
    with _seul_import(lambda _etape, _pourcentage: None), transaction.atomic():
        quarantaine = Quarantaine.objects.select_for_update(of=("self",)).select_related("flux").get(pk=quarantaine.pk)
        if quarantaine.etat != Quarantaine.Etat.A_TRAITER:
            raise TransitionRefuseeError(
                f"Ce foyer est déjà « {quarantaine.get_etat_display().lower()} » : il n'y a plus rien à rejouer."
            )
        flux = quarantaine.flux
        xml = settings.CLE_MAITRE.dechiffrer(quarantaine.fragment_chiffre).encode()
        ordre = (flux.date_reference.isoformat(), flux.emis_le.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        integration = Integration(connection.connection, ordre=ordre, communes=_communes())
        integration.integrer(extraire_lot([FoyerLu(quarantaine.rang, quarantaine.ligne, _empreinte(xml), xml)]))
        if integration.bilan.quarantaine:
            _, _, champ, motif = integration.bilan.quarantaine[0]
            raise JalonError(
                f"Ce foyer ne peut toujours pas être lu ({champ} : {motif}). Signalez-le à la caisse : "
                "il sera repris dans son prochain fichier."
            )
        seuil = float(nombre("rapprochement.seuil_doute", flux.date_reference))
        suites = appliquer(integration, connection.connection, ajouter_mois, seuil)
        quarantaine.etat = Quarantaine.Etat.REJOUE
        quarantaine.traite_par = acteur
        quarantaine.traite_le = timezone.now()
        quarantaine.save(update_fields=["etat", "traite_par", "traite_le"])
        tracer(
            "echanges.quarantaine.rejouee", quarantaine, acteur=acteur, de=Quarantaine.Etat.A_TRAITER,
            vers=Quarantaine.Etat.REJOUE, resume=f"Foyer de la ligne {quarantaine.ligne} rejoué",
        )  # fmt: skip
        AnomalieFlux.objects.bulk_create(
            AnomalieFlux(flux=flux, code=code, detail=detail, dossier_id=dossier, personne_id=personne, ligne=ligne)
            for code, detail, dossier, personne, ligne in integration.bilan.anomalies
        )
    lecture = Lecture(_entete_de(flux), ordre, flux.empreinte, len(xml), None, None)
    integration.bilan.lus = 1
    return ResultatImport(_rapport(flux.nom_fichier, lecture, integration.bilan, suites, False), flux)


def ecarter_quarantaine(quarantaine: Quarantaine, *, acteur: Agent, motif: str) -> Quarantaine:
    """Renonce à un foyer mis de côté, en disant pourquoi."""
    with transaction.atomic():
        quarantaine = Quarantaine.objects.select_for_update(of=("self",)).get(pk=quarantaine.pk)
        if quarantaine.etat != Quarantaine.Etat.A_TRAITER:
            raise TransitionRefuseeError(f"Ce foyer est déjà « {quarantaine.get_etat_display().lower()} ».")
        if not motif.strip():
            raise JalonError("Dites pourquoi ce foyer est écarté : le motif reste au journal.")
        quarantaine.etat = Quarantaine.Etat.ECARTE
        quarantaine.traite_par = acteur
        quarantaine.traite_le = timezone.now()
        quarantaine.save(update_fields=["etat", "traite_par", "traite_le"])
        tracer(
            "echanges.quarantaine.ecartee", quarantaine, acteur=acteur, de=Quarantaine.Etat.A_TRAITER,
            vers=Quarantaine.Etat.ECARTE, motif=motif.strip(), resume=f"Foyer de la ligne {quarantaine.ligne} écarté",
        )  # fmt: skip
    return quarantaine


def _empreinte(xml: bytes) -> bytes:
    return hashlib.blake2b(xml, digest_size=16).digest()


def _entete_de(flux: Flux) -> EnteteFlux:
    emis = timezone.localtime(flux.emis_le)
    return EnteteFlux(
        applieme=flux.application, version="", type_flux=cast(TypeFlux, flux.type), nature="D", date_creation=emis.date(),
        heure_creation=emis.time(), date_reference=flux.date_reference,
    )  # fmt: skip

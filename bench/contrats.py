"""Mesure les contrats : la liste de 20 000 contrats près de leur terme, 5 000 contrats à signer imprimés en nombre.

Tout est écrit dans une transaction que l'on défait : la base mesurée garde ses lignes d'avant.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.imports import Mesure
from bench.pages import client_de, durees_p95
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, TypeChamp
from jalon.contrats.lots import executer, produire_lot
from jalon.contrats.models import ChampContrat, Contrat, Etape, Objectif, TypeContrat, ValeurChamp, VersionContrat
from jalon.documents.models import EtatLot
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne

CONTRATS = 20_000
IMPRIMES = 5_000
CIBLE_LISTE = 150
CIBLE_PDF = 60
TABLES = ("contrats_contrat", "contrats_valeurchamp", "contrats_objectif", "contrats_etape")
TEXTE = "Deux ans sans emploi, logement stable, pas de véhicule. Les démarches en ligne se font avec de l'aide. " * 3


class Compteur:
    """Compte les requêtes sans les garder."""

    def __init__(self) -> None:
        self.nombre = 0

    def __call__(self, executer_: Callable[..., Any], *arguments: Any) -> Any:
        self.nombre += 1
        return executer_(*arguments)


def agent_de(role: str) -> Agent:
    return Agent.objects.filter(affectations__profil__code=role).order_by("pk")[0]


def requetes(client: Client, adresse: str) -> int:
    """Nombre de requêtes de la page, une fois les caches remplis."""
    client.get(adresse)
    with CaptureQueriesContext(connection) as lues:
        client.get(adresse)
    return len(lues)


def analyser(tables: Sequence[str]) -> None:
    with connection.cursor() as curseur:
        for table in tables:
            curseur.execute(f"analyze {table}")


def conclure(personnes: Sequence[Personne], jour: date, agents: Sequence[Agent]) -> list[Contrat]:
    """Un contrat en vigueur pour chaque personne ; leurs termes s'étalent sur soixante jours."""
    types = list(TypeContrat.objects.filter(reference_seule=False, actif=True).order_by("pk"))
    versions = {v.type_id: v for v in VersionContrat.objects.order_by("numero", "pk")}
    organismes = list(Organisme.objects.filter(actif=True).order_by("pk")[:40])
    contrats = []
    for rang, personne in enumerate(personnes):
        type_, terme = types[rang % len(types)], jour + timedelta(days=1 + rang % 60)
        debut = terme - relativedelta(months=6)
        contrats.append(
            Contrat(
                personne=personne, type=type_, version=versions[type_.pk], organisme=organismes[rang % len(organismes)],
                referent=agents[rang % len(agents)], territoire_id=personne.territoire_id, etat=EtatContrat.EN_VIGUEUR,
                debut=debut, duree=6, periode=DateRange(debut, terme), ouvert_le=debut, ouvert_par=agents[0],
                propose_le=debut, signe_le=debut, recu_le=debut, valide_le=debut, valide_par=agents[0],
            )
        )  # fmt: skip
    faits = Contrat.objects.bulk_create(contrats, batch_size=2_000)
    analyser(TABLES)
    return faits


def ecrire(personnes: Sequence[Personne], jour: date, agent: Agent) -> int:
    """Un brouillon entièrement écrit pour chaque personne : toutes les rubriques, un objectif, deux étapes."""
    type_ = TypeContrat.objects.filter(reference_seule=False, actif=True).order_by("ordre", "pk")[0]
    version = VersionContrat.objects.filter(type=type_).order_by("-numero")[0]
    champs = list(ChampContrat.objects.filter(section__version=version).prefetch_related("choix").order_by("pk"))
    organisme = Organisme.objects.filter(actif=True).order_by("pk")[0]
    contrats = Contrat.objects.bulk_create(
        [
            Contrat(
                personne=personne, type=type_, version=version, organisme=organisme, referent=agent,
                territoire_id=personne.territoire_id, debut=jour + timedelta(days=120), duree=type_.duree_habituelle,
                ouvert_le=jour, ouvert_par=agent,
            )
            for personne in personnes
        ],
        batch_size=2_000,
    )  # fmt: skip
    ValeurChamp.objects.bulk_create(
        (_valeur(contrat, champ, agent, jour) for contrat in contrats for champ in champs), batch_size=5_000
    )
    objectifs = Objectif.objects.bulk_create(
        [
            Objectif(contrat=contrat, intitule="Trouver un emploi près de chez soi", cree_par=agent)
            for contrat in contrats
        ],
        batch_size=5_000,
    )
    Etape.objects.bulk_create(
        [
            Etape(objectif=objectif, intitule=intitule, echeance=jour + timedelta(days=30), rang=rang)
            for objectif in objectifs
            for rang, intitule in enumerate(("Refaire le CV", "Envoyer deux candidatures par semaine"))
        ],
        batch_size=5_000,
    )
    analyser(TABLES)
    return len(contrats)


def _valeur(contrat: Contrat, champ: ChampContrat, agent: Agent, jour: date) -> ValeurChamp:
    valeur = ValeurChamp(contrat=contrat, champ=champ, ecrit_par=agent)
    match champ.type:
        case TypeChamp.TEXTE | TypeChamp.TEXTE_COURT:
            valeur.texte = TEXTE[: 150 if champ.type == TypeChamp.TEXTE_COURT else None]
        case TypeChamp.CHOIX | TypeChamp.CHOIX_MULTIPLE:
            valeur.choix = [champ.choix.all()[0].code]
        case TypeChamp.DATE:
            valeur.date = jour
        case TypeChamp.OUI_NON:
            valeur.oui = True
        case _:
            valeur.nombre = Decimal(15)
    return valeur


def _listes() -> Iterator[str]:
    return cycle(
        ["/contrats/?echeance=30", "/contrats/?echeance=60", "/contrats/?echeance=60&page=7", "/contrats/?echeance=15"]
    )


def mesurer(dire: Callable[[str], None]) -> list[Mesure]:
    jour, mesures = timezone.localdate(), []
    with transaction.atomic():
        dire("Liste des contrats près de leur terme")
        agents = list(Agent.objects.filter(is_active=True).order_by("pk")[:20])
        personnes = list(Personne.objects.filter(fusionnee_dans=None, contrats=None).order_by("pk")[:CONTRATS])
        faits = len(conclure(personnes, jour, agents))
        for nom, role in (("département", "siege"), ("territoire", "chef_territoire")):
            client = client_de(role)
            mediane, p95 = durees_p95(client, _listes())
            mesures.append(
                Mesure(
                    f"Contrats près de leur terme, {nom} (p95)", p95, "ms", CIBLE_LISTE,
                    f"médiane {mediane:.0f} ms, {requetes(client, '/contrats/?echeance=60')} requêtes, {faits} contrats",
                )
            )  # fmt: skip
        transaction.set_rollback(True)
    with transaction.atomic():
        dire("Contrats à signer, en nombre")
        mesures.append(_imprimer(jour))
        transaction.set_rollback(True)
    return mesures


def _imprimer(jour: date) -> Mesure:
    """De la demande au fichier de l'imprimeur, pour des contrats du territoire de qui les demande."""
    acteur = agent_de("chef_territoire")
    perimetre = Perimetre.de(acteur)
    personnes = Personne.objects.filter(
        fusionnee_dans=None, contrats=None, territoire__in=perimetre.territoires
    ).order_by("pk")
    ecrits = ecrire(list(personnes[:IMPRIMES]), jour, acteur)
    depart, calcul = time.perf_counter(), time.process_time()
    compteur = Compteur()
    with connection.execute_wrapper(compteur):
        lot = produire_lot(Contrat.objects.filter(etat=EtatContrat.BROUILLON), acteur=acteur, perimetre=perimetre)
        executer(lot.public_id)
    duree, calcul = time.perf_counter() - depart, time.process_time() - calcul
    lot.refresh_from_db()
    if lot.etat != EtatLot.TERMINE or lot.planche is None:
        raise SystemExit(f"Le lot de contrats s'est arrêté : {lot.message}")
    detail = (
        f"{lot.total} contrats sur {ecrits} ({len(lot.ecartes)} écartés), {lot.total / duree:.0f} par seconde, "
        f"{calcul:.0f} s de calcul ici, {compteur.nombre} requêtes, fichier de {lot.planche.taille / 1_000_000:.0f} Mo"
    )
    return Mesure("Contrats : composer, garder, assembler", duree, "s", CIBLE_PDF, detail)

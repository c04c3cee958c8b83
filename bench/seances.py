"""Mesure la préparation d'une séance de 60 dossiers : inscrire, convoquer les membres et les personnes, imprimer.

Tout est écrit dans une transaction que l'on défait : la base mesurée garde ses lignes d'avant.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from datetime import time as heure
from itertools import repeat
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.test import Client
from django.utils import timezone

from bench.accueil import confier
from bench.contrats import agent_de, analyser, requetes
from bench.imports import Mesure
from bench.pages import client_de, durees_p95
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.services import enregistrer_document
from jalon.instances.auditions import convoquer_personnes, fixer_passages
from jalon.instances.composition import nommer_membre
from jalon.instances.models import EffetTheme, Instance, MembreInstance, QualiteMembre, Seance
from jalon.instances.saisines import inscrire_manquements
from jalon.instances.seances import convoquer_membres, planifier_seance
from jalon.manquements.models import EtatManquement, FaitManquement, Manquement, MotifManquement, PreuveAttendue, Regime
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.rendezvous.models import ContactIndividuel, MoyenContact, ResultatContact

DOSSIERS = 60
A_ENTENDRE = 20
CIBLE_PREPARATION = 60
CIBLE_PAGE = 500
TABLES = ("manquements_manquement", "manquements_faitmanquement", "instances_dossierseance", "instances_avisdossier")


def _avertis(personnes: Sequence[Personne], jour: date, agent: Agent, organisme: Organisme) -> list[Manquement]:
    """Une procédure par personne, avertie il y a plus d'un mois ; les premières demandent à être entendues."""
    motif = MotifManquement.objects.filter(actif=True, preuve=PreuveAttendue.LIBRE, fraude=False).order_by("pk")[0]
    regime, faits_le = Regime.objects.get(periode__contains=jour), jour - timedelta(days=80)
    recu_le = faits_le + timedelta(days=15)
    avertis = []
    for rang, personne in enumerate(personnes):
        contact = ContactIndividuel.objects.create(
            personne=personne, date=faits_le + timedelta(days=3), moyen=MoyenContact.TELEPHONE,
            resultat=ResultatContact.JOINTE, resume="Dit avoir oublié", auteur=agent,
        )  # fmt: skip
        lettre = enregistrer_document(
            b"%PDF", acteur=None, nature="avertissement", titre="Avertissement", personne=personne.public_id
        )
        manquement = Manquement.objects.create(
            personne=personne, motif=motif, regime_faits=regime, etat=EtatManquement.AVERTI, expose="Sans réponse.",
            organisme=organisme, territoire_id=personne.territoire_id, contact=contact, prepare_par=agent,
            prepare_le=faits_le + timedelta(days=4), saisi_par=agent, saisi_le=faits_le + timedelta(days=5),
            averti_le=faits_le + timedelta(days=8), avertissement=lettre, averti_recu_le=recu_le,
            preuve_reception="Avis de réception", observations_jusqu_au=recu_le + relativedelta(months=1),
            demande_audition=rang < A_ENTENDRE,
        )  # fmt: skip
        FaitManquement.objects.create(manquement=manquement, date=faits_le, description="Pas de réponse au service")
        avertis.append(manquement)
    analyser(TABLES)
    return avertis


def _instance(acteur: Agent, qui: dict[str, Any]) -> Instance:
    """Une instance de manquement du territoire, avec un membre par qualité."""
    instance = (
        Instance.objects.filter(
            actif=True, type__themes__effet=EffetTheme.MANQUEMENT, territoire__in=Perimetre.de(acteur).territoires
        )
        .select_related("type", "territoire")
        .distinct()
        .order_by("pk")[0]
    )
    pourvues = MembreInstance.objects.filter(instance=instance).values("qualite_id")
    for qualite in QualiteMembre.objects.filter(type=instance.type, actif=True).exclude(pk__in=pourvues):
        nommer_membre(instance, **qui, qualite=qualite, nom_externe=f"{qualite.libelle} (fictif)"[:120])
    return instance


def _preparer(seance: Seance, qui: dict[str, Any], manquements: Sequence[Manquement]) -> list[str]:
    """Les quatre gestes du secrétariat, chacun chronométré."""
    gestes: tuple[tuple[str, Callable[[], object]], ...] = (
        ("inscrire", lambda: inscrire_manquements(seance, **qui, manquements=[m.public_id for m in manquements])),
        ("membres", lambda: convoquer_membres(seance, **qui)),
        ("passages", lambda: fixer_passages(seance, **qui, premier=heure(9), minutes=15)),
        ("personnes", lambda: convoquer_personnes(seance, **qui)),
    )
    durees = []
    for nom, geste in gestes:
        depart = time.perf_counter()
        geste()
        durees.append(f"{nom} {time.perf_counter() - depart:.1f} s")
    return durees


def _imprimer(client: Client, seance: Seance) -> str:
    depart = time.perf_counter()
    reponse = client.get(f"/seances/{seance.public_id}/ordre-du-jour.pdf")
    if reponse.status_code != 200:
        raise SystemExit(f"L'ordre du jour ne s'imprime pas : {reponse.status_code}")
    return f"ordre du jour {time.perf_counter() - depart:.1f} s"


def mesurer(dire: Callable[[str], None]) -> list[Mesure]:
    dire("Séance de 60 dossiers")
    jour, acteur = timezone.localdate(), agent_de("chef_territoire")
    perimetre = Perimetre.de(acteur)
    qui: dict[str, Any] = {"acteur": acteur, "perimetre": perimetre}
    organisme = Organisme.objects.filter(actif=True).order_by("pk")[0]
    with transaction.atomic():
        personnes = list(
            Personne.objects.filter(
                fusionnee_dans=None, territoire__in=perimetre.territoires, designations_referent=None,
                soumissions__soumise=True, soumissions__periode__contains=jour,
            ).distinct().order_by("pk")[:DOSSIERS]
        )  # fmt: skip
        confier(personnes, jour, acteur, organisme)
        manquements = _avertis(personnes, jour, acteur, organisme)
        seance = planifier_seance(
            _instance(acteur, qui), **qui, jour=jour + timedelta(days=40), heure=heure(9), lieu="Salle des fêtes"
        )
        depart = time.perf_counter()
        gestes = _preparer(seance, qui, manquements)
        client = client_de("chef_territoire")
        gestes.append(_imprimer(client, seance))
        duree = time.perf_counter() - depart
        inscrits = seance.dossiers.count()
        adresse = f"/seances/{seance.public_id}/"
        mediane, p95 = durees_p95(client, repeat(adresse))
        lues = requetes(client, adresse)
        transaction.set_rollback(True)
    if inscrits != DOSSIERS:
        raise SystemExit(f"{inscrits} dossiers inscrits sur {DOSSIERS}")
    return [
        Mesure("Séance de 60 dossiers : la préparer", duree, "s", CIBLE_PREPARATION, ", ".join(gestes)),
        Mesure(
            "Séance de 60 dossiers : sa page (p95)", p95, "ms", CIBLE_PAGE, f"médiane {mediane:.0f} ms, {lues} requêtes"
        ),
    ]

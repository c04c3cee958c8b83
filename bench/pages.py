"""Mesure les pages les plus employées sur la base à taille réelle, à travers toute la chaîne web."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote_plus

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.imports import Mesure
from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.personnes.recherche import chercher, lire_requete
from jalon.socle.rls import web_role

TIRAGES = 150
CHAUFFE = 5


def client_de(role: str) -> Client:
    profil = ProfilHabilitation.objects.get(code=role)
    agent = Agent.objects.filter(affectations__profil=profil).order_by("id")[0]
    client = Client(headers={"host": "localhost"})
    client.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def _recherche(role: str, nom: str, textes: Iterator[str]) -> Mesure:
    """La recherche elle-même, sous le rôle web et le périmètre de l'agent, sans l'affichage."""
    profil = ProfilHabilitation.objects.get(code=role)
    perimetre = Perimetre.de(Agent.objects.filter(affectations__profil=profil).order_by("id")[0])
    durees = []
    for tirage in range(TIRAGES + CHAUFFE):
        requete = lire_requete(next(textes))
        with web_role(perimetre.reglages()):
            depart = time.perf_counter()
            chercher(perimetre, requete)
            duree = 1000 * (time.perf_counter() - depart)
        if tirage >= CHAUFFE:
            durees.append(duree)
    p95 = statistics.quantiles(durees, n=20)[-1]
    return Mesure(f"Recherche avec faute, {nom} (p95)", p95, "ms", 50, f"médiane {statistics.median(durees):.0f} ms")


def durees_p95(client: Client, adresses: Iterator[str]) -> tuple[float, float]:
    """Médiane et 95e centile, en millisecondes."""
    durees = []
    for tirage in range(TIRAGES + CHAUFFE):
        adresse = next(adresses)
        depart = time.perf_counter()
        reponse = client.get(adresse, follow=False)
        duree = 1000 * (time.perf_counter() - depart)
        if reponse.status_code not in (200, 302):
            raise SystemExit(f"{adresse} répond {reponse.status_code}")
        if tirage >= CHAUFFE:
            durees.append(duree)
    return statistics.median(durees), statistics.quantiles(durees, n=20)[-1]


def _avec_faute(alea: random.Random, texte: str) -> str:
    """Une lettre ôtée ou doublée : la recherche doit s'en accommoder."""
    place = alea.randrange(1, len(texte))
    return texte[:place] + (texte[place] if alea.random() < 0.5 else "") * 2 + texte[place + 1 :]


def mesurer(montrer: Callable[[str], None]) -> list[Mesure]:
    alea = random.Random(62)
    personnes = list(
        Personne.objects.filter(rattachements__role__in=["DEM", "CJT"])
        .order_by("public_id")
        .values_list("public_id", "nom", "prenom")[:3000]
    )

    def textes() -> Iterator[str]:
        while True:
            _, nom, prenom = alea.choice(personnes)
            mots = [_avec_faute(alea, nom.lower()), prenom.lower()]
            alea.shuffle(mots)
            yield " ".join(mots)

    def recherches() -> Iterator[str]:
        return (f"/recherche/?q={quote_plus(texte)}" for texte in textes())

    def dossiers() -> Iterator[str]:
        while True:
            yield f"/personnes/{alea.choice(personnes)[0]}/"

    def files() -> Iterator[str]:
        while True:
            yield alea.choice(
                ["/orientation/", "/orientation/?page=2", "/orientation/?page=7", "/orientation/?motif=sous_le_seuil"]
            )

    mesures = [_recherche("siege", "département", textes()), _recherche("orienteur", "territoire", textes())]
    cas: list[tuple[str, str, Iterator[str], float | None]] = [
        ("Page de recherche, département (p95)", "siege", recherches(), None),
        ("Page de recherche, territoire (p95)", "orienteur", recherches(), None),
        ("Page d'une personne (p95)", "siege", dossiers(), 100),
        ("File d'orientation, département (p95)", "siege", files(), 150),
        ("File d'orientation, territoire (p95)", "orienteur", files(), 150),
    ]
    for nom, role, adresses, cible in cas:
        montrer(nom)
        mediane, p95 = durees_p95(client_de(role), adresses)
        mesures.append(Mesure(nom, p95, "ms", cible, f"médiane {mediane:.0f} ms"))
    client = client_de("siege")
    client.get(f"/personnes/{personnes[0][0]}/")
    with CaptureQueriesContext(
        connection,
    ) as requetes:
        client.get(f"/personnes/{personnes[1][0]}/")
    mesures.append(Mesure("Requêtes de la page d'une personne", len(requetes), "", 12))
    return mesures

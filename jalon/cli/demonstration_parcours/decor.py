"""Ce que toutes les étapes partagent : comptes, référents, territoire, offre, tirage."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.apps import apps
from django.db import connection
from django.utils import timezone

from jalon.agents.models import Affectation, Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.agents.services import affecter_agent, creer_agent
from jalon.cli.installation import DOMAINE_DEMONSTRATION
from jalon.organismes.models import Organisme, Territoire
from jalon.orientations.models import (
    MotifOrientation,
    Sphere,
    TypeOrientation,
)
from jalon.orientations.structures import Offre, Structure, lire_offre
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import Personne
from jalon.referentiels.profil import Profil

ANCIENNETE: Final = 55
"""Jours sur lesquels s'étalent les décisions."""
COLLEGUES: Final = (
    ("Sabine", "Holvoet"), ("Julien", "Marquant"), ("Aurélie", "Tison"), ("Bastien", "Rivoire"),
)  # fmt: skip
EQUIPE_MOBILE: Final = ("Mireille", "Coutant")
EXTERNES: Final = (
    ("Odile Vasselin", "03 53 01 20 11"), ("Gérard Poirel", "03 53 01 20 12"), ("Lucie Amblard", "03 53 01 20 13"),
    ("Samir Toumi", "03 53 01 20 14"), ("Maïté Dubreucq", "03 53 01 20 15"), ("Yann Cordelier", "03 53 01 20 16"),
    ("Fatou Sarrazin", "03 53 01 20 17"), ("Hervé Quillot", "03 53 01 20 18"),
)  # fmt: skip
"""Référents sans compte ; leurs numéros sont de ceux que l'Arcep réserve à la fiction."""


@dataclass(frozen=True)
class Candidat:
    """Une personne de la file, telle qu'il faut la connaître pour l'orienter."""

    personne: Personne
    entree: date
    age: int


@dataclass(frozen=True, eq=False)
class Poste:
    """Un référent, l'organisme où il travaille, et le type d'orientation qu'il y reçoit."""

    agent: Agent
    type: TypeOrientation
    structure: Structure


@dataclass
class Decor:
    """Ce que toutes les étapes partagent."""

    alea: random.Random
    jour: date
    territoire: Territoire
    comptes: dict[str, Agent]
    """Rôle du profil → compte de démonstration."""
    mobile: Agent
    offre: Offre
    types: list[TypeOrientation]
    motifs: list[MotifOrientation]
    avis: dict[int, TypeOrientation | None] = field(default_factory=dict)
    _perimetres: dict[int, Perimetre] = field(default_factory=dict)

    def au_nom_de(self, agent: Agent) -> dict[str, Any]:
        """`acteur` et `perimetre` d'un acte."""
        if agent.pk not in self._perimetres:
            self._perimetres[agent.pk] = Perimetre.de(agent)
        return {"acteur": agent, "perimetre": self._perimetres[agent.pk]}

    def jour_apres(self, debut: date) -> date:
        """Un jour ouvré passé, après `debut` et dans la période des parcours."""
        premier = max(debut, self.jour - timedelta(days=ANCIENNETE))
        ecart = (self.jour - premier).days
        return ouvre(premier + timedelta(days=self.alea.randrange(ecart)), -1, premier) if ecart > 0 else self.jour


def ouvre(jour: date, pas: int = 1, au_plus_tot: date = date.min) -> date:
    """Le jour ouvré le plus proche dans le sens de `pas`, jamais avant `au_plus_tot`."""
    while jour.weekday() > 4 and jour + timedelta(days=pas) >= au_plus_tot:
        jour += timedelta(days=pas)
    return jour


def adresse_electronique(prenom: str, nom: str) -> str:
    return f"{prenom}.{nom}@{DOMAINE_DEMONSTRATION}".lower().translate(str.maketrans("éèêëàôûïç", "eeeeaouic"))


@dataclass(frozen=True)
class Suivie:
    """Une personne d'un portefeuille : son référent, où il travaille, depuis quand, et son orientation."""

    personne: Personne
    agent: Agent
    organisme: Organisme
    depuis: date
    type: TypeOrientation | None


def planter(profil: Profil, graine: int) -> Decor:
    """Le décor, avec l'équipe mobile que l'on crée."""
    return _decor(profil, graine, lambda siege, jour: _creer(EQUIPE_MOBILE, "orienteur", siege, jour))


def retrouver(profil: Profil, graine: int) -> Decor:
    """Le même décor, une fois planté ; son tirage repart d'une autre graine."""
    return _decor(
        profil, graine + 1, lambda _siege, _jour: Agent.objects.get(email=adresse_electronique(*EQUIPE_MOBILE))
    )


def _decor(profil: Profil, graine: int, mobile_de: Callable[[Organisme, date], Agent]) -> Decor:
    jour = timezone.localdate()
    courriels = {r.code: f"{r.compte_demonstration.courriel}@{DOMAINE_DEMONSTRATION}" for r in profil.roles}
    agents = {agent.email: agent for agent in Agent.objects.filter(email__in=courriels.values()).order_by("pk")}
    comptes = {role: agents[courriel] for role, courriel in courriels.items()}
    chef = Affectation.objects.select_related("territoire").get(agent=comptes["chef_territoire"])
    siege = Affectation.objects.select_related("organisme").get(agent=comptes["siege"]).organisme
    assert chef.territoire is not None
    return Decor(
        alea=random.Random(graine), jour=jour, territoire=chef.territoire, comptes=comptes,
        mobile=mobile_de(siege, jour),
        offre=lire_offre(jour), types=list(TypeOrientation.objects.filter(actif=True).order_by("ordre", "pk")),
        motifs=list(MotifOrientation.objects.filter(actif=True).order_by("ordre", "pk")),
    )  # fmt: skip


def _creer(qui: tuple[str, str], role: str, organisme: Organisme, jour: date) -> Agent:
    """Un compte fictif, sans mot de passe : personne ne s'y connecte."""
    prenom, nom = qui
    agent = creer_agent(email=adresse_electronique(prenom, nom), nom=nom, prenom=prenom, acteur=None)
    affecter_agent(
        agent, acteur=None, profil=ProfilHabilitation.objects.get(code=role), organisme=organisme,
        du=jour - relativedelta(years=1),
    )  # fmt: skip
    return agent


def age_de(decor: Decor, personne: Personne) -> int:
    return age_revolu(personne.date_naissance, decor.jour)


def nommer_les_referents(decor: Decor) -> list[Poste]:
    """Les référents de démonstration, puis des collègues dans leurs organismes et dans les autres du territoire."""
    recoivent = {
        structure.organisme.pk: (type_, structure)
        for type_ in reversed(decor.types)
        for structure in decor.offre.du_territoire(decor.territoire.pk, type_.pk)
    }
    postes = []
    for role in ("referent_solidarite", "referent_professionnel"):
        agent = decor.comptes[role]
        organisme = Affectation.objects.filter(agent=agent).order_by("pk").values_list("organisme_id", flat=True)[0]
        if organisme in recoivent:
            postes.append(Poste(agent, *recoivent[organisme]))
    connus = [poste.structure.organisme.pk for poste in postes]
    autres = sorted((cle for cle in recoivent if cle not in connus), key=lambda cle: str(recoivent[cle][1].organisme))
    for qui, cle in zip(COLLEGUES, connus + autres, strict=False):
        type_, structure = recoivent[cle]
        role = "referent_solidarite" if type_.sphere == Sphere.SOCIALE else "referent_professionnel"
        postes.append(Poste(_creer(qui, role, structure.organisme, decor.jour), type_, structure))
    return postes


def compter_les_lignes(*pieces: str) -> None:
    """Tout naît dans une seule transaction : sans cela, la base croit ses tables vides et choisit mal ses chemins.

    Sans `pieces`, toute la base est comptée.
    """
    tables = [modele._meta.db_table for piece in pieces for modele in apps.get_app_config(piece).get_models()]
    with connection.cursor() as curseur:
        curseur.execute(f"analyze {', '.join(tables)}")

"""Une séance prête à servir : ses membres, ses dossiers, et l'état où on la veut."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.composition import nommer_membre
from jalon.instances.models import DossierSeance, Instance, MembreInstance, QualiteMembre, Seance
from jalon.instances.ordre_du_jour import inscrire_dossiers
from jalon.instances.orientation import Deliberation, statuer
from jalon.instances.seances import convoquer_membres, ouvrir_seance, planifier_seance
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix
from jalon.orientations.models import AttenteOrientation, MotifOrientation, TypeOrientation
from jalon.personnes.models import Personne
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

EXTERNES = ("ccas", "pole_emploi", "caf", "msa")


class Plateau:
    """L'équipe d'orientation du premier territoire : un chef qui préside, un membre qui siège, des partenaires nommés."""

    def __init__(self, distribution: Distribution) -> None:
        self.d = distribution

    @cached_property
    def instance(self) -> Instance:
        return Instance.objects.select_related("type", "territoire").get(
            territoire=self.d.territoire, type__nature="orientation"
        )

    @cached_property
    def presidente(self) -> Agent:
        return self.d.agent("Paule", "chef_territoire", territoire=self.d.territoire)

    @cached_property
    def membre(self) -> Agent:
        """Siège pour le PLIE : n'a aucun autre droit sur les dossiers."""
        return self.d.agent("Marc", "membre_equipe", territoire=self.d.territoire)

    @cached_property
    def autre_membre(self) -> Agent:
        """Même rôle, même territoire, mais nommé dans aucune instance : le seul fait qui change."""
        return self.d.agent("Maud", "membre_equipe", territoire=self.d.territoire)

    def qualite(self, code: str) -> QualiteMembre:
        return QualiteMembre.objects.get(type=self.instance.type, code=code)

    @cached_property
    def sieges(self) -> dict[str, MembreInstance]:
        acteur = self.d.siege
        commun: dict[str, Any] = {"acteur": acteur, "perimetre": Perimetre.de(acteur), "du": date(2020, 1, 1)}
        sieges = {
            "slai": nommer_membre(self.instance, qualite=self.qualite("slai"), agent=self.presidente, **commun),
            "plie": nommer_membre(self.instance, qualite=self.qualite("plie"), agent=self.membre, **commun),
        }
        for code in EXTERNES:
            sieges[code] = nommer_membre(
                self.instance, qualite=self.qualite(code), nom_externe=f"Membre {code}",
                courriel_externe=f"{code}@partenaire.example", **commun,
            )  # fmt: skip
        sieges["suppleant_ccas"] = nommer_membre(
            self.instance, qualite=self.qualite("ccas"), nom_externe="Suppléant ccas", supplee=sieges["ccas"], **commun
        )
        return sieges

    def personnes(self, nombre: int = 3, **champs: Any) -> list[Personne]:
        return [une_allocataire(territoire=self.d.territoire, en_attente=True, **champs) for _ in range(nombre)]

    def preparee(self, personnes: list[Personne]) -> Seance:
        self.sieges  # noqa: B018 - nomme les membres
        orienteur = self.d.orienteur
        seance = planifier_seance(
            self.instance, acteur=orienteur, perimetre=Perimetre.de(orienteur), jour=timezone.localdate(),
            heure=time(9, 0), lieu="Salle des fêtes",
        )  # fmt: skip
        if personnes:
            inscrire_dossiers(
                seance, acteur=orienteur, perimetre=Perimetre.de(orienteur),
                attentes=AttenteOrientation.objects.filter(personne__in=personnes).values_list("public_id", flat=True),
            )  # fmt: skip
        return seance

    def convoquee(self, personnes: list[Personne]) -> Seance:
        orienteur = self.d.orienteur
        return convoquer_membres(
            self.preparee(personnes),
            acteur=orienteur,
            perimetre=Perimetre.de(orienteur),
            motif_urgence="File trop longue",
        )

    def ouverte(self, personnes: list[Personne], presents: tuple[str, ...] = ("slai", "plie", "ccas", "caf")) -> Seance:
        return ouvrir_seance(
            self.convoquee(personnes), acteur=self.presidente, perimetre=Perimetre.de(self.presidente),
            president=self.sieges["slai"], presents=[self.sieges[code].pk for code in presents],
        )  # fmt: skip

    def choix(self, referent: Agent | None = None, **change: Any) -> Choix:
        ccas = Organisme.objects.filter(type__categorie="ccas").order_by("id")[0]
        valeurs: dict[str, Any] = {
            "type": TypeOrientation.objects.get(code="solidarite"), "organisme": ccas,
            "motif": MotifOrientation.objects.get(code="logement"), "referent": referent,
        }  # fmt: skip
        return Choix(**{**valeurs, **change})

    def statuer(self, dossier: DossierSeance, choix: Choix | None = None, **dit: Any) -> DossierSeance:
        return statuer(
            dossier, acteur=self.presidente, perimetre=Perimetre.de(self.presidente), choix=choix or self.choix(),
            deliberation=Deliberation(**dit),
        )  # fmt: skip

    def dossiers(self, seance: Seance) -> list[DossierSeance]:
        return list(seance.dossiers.select_related("seance__instance__type", "personne", "theme").order_by("rang"))


def dans(jours: int) -> date:
    return timezone.localdate() + timedelta(days=jours)

"""La carte des lieux d'instruction : capacité, charge, couverture de chaque territoire (F020, R09)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from jalon.droits.demandes import DemandeInstruction
from jalon.droits.instruction import lieux_habilites, reglage
from jalon.organismes.models import CommuneTerritoire, Organisme, Territoire
from jalon.personnes.fusion import effets_complets


@dataclass(frozen=True, slots=True)
class Lieu:
    """Un lieu d'instruction et les demandes qu'il a en cours."""

    organisme: Organisme
    territoires: tuple[str, ...]
    capacite: int | None
    en_cours: int

    @property
    def depasse(self) -> bool:
        return self.capacite is not None and self.en_cours > self.capacite

    @property
    def part(self) -> int | None:
        """Charge pour cent places."""
        return round(100 * self.en_cours / self.capacite) if self.capacite else None


@dataclass(frozen=True, slots=True)
class Couverture:
    """Part des habitants dont la commune a un lieu d'instruction (formule de Jalon : la source n'en donne pas)."""

    territoire: Territoire
    lieux: int
    en_cours: int
    capacite: int
    habitants: int
    couverts: int

    @property
    def taux(self) -> float | None:
        return 100 * self.couverts / self.habitants if self.habitants else None

    @property
    def part(self) -> int | None:
        return round(100 * self.en_cours / self.capacite) if self.capacite else None

    @property
    def depasse(self) -> bool:
        return bool(self.capacite) and self.en_cours > self.capacite


def charges() -> dict[int, int]:
    """Demandes en cours de chaque organisme : un nombre, sans personne, que tout instructeur peut connaître (R09)."""
    with effets_complets():
        lignes = DemandeInstruction.objects.filter(close_le=None).order_by().values("organisme_id")
        return {ligne["organisme_id"]: ligne["n"] for ligne in lignes.annotate(n=Count("pk")).order_by("organisme_id")}


def lieux_instruction(jour: date) -> list[Lieu]:
    """Lieux habilités ce jour, les plus chargés d'abord."""
    sites = {site.organisme: site for site in reglage().sites}
    en_cours = charges()
    lieux = [
        Lieu(
            organisme, tuple(t.libelle for t in sorted(organisme.territoires.all(), key=lambda t: (t.ordre, t.pk))),
            sites[organisme.code].capacite if organisme.code in sites else None, en_cours.get(organisme.pk, 0),
        )
        for organisme in lieux_habilites(jour).prefetch_related("territoires")
    ]  # fmt: skip
    return sorted(lieux, key=lambda lieu: (-(lieu.part or 0), lieu.organisme.libelle, lieu.organisme.pk))


def couverture(jour: date) -> list[Couverture]:
    """Par territoire : lieux, charge, capacité, et habitants des communes où l'on instruit."""
    instruction = reglage()
    lieux = lieux_instruction(jour)
    sites = {site.organisme: site for site in instruction.sites}
    ouvertes = {
        c for lieu in lieux for c in (sites[lieu.organisme.code].communes if lieu.organisme.code in sites else ())
    }
    habitants, couverts = Counter[int](), Counter[int]()
    populations = (
        CommuneTerritoire.objects.order_by("territoire_id")
        .values("territoire_id", "commune_id")
        .annotate(habitants=Sum("commune__population"))
    )
    for ligne in populations:
        habitants[ligne["territoire_id"]] += ligne["habitants"] or 0
        if ligne["commune_id"] in ouvertes:
            couverts[ligne["territoire_id"]] += ligne["habitants"] or 0
    lignes = []
    for territoire in Territoire.objects.feuilles().order_by("ordre", "libelle", "pk"):
        ici = [lieu for lieu in lieux if territoire.pk in {t.pk for t in lieu.organisme.territoires.all()}]
        lignes.append(
            Couverture(
                territoire, len(ici), sum(lieu.en_cours for lieu in ici), sum(lieu.capacite or 0 for lieu in ici),
                habitants[territoire.pk], couverts[territoire.pk],
            )
        )  # fmt: skip
    return lignes

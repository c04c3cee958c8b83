"""Comparer deux recueils, et des grilles dans le temps (F031, I28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from django.db.models import Count

from jalon.diagnostics.enums import Suivi
from jalon.diagnostics.models import RUBRIQUES, ContenuRecueil, Item, Passation, intitule


class Sens(StrEnum):
    """Le rang 1 est le plus proche de l'emploi : baisser de rang, c'est s'améliorer."""

    AMELIORE = "ameliore"
    STABLE = "stable"
    DEGRADE = "degrade"
    INCONNU = "inconnu"


@dataclass(frozen=True)
class Point:
    """La réponse d'une question à une date ; sans rang, la personne n'a pas souhaité répondre."""

    jour: date
    rang: int | None
    libelle: str


@dataclass(frozen=True)
class Trajet:
    """Une question à travers le temps, de la plus ancienne grille à la plus récente."""

    code: str
    libelle: str
    question: str
    echelons: int
    poids: int
    points: tuple[Point, ...]

    @property
    def repondus(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.rang is not None)

    @property
    def ecart(self) -> int | None:
        """Échelons gagnés vers l'emploi entre la première et la dernière réponse ; négatif : perdus."""
        rangs = [point.rang for point in self.points if point.rang is not None]
        return rangs[0] - rangs[-1] if len(rangs) > 1 else None

    @property
    def sens(self) -> Sens:
        ecart = self.ecart
        if ecart is None:
            return Sens.INCONNU
        return Sens.AMELIORE if ecart > 0 else Sens.DEGRADE if ecart < 0 else Sens.STABLE


@dataclass(frozen=True)
class Evolution:
    """Toutes les questions d'une grille, et le bilan (I28)."""

    trajets: tuple[Trajet, ...]
    jours: tuple[date, ...]

    def nombre(self, sens: Sens) -> int:
        return sum(trajet.sens == sens for trajet in self.trajets)

    @property
    def ameliores(self) -> int:
        return self.nombre(Sens.AMELIORE)

    @property
    def stables(self) -> int:
        return self.nombre(Sens.STABLE)

    @property
    def degrades(self) -> int:
        return self.nombre(Sens.DEGRADE)

    @property
    def moyenne(self) -> Decimal | None:
        """Écart moyen d'échelons, pondéré par le poids des questions, au centième."""
        ecarts = [(t.ecart, t.poids) for t in self.trajets if t.ecart is not None]
        if not ecarts:
            return None
        somme = sum((Decimal(ecart) * poids for ecart, poids in ecarts), Decimal())
        return (somme / sum(poids for _, poids in ecarts)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def evolution(passations: Sequence[Passation]) -> Evolution:
    """Trajet de chaque question de la dernière version, à travers toutes les grilles données, dans n'importe quel ordre.

    Les questions se suivent par leur code. D'une version à l'autre, une question qui a changé de nombre d'échelons ne
    se compare plus : ses réponses d'avant sont laissées de côté.
    """
    dans_l_ordre = sorted(passations, key=lambda p: (p.date_passation, p.pk))
    if not dans_l_ordre:
        return Evolution((), ())
    items = dans_l_ordre[-1].version.items.order_by("rang").prefetch_related("echelons")
    hauteurs = _hauteurs({p.version_id for p in dans_l_ordre})
    trajets = []
    for item in items:
        hauteur = len(item.echelons.all())
        points = []
        for passation in dans_l_ordre:
            if hauteurs.get((passation.version_id, item.code)) != hauteur:
                continue
            reponse = next((r for r in passation.reponses.all() if r.item.code == item.code), None)
            points.append(
                Point(
                    passation.date_passation,
                    reponse.echelon.rang if reponse else None,
                    reponse.echelon.libelle if reponse else "",
                )
            )
        trajets.append(Trajet(item.code, item.libelle, item.question, hauteur, item.poids, tuple(points)))
    return Evolution(tuple(trajets), tuple(p.date_passation for p in dans_l_ordre))


def _hauteurs(versions: set[int]) -> dict[tuple[int, str], int]:
    """Nombre d'échelons de chaque question de chaque version."""
    lues = Item.objects.filter(version_id__in=versions).annotate(hauteur=Count("echelons")).order_by("pk")
    return {(version, code): hauteur for version, code, hauteur in lues.values_list("version_id", "code", "hauteur")}


# --- Deux recueils côte à côte


@dataclass(frozen=True)
class Difference:
    """Une case, avant et après, telle qu'on l'écrit ; « ajouté », « retiré », « changé », ou rien."""

    intitule: str
    avant: str
    apres: str

    @property
    def etat(self) -> str:
        if self.avant == self.apres:
            return ""
        return "ajouté" if not self.avant else "retiré" if not self.apres else "changé"


def ecrire(recueil: ContenuRecueil, champ: str) -> str:
    """Valeur d'une case en clair ; vide si la question n'a pas eu de réponse."""
    valeur = getattr(recueil, champ)
    if valeur in ("", None, []):
        return ""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, list):
        return ", ".join(Suivi(code).label for code in valeur)
    if isinstance(valeur, Decimal):
        return f"{valeur:.2f} €".replace(".", ",")
    afficher = getattr(recueil, f"get_{champ}_display", None)
    return str(afficher() if afficher else valeur)


def rubriques(recueil: ContenuRecueil) -> list[tuple[str, list[tuple[str, str]]]]:
    """Rubriques et cases remplies d'un recueil, dans l'ordre ; une rubrique vide reste, sans case."""
    return [
        (titre, [(intitule(champ), texte) for champ in champs if (texte := ecrire(recueil, champ))])
        for titre, champs in RUBRIQUES
    ]


def comparer(avant: ContenuRecueil, apres: ContenuRecueil) -> list[tuple[str, list[Difference]]]:
    """Deux recueils, case à case, rubrique par rubrique ; les cases vides des deux côtés sont laissées."""
    rendues = []
    for titre, champs in RUBRIQUES:
        cases = [Difference(intitule(champ), ecrire(avant, champ), ecrire(apres, champ)) for champ in champs]
        rendues.append((titre, [case for case in cases if case.avant or case.apres]))
    return rendues

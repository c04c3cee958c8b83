"""Les chiffres de l'information : qui est venu, par territoire et par mois (J2.2, F026). Chacun ouvre sa liste."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Territoire
from jalon.orientations.models import AttenteOrientation, MotifEntree
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.rendezvous.models import EtatInvitation, EtatReunion, Invitation
from jalon.rendezvous.selectors import absences_sans_contact, invitations, reunions, territoires_du_plan
from jalon.socle.nombres import en_pourcent


@dataclass
class ChiffresTerritoire:
    """Une ligne du tableau ; les parts portent leur base."""

    libelle: str
    code: str = ""
    reunions: int = 0
    presentes: int = 0
    excusees: int = 0
    absentes: int = 0
    entrants: int = 0
    entrants_presents: int = 0
    sans_contact: int = 0

    @property
    def attendues(self) -> int:
        return self.presentes + self.excusees + self.absentes

    @property
    def part_presentes(self) -> Decimal | None:
        return en_pourcent(self.presentes, self.attendues, decimales=1)

    @property
    def part_entrants(self) -> Decimal | None:
        """J2.2c : nouveaux entrants de la période notés présents, sur les nouveaux entrants de la période."""
        return en_pourcent(self.entrants_presents, self.entrants, decimales=1)


@dataclass(frozen=True)
class Chiffres:
    lignes: list[ChiffresTerritoire]
    total: ChiffresTerritoire = field(default_factory=lambda: ChiffresTerritoire("Ensemble"))


def invitations_comptees(perimetre: Perimetre, debut: date, fin: date) -> QuerySet[Invitation]:
    """Invitations des réunions tenues de `debut` à la veille de `fin`, une fois leur feuille close."""
    return (
        invitations(perimetre)
        .filter(
            reunion__etat=EtatReunion.TENUE, reunion__date__gte=debut, reunion__date__lt=fin,
            etat__in=EtatInvitation.comptees(),
        )
        .select_related("personne", "reunion__territoire")
        .order_by("reunion__date", "personne__nom", "personne__prenom", "pk")
    )  # fmt: skip


def entrants_de_la_periode(perimetre: Perimetre, debut: date, fin: date) -> QuerySet[Any]:
    """Nouveaux entrants de la période, orientés depuis ou non (dénominateur de J2.2c)."""
    entrants: QuerySet[Any] = (
        AttenteOrientationQuerySet(AttenteOrientation)
        .du_perimetre(perimetre)
        .filter(motif=MotifEntree.NOUVEL_ENTRANT, entree_le__gte=debut, entree_le__lt=fin)
        .annotate(
            informee=Exists(
                Invitation.objects.filter(
                    personne=OuterRef("personne"), etat=EtatInvitation.PRESENTE, reunion__date__gte=debut
                )
            )
        )
    )
    return entrants


def chiffres(perimetre: Perimetre, debut: date, fin: date) -> Chiffres:
    """Le tableau d'une période, un territoire par ligne, en quatre lectures."""
    territoires = territoires_du_plan(perimetre)
    lignes = {t.pk: ChiffresTerritoire(t.libelle, t.code) for t in territoires}
    for cle, nombre in _par(
        reunions(perimetre).filter(etat=EtatReunion.TENUE, date__gte=debut, date__lt=fin), "territoire_id"
    ):
        _ligne(lignes, cle).reunions += nombre
    comptes = (
        invitations_comptees(perimetre, debut, fin)
        .order_by()
        .values_list("reunion__territoire_id", "etat")
        .annotate(n=Count("pk"))
    )
    noms = {
        EtatInvitation.PRESENTE: "presentes",
        EtatInvitation.EXCUSEE: "excusees",
        EtatInvitation.ABSENTE: "absentes",
    }
    for cle, etat, nombre in comptes:
        ligne = _ligne(lignes, cle)
        setattr(ligne, noms[EtatInvitation(etat)], getattr(ligne, noms[EtatInvitation(etat)]) + nombre)
    entrants = (
        entrants_de_la_periode(perimetre, debut, fin)
        .order_by()
        .values("territoire_id")
        .annotate(n=Count("personne", distinct=True), vus=Count("personne", filter=Q(informee=True), distinct=True))
    )
    for groupe in entrants:
        ligne = _ligne(lignes, groupe["territoire_id"])
        ligne.entrants, ligne.entrants_presents = groupe["n"], groupe["vus"]
    for cle, nombre in _par(absences_sans_contact(perimetre), "reunion__territoire_id"):
        _ligne(lignes, cle).sans_contact += nombre
    rendues = list(lignes.values())
    return Chiffres(rendues, _total(rendues))


def _ligne(lignes: dict[int, ChiffresTerritoire], cle: int | None) -> ChiffresTerritoire:
    """Une réunion d'un territoire intermédiaire, ou une personne sans territoire, a sa ligne : rien ne se perd."""
    if cle in lignes and cle is not None:
        return lignes[cle]
    territoire = Territoire.objects.filter(pk=cle or 0).first()
    libelle, code = (territoire.libelle, territoire.code) if territoire else ("Sans territoire", "")
    return lignes.setdefault(cle or 0, ChiffresTerritoire(libelle, code))


def _par(lignes: QuerySet[Any], colonne: str) -> Iterable[tuple[int | None, int]]:
    comptes: Iterable[tuple[int | None, int]] = (
        lignes.order_by().values_list(colonne).annotate(n=Count("pk", distinct=True))
    )
    return comptes


def _total(lignes: Iterable[ChiffresTerritoire]) -> ChiffresTerritoire:
    total = ChiffresTerritoire("Ensemble")
    for ligne in lignes:
        for nom in (
            "reunions", "presentes", "excusees", "absentes", "entrants", "entrants_presents", "sans_contact",
        ):  # fmt: skip
            setattr(total, nom, getattr(total, nom) + getattr(ligne, nom))
    return total

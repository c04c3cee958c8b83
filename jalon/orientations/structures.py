"""Qui peut recevoir une personne sous un type d'orientation : territoire, public, places et charge (F041, R41)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import connection

from jalon.organismes.models import Habilitation, ObjetHabilitation, Organisme, Territoire
from jalon.orientations.models import Accueil, TypeOrientation
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import Personne


@dataclass
class Structure:
    """Un organisme qui reçoit sous un type, avec ses places et sa charge à cette date."""

    organisme: Organisme
    type_id: int
    places: int | None
    age_min: int | None
    age_max: int | None
    charge: int

    @property
    def restantes(self) -> int | None:
        """Places encore libres ; rien si l'organisme n'a pas de limite."""
        return None if self.places is None else self.places - self.charge

    @property
    def pleine(self) -> bool:
        return self.restantes is not None and self.restantes <= 0

    @property
    def public_choisi(self) -> bool:
        return self.age_min is not None or self.age_max is not None

    def recoit(self, age: int) -> bool:
        return (self.age_min is None or age >= self.age_min) and (self.age_max is None or age <= self.age_max)


@dataclass
class Offre:
    """Les structures du département à une date, rangées par territoire et par type."""

    par_type: dict[int, list[Structure]]
    territoires: dict[int, frozenset[int]]
    """Organisme → territoires où il agit ; vide : partout."""
    lignees: dict[int, frozenset[int]]
    """Territoire → lui-même et ceux dont il dépend."""
    _memoire: dict[tuple[int | None, int], list[Structure]] = field(default_factory=dict)

    def du_territoire(self, territoire: int | None, type_id: int) -> list[Structure]:
        """Structures d'un type qui agissent sur un territoire, tous publics confondus."""
        cle = (territoire, type_id)
        if cle not in self._memoire:
            lignee = self.lignees.get(territoire or 0, frozenset())
            self._memoire[cle] = [
                structure
                for structure in self.par_type.get(type_id, [])
                if not (siens := self.territoires.get(structure.organisme.pk, frozenset())) or siens & lignee
            ]
        return self._memoire[cle]

    def possibles(self, territoire: int | None, age: int, type_id: int) -> list[Structure]:
        """Celles qui reçoivent cette personne : d'abord le public qui est le sien, puis le plus de places libres."""
        recoivent = [s for s in self.du_territoire(territoire, type_id) if s.recoit(age)]
        return sorted(recoivent, key=rang)

    def a_une_place(self, territoire: int | None, age: int, type_id: int) -> bool:
        return any(s.recoit(age) and not s.pleine for s in self.du_territoire(territoire, type_id))


def rang(structure: Structure) -> tuple[bool, bool, bool, int, str]:
    """Une place libre d'abord ; puis le public choisi ; puis le plus de places ; une place sans limite vient après."""
    restantes = structure.restantes
    return (
        structure.pleine,
        not structure.public_choisi,
        restantes is None,
        -(restantes or 0),
        str(structure.organisme),
    )


def lire_offre(jour: date, types: Iterable[int] | None = None) -> Offre:
    """Lit les structures habilitées à être référent, leurs places et leur charge, en quatre requêtes."""
    accueils = Accueil.objects.filter(
        periode__contains=jour, type__actif=True, organisme__actif=True,
        organisme__in=Habilitation.objects.filter(objet=ObjetHabilitation.REFERENCE, periode__contains=jour)
        .order_by().values("organisme"),
    )  # fmt: skip
    if types is not None:
        accueils = accueils.filter(type__in=list(types))
    charges = charges_structures()
    par_type: dict[int, list[Structure]] = {}
    for accueil in accueils.select_related("organisme__type").order_by("organisme__libelle", "pk"):
        par_type.setdefault(accueil.type_id, []).append(
            Structure(
                accueil.organisme, accueil.type_id, accueil.places, accueil.age_min, accueil.age_max,
                charges.get((accueil.organisme_id, accueil.type_id), 0),
            )
        )  # fmt: skip
    territoires: dict[int, set[int]] = {}
    for organisme, territoire in Organisme.territoires.through.objects.order_by("pk").values_list(
        "organisme_id", "territoire_id"
    ):
        territoires.setdefault(organisme, set()).add(territoire)
    return Offre(par_type, {o: frozenset(t) for o, t in territoires.items()}, lignees())


def lignees() -> dict[int, frozenset[int]]:
    """Chaque territoire avec ceux dont il dépend : qui agit sur le parent agit sur l'enfant."""
    parents = dict(Territoire.objects.order_by("pk").values_list("pk", "parent_id"))
    rendues = {}
    for territoire in parents:
        lignee = set[int]()
        courant: int | None = territoire
        while courant is not None and courant not in lignee:
            lignee.add(courant)
            courant = parents.get(courant)
        rendues[territoire] = frozenset(lignee)
    return rendues


def charges_structures() -> dict[tuple[int, int], int]:
    """(organisme, type) → personnes orientées aujourd'hui, comptées dans tout le département."""
    with connection.cursor() as curseur:
        curseur.execute("select organisme, type, nombre from orientations_charge_structures()")
        return {(organisme, type_id): nombre for organisme, type_id, nombre in curseur.fetchall()}


def structures_possibles(personne: Personne, type_orientation: TypeOrientation, jour: date) -> list[Structure]:
    """Structures qui peuvent recevoir cette personne sous ce type, la meilleure d'abord."""
    offre = lire_offre(jour, [type_orientation.pk])
    return offre.possibles(personne.territoire_id, age_revolu(personne.date_naissance, jour), type_orientation.pk)

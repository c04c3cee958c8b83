"""Qui doit être invité : les nouveaux entrants dans le mois de la liquidation, puis les plus anciens (R15, F024).

La liste est calculée, jamais tenue à la main. N'y sont pas : qui a déjà été rencontré, qui a une invitation en
cours, et qui fut absent sans avoir été contacté depuis (R18). Les deux membres d'un couple y sont chacun à son nom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from jalon.agents.perimetre import Perimetre
from jalon.droits.models import EtatDossier, Evenement, Situation, Soumission
from jalon.organismes.models import Territoire
from jalon.orientations.models import AttenteOrientation, MotifEntree
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import ajouter_mois, nombre
from jalon.rendezvous.contacts import contact_suffisant
from jalon.rendezvous.models import EtatInvitation, Invitation, MotifInvitation

EN_COURS = {"periode__endswith": None, "periode__isempty": False}
ORIGINES_ANCIENNES = ("RMI", "API")


@dataclass(frozen=True)
class AInviter:
    """Une personne à inviter, pourquoi, et avant quand."""

    personne: Personne
    motif: MotifInvitation
    depuis: date
    """Liquidation pour un nouvel entrant, entrée dans le dispositif (RMI et API compris) pour une ancienne."""
    echeance: date | None
    dossier: int
    relance: bool

    def retard(self, jour: date) -> int:
        """Jours de retard du service ; zéro s'il est encore dans son délai."""
        return max(0, (jour - self.echeance).days) if self.echeance is not None else 0

    @property
    def motif_invitation(self) -> MotifInvitation:
        return MotifInvitation.RELANCE if self.relance else self.motif


def _a_rencontrer() -> Q:
    """Ni rencontrée, ni attendue, ni absente sans contact.

    Celles que l'on écarte sont lues une fois, non personne par personne : sur 60 000 personnes, c'est ce qui compte.
    """
    ecartees = Invitation.objects.filter(
        Q(etat__in=[EtatInvitation.PRESENTE, *EtatInvitation.attendues()])
        | Q(etat=EtatInvitation.ABSENTE) & ~contact_suffisant()
    )
    return ~Q(personne__in=ecartees.order_by().values("personne"))


def _deja_invitee() -> Exists:
    return Exists(Invitation.objects.filter(personne=OuterRef("personne"), etat__in=EtatInvitation.comptees()))


def entrants_a_inviter(perimetre: Perimetre, territoires: Iterable[int] | None = None) -> QuerySet[Any]:
    """Nouveaux entrants qui attendent leur orientation et n'ont pas été informés.

    La liquidation est la dernière que portait le flux qui les a fait entrer ; sans événement dans ce flux, la date
    du flux en tient lieu. Réf. : R15, R19.
    """
    liquidation = (
        Evenement.objects.filter(dossier=OuterRef("dossier"), recu_le=OuterRef("entree_le"))
        .order_by()
        .values("dossier")
        .annotate(le=Max("liquide_le"))
        .values("le")
    )
    file = AttenteOrientationQuerySet(AttenteOrientation).en_cours().du_perimetre(perimetre)
    if territoires is not None:
        file = file.filter(territoire_id__in=list(territoires))
    entrants: QuerySet[Any] = file.filter(_a_rencontrer(), motif=MotifEntree.NOUVEL_ENTRANT)
    dates: QuerySet[Any] = entrants.annotate(
        liquide_le=Coalesce(Subquery(liquidation, output_field=DateField()), F("entree_le"))
    )
    return dates.order_by("liquide_le", "dossier_id", "pk")


def anciens_a_inviter(
    perimetre: Perimetre, jour: date, territoires: Iterable[int] | None = None
) -> QuerySet[Soumission, Any]:
    """Personnes soumises depuis plus longtemps que l'ancienneté prioritaire, les plus anciennes d'abord.

    L'ancienneté compte le RMI et l'API. Réf. : R15, [000] III.2 « par ordre chronologique ».
    """
    mois = int(nombre("reunion.anciennete_prioritaire", jour))
    seuil = jour - relativedelta(months=mois)
    ouverte = Situation.objects.filter(dossier=OuterRef("dossier"), etat__in=EtatDossier.ouverts(), **EN_COURS)
    origine = (
        Situation.objects.filter(dossier=OuterRef("dossier"), origine__in=ORIGINES_ANCIENNES, **EN_COURS)
        .order_by("pk")
        .values("date_origine")[:1]
    )
    lignes = Soumission.objects.filter(
        filtre_perimetre(perimetre, "personne__"), soumise=True, personne__fusionnee_dans=None, **EN_COURS
    )
    if territoires is not None:
        lignes = lignes.filter(personne__territoire_id__in=list(territoires))
    return (
        lignes.annotate(
            entree=Least(
                F("dossier__date_demande"), F("dossier__date_demande_rmi"),
                Subquery(origine, output_field=DateField()),
            )
        )
        .filter(Exists(ouverte), _a_rencontrer(), entree__lte=seuil)
        .order_by("entree", "dossier_id", "pk")
    )  # fmt: skip


def a_inviter(
    perimetre: Perimetre, jour: date, *, territoire: Territoire, limite: int, parmi: Iterable[int] | None = None
) -> list[AInviter]:
    """Les prochaines personnes à inviter sur un territoire : tous les entrants, puis les anciens, jusqu'à `limite`.

    `parmi` restreint à des personnes déjà choisies.
    """
    entrants = entrants_a_inviter(perimetre, [territoire.pk])
    anciens = anciens_a_inviter(perimetre, jour, [territoire.pk])
    if parmi is not None:
        voulues = list(parmi)
        entrants, anciens = entrants.filter(personne_id__in=voulues), anciens.filter(personne_id__in=voulues)
    trouves: dict[int, AInviter] = {}
    for attente in entrants.annotate(relance=_deja_invitee()).select_related("personne")[:limite]:
        trouves.setdefault(
            attente.personne_id,
            AInviter(
                attente.personne, MotifInvitation.NOUVEL_ENTRANT, attente.liquide_le,
                ajouter_mois(attente.liquide_le, "reunion.delai_invitation"), attente.dossier_id, attente.relance,
            ),
        )  # fmt: skip
    reste = limite - len(trouves)
    if reste > 0:
        lignes = anciens.exclude(personne_id__in=list(trouves)).annotate(relance=_deja_invitee())
        for soumission in lignes.select_related("personne")[:reste]:
            trouves.setdefault(
                soumission.personne_id,
                AInviter(
                    soumission.personne, MotifInvitation.ANCIEN, soumission.entree, None, soumission.dossier_id,
                    soumission.relance,
                ),
            )  # fmt: skip
    return list(trouves.values())


def remplir(proposees: Iterable[AInviter], places: int) -> list[AInviter]:
    """Choisit qui remplit les places, sans jamais séparer les deux membres d'un couple."""
    groupes: dict[int, list[AInviter]] = {}
    for proposee in proposees:
        groupes.setdefault(proposee.dossier, []).append(proposee)
    retenues: list[AInviter] = []
    for groupe in groupes.values():
        if len(retenues) + len(groupe) <= places:
            retenues += groupe
    return retenues


@dataclass(frozen=True)
class Besoin:
    """Ce qu'un territoire a devant lui."""

    entrants: int = 0
    en_retard: int = 0
    anciens: int = 0


def besoins(perimetre: Perimetre, jour: date) -> Mapping[int | None, Besoin]:
    """Personnes à inviter par territoire, en deux lectures ; le retard est celui du service (R15)."""
    # Un mois d'échéance : la limite d'aujourd'hui est la même pour tous, elle se compare sans dater chaque ligne.
    limite = jour - relativedelta(months=int(nombre("reunion.delai_invitation", jour)))
    retard = Case(When(liquide_le__lt=limite, then=Value(True)), default=Value(False), output_field=BooleanField())
    comptes: dict[int | None, dict[str, int]] = {}
    lignes = (
        entrants_a_inviter(perimetre)
        .order_by()
        .annotate(tard=retard)
        .values("territoire_id", "tard")
        .annotate(n=Count("pk"))
    )
    for ligne in lignes:
        compte = comptes.setdefault(ligne["territoire_id"], {"entrants": 0, "en_retard": 0, "anciens": 0})
        compte["entrants"] += ligne["n"]
        compte["en_retard"] += ligne["n"] if ligne["tard"] else 0
    for ligne in (
        anciens_a_inviter(perimetre, jour)
        .order_by()
        .values("personne__territoire_id")
        .annotate(n=Count("personne", distinct=True))
    ):
        compte = comptes.setdefault(ligne["personne__territoire_id"], {"entrants": 0, "en_retard": 0, "anciens": 0})
        compte["anciens"] += ligne["n"]
    return {cle: Besoin(**compte) for cle, compte in comptes.items()}

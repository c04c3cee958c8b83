"""Lire les campagnes et leurs piles."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from jalon.agents.perimetre import Perimetre
from jalon.echanges.campagnes.modeles import Campagne, CandidatLigne, EtatLigne, LigneCampagne, Pile
from jalon.socle.errors import HorsPerimetreError


def campagnes_du_perimetre(perimetre: Perimetre) -> QuerySet[Campagne]:
    """Campagnes de mes territoires, et celles que j'ai déposées."""
    if perimetre.agent is None:
        return Campagne.objects.none()
    if perimetre.tout:
        return Campagne.objects.all()
    return Campagne.objects.filter(Q(territoire__in=perimetre.territoires) | Q(creee_par=perimetre.agent))


def campagnes_pour_liste(perimetre: Perimetre) -> QuerySet[Campagne]:
    """Campagnes avec le nombre de leurs lignes, sûres, à vérifier et décidées."""
    return (
        campagnes_du_perimetre(perimetre)
        .select_related("format", "territoire", "creee_par")
        .annotate(
            total=Count("lignes"),
            sures=Count("lignes", filter=Q(lignes__pile=Pile.SURE)),
            a_verifier=Count("lignes", filter=Q(lignes__pile=Pile.A_VERIFIER, lignes__etat=EtatLigne.A_TRAITER)),
            decidees=Count("lignes", filter=Q(lignes__etat=EtatLigne.DECIDEE)),
        )
        .order_by("-creee_le", "-pk")
    )


def acceder_campagne(perimetre: Perimetre, public_id: UUID) -> Campagne:
    """Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger("campagnes.gerer")
    campagne = (
        campagnes_du_perimetre(perimetre)
        .select_related("format", "territoire", "organisme", "creee_par")
        .filter(public_id=public_id)
        .first()
    )
    if campagne is None:
        raise HorsPerimetreError("Cette campagne n'existe pas, ou n'est pas dans votre périmètre. Vérifiez le lien.")
    return campagne


def acceder_ligne(perimetre: Perimetre, campagne: Campagne, public_id: UUID) -> LigneCampagne:
    ligne = (
        LigneCampagne.objects.filter(campagne=campagne, public_id=public_id)
        .select_related("campagne", "personne", "decision")
        .prefetch_related(
            Prefetch("candidats", CandidatLigne.objects.select_related("personne__territoire").order_by("-score", "pk"))
        )
        .first()
    )
    if ligne is None:
        raise HorsPerimetreError("Cette ligne n'existe plus : la campagne a peut-être été close.")
    return ligne


def compter_piles(campagne: Campagne) -> dict[str, int]:
    """Nombre de lignes par porte de l'écran, en une lecture."""
    return LigneCampagne.objects.filter(campagne=campagne).aggregate(
        toutes=Count("pk"),
        sure=Count("pk", filter=Q(pile=Pile.SURE)),
        a_verifier=Count("pk", filter=Q(pile=Pile.A_VERIFIER, etat=EtatLigne.A_TRAITER)),
        confirmee=Count("pk", filter=Q(etat=EtatLigne.CONFIRMEE)),
        ecartee=Count("pk", filter=Q(etat=EtatLigne.ECARTEE)),
        aucune=Count("pk", filter=Q(pile=Pile.AUCUNE)),
        decidee=Count("pk", filter=Q(etat=EtatLigne.DECIDEE)),
        refusee=Count("pk", filter=~Q(refus="") & ~Q(etat=EtatLigne.DECIDEE)),
    )


PORTES: dict[str, Q] = {
    "sure": Q(pile=Pile.SURE),
    "a_verifier": Q(pile=Pile.A_VERIFIER, etat=EtatLigne.A_TRAITER),
    "confirmee": Q(etat=EtatLigne.CONFIRMEE),
    "ecartee": Q(etat=EtatLigne.ECARTEE),
    "aucune": Q(pile=Pile.AUCUNE),
    "decidee": Q(etat=EtatLigne.DECIDEE),
    "refusee": ~Q(refus="") & ~Q(etat=EtatLigne.DECIDEE),
}


def lignes(campagne: Campagne, porte: str) -> QuerySet[LigneCampagne]:
    """Lignes derrière une porte, dans l'ordre du fichier."""
    toutes = LigneCampagne.objects.filter(campagne=campagne).select_related("personne__territoire", "decision__type")
    return toutes.filter(PORTES.get(porte, Q())).order_by("numero")

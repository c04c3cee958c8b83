"""Obtenir une personne ou un foyer : toujours à travers le périmètre de qui le demande."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Foyer, PartageDossier, Personne, Rattachement
from jalon.socle.errors import HorsPerimetreError


def filtre_perimetre(perimetre: Perimetre, prefixe: str = "") -> Q:
    """Condition « cette personne est dans le périmètre » ; `prefixe` mène à la personne (`personne__`)."""
    if perimetre.agent is None:
        return Q(pk__in=[])
    if perimetre.tout:
        return Q()
    aujourdhui = timezone.localdate()
    return Q(**{f"{prefixe}territoire_id__in": perimetre.territoires}) | Q(
        **{
            f"{prefixe}pk__in": Personne.objects.filter(
                accompagnements__organisme_id__in=perimetre.organismes,
                accompagnements__periode__contains=aujourdhui,
            )
            .order_by()
            .values("pk")
            .union(
                PartageDossier.objects.filter(organisme_id__in=perimetre.organismes, periode__contains=aujourdhui)
                .order_by()
                .values("personne_id"),
                all=True,
            )
        }
    )


def personnes_du_perimetre(perimetre: Perimetre) -> models.QuerySet[Personne]:
    """Personnes visibles, dossiers fusionnés écartés."""
    return Personne.objects.filter(filtre_perimetre(perimetre), fusionnee_dans=None)


def acceder_personne(perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter") -> Personne:
    """Rend la personne si l'agent a ce droit et qu'elle est dans son périmètre.

    Un dossier fusionné mène à celui qui l'a absorbé. Lève `DroitManquantError` ou `HorsPerimetreError`.
    """
    perimetre.exiger(droit)
    personne = (
        Personne.objects.filter(filtre_perimetre(perimetre), public_id=public_id)
        .select_related("territoire", "fusionnee_dans__territoire")
        .first()
    )
    if personne is None:
        raise HorsPerimetreError(
            "Ce dossier n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
            "ou demandez à votre responsable à qui il est confié."
        )
    return personne.fusionnee_dans or personne


def acceder_foyer(perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter") -> Foyer:
    """Rend le foyer si l'agent voit au moins une de ses personnes."""
    perimetre.exiger(droit)
    visible = Rattachement.objects.filter(filtre_perimetre(perimetre, "personne__"), foyer=OuterRef("pk"))
    foyer = Foyer.objects.filter(Exists(visible), public_id=public_id).select_related("territoire").first()
    if foyer is None:
        raise HorsPerimetreError(
            "Ce foyer n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
            "ou demandez à votre responsable à qui il est confié."
        )
    return foyer


def coordonnees_de(personne: Personne) -> Coordonnees:
    """Coordonnées de cette personne ; vides, et non enregistrées, si elle n'en a pas donné."""
    return Coordonnees.objects.filter(personne=personne).select_related("commune").first() or Coordonnees(
        personne=personne
    )

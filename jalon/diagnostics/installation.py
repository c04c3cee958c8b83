"""Poser les grilles du profil, sans jamais récrire une version à laquelle quelqu'un a répondu (F033)."""

from __future__ import annotations

from django.db import transaction

from jalon.diagnostics.models import Echelon, Frein, Grille, Item, Passation, VersionGrille
from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.grilles import Grille as GrilleDuProfil
from jalon.socle.errors import JalonError


@transaction.atomic
def installer_grilles(profil: Profil) -> None:
    """Pose les grilles, leurs versions, leurs questions et leurs freins. Rejouable sans effet.

    Une version déjà remplie garde sa rédaction : en changer lève `JalonError` et demande une version de plus.
    """
    rangs: dict[str, int] = {}
    for donnee in profil.grilles.grilles:
        rangs.setdefault(donnee.code, len(rangs))
        grille, _ = Grille.objects.update_or_create(
            code=donnee.code, defaults={"libelle": donnee.libelle, "rang": rangs[donnee.code], "active": True}
        )
        _poser_version(grille, donnee)
    Grille.objects.exclude(code__in=rangs).update(active=False)


def _poser_version(grille: Grille, donnee: GrilleDuProfil) -> None:
    version = VersionGrille.objects.filter(grille=grille, numero=donnee.version).first()
    if version is not None and _redaction(version) != _redaction_du_profil(donnee):
        if Passation.objects.filter(version=version).exists():
            raise JalonError(
                f"La version {donnee.version} de « {donnee.libelle} » a déjà été remplie : sa rédaction ne change plus. "
                f"Remettez grilles.yaml comme il était, et ajoutez-y une version {donnee.version + 1} avec sa date."
            )
        version.freins.all().delete()
        version.items.all().delete()
        version.delete()
        version = None
    if version is None:
        version = VersionGrille.objects.create(grille=grille, numero=donnee.version, du=donnee.du, source=donnee.source)
        _poser_items(version, donnee)
    _poser_freins(version, donnee)


def _redaction(version: VersionGrille) -> tuple[object, ...]:
    """Ce qui ne peut plus changer : la date, les questions dans l'ordre, leurs poids et leurs échelons."""
    items = version.items.order_by("rang").prefetch_related("echelons")
    return (
        version.du,
        tuple(
            (i.code, i.libelle, i.question, i.poids, tuple((e.rang, e.libelle) for e in _dans_l_ordre(i)))
            for i in items
        ),
    )


def _dans_l_ordre(item: Item) -> list[Echelon]:
    return sorted(item.echelons.all(), key=lambda echelon: echelon.rang)


def _redaction_du_profil(donnee: GrilleDuProfil) -> tuple[object, ...]:
    return (
        donnee.du,
        tuple(
            (i.code, i.libelle, i.question, i.poids, tuple((e.rang, e.libelle) for e in i.echelons))
            for i in donnee.items
        ),
    )


def _poser_items(version: VersionGrille, donnee: GrilleDuProfil) -> None:
    for rang, decrit in enumerate(donnee.items, 1):
        item = Item.objects.create(
            version=version, rang=rang, code=decrit.code, libelle=decrit.libelle, question=decrit.question,
            poids=decrit.poids,
        )  # fmt: skip
        Echelon.objects.bulk_create(Echelon(item=item, rang=e.rang, libelle=e.libelle) for e in decrit.echelons)


def _poser_freins(version: VersionGrille, donnee: GrilleDuProfil) -> None:
    """Les freins sont une lecture des réponses, pas une rédaction : ils peuvent changer sans nouvelle version."""
    items = dict(version.items.order_by("rang").values_list("code", "id"))
    version.freins.exclude(code__in=[frein.code for frein in donnee.freins]).delete()
    for rang, frein in enumerate(donnee.freins, 1):
        Frein.objects.update_or_create(
            version=version,
            code=frein.code,
            defaults={
                "rang": rang,
                "libelle": frein.libelle,
                "item_id": items[frein.item],
                "echelons": list(frein.echelons),
                "suggere_social": frein.suggere_social,
                "source": frein.source,
            },
        )

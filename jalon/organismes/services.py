"""Chargement des territoires et des organismes du profil."""

from __future__ import annotations

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.organismes.models import (
    CommuneTerritoire,
    Habilitation,
    Organisme,
    ServiceInstructeur,
    Territoire,
    TypeOrganisme,
)
from jalon.referentiels.profil import Profil


@transaction.atomic
def installer_territoires(profil: Profil) -> dict[str, Territoire]:
    """Pose l'arbre des territoires et rattache chaque commune à sa feuille (F001)."""
    poses: dict[str, Territoire] = {}
    restants = list(profil.territoires)
    while restants:
        for territoire in list(restants):
            if territoire.parent is not None and territoire.parent not in poses:
                continue
            poses[territoire.code], _ = Territoire.objects.update_or_create(
                code=territoire.code,
                defaults={
                    "libelle": territoire.libelle,
                    "type": territoire.type,
                    "parent": poses.get(territoire.parent or ""),
                    "ordre": territoire.ordre,
                },
            )
            restants.remove(territoire)
    CommuneTerritoire.objects.all().delete()
    CommuneTerritoire.objects.bulk_create(
        CommuneTerritoire(commune_id=commune, territoire=poses[code])
        for commune, code in profil.territoire_par_commune.items()
    )
    return poses


@transaction.atomic
def installer_organismes(profil: Profil) -> None:
    """Pose les types, les organismes, leurs habilitations et le service instructeur de chaque territoire (F006)."""
    territoires = {territoire.code: territoire for territoire in Territoire.objects.order_by("id")}
    types = {
        t.code: TypeOrganisme.objects.update_or_create(
            code=t.code,
            defaults={"libelle": t.libelle, "categorie": t.categorie, "nir_visible": t.nir_visible},
        )[0]
        for t in profil.types_organismes
    }
    ServiceInstructeur.objects.all().delete()
    for declare in profil.organismes:
        organisme, _ = Organisme.objects.update_or_create(
            code=declare.code, defaults={"type": types[declare.type], "libelle": declare.libelle}
        )
        organisme.territoires.set([territoires[code] for code in declare.territoires])
        organisme.habilitation_set.all().delete()
        Habilitation.objects.bulk_create(
            Habilitation(organisme=organisme, objet=h.objet, periode=DateRange(h.du, h.au))
            for h in declare.habilitations
        )
        for code in declare.service_instructeur_de:
            ServiceInstructeur.objects.create(territoire=territoires[code], organisme=organisme)

"""Poser les instances du profil : types, qualités, thèmes, et une instance par territoire. Rejouable."""

from __future__ import annotations

from jalon.instances.models import Instance, QualiteMembre, ThemeInstance, TypeInstance
from jalon.organismes.models import Territoire
from jalon.referentiels.profil import Profil


def installer_instances(profil: Profil) -> None:
    """Crée ou met à jour ; ce que le profil ne nomme plus reste en base, retiré des listes.

    Les membres ne sont pas des données du profil : ils se nomment à l'écran, et changent sans le recharger.
    """
    for rang, donnees in enumerate(profil.instances.types):
        type_instance, _ = TypeInstance.objects.update_or_create(
            code=donnees.code,
            defaults={
                "libelle": donnees.libelle, "mot": donnees.mot, "nature": donnees.nature.value,
                "par_territoire": donnees.par_territoire, "rythme_jours": donnees.rythme_jours,
                "quorum": donnees.quorum, "convocation_urgente": donnees.convocation_urgente,
                "source": donnees.source, "ordre": rang, "actif": True,
            },
        )  # fmt: skip
        for ordre, qualite in enumerate(donnees.qualites):
            QualiteMembre.objects.update_or_create(
                type=type_instance, code=qualite.code,
                defaults={
                    "libelle": qualite.libelle, "minimum": qualite.minimum, "maximum": qualite.maximum,
                    "preside": qualite.preside, "requise": qualite.requise,
                    "categories": [c.value for c in qualite.categories], "ordre": ordre, "actif": True,
                },
            )  # fmt: skip
        for ordre, theme in enumerate(donnees.themes):
            ThemeInstance.objects.update_or_create(
                type=type_instance, code=theme.code,
                defaults={
                    "libelle": theme.libelle, "pieces": [p.value for p in theme.pieces],
                    "majorite": theme.majorite.value, "effet": theme.effet.value, "ordre": ordre, "actif": True,
                    "direction": theme.direction.value if theme.direction else "",
                    "natures": [n.value for n in theme.natures], "fraude": theme.fraude, "recidive": theme.recidive,
                    "delai_jours": theme.delai_jours,
                },
            )  # fmt: skip
        QualiteMembre.objects.filter(type=type_instance).exclude(
            code__in=[q.code for q in donnees.qualites]
        ).update(actif=False)  # fmt: skip
        ThemeInstance.objects.filter(type=type_instance).exclude(
            code__in=[t.code for t in donnees.themes]
        ).update(actif=False)  # fmt: skip
        _installer_instances_du_type(profil, type_instance)
    TypeInstance.objects.exclude(code__in=[t.code for t in profil.instances.types]).update(actif=False)


def _installer_instances_du_type(profil: Profil, type_instance: TypeInstance) -> None:
    voulus = profil.territoires_feuilles if type_instance.par_territoire else (profil.racine,)
    codes = [territoire.code for territoire in voulus]
    for territoire in Territoire.objects.filter(code__in=codes).order_by("ordre", "id"):
        Instance.objects.update_or_create(
            type=type_instance, territoire=territoire,
            defaults={"libelle": f"{type_instance.libelle}, {territoire.libelle}", "actif": True},
        )  # fmt: skip
    Instance.objects.filter(type=type_instance).exclude(territoire__code__in=codes).update(actif=False)

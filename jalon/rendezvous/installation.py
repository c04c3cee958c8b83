"""Poser les données du profil : formes de réunion et protocoles, questions, motifs d'absence. Rejouable."""

from __future__ import annotations

from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.reunions import Protocole
from jalon.rendezvous.models import MotifAbsence, ProtocoleReunion, QuestionPreparatoire, TypeReunion


def installer_reunions(profil: Profil) -> None:
    """Crée ou met à jour ; ce que le profil ne nomme plus reste en base, retiré des listes."""
    donnees = profil.reunions
    for rang, forme in enumerate(donnees.types):
        type_reunion, _ = TypeReunion.objects.update_or_create(
            code=forme.code,
            defaults={"libelle": forme.libelle, "description": forme.description, "ordre": rang, "actif": True},
        )
        _installer_protocole(type_reunion, forme.protocole)
    for rang, question in enumerate(donnees.questions):
        QuestionPreparatoire.objects.update_or_create(
            code=question.code,
            defaults={
                "theme": question.theme, "intitule": question.intitule, "aide": question.aide or "",
                "type": question.type.value, "choix": [choix.model_dump() for choix in question.choix],
                "ordre": rang, "active": True,
            },
        )  # fmt: skip
    for rang, motif in enumerate(donnees.motifs_absence):
        MotifAbsence.objects.update_or_create(
            code=motif.code,
            defaults={
                "libelle": motif.libelle, "aide": motif.aide or "", "preuve_exigee": motif.preuve_exigee,
                "sante": motif.sante, "ordre": rang, "actif": True,
            },
        )  # fmt: skip
    TypeReunion.objects.exclude(code__in=[t.code for t in donnees.types]).update(actif=False)
    QuestionPreparatoire.objects.exclude(code__in=[q.code for q in donnees.questions]).update(active=False)
    MotifAbsence.objects.exclude(code__in=[m.code for m in donnees.motifs_absence]).update(actif=False)


def _installer_protocole(type_reunion: TypeReunion, protocole: Protocole) -> None:
    """Une version déjà suivie par une réunion reste telle quelle : un changement appelle une version de plus."""
    champs = {
        "depuis": protocole.depuis, "format": protocole.format, "duree": protocole.duree,
        "capacite": protocole.capacite, "contenu": protocole.contenu, "logistique": protocole.logistique,
        "deroule": [etape.model_dump() for etape in protocole.deroule],
        "roles": [role.model_dump(mode="json") for role in protocole.roles],
    }  # fmt: skip
    connu, cree = ProtocoleReunion.objects.get_or_create(type=type_reunion, version=protocole.version, defaults=champs)
    if not cree and not connu.reunions.exists():
        ProtocoleReunion.objects.filter(pk=connu.pk).update(**champs)

"""Composer une instance : nommer un membre, ou un suppléant, et mettre fin à son mandat."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.instances.models import Instance, MembreInstance, QualiteMembre
from jalon.organismes.models import Organisme
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def membres_en_cours(instance: Instance, jour: date) -> list[MembreInstance]:
    """Titulaires et suppléants d'une instance à une date, dans l'ordre des qualités."""
    return list(
        MembreInstance.objects.filter(instance=instance, periode__contains=jour)
        .select_related("qualite", "agent", "organisme", "supplee__agent")
        .order_by("qualite__ordre", "supplee_id", "pk")
    )


@transaction.atomic
def nommer_membre(
    instance: Instance,
    *,
    acteur: Agent | None,
    perimetre: Perimetre,
    qualite: QualiteMembre,
    agent: Agent | None = None,
    nom_externe: str = "",
    courriel_externe: str = "",
    organisme: Organisme | None = None,
    supplee: MembreInstance | None = None,
    du: date | None = None,
) -> MembreInstance:
    """Nomme un titulaire, ou le suppléant d'un titulaire de la même qualité.

    Un agent nommé doit pouvoir siéger et voir le territoire de l'instance : sans quoi les dossiers lui resteraient
    fermés en séance. Lève `JalonError`, `DroitManquantError`.
    """
    perimetre.exiger("seances.preparer")
    Instance.objects.select_for_update(of=("self",)).get(pk=instance.pk)
    jour = du or timezone.localdate()
    if qualite.type_id != instance.type_id or not qualite.actif:
        raise JalonError("Cette qualité n'est pas de cette instance : choisissez-en une de la liste.")
    if supplee is not None and (supplee.instance_id, supplee.qualite_id) != (instance.pk, qualite.pk):
        raise JalonError("Un suppléant a la même qualité que le titulaire qu'il supplée, dans la même instance.")
    _verifier_siege(instance, qualite, agent, organisme)
    if supplee is None and qualite.maximum is not None:
        tenus = MembreInstance.objects.filter(
            instance=instance, qualite=qualite, supplee=None, periode__contains=jour
        ).count()
        if tenus >= qualite.maximum:
            raise JalonError(
                f"« {qualite.libelle} » a déjà {tenus} membre{'s' if tenus > 1 else ''}, le maximum : "
                "mettez fin à un mandat, ou nommez un suppléant."
            )
    membre = MembreInstance(
        instance=instance, qualite=qualite, agent=agent, nom_externe="" if agent else nom_externe.strip(),
        courriel_externe="" if agent else courriel_externe.strip(), organisme=organisme, supplee=supplee,
        periode=DateRange(jour, None),
    )  # fmt: skip
    try:
        membre.full_clean()
    except ValidationError as erreur:
        raise JalonError(" ".join(erreur.messages)) from erreur
    membre.save()
    tracer(
        "instances.membre.nomme", membre, acteur=acteur, organisme=perimetre.organisme_principal,
        vers=qualite.code, resume=f"{membre.nom}, {qualite.libelle} ({instance})"[:300],
    )  # fmt: skip
    return membre


def _verifier_siege(
    instance: Instance, qualite: QualiteMembre, agent: Agent | None, organisme: Organisme | None
) -> None:
    if organisme is not None and qualite.categories and organisme.type.categorie not in qualite.categories:
        raise JalonError(f"{organisme} ne peut pas siéger pour « {qualite.libelle} » : choisissez un autre organisme.")
    if agent is None:
        return
    sien = Perimetre.de(agent)
    if not (sien.peut("seances.sieger") or sien.peut("seances.presider")):
        roles = ProfilHabilitation.objects.filter(droits__contains=["seances.sieger"]).order_by("libelle", "pk")
        raise JalonError(
            f"Le rôle de {agent} ne lui permet pas de siéger : donnez-lui aussi, sur {instance.territoire}, un rôle qui "
            f"siège ({', '.join(f'« {role} »' for role in roles)}), nommez-le sans compte ou nommez quelqu'un d'autre."
        )
    if not sien.peut_sieger(instance.territoire_id):
        raise JalonError(
            f"{agent} ne voit pas {instance.territoire} : les dossiers lui resteraient fermés. Étendez son affectation, "
            "ou nommez quelqu'un d'autre."
        )


@transaction.atomic
def terminer_mandat(
    membre: MembreInstance, *, acteur: Agent | None, perimetre: Perimetre, jour: date | None = None
) -> MembreInstance:
    """Met fin à un mandat ce jour ; ses suppléants s'arrêtent avec lui. Lève `TransitionRefuseeError`."""
    perimetre.exiger("seances.preparer")
    jour = jour or timezone.localdate()
    lignes = list(
        MembreInstance.objects.select_for_update(of=("self",))
        .filter(instance_id=membre.instance_id, periode__endswith=None, periode__isempty=False)
        .select_related("agent", "qualite", "instance")
        .order_by("pk")
    )
    siens = [ligne for ligne in lignes if membre.pk in (ligne.pk, ligne.supplee_id)]
    if membre.pk not in {ligne.pk for ligne in siens}:
        raise TransitionRefuseeError("Ce mandat est déjà terminé : rechargez la page.")
    for ligne in siens:
        debut = ligne.periode.lower
        ligne.periode = DateRange(debut, jour) if debut < jour else DateRange(empty=True)
        ligne.save(update_fields=["periode"])
        tracer(
            "instances.membre.termine", ligne, acteur=acteur, organisme=perimetre.organisme_principal,
            de=ligne.qualite.code, resume=f"Fin du mandat de {ligne.nom} ({ligne.instance})"[:300],
        )  # fmt: skip
    return next(ligne for ligne in siens if ligne.pk == membre.pk)

"""Ouvrir un contrat pour une personne : quel type lui convient, avec quelle rédaction, auprès de qui (R47, R51, F047)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat, TypeContrat, VersionContrat
from jalon.droits.models import Soumission
from jalon.organismes.models import Organisme
from jalon.orientations.models import DecisionOrientation
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def types_proposes(personne: Personne, jour: date | None = None) -> list[TypeContrat]:
    """Types qui conviennent à la personne ce jour, celui de son orientation d'abord.

    Une personne soumise aux droits et devoirs a les contrats de l'allocation ; les autres publics, ceux qui leur
    sont propres (R57, [004] 1.3.1).
    """
    jour = jour or timezone.localdate()
    soumise = Soumission.objects.filter(personne=personne, soumise=True, periode__contains=jour).exists()
    types = list(
        TypeContrat.objects.filter(actif=True, depuis__lte=jour, hors_allocation=not soumise)
        .filter(Q(jusqu_au=None) | Q(jusqu_au__gt=jour))
        .order_by("ordre", "pk")
    )
    decision = orientation_en_vigueur(personne, jour)
    attendu = decision.type.contrat if decision is not None else ""
    return sorted(types, key=lambda t: (t.mot != attendu, t.reference_seule, t.ordre))


def orientation_en_vigueur(personne: Personne, jour: date) -> DecisionOrientation | None:
    return (
        DecisionOrientation.objects.filter(personne=personne, annulee_le=None, periode__contains=jour)
        .select_related("type", "organisme")
        .first()
    )


def version_du_jour(type_: TypeContrat, jour: date) -> VersionContrat:
    """Rédaction en vigueur ce jour. Lève `JalonError` si le type n'en a aucune."""
    version = type_.versions.filter(depuis__lte=jour).order_by("-numero").first()
    if version is None:
        raise JalonError(f"« {type_.libelle} » n'a pas de rédaction au {jour:%d/%m/%Y} : voyez l'administrateur.")
    return version


@transaction.atomic
def ouvrir_contrat(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    type: TypeContrat,
    organisme: Organisme | None = None,
    referent: Agent | None = None,
    referent_externe: str = "",
    duree: int | None = None,
    precedent: Contrat | None = None,
    jour: date | None = None,
) -> Contrat:
    """Ouvre un brouillon de contrat. Sans précision, c'est auprès du référent de la personne, ou de l'agent lui-même.

    Lève `JalonError` (type qui ne convient pas), `TransitionRefuseeError` (un contrat se prépare déjà),
    `DroitManquantError`, `HorsPerimetreError`.
    """
    perimetre.exiger("contrat.rediger")
    jour = jour or timezone.localdate()
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    if type.pk not in {t.pk for t in types_proposes(personne, jour)}:
        raise JalonError(
            f"« {type.libelle} » ne convient pas à cette personne aujourd'hui : choisissez un des contrats proposés."
        )
    designation = (
        DesignationReferent.objects.filter(personne=personne, periode__contains=jour)
        .select_related("organisme", "agent")
        .first()
    )
    if organisme is None:
        if designation is not None:
            organisme, referent = designation.organisme, referent or designation.agent
            referent_externe = referent_externe or designation.nom_externe
        elif perimetre.affectations:
            organisme, referent = perimetre.affectations[0].organisme, referent or acteur
        else:
            raise JalonError("Cette personne n'a pas de référent : nommez-en un avant d'écrire son contrat.")
    contrat = Contrat(
        personne=personne, type=type, reference_seule=type.reference_seule,
        version=None if type.reference_seule else version_du_jour(type, jour),
        decision=orientation_en_vigueur(personne, jour), organisme=organisme, referent=referent,
        referent_externe=referent_externe, territoire_id=personne.territoire_id, precedent=precedent,
        duree=duree or type.duree_habituelle, ouvert_le=jour, ouvert_par=acteur,
    )  # fmt: skip
    try:
        with transaction.atomic():
            contrat.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            "Un contrat est déjà en préparation pour cette personne : reprenez-le, rien n'a été ouvert de plus."
        ) from erreur
    tracer(
        "contrats.contrat.ouvert", contrat, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], vers=contrat.etat, resume=f"{type.libelle} commencé"[:300],
    )  # fmt: skip
    return contrat


def contrats_du_perimetre(perimetre: Perimetre) -> models.QuerySet[Contrat]:
    """Contrats des personnes que l'agent voit."""
    return Contrat.objects.filter(filtre_perimetre(perimetre, "personne__"), personne__fusionnee_dans=None)


def acceder_contrat(perimetre: Perimetre, public_id: UUID, *, droit: str = "contrats.consulter") -> Contrat:
    """Rend le contrat si l'agent a ce droit et voit sa personne. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    contrat = (
        contrats_du_perimetre(perimetre)
        .filter(public_id=public_id)
        .select_related(
            "personne__territoire", "type__circuit", "version", "organisme", "referent", "precedent__type", "document",
            "ouvert_par", "valide_par",
        )
        .first()
    )  # fmt: skip
    if contrat is None:
        raise HorsPerimetreError(
            "Ce contrat n'existe pas ou n'est pas dans votre périmètre : ouvrez-le depuis le dossier de la personne."
        )
    return contrat

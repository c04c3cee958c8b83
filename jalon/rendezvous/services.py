"""Planifier, modifier, reconduire et tenir les réunions (R15-R17, R19, D13, F023)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme, ServiceInstructeur, Territoire
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatReunion,
    IntervenantReunion,
    ProtocoleReunion,
    Reunion,
)
from jalon.rendezvous.selectors import bornes_mois, plan, territoires_du_plan
from jalon.rendezvous.workflows import exiger_reunion
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.traces.services import tracer


@dataclass(frozen=True)
class Seance:
    """Où et quand : ce que l'on choisit pour une réunion."""

    date: date
    debut: time
    fin: time
    lieu: str
    adresse: str
    capacite: int
    acces: str = ""


@dataclass(frozen=True)
class Intervention:
    """Un organisme dans un rôle du protocole."""

    role: str
    organisme: Organisme
    nom: str = ""


def valider(objet: models.Model) -> None:
    """Champs et contraintes de l'objet ; le premier refus est une phrase pour l'agent."""
    facultatifs = [c.name for c in objet._meta.fields if c.null and getattr(objet, c.attname) is None]
    try:
        objet.full_clean(exclude=facultatifs)
    except ValidationError as erreur:
        raise JalonError(" ".join(erreur.messages)) from erreur


def verrouiller_reunion(reunion: Reunion) -> Reunion:
    """La réunion, seule à changer jusqu'à la fin de l'acte."""
    return (
        Reunion.objects.select_for_update(of=("self",))
        .select_related("territoire", "protocole__type", "organisateur")
        .get(pk=reunion.pk)
    )


@transaction.atomic
def planifier_reunion(
    protocole: ProtocoleReunion,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    territoire: Territoire,
    seance: Seance,
    interventions: Iterable[Intervention] = (),
) -> Reunion:
    """Inscrit une réunion au plan d'un territoire, sous un protocole et ses rôles (R17, R19, D36)."""
    perimetre.exiger("reunions.gerer")
    if territoire.pk not in {t.pk for t in territoires_du_plan(perimetre)}:
        raise HorsPerimetreError("Ce territoire n'est pas le vôtre : choisissez-en un dans la liste.")
    if seance.date < timezone.localdate():
        raise JalonError("Cette date est passée : choisissez aujourd'hui ou un jour à venir.")
    service = ServiceInstructeur.objects.filter(territoire=territoire).values_list("organisme_id", flat=True).first()
    reunion = Reunion(
        protocole=protocole, territoire=territoire, organisateur_id=service, creee_par=acteur, **vars(seance)
    )
    valider(reunion)
    reunion.save()
    _poser_interventions(reunion, interventions)
    tracer(
        "rendezvous.reunion.planifiee", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
        vers=EtatReunion.PLANIFIEE, resume=f"{reunion} planifiée ({territoire})"[:300],
    )  # fmt: skip
    return reunion


def _poser_interventions(reunion: Reunion, interventions: Iterable[Intervention]) -> None:
    roles = {role["code"]: role for role in reunion.protocole.roles}
    reunion.intervenants.all().delete()
    posees: set[tuple[str, int]] = set()
    for intervention in interventions:
        role = roles.get(intervention.role)
        if role is None:
            raise JalonError("Ce rôle n'est pas dans le protocole de cette réunion : choisissez-en un autre.")
        if (intervention.role, intervention.organisme.pk) in posees:
            continue
        posees.add((intervention.role, intervention.organisme.pk))
        IntervenantReunion.objects.create(
            reunion=reunion, role=intervention.role, role_libelle=role["libelle"],
            organisme=intervention.organisme, nom=intervention.nom.strip(),
        )  # fmt: skip


@transaction.atomic
def modifier_reunion(
    reunion: Reunion,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    seance: Seance,
    interventions: Iterable[Intervention] = (),
) -> Reunion:
    """Change le jour, le lieu ou les intervenants tant que rien n'est parti chez personne."""
    perimetre.exiger("reunions.gerer")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "modifier")
    if seance.date < timezone.localdate():
        raise JalonError("Cette date est passée : choisissez aujourd'hui ou un jour à venir.")
    attendues = reunion.invitations.filter(etat__in=EtatInvitation.attendues()).count()
    if seance.capacite < attendues:
        raise JalonError(f"{attendues} personnes sont déjà invitées : gardez au moins autant de places, ou retirez-en.")
    avant = {champ: str(getattr(reunion, champ)) for champ in vars(seance)}
    for champ, valeur in vars(seance).items():
        setattr(reunion, champ, valeur)
    valider(reunion)
    reunion.save(update_fields=list(vars(seance)))
    _poser_interventions(reunion, interventions)
    changes = {c: [v, str(getattr(reunion, c))] for c, v in avant.items() if v != str(getattr(reunion, c))}
    tracer(
        "rendezvous.reunion.modifiee", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
        donnees=changes, resume=f"{reunion} modifiée"[:300],
    )  # fmt: skip
    return reunion


@transaction.atomic
def reconduire_mois(mois: date, *, acteur: Agent, perimetre: Perimetre, territoires: Iterable[int]) -> list[Reunion]:
    """Recopie les réunions d'un mois vers le mois suivant : même rang du même jour de la semaine (R17).

    Une réunion déjà inscrite ce jour-là en ce lieu n'est pas doublée ; un jour passé ou férié n'est pas écarté :
    la personne qui reconduit relit le plan.
    """
    perimetre.exiger("reunions.gerer")
    voulus = set(territoires) & {t.pk for t in territoires_du_plan(perimetre)}
    creees: list[Reunion] = []
    for ligne in plan(perimetre, mois):
        modele = ligne.reunion
        if modele.territoire_id not in voulus or modele.etat == EtatReunion.ANNULEE:
            continue
        jour = jour_equivalent(modele.date)
        prise = Reunion.objects.filter(
            territoire_id=modele.territoire_id, date=jour, debut=modele.debut, lieu=modele.lieu
        ).exclude(etat=EtatReunion.ANNULEE)
        if jour < timezone.localdate() or prise.exists():
            continue
        champs: dict[str, Any] = {
            c: getattr(modele, c) for c in ("debut", "fin", "lieu", "adresse", "acces", "capacite")
        }
        copie = Reunion.objects.create(
            protocole=_protocole_du_jour(modele.protocole, jour), territoire_id=modele.territoire_id,
            organisateur_id=modele.organisateur_id, date=jour, creee_par=acteur, **champs,
        )  # fmt: skip
        IntervenantReunion.objects.bulk_create(
            IntervenantReunion(
                reunion=copie, role=i.role, role_libelle=i.role_libelle, organisme_id=i.organisme_id, nom=i.nom
            )
            for i in modele.intervenants.order_by("pk")
        )
        tracer(
            "rendezvous.reunion.planifiee", copie, acteur=acteur, organisme=perimetre.organisme_principal,
            vers=EtatReunion.PLANIFIEE, donnees={"copie_de": str(modele.public_id)},
            resume=f"{copie} reconduite du mois précédent"[:300],
        )  # fmt: skip
        creees.append(copie)
    return creees


def _protocole_du_jour(protocole: ProtocoleReunion, jour: date) -> ProtocoleReunion:
    suivant = (
        ProtocoleReunion.objects.filter(type_id=protocole.type_id, depuis__lte=jour).order_by("-version", "pk").first()
    )
    return suivant or protocole


def jour_equivalent(jour: date) -> date:
    """Le même rang du même jour de la semaine, le mois suivant ; le dernier s'il n'y en a pas cinq."""
    rang = (jour.day - 1) // 7
    debut, fin = bornes_mois(bornes_mois(jour)[1])
    premier = debut + timedelta(days=(jour.weekday() - debut.weekday()) % 7)
    trouve = premier + timedelta(weeks=rang)
    return trouve if trouve < fin else trouve - timedelta(weeks=1)


def a_commence(reunion: Reunion) -> bool:
    """La présence se note dès le jour de la réunion."""
    return reunion.date <= timezone.localdate()


def fin_de(reunion: Reunion) -> datetime:
    """Heure de fin, avec son fuseau."""
    return timezone.make_aware(datetime.combine(reunion.date, reunion.fin))

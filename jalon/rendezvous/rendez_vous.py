"""Fixer un rendez-vous ; le premier avec le référent se prend sur place, à la réunion (R16, F023)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.rendezvous.models import (
    EtatRendezVous,
    Invitation,
    Modalite,
    ObjetRendezVous,
    RendezVous,
)
from jalon.rendezvous.services import valider
from jalon.rendezvous.workflows import RENDEZ_VOUS
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

HORIZON = timedelta(days=366)


@dataclass(frozen=True)
class Creneau:
    """Avec qui, quand, où et comment."""

    organisme: Organisme
    debut: datetime
    agent: Agent | None = None
    duree: int = 45
    modalite: str = Modalite.SUR_PLACE
    lieu: str = ""


@transaction.atomic
def fixer_rendez_vous(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    creneau: Creneau,
    objet: str = ObjetRendezVous.PREMIER,
    invitation: Invitation | None = None,
) -> RendezVous:
    """Fixe un rendez-vous ; refuse une date passée et un agent déjà pris à cette heure."""
    if not perimetre.peut("suivi.ecrire"):
        perimetre.exiger("reunions.gerer")
    maintenant = timezone.now()
    if creneau.debut <= maintenant:
        raise JalonError("Ce rendez-vous est dans le passé : choisissez une date à venir.")
    if creneau.debut > maintenant + HORIZON:
        raise JalonError("Ce rendez-vous est dans plus d'un an : vérifiez l'année.")
    rendez_vous = RendezVous(personne=personne, objet=objet, invitation=invitation, fixe_par=acteur, **vars(creneau))
    rendez_vous.lieu = creneau.lieu.strip()
    valider(rendez_vous)
    rendez_vous.save()
    local = timezone.localtime(creneau.debut)
    tracer(
        "rendezvous.rendez_vous.fixe", rendez_vous, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], vers=EtatRendezVous.FIXE,
        resume=f"{rendez_vous.get_objet_display()} fixé au {local:%d/%m/%Y à %H:%M}, {creneau.organisme}"[:300],
    )  # fmt: skip
    return rendez_vous


@transaction.atomic
def annuler_rendez_vous(rendez_vous: RendezVous, *, acteur: Agent, perimetre: Perimetre, motif: str) -> RendezVous:
    """Annule un rendez-vous fixé, en disant pourquoi."""
    if not perimetre.peut("suivi.ecrire"):
        perimetre.exiger("reunions.gerer")
    if not motif.strip():
        raise JalonError("Dites pourquoi ce rendez-vous est annulé : la personne le demandera.")
    rendez_vous = RendezVous.objects.select_for_update(of=("self",)).select_related("personne").get(pk=rendez_vous.pk)
    if rendez_vous.etat not in RENDEZ_VOUS["annuler"]:
        raise TransitionRefuseeError(
            f"Ce rendez-vous est « {rendez_vous.get_etat_display().lower()} » : il ne s'annule plus."
        )
    rendez_vous.etat = EtatRendezVous.ANNULE
    rendez_vous.save(update_fields=["etat"])
    tracer(
        "rendezvous.rendez_vous.annule", rendez_vous, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[rendez_vous.personne.public_id], de=EtatRendezVous.FIXE, vers=EtatRendezVous.ANNULE,
        motif=motif.strip(), resume="Rendez-vous annulé",
    )  # fmt: skip
    return rendez_vous

"""Ce que les écrans de l'instruction partagent : refus en message, personne notée comme ouverte, export."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest

from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture


def ouvrir_personne(request: HttpRequest, public_id: UUID, *, droit: str, ecran: str) -> Personne:
    """Obtient la personne par le périmètre et note que son dossier a été ouvert (F005)."""
    perimetre: Perimetre = request.perimetre
    personne = acceder_personne(perimetre, public_id, droit=droit)
    noter(request, personne, ecran)
    return personne


def noter(request: HttpRequest, personne: Personne, ecran: str) -> None:
    perimetre: Perimetre = request.perimetre
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=perimetre.agent, organisme=perimetre.organisme_principal,
        personne=personne.public_id, ecran=ecran,
    )  # fmt: skip


def premiere_erreur(formulaire: forms.Form) -> str:
    """« Montant : ce champ est obligatoire. »"""
    champ, erreurs = next(iter(formulaire.errors.items()))
    libelle = formulaire.fields[champ].label if champ in formulaire.fields else ""
    return f"{libelle} : {erreurs[0]}" if libelle else str(erreurs[0])

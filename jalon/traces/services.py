"""Écrire dans le journal des actes et dans celui des lectures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models

from jalon.traces.models import Acte, Lecture


def tracer(
    code: str,
    objet: models.Model,
    *,
    acteur: models.Model | None,
    resume: str,
    personnes: Iterable[UUID] = (),
    organisme: str = "",
    de: str = "",
    vers: str = "",
    motif: str = "",
    donnees: dict[str, Any] | None = None,
) -> Acte:
    """Ajoute un acte au journal, dans la transaction de l'acte lui-même."""
    return Acte.objects.create(
        code=code,
        objet_type=objet._meta.label_lower,
        objet=getattr(objet, "public_id", None),
        personnes=list(personnes),
        acteur_id=acteur.pk if acteur is not None else None,
        organisme=organisme,
        de=de,
        vers=vers,
        motif=motif,
        resume=resume,
        donnees=donnees or {},
    )


def noter_lecture(
    nature: str,
    *,
    agent: models.Model,
    organisme: str = "",
    personne: UUID | None = None,
    nombre: int = 1,
    ecran: str = "",
) -> None:
    """Note l'ouverture d'un dossier ou l'extraction d'une liste (F005)."""
    Lecture.objects.create(
        nature=nature, agent_id=agent.pk, organisme=organisme, personne=personne, nombre=nombre, ecran=ecran
    )

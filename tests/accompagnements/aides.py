"""Désigner un référent dans un essai, sans passer par la décision."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.models import Accompagnement, DesignationReferent, NatureAccompagnement
from jalon.agents.models import Agent
from jalon.organismes.models import Organisme
from jalon.orientations.models import DecisionOrientation, MotifOrientation, OrigineDecision, TypeOrientation
from jalon.personnes.models import Personne


def jour(passe: int = 0) -> date:
    """Aujourd'hui, ou il y a `passe` jours."""
    return timezone.localdate() - timedelta(days=passe)


def organisme_de(agent: Agent) -> Organisme:
    return agent.affectations.get().organisme


def nommer(personne: Personne, agent: Agent, *, depuis: int = 40, **champs: Any) -> DesignationReferent:
    """L'agent est le référent de la personne depuis quarante jours ; son organisme ouvre le dossier."""
    organisme = organisme_de(agent)
    periode = DateRange(jour(depuis), None)
    Accompagnement.objects.create(
        personne=personne, organisme=organisme, agent=agent, territoire=personne.territoire,
        nature=NatureAccompagnement.REFERENCE, periode=periode,
    )  # fmt: skip
    return DesignationReferent.objects.create(
        personne=personne, organisme=organisme, agent=agent, periode=periode, **champs
    )


def orienter(personne: Personne, organisme: Organisme, *, depuis: int = 40, code: str = "solidarite") -> Any:
    """Décision d'orientation en vigueur, sociale et pour le logement."""
    return DecisionOrientation.objects.create(
        personne=personne, type=TypeOrientation.objects.get(code=code), organisme=organisme,
        motif=MotifOrientation.objects.get(code="logement"), territoire=personne.territoire,
        origine=OrigineDecision.DIRECTE, decidee_le=jour(depuis), periode=DateRange(jour(depuis), None),
    )  # fmt: skip

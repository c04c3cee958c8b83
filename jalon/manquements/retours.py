"""Revenir après une sanction : sous le RSA, dans l'année, un contrat signé d'abord (L262-38)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta
from django.db.models import F

from jalon.contrats.models import Contrat
from jalon.droits.models import EtatDossier, Situation
from jalon.manquements.models import SANS_PRECEDENT, DecisionSanction, EtatDecision, NatureSanction
from jalon.personnes.models import Personne


@dataclass(frozen=True)
class Retour:
    """La décision qui oblige à signer un contrat avant de rouvrir le droit, et jusqu'à quand (compris)."""

    decision: DecisionSanction
    jusqu_au: date
    contrat: Contrat | None
    """Contrat signé depuis la notification : l'exigence est remplie."""

    @property
    def phrase(self) -> str:
        fin = f"{self.jusqu_au:%d/%m/%Y}"
        if self.contrat is not None and self.contrat.signe_le is not None:
            return f"Le contrat signé le {self.contrat.signe_le:%d/%m/%Y} permet de rouvrir le droit."
        return (
            f"Jusqu'au {fin}, le droit ne se rouvre qu'après la signature d'un contrat (L262-38) : proposez-le d'abord."
        )


def retour_sous_condition(personne: Personne, jour: date) -> Retour | None:
    """Dernière sanction dont le régime demande un contrat avant tout retour, si ce temps court encore ce jour.

    Le temps se compte depuis la notification. On ne revient que d'un droit clos depuis : tant que les flux le disent
    ouvert, rien n'est exigé. Une sanction annulée, ou levée parce qu'elle était fausse, ne compte pas (L262-38).
    """
    decisions = (
        DecisionSanction.objects.filter(
            personne=personne, etat__in=[EtatDecision.NOTIFIEE, EtatDecision.LEVEE], notifiee_le__lte=jour,
            regle__regime__retour_mois__isnull=False,
        )
        .exclude(nature=NatureSanction.AMENDE)
        .exclude(motif_levee__in=SANS_PRECEDENT)
        .select_related("regle__regime")
        .order_by("-notifiee_le", "-pk")
    )  # fmt: skip
    decision = decisions.first()
    if decision is None or decision.notifiee_le is None:
        return None
    jusqu_au = decision.notifiee_le + relativedelta(months=decision.regle.regime.retour_mois or 0)
    if jour > jusqu_au or not _clos_depuis(personne, decision.notifiee_le, jour):
        return None
    contrat = (
        Contrat.objects.filter(personne=personne, signe_le__gte=decision.notifiee_le, signe_le__lte=jour)
        .order_by("-signe_le", "-pk")
        .first()
    )
    return Retour(decision, jusqu_au, contrat)


def _clos_depuis(personne: Personne, notifiee_le: date, jour: date) -> bool:
    """Le droit du foyer s'est-il clos entre ces deux jours, d'après les flux ?"""
    return Situation.objects.filter(
        dossier__foyer__rattachements__personne=personne, dossier__foyer__rattachements__periode__overlap=F("periode"),
        etat__in=[EtatDossier.CLOS, EtatDossier.CLOS_ANTERIEUR],
        periode__startswith__gte=notifiee_le, periode__startswith__lte=jour,
    ).exists()  # fmt: skip

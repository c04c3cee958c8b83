"""L'histoire des orientations d'une personne : décisions, lettres, demandes d'en changer."""

from __future__ import annotations

from dataclasses import dataclass

from jalon.orientations.decisions import empechement_annulation
from jalon.orientations.models import DecisionOrientation, DemandeReorientation, NotificationOrientation
from jalon.personnes.models import Personne


@dataclass(frozen=True)
class DecisionAffichee:
    """Une décision, ce que disait l'avis, et sa lettre."""

    decision: DecisionOrientation
    notification: NotificationOrientation | None
    empechement: str
    """Pourquoi elle ne s'annule plus ; vide si elle le peut encore."""

    @property
    def ecart(self) -> bool:
        avis = self.decision.proposition
        return avis is not None and avis.type_id is not None and avis.type_id != self.decision.type_id


def decisions_de(personne: Personne) -> list[DecisionAffichee]:
    """Décisions de la plus récente à la plus ancienne, les annulées comprises."""
    decisions = (
        DecisionOrientation.objects.filter(personne=personne)
        .select_related(
            "type", "parcours", "motif", "organisme", "referent", "correspondant", "decidee_par", "annulee_par",
            "proposition__type",
        )
        .prefetch_related("notifications")
        .order_by("-decidee_le", "-pk")
    )  # fmt: skip
    return [
        DecisionAffichee(
            decision,
            max(decision.notifications.all(), key=lambda n: (n.produite_le, n.pk), default=None),
            empechement_annulation(decision),
        )
        for decision in decisions
    ]


def reorientations_de(personne: Personne) -> list[DemandeReorientation]:
    """Demandes d'en changer, de la plus récente à la plus ancienne."""
    return list(
        DemandeReorientation.objects.filter(personne=personne)
        .select_related("decision__type", "type_souhaite", "demandee_par")
        .order_by("-demandee_le", "-pk")
    )

"""Ce qu'une demande de réorientation permet selon son état : la même table refuse les actes et ouvre les boutons."""

from __future__ import annotations

from jalon.orientations.models import EtatReorientation

REORIENTATION: dict[str, tuple[frozenset[str], str | None]] = {
    "transmettre": (frozenset({EtatReorientation.DEMANDEE}), EtatReorientation.TRANSMISE),
    "rendre_avis": (frozenset({EtatReorientation.TRANSMISE}), EtatReorientation.AVIS_RENDU),
    "accepter": (frozenset({EtatReorientation.AVIS_RENDU}), EtatReorientation.ACCEPTEE),
    "refuser": (frozenset({EtatReorientation.AVIS_RENDU}), EtatReorientation.REFUSEE),
    "retirer": (
        frozenset({EtatReorientation.DEMANDEE, EtatReorientation.TRANSMISE, EtatReorientation.AVIS_RENDU}),
        EtatReorientation.RETIREE,
    ),
}
"""Acte → états d'où il part, état où il mène. R64 : un avis précède toute réorientation, dans un sens ou dans l'autre."""


def actes_permis(etat: str) -> frozenset[str]:
    """Actes que cet état permet."""
    return frozenset(acte for acte, (depuis, _) in REORIENTATION.items() if etat in depuis)

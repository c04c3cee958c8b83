"""Manquements et garanties : la loi datée, la procédure, la décision, la transmission à l'organisme payeur."""

from jalon.manquements.models.decisions import (
    SANS_PRECEDENT,
    DecisionSanction,
    EtatDecision,
    IssueRecours,
    MotifLevee,
    RecoursSanction,
)
from jalon.manquements.models.procedures import (
    AvisManquement,
    CanalObservation,
    CodeConstat,
    ConstatService,
    EtatManquement,
    FaitManquement,
    Manquement,
    MotifClassement,
    Observation,
    PieceManquement,
    SensAvis,
    VoteAvis,
)
from jalon.manquements.models.regimes import (
    MotifManquement,
    NatureSanction,
    PreuveAttendue,
    RangSanction,
    Regime,
    RegleSanction,
)
from jalon.manquements.models.transmissions import LigneTransmission, ObjetTransmission, Transmission

__all__ = [
    "SANS_PRECEDENT",
    "AvisManquement",
    "CanalObservation",
    "CodeConstat",
    "ConstatService",
    "DecisionSanction",
    "EtatDecision",
    "EtatManquement",
    "FaitManquement",
    "IssueRecours",
    "LigneTransmission",
    "Manquement",
    "MotifClassement",
    "MotifLevee",
    "MotifManquement",
    "NatureSanction",
    "ObjetTransmission",
    "Observation",
    "PieceManquement",
    "PreuveAttendue",
    "RangSanction",
    "RecoursSanction",
    "Regime",
    "RegleSanction",
    "SensAvis",
    "Transmission",
    "VoteAvis",
]

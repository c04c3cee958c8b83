"""Les instances : ce qui siège, ses séances, et ce qu'elles décident."""

from jalon.instances.models.composition import (
    Direction,
    EffetTheme,
    Instance,
    Majorite,
    MembreInstance,
    NatureInstance,
    QualiteMembre,
    ThemeInstance,
    TypeInstance,
)
from jalon.instances.models.deliberations import (
    AvisDossier,
    ChoixOrientation,
    PointSeance,
    SensAvisDossier,
)
from jalon.instances.models.seances import (
    AvisSeance,
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    EtatPresence,
    EtatSeance,
    NotePartenaire,
    PresenceSeance,
    Seance,
)

__all__ = [
    "AvisDossier",
    "AvisSeance",
    "ChoixOrientation",
    "DeportMembre",
    "Direction",
    "DossierSeance",
    "EffetTheme",
    "EtatDossierSeance",
    "EtatPresence",
    "EtatSeance",
    "Instance",
    "Majorite",
    "MembreInstance",
    "NatureInstance",
    "NotePartenaire",
    "PointSeance",
    "PresenceSeance",
    "QualiteMembre",
    "Seance",
    "SensAvisDossier",
    "ThemeInstance",
    "TypeInstance",
]

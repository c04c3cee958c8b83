"""`instances.yaml` : ce qui siège dans ce département (composition, quorum, rythme, thèmes)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from .base import Booleen, CodeInterne, Intitule, Modele, Texte, inconnu
from .vocabulaire import LIBELLES_REQUIS, CategorieOrganisme


class NatureInstance(StrEnum):
    """Ce que l'instance fait : orienter des personnes, donner un avis sur des dossiers, ou traiter des points."""

    ORIENTATION = "orientation"
    AVIS = "avis"
    GENERALE = "generale"


class Majorite(StrEnum):
    UNANIMITE = "unanimite"
    ABSOLUE = "absolue"
    SIMPLE = "simple"


class Effet(StrEnum):
    """Suite d'un dossier à la clôture ; une nature n'en connaît que certains."""

    ORIENTATION = "orientation"
    REORIENTATION = "reorientation"
    MANQUEMENT = "manquement"
    CONTRAT_COMPLEXE = "contrat_complexe"
    GENERAL = "general"


EFFETS = {
    NatureInstance.ORIENTATION: frozenset({Effet.ORIENTATION, Effet.REORIENTATION}),
    NatureInstance.AVIS: frozenset({Effet.MANQUEMENT, Effet.REORIENTATION, Effet.CONTRAT_COMPLEXE}),
    NatureInstance.GENERALE: frozenset({Effet.GENERAL}),
}


class Piece(StrEnum):
    """Pièces qu'un thème demande, et que le dossier de la personne sait fournir (R29, D15)."""

    RECUEIL = "recueil"
    GRILLE = "grille"
    DEMANDE = "demande"
    CONTRAT = "contrat"
    EXPOSE = "expose"
    CONTACT = "contact"
    AVERTISSEMENT = "avertissement"
    OBSERVATIONS = "observations"


class Direction(StrEnum):
    """Sens d'une réorientation (R64)."""

    VERS_SOCIAL = "vers_social"
    VERS_PRO = "vers_pro"


class NatureSanction(StrEnum):
    """Ce qu'un avis peut proposer ; les mêmes natures que la grille des régimes."""

    SUSPENSION = "suspension"
    SUPPRESSION = "suppression"
    AMENDE = "amende"


class Qualite(Modele):
    """À quel titre on siège."""

    code: CodeInterne
    libelle: Intitule
    minimum: Annotated[int, Field(ge=0, le=50)] = 0
    maximum: Annotated[int, Field(ge=1, le=50)] | None = None
    preside: Booleen = False
    requise: Booleen = False
    categories: tuple[CategorieOrganisme, ...] = ()

    @model_validator(mode="after")
    def _a_l_endroit(self) -> Self:
        if self.maximum is not None and self.maximum < self.minimum:
            raise ValueError("le maximum de membres est au-dessous du minimum")
        return self


class Theme(Modele):
    """Ce dont l'instance peut être saisie."""

    code: CodeInterne
    libelle: Intitule
    pieces: tuple[Piece, ...] = ()
    majorite: Majorite = Majorite.SIMPLE
    effet: Effet
    direction: Direction | None = None
    natures: tuple[NatureSanction, ...] = ()
    fraude: Booleen = False
    recidive: Booleen = False
    delai_jours: Annotated[int, Field(ge=1, le=365)] | None = None

    @model_validator(mode="after")
    def _a_l_effet(self) -> Self:
        if self.direction is not None and self.effet != Effet.REORIENTATION:
            raise ValueError(f"thème {self.code} : seule une réorientation a une direction")
        if (self.effet == Effet.MANQUEMENT) != bool(self.natures):
            raise ValueError(f"thème {self.code} : un manquement, et lui seul, dit les natures de sanction proposables")
        if (self.fraude or self.recidive) and self.effet != Effet.MANQUEMENT:
            raise ValueError(f"thème {self.code} : seul un manquement parle de fraude ou de récidive")
        return self


class TypeInstance(Modele):
    """Une sorte d'instance."""

    code: CodeInterne
    libelle: Intitule
    mot: str
    nature: NatureInstance
    par_territoire: Booleen = True
    rythme_jours: Annotated[int, Field(ge=1, le=400)] | None = None
    quorum: Annotated[int, Field(ge=1, le=50)]
    convocation_urgente: Booleen = False
    source: Texte
    qualites: Annotated[tuple[Qualite, ...], Field(min_length=1)]
    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]

    @field_validator("mot")
    @classmethod
    def _mot_connu(cls, valeur: str) -> str:
        if valeur not in LIBELLES_REQUIS:
            raise ValueError(inconnu(valeur, LIBELLES_REQUIS))
        return valeur

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        _sans_double("qualites", [qualite.code for qualite in self.qualites])
        _sans_double("themes", [theme.code for theme in self.themes])
        if not any(qualite.preside for qualite in self.qualites):
            raise ValueError("aucune qualité ne préside : mettre « preside: oui » à l'une d'elles")
        places = [qualite.maximum for qualite in self.qualites]
        if None not in places and sum(p for p in places if p is not None) < self.quorum:
            raise ValueError(f"le quorum de {self.quorum} membres dépasse le nombre de sièges")
        for theme in self.themes:
            if theme.effet not in EFFETS[self.nature]:
                raise ValueError(f"thème {theme.code} : {inconnu(theme.effet, EFFETS[self.nature])}")
        return self


class Instances(Modele):
    """Tout le fichier."""

    types: Annotated[tuple[TypeInstance, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _sans_double_type(self) -> Self:
        _sans_double("types", [type_instance.code for type_instance in self.types])
        return self


def _sans_double(nom: str, codes: list[str]) -> None:
    doubles = {code for code in codes if codes.count(code) > 1}
    if doubles:
        raise ValueError(f"dans {nom}, « {', '.join(sorted(doubles))} » est donné deux fois")

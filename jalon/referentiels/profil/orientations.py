"""`orientations.yaml` : ce que ce département appelle orienter (types, parcours, motifs, places)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from .base import Booleen, CodeInterne, Intitule, Modele, Texte, inconnu
from .vocabulaire import LIBELLES_REQUIS, PARAMETRES_CONNUS, CategorieOrganisme, Unite


class Sphere(StrEnum):
    """Trois sphères : celles de la loi (L262-29), et la voie socio-professionnelle de 2025 (L5411-5-1)."""

    PROFESSIONNELLE = "professionnelle"
    SOCIOPROFESSIONNELLE = "socioprofessionnelle"
    SOCIALE = "sociale"


class TypeOrientation(Modele):
    """Une forme d'accompagnement que l'on peut décider."""

    code: CodeInterne
    libelle: Intitule
    sphere: Sphere
    description: Texte
    categories: Annotated[tuple[CategorieOrganisme, ...], Field(min_length=1)]
    contrat: str
    delai_contrat: str
    motif_exige: Booleen = False

    @field_validator("categories")
    @classmethod
    def _mission_locale_sociale(
        cls, valeur: tuple[CategorieOrganisme, ...], info: ValidationInfo
    ) -> tuple[CategorieOrganisme, ...]:
        """[001] P1 II.3.1 : la mission locale n'est référente que sous une orientation sociale."""
        if CategorieOrganisme.MISSION_LOCALE in valeur and info.data.get("sphere") == Sphere.PROFESSIONNELLE:
            raise ValueError("une mission locale n'accompagne que sous une orientation sociale ; la retirer d'ici")
        return valeur

    @field_validator("contrat")
    @classmethod
    def _contrat_nomme(cls, valeur: str) -> str:
        if valeur not in LIBELLES_REQUIS:
            raise ValueError(inconnu(valeur, (cle for cle in LIBELLES_REQUIS if cle.startswith("contrat"))))
        return valeur

    @field_validator("delai_contrat")
    @classmethod
    def _delai_en_mois(cls, valeur: str) -> str:
        if PARAMETRES_CONNUS.get(valeur) is not Unite.MOIS:
            raise ValueError(inconnu(valeur, (c for c, unite in PARAMETRES_CONNUS.items() if unite is Unite.MOIS)))
        return valeur


class Parcours(Modele):
    """Degré d'accompagnement (R28)."""

    code: CodeInterne
    libelle: Intitule
    description: Texte


class MotifOrientation(Modele):
    """Raison qui fonde une orientation (R30 : le logement, son absence, la santé)."""

    code: CodeInterne
    libelle: Intitule
    spheres: Annotated[tuple[Sphere, ...], Field(min_length=1)]


class Accueil(Modele):
    """Places d'un organisme pour un type d'orientation, sur ses territoires, et le public qu'il reçoit."""

    organisme: str
    type: str
    places: Annotated[int, Field(gt=0)] | None = None
    age_min: Annotated[int, Field(ge=16, le=120)] | None = None
    age_max: Annotated[int, Field(ge=16, le=120)] | None = None
    du: date
    au: date | None = None

    @model_validator(mode="after")
    def _a_l_endroit(self) -> Self:
        if self.au is not None and self.au <= self.du:
            raise ValueError("la fin doit suivre le début ; elle n'est pas comprise")
        if self.age_min is not None and self.age_max is not None and self.age_max < self.age_min:
            raise ValueError("l'âge maximal est au-dessous de l'âge minimal")
        return self


class Orientations(Modele):
    """Tout le fichier."""

    types: Annotated[tuple[TypeOrientation, ...], Field(min_length=1)]
    parcours: tuple[Parcours, ...]
    motifs: tuple[MotifOrientation, ...]
    accueils: tuple[Accueil, ...]

    @model_validator(mode="after")
    def _references(self) -> Self:
        for nom, codes in (
            ("types", [t.code for t in self.types]),
            ("parcours", [p.code for p in self.parcours]),
            ("motifs", [m.code for m in self.motifs]),
        ):
            doubles = {code for code in codes if codes.count(code) > 1}
            if doubles:
                raise ValueError(f"dans {nom}, « {', '.join(sorted(doubles))} » est donné deux fois")
        types = {t.code for t in self.types}
        for accueil in self.accueils:
            if accueil.type not in types:
                raise ValueError(f"accueil de {accueil.organisme} : {inconnu(accueil.type, types)}")
        exiges = {t.sphere for t in self.types if t.motif_exige}
        couvertes = {sphere for motif in self.motifs for sphere in motif.spheres}
        if exiges - couvertes:
            raise ValueError(f"aucun motif ne fonde la sphère {', '.join(sorted(exiges - couvertes))}")
        return self

    def controler_organismes(self, organismes: Iterable[str]) -> list[str]:
        """Phrases d'erreur pour les accueils d'organismes que le profil ne déclare pas."""
        connus = set(organismes)
        return [inconnu(a.organisme, connus) for a in self.accueils if a.organisme not in connus]

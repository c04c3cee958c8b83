"""`reunions.yaml` : comment ce département informe (protocoles, questions, motifs d'absence)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from .base import Booleen, CodeInterne, Intitule, Modele, Texte
from .vocabulaire import CategorieOrganisme


class EtapeReunion(Modele):
    """Un temps de la réunion."""

    duree: Annotated[int, Field(gt=0)]
    titre: Intitule
    contenu: Texte


class RoleReunion(Modele):
    """Qui intervient : un rôle, et les organismes qui peuvent le tenir."""

    code: CodeInterne
    libelle: Intitule
    categories: Annotated[tuple[CategorieOrganisme, ...], Field(min_length=1)]
    facultatif: Booleen = False


class Protocole(Modele):
    """Protocole d'accord (D36) : format, durée, angle du contenu, logistique, rôles."""

    version: Annotated[int, Field(gt=0)]
    depuis: date
    format: Intitule
    duree: Annotated[int, Field(gt=0, le=600)]
    capacite: Annotated[int, Field(gt=0, le=500)]
    contenu: Texte
    logistique: Texte
    deroule: Annotated[tuple[EtapeReunion, ...], Field(min_length=1)]
    roles: Annotated[tuple[RoleReunion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        total = sum(etape.duree for etape in self.deroule)
        if total != self.duree:
            raise ValueError(f"le déroulé dure {total} minutes, le protocole {self.duree} : les accorder")
        _sans_double("roles", (role.code for role in self.roles))
        return self


class TypeReunion(Modele):
    """Forme de réunion, avec son protocole en vigueur."""

    code: CodeInterne
    libelle: Intitule
    description: Texte
    protocole: Protocole


class TypeReponse(StrEnum):
    """Forme de la réponse attendue."""

    TEXTE = "texte"
    CHOIX = "choix"
    CHOIX_MULTIPLE = "choix_multiple"
    OUI_NON = "oui_non"


class ChoixReponse(Modele):
    """Une réponse possible ; de nature médicale, elle n'est lue que par qui en a le droit."""

    code: CodeInterne
    libelle: Intitule
    sante: Booleen = False


class QuestionPreparatoire(Modele):
    """Question de la fiche préparatoire (D14)."""

    code: CodeInterne
    theme: Intitule
    intitule: Texte
    aide: Texte | None = None
    type: TypeReponse
    choix: tuple[ChoixReponse, ...] = ()

    @model_validator(mode="after")
    def _choix_donnes(self) -> Self:
        a_choix = self.type in (TypeReponse.CHOIX, TypeReponse.CHOIX_MULTIPLE)
        if a_choix != bool(self.choix):
            raise ValueError("donner des choix à une question à choix, et à elle seule")
        _sans_double(f"choix de {self.code}", (c.code for c in self.choix))
        return self


class MotifAbsence(Modele):
    """Raison légitime de ne pas venir ; une raison de santé ne demande jamais de preuve."""

    code: CodeInterne
    libelle: Intitule
    aide: Texte | None = None
    preuve_exigee: Booleen
    sante: Booleen = False

    @model_validator(mode="after")
    def _sante_sans_preuve(self) -> Self:
        if self.sante and self.preuve_exigee:
            raise ValueError("un motif de santé ne peut exiger un document : l'agent qui décide ne doit pas le lire")
        return self


class Reunions(Modele):
    """Tout le fichier."""

    types: Annotated[tuple[TypeReunion, ...], Field(min_length=1)]
    questions: Annotated[tuple[QuestionPreparatoire, ...], Field(min_length=1)]
    motifs_absence: Annotated[tuple[MotifAbsence, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _codes_uniques(self) -> Self:
        _sans_double("types", (t.code for t in self.types))
        _sans_double("questions", (q.code for q in self.questions))
        _sans_double("motifs_absence", (m.code for m in self.motifs_absence))
        return self


def _sans_double(nom: str, codes: Iterable[str]) -> None:
    vus = list(codes)
    doubles = {code for code in vus if vus.count(code) > 1}
    if doubles:
        raise ValueError(f"dans {nom}, « {', '.join(sorted(doubles))} » est donné deux fois")

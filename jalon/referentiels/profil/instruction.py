"""`instruction.yaml` : ce que ce département demande au premier contact, où l'on dépose, et ce qu'il s'engage à tenir."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from .base import Booleen, CodeInsee, CodeInterne, Intitule, Modele, Texte, inconnu
from .vocabulaire import CategorieOrganisme


class Public(Modele):
    """Public suivi sans dossier RSA (F013)."""

    code: CodeInterne
    libelle: Intitule


class ThemeQuestion(StrEnum):
    """Ordre des rubriques du test à l'écran."""

    RESIDENCE = "residence"
    AGE = "age"
    RESSOURCES = "ressources"
    SITUATION = "situation"


class Question(Modele):
    """Question du test d'éligibilité, à laquelle on répond oui, non, ou que l'on ne sait pas.

    Avec `attendu`, l'autre réponse est un obstacle, que lève chaque question de `sauf` ; `souple` en fait une
    simple réserve. Avec `indice`, la question ne sert qu'à lever l'obstacle d'une autre.
    """

    code: CodeInterne
    theme: ThemeQuestion
    texte: Texte
    aide: Texte | None = None
    attendu: Booleen | None = None
    indice: Booleen | None = None
    sauf: tuple[CodeInterne, ...] = ()
    souple: Booleen = False

    @model_validator(mode="after")
    def _un_sens(self) -> Self:
        if (self.attendu is None) == (self.indice is None):
            raise ValueError("une question porte « attendu » ou « indice », l'un des deux seulement")
        if self.sauf and self.attendu is None:
            raise ValueError("« sauf » lève un obstacle : il va avec « attendu »")
        return self

    @property
    def reponse_utile(self) -> bool:
        """La réponse qui va dans le sens du droit."""
        return bool(self.indice if self.attendu is None else self.attendu)


class SituationDeclaree(Modele):
    """Ce que la personne dit de son foyer : appelle des pièces, oriente l'aiguillage."""

    code: CodeInterne
    libelle: Intitule


class Piece(Modele):
    """Pièce justificative ; sans situation, elle se demande à tous."""

    code: CodeInterne
    libelle: Intitule
    situations: tuple[CodeInterne, ...] = ()


class RegleAiguillage(Modele):
    """Pour cette situation (ou pour tous), les catégories d'organismes proposées d'abord (R08)."""

    situation: CodeInterne | None = None
    vers: Annotated[tuple[CategorieOrganisme, ...], Field(min_length=1)]
    source: Texte


class Motif(Modele):
    """Raison d'un écart ou d'une fin ; `precision` demande quelques mots."""

    code: CodeInterne
    libelle: Intitule
    precision: Booleen = False


class Site(Modele):
    """Lieu d'instruction : demandes en cours au plus, et communes où il reçoit (R09)."""

    organisme: str
    capacite: Annotated[int, Field(gt=0)] | None = None
    communes: tuple[CodeInsee, ...] = ()


class CodeCritere(StrEnum):
    """Critères que Jalon sait mesurer (R10, I16, I17)."""

    DOSSIERS_RETOURNES = "dossiers_retournes"
    DEPOT_COMPLET = "depot_complet"
    COMPLET_LIQUIDE = "complet_liquide"
    DEPOT_LIQUIDE = "depot_liquide"
    COMPLEMENT_DANS_DELAI = "complement_dans_delai"


class Critere(Modele):
    """Engagement chiffré de la charte : une cible (jours ou pour cent) sur une période glissante."""

    critere: CodeCritere
    cible: Annotated[int, Field(ge=0)]
    periode_mois: Annotated[int, Field(gt=0, le=60)]


class Instruction(Modele):
    """Tout le fichier."""

    publics: Annotated[tuple[Public, ...], Field(min_length=1)]
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    situations: tuple[SituationDeclaree, ...]
    pieces: Annotated[tuple[Piece, ...], Field(min_length=1)]
    aiguillage: Annotated[tuple[RegleAiguillage, ...], Field(min_length=1)]
    motifs_ecart: Annotated[tuple[Motif, ...], Field(min_length=1)]
    motifs_sans_suite: Annotated[tuple[Motif, ...], Field(min_length=1)]
    sites: tuple[Site, ...]
    charte: tuple[Critere, ...]

    @model_validator(mode="after")
    def _references(self) -> Self:
        for nom, codes in (
            ("publics", [p.code for p in self.publics]),
            ("questions", [q.code for q in self.questions]),
            ("situations", [s.code for s in self.situations]),
            ("pieces", [p.code for p in self.pieces]),
            ("motifs_ecart", [m.code for m in self.motifs_ecart]),
            ("motifs_sans_suite", [m.code for m in self.motifs_sans_suite]),
            ("sites", [s.organisme for s in self.sites]),
            ("charte", [c.critere.value for c in self.charte]),
        ):
            doubles = {code for code in codes if codes.count(code) > 1}
            if doubles:
                raise ValueError(f"dans {nom}, « {', '.join(sorted(doubles))} » est donné deux fois")
        questions = {q.code for q in self.questions}
        situations = {s.code for s in self.situations}
        for question in self.questions:
            for code in question.sauf:
                if code not in questions:
                    raise ValueError(f"question {question.code} : {inconnu(code, questions)}")
        for piece in self.pieces:
            for code in piece.situations:
                if code not in situations:
                    raise ValueError(f"pièce {piece.code} : {inconnu(code, situations)}")
        for regle in self.aiguillage:
            if regle.situation is not None and regle.situation not in situations:
                raise ValueError(f"aiguillage : {inconnu(regle.situation, situations)}")
        if self.aiguillage[-1].situation is not None:
            raise ValueError("la dernière règle d'aiguillage vaut pour tous : elle ne porte pas de situation")
        return self

    def controler_organismes(self, organismes: Iterable[str]) -> list[str]:
        """Phrases d'erreur pour les lieux que le profil ne déclare pas."""
        connus = set(organismes)
        return [inconnu(site.organisme, connus) for site in self.sites if site.organisme not in connus]

"""`campagnes.yaml` : les listes que les partenaires remettent, et les colonnes où lire chaque chose (R34, F028)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from .base import CodeInterne, Intitule, Modele, Texte
from .vocabulaire import CategorieOrganisme


class ChampListe(StrEnum):
    """Ce que Jalon sait lire d'une liste ; une colonne qui n'est pas nommée ici n'est pas gardée."""

    NOM = "nom"
    NOM_NAISSANCE = "nom_naissance"
    PRENOM = "prenom"
    DATE_NAISSANCE = "date_naissance"
    SEXE = "sexe"
    CODE_POSTAL = "code_postal"
    NIR = "nir"
    MATRICULE = "matricule"
    IDENTIFIANT_FRANCE_TRAVAIL = "identifiant_france_travail"
    PROFESSIONNEL = "professionnel"


class FormatListe(Modele):
    """Une liste attendue d'un partenaire : pour chaque champ, les en-têtes sous lesquels il arrive."""

    code: CodeInterne
    libelle: Intitule
    categorie: CategorieOrganisme
    source: Texte
    colonnes: dict[ChampListe, Annotated[tuple[Intitule, ...], Field(min_length=1)]]

    @field_validator("colonnes")
    @classmethod
    def _identifiante(cls, valeur: dict[ChampListe, tuple[str, ...]]) -> dict[ChampListe, tuple[str, ...]]:
        if not {ChampListe.NOM, ChampListe.PRENOM} <= set(valeur):
            raise ValueError("il faut au moins les colonnes nom et prenom, pour qu'un humain puisse vérifier")
        return valeur


class Campagnes(Modele):
    """Tout le fichier."""

    formats: Annotated[tuple[FormatListe, ...], Field(min_length=1)]

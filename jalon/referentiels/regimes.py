"""Les régimes de sanction : la loi datée, la même pour tous les départements (`donnees/regimes.yaml`).

Contrôlés au chargement : les régimes se suivent sans trou ni recouvrement, chaque règle a son article, chaque motif
existe sous un régime au moins.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from jalon.referentiels.profil.base import Booleen, CodeInterne, Intitule, Modele, Texte, inconnu
from jalon.referentiels.profil.lecture import lire_yaml

FICHIER: Final = Path(__file__).resolve().parent / "donnees" / "regimes.yaml"
Mois = Annotated[int, Field(ge=1, le=36)]
Taux = Annotated[int, Field(ge=1, le=100)]


class Regle(Modele):
    """Une ligne de la grille : ce qui peut être décidé, à quel rang, dans quelles bornes."""

    code: CodeInterne
    nature: Literal["suspension", "suppression", "amende"]
    rang: Literal["premiere", "suivante", "tous"]
    taux: tuple[Taux, Taux] | None = None
    duree: tuple[Mois, Mois] | None = None
    plafond_foyer: Taux | None = None
    plafond_majore: Booleen = False
    avis: Booleen
    fraude: Booleen = False
    anciennete_faits_mois: Mois | None = None
    article: Texte

    @model_validator(mode="after")
    def _coherente(self) -> Self:
        if self.nature == "amende":
            if self.taux is not None or self.duree is not None:
                raise ValueError("une amende n'a ni taux ni durée")
        elif self.taux is None or self.duree is None:
            raise ValueError(f"la règle « {self.code} » donne un taux et une durée")
        for bornes in (self.taux, self.duree):
            if bornes is not None and bornes[0] > bornes[1]:
                raise ValueError(f"la règle « {self.code} » a une borne basse au-dessus de la haute")
        return self


class Regime(Modele):
    """Un temps du droit : ses délais, ses garanties, sa grille."""

    code: CodeInterne
    libelle: Intitule
    texte: Texte
    du: date | None = None
    au: date | None = None
    observations_mois: Mois
    avis_mois: Mois
    avis_repute: Booleen
    repetition_mois: Mois | None = None
    retour_mois: Mois | None = None
    levee_de_droit: Booleen
    article_entendre: Texte
    article_recours: Texte
    regles: Annotated[tuple[Regle, ...], Field(min_length=1)]


class Motif(Modele):
    """Ce qui peut être reproché (R60), et sous quels régimes."""

    code: CodeInterne
    libelle: Intitule
    phrase: Texte
    preuve: Literal["rendez_vous", "contrat", "sans_contrat", "libre"]
    heures: Booleen = False
    fraude: Booleen = False
    articles: Annotated[dict[CodeInterne, Texte], Field(min_length=1)]


class Regimes(Modele):
    """Tout le fichier."""

    regimes: Annotated[tuple[Regime, ...], Field(min_length=1)]
    motifs: Annotated[tuple[Motif, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _se_suivent(self) -> Self:
        for avant, apres in pairwise(self.regimes):
            if avant.au is None or avant.au != apres.du:
                raise ValueError(f"« {apres.code} » doit commencer le jour où « {avant.code} » finit")
        codes = {regime.code for regime in self.regimes}
        for motif in self.motifs:
            for code in motif.articles:
                if code not in codes:
                    raise ValueError(f"motif {motif.code} : {inconnu(code, codes)}")
        return self


@lru_cache(maxsize=1)
def charger_regimes() -> Regimes:
    """Lit et contrôle les régimes. Lève `ValueError` avec la phrase de chaque faute."""
    document = lire_yaml(FICHIER.parent, FICHIER.name)
    if document.erreurs:
        raise ValueError(" ; ".join(str(erreur) for erreur in document.erreurs))
    return Regimes.model_validate(document.donnees)

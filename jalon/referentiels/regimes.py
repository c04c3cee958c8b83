"""Les régimes de sanction : la loi datée, la même pour tous les départements (`donnees/regimes.yaml`).

Nationale ne veut pas dire partout le même jour : le RSA a commencé plus tard outre-mer, et le fichier le dit par
département (`debuts_particuliers`). Contrôlés au chargement : dans chaque département, les régimes se suivent sans trou
ni recouvrement ; chaque règle a son article, chaque motif existe sous un régime au moins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from jalon.referentiels.profil.base import Booleen, CodeDepartement, CodeInterne, Intitule, Modele, Texte, inconnu
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
    debuts_particuliers: dict[CodeDepartement, date] = Field(default_factory=dict)
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
        if self.regimes[0].debuts_particuliers:
            raise ValueError(
                f"« {self.regimes[0].code} » n'a pas de régime avant lui : il n'a pas de début particulier"
            )
        for departement in sorted({code for regime in self.regimes for code in regime.debuts_particuliers}):
            for regime in self._du_departement(departement):
                if regime.du is not None and regime.au is not None and regime.du >= regime.au:
                    raise ValueError(f"dans le {departement}, « {regime.code} » finirait avant d'avoir commencé")
        codes = {regime.code for regime in self.regimes}
        for motif in self.motifs:
            for code in motif.articles:
                if code not in codes:
                    raise ValueError(f"motif {motif.code} : {inconnu(code, codes)}")
        return self

    def pour(self, departements: Iterable[str]) -> tuple[Regime, ...]:
        """Les régimes aux dates de ces départements. Lève `ValueError` si elles n'y sont pas les mêmes."""
        possibles = [self._du_departement(departement) for departement in departements]
        if any(regimes != possibles[0] for regimes in possibles):
            raise ValueError("ces départements n'ont pas changé de régime le même jour, installez chacun à part")
        return possibles[0]

    def _du_departement(self, departement: str) -> tuple[Regime, ...]:
        """Un régime commence à son jour dans ce département, et le précédent finit ce jour-là."""
        debuts = [regime.debuts_particuliers.get(departement, regime.du) for regime in self.regimes]
        return tuple(
            regime.model_copy(update={"du": du, "au": au})
            for regime, du, au in zip(self.regimes, debuts, [*debuts[1:], self.regimes[-1].au], strict=True)
        )


@lru_cache(maxsize=1)
def charger_regimes() -> Regimes:
    """Lit et contrôle les régimes. Lève `ValueError` avec la phrase de chaque faute."""
    document = lire_yaml(FICHIER.parent, FICHIER.name)
    if document.erreurs:
        raise ValueError(" ; ".join(str(erreur) for erreur in document.erreurs))
    return Regimes.model_validate(document.donnees)

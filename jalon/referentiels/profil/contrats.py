"""`contrats.yaml` : les contrats de ce département, leurs rubriques, leur circuit, leurs thèmes (D01-D06, R47-R59)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from .base import Booleen, CodeInterne, Intitule, Modele, Texte, inconnu
from .vocabulaire import LIBELLES_REQUIS, PARAMETRES_CONNUS, Droit, Unite


class EtatContrat(StrEnum):
    """Où en est un contrat ; un circuit n'en emploie que certains."""

    BROUILLON = "brouillon"
    A_SIGNER = "a_signer"
    SIGNE_PERSONNE = "signe_personne"
    SIGNE = "signe"
    RECU = "recu"
    EN_LECTURE = "en_lecture"
    RENVOYE = "renvoye"
    EN_VIGUEUR = "en_vigueur"
    BILAN = "bilan"
    RENOUVELE = "renouvele"
    TERMINE = "termine"
    ROMPU = "rompu"
    ABANDONNE = "abandonne"


FINAUX: Final = frozenset({EtatContrat.RENOUVELE, EtatContrat.TERMINE, EtatContrat.ROMPU, EtatContrat.ABANDONNE})


class ActeContrat(StrEnum):
    """Ce qui fait passer un contrat d'un état à un autre ; le code sait ce que chacun exige et écrit."""

    PROPOSER_SIGNATURE = "proposer_signature"
    ROUVRIR = "rouvrir"
    SIGNER_PERSONNE = "signer_personne"
    SIGNER_REFERENT = "signer_referent"
    RECEVOIR = "recevoir"
    SOUMETTRE_LECTURE = "soumettre_lecture"
    RENDRE_LECTURE = "rendre_lecture"
    VALIDER = "valider"
    RENVOYER = "renvoyer"
    REPRENDRE = "reprendre"
    ENREGISTRER = "enregistrer"
    FAIRE_BILAN = "faire_bilan"
    RENOUVELER = "renouveler"
    TERMINER = "terminer"
    ROMPRE = "rompre"
    ABANDONNER = "abandonner"


class Transition(Modele):
    """Un acte permis : d'où il part, où il mène, le droit qu'il demande, s'il faut dire pourquoi."""

    acte: ActeContrat
    de: EtatContrat
    vers: EtatContrat
    droit: Droit
    libelle: Intitule
    motif: Booleen = False


class Circuit(Modele):
    """Le chemin d'un contrat, de son brouillon à sa fin."""

    code: CodeInterne
    libelle: Intitule
    transitions: Annotated[tuple[Transition, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _sans_impasse(self) -> Self:
        couples = [(t.acte, t.de) for t in self.transitions]
        doubles = sorted({f"{acte} depuis {de}" for acte, de in couples if couples.count((acte, de)) > 1})
        if doubles:
            raise ValueError(f"un acte ne mène qu'à un état ; donné deux fois : {', '.join(doubles)}")
        depart_final = sorted({t.de for t in self.transitions if t.de in FINAUX})
        if depart_final:
            raise ValueError(f"on ne repart pas d'un état final : {', '.join(depart_final)}")
        atteints, pile = {EtatContrat.BROUILLON}, [EtatContrat.BROUILLON]
        while pile:
            courant = pile.pop()
            for transition in self.transitions:
                if transition.de == courant and transition.vers not in atteints:
                    atteints.add(transition.vers)
                    pile.append(transition.vers)
        perdus = sorted({t.de for t in self.transitions} - atteints)
        if perdus:
            raise ValueError(f"aucun acte ne mène à {', '.join(perdus)}")
        sans_fin = sorted(e for e in atteints if not self._finit(e))
        if sans_fin:
            raise ValueError(f"on ne peut pas sortir de {', '.join(sans_fin)}")
        if EtatContrat.EN_VIGUEUR not in atteints:
            raise ValueError("aucun acte ne met le contrat en vigueur")
        return self

    def _finit(self, etat: EtatContrat) -> bool:
        vus, pile = {etat}, [etat]
        while pile:
            courant = pile.pop()
            if courant in FINAUX:
                return True
            suivants = {t.vers for t in self.transitions if t.de == courant} - vus
            vus |= suivants
            pile += suivants
        return False


class TypeChamp(StrEnum):
    """Forme d'une rubrique : ce que l'on peut y écrire."""

    TEXTE_COURT = "texte_court"
    TEXTE = "texte"
    NOMBRE = "nombre"
    MONTANT = "montant"
    DATE = "date"
    CHOIX = "choix"
    CHOIX_MULTIPLE = "choix_multiple"
    OUI_NON = "oui_non"


class Choix(Modele):
    code: CodeInterne
    libelle: Intitule


class Champ(Modele):
    """Une rubrique : sa question, son aide, sa forme, et si la personne peut l'écrire elle-même (R54)."""

    code: CodeInterne
    libelle: Annotated[str, Field(min_length=1, max_length=200)]
    aide: Annotated[str, Field(max_length=300)] = ""
    type: TypeChamp = TypeChamp.TEXTE
    choix: tuple[Choix, ...] = ()
    obligatoire: Booleen = False
    par_la_personne: Booleen = False
    questions: tuple[CodeInterne, ...] = ()
    """Questions de la fiche préparatoire dont les réponses se proposent ici (D14)."""

    @model_validator(mode="after")
    def _choix_donnes(self) -> Self:
        attend = self.type in {TypeChamp.CHOIX, TypeChamp.CHOIX_MULTIPLE}
        if attend != bool(self.choix):
            raise ValueError(
                "des choix sont à donner" if attend else "des choix ne se donnent que pour un type « choix »"
            )
        codes = [choix.code for choix in self.choix]
        if len(set(codes)) < len(codes):
            raise ValueError("le même choix est donné deux fois")
        return self


class Section(Modele):
    code: CodeInterne
    titre: Intitule
    aide: Annotated[str, Field(max_length=300)] = ""
    champs: Annotated[tuple[Champ, ...], Field(min_length=1)]


class Famille(StrEnum):
    """Sorte de contrat que les indicateurs distinguent (I01-I06) ; le nom, lui, est celui du département."""

    SOLIDARITE = "solidarite"
    PROFESSIONNEL = "professionnel"
    INSERTION = "insertion"
    OBJECTIFS = "objectifs"
    PROJET = "projet"
    ENGAGEMENT = "engagement"


class Signataire(StrEnum):
    PERSONNE = "personne"
    REFERENT = "referent"


class Duree(Modele):
    """En mois."""

    minimum: Annotated[int, Field(ge=1, le=60)]
    maximum: Annotated[int, Field(ge=1, le=60)]
    habituelle: Annotated[int, Field(ge=1, le=60)]

    @model_validator(mode="after")
    def _a_l_endroit(self) -> Self:
        if not self.minimum <= self.habituelle <= self.maximum:
            raise ValueError("la durée habituelle est entre le minimum et le maximum")
        return self


class TypeContrat(Modele):
    """Une sorte de contrat et sa rédaction, dans une version : un contrat garde celle de son jour."""

    code: CodeInterne
    libelle: Intitule
    famille: Famille
    mot: str
    description: Texte
    circuit: CodeInterne
    version: Annotated[int, Field(ge=1)]
    depuis: date
    jusqu_au: date | None = None
    source: Texte
    duree: Duree
    renouvellements: Annotated[int, Field(ge=0, le=50)] | None = None
    """Renouvellements permis à la suite ; sans nombre, sans limite."""
    tacite: Booleen = False
    """Se renouvelle sans acte à son terme, si personne ne dit non."""
    bilan_intermediaire: Annotated[int, Field(ge=1, le=60)] | None = None
    """Mois après le début où un bilan est dû, en plus du bilan final."""
    offres_raisonnables: Booleen = False
    reference_seule: Booleen = False
    """Écrit ailleurs (opérateur de l'emploi) : Jalon n'en garde que les dates."""
    hors_allocation: Booleen = False
    """Pour les personnes suivies qui ne reçoivent pas l'allocation ([004] 1.3.1)."""
    delai_validation: str = "contrat.delai_validation"
    sections: tuple[Section, ...] = ()

    @field_validator("mot")
    @classmethod
    def _mot_connu(cls, valeur: str) -> str:
        if valeur not in LIBELLES_REQUIS:
            raise ValueError(inconnu(valeur, LIBELLES_REQUIS))
        return valeur

    @field_validator("delai_validation")
    @classmethod
    def _delai_connu(cls, valeur: str) -> str:
        if PARAMETRES_CONNUS.get(valeur) is not Unite.MOIS:
            raise ValueError(inconnu(valeur, (c for c, unite in PARAMETRES_CONNUS.items() if unite is Unite.MOIS)))
        return valeur

    @model_validator(mode="after")
    def _ecrit_ou_cite(self) -> Self:
        codes = [champ.code for section in self.sections for champ in section.champs]
        if len(set(codes)) < len(codes):
            raise ValueError("deux rubriques du même contrat ont le même code")
        if not self.reference_seule and not self.sections:
            raise ValueError("un contrat qui s'écrit dans Jalon a des rubriques")
        if self.jusqu_au is not None and self.jusqu_au <= self.depuis:
            raise ValueError("la fin doit suivre le début ; elle n'est pas comprise")
        return self


class Theme(Modele):
    """Ce sur quoi porte un objectif : les besoins se comptent par thème (R59, F055)."""

    code: CodeInterne
    libelle: Intitule
    freins: tuple[CodeInterne, ...] = ()
    """Freins de la grille que ce thème lève."""


class Contrats(Modele):
    """Tout le fichier."""

    themes: Annotated[tuple[Theme, ...], Field(min_length=1)]
    circuits: Annotated[tuple[Circuit, ...], Field(min_length=1)]
    types: Annotated[tuple[TypeContrat, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _references(self) -> Self:
        for nom, codes in (
            ("thèmes", [t.code for t in self.themes]),
            ("circuits", [c.code for c in self.circuits]),
            ("types", [t.code for t in self.types]),
        ):
            doubles = {code for code in codes if codes.count(code) > 1}
            if doubles:
                raise ValueError(f"dans {nom}, « {', '.join(sorted(doubles))} » est donné deux fois")
        circuits = {c.code: c for c in self.circuits}
        for type_ in self.types:
            if type_.circuit not in circuits:
                raise ValueError(f"type {type_.code} : {inconnu(type_.circuit, circuits)}")
            actes = {t.acte for t in circuits[type_.circuit].transitions}
            if type_.reference_seule != (ActeContrat.ENREGISTRER in actes):
                raise ValueError(
                    f"type {type_.code} : un contrat écrit ailleurs s'enregistre, les autres se signent et se valident"
                )
        return self

"""`criteres.yaml` : les listes de critères dont se tire l'avis avant une orientation (F032, F038, R30-R31, R35).

Les faits qu'un critère peut lire sont une liste fermée, donnée ici ; la pièce des orientations sait les lire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from .base import Booleen, CodeInterne, Intitule, Modele, Texte, inconnu
from .grilles import Grilles
from .orientations import Orientations
from .vocabulaire import PARAMETRES_CONNUS, CategorieOrganisme, Unite

PROFONDEUR_MAX = 3
CRITERES_MAX = 40


class NatureFait(StrEnum):
    """Ce qu'un fait peut valoir ; il peut toujours être inconnu."""

    NOMBRE = "nombre"
    OUI_NON = "oui_non"
    CODE = "code"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class FaitConnu:
    """Un fait que les critères peuvent lire : sa nature, ce qu'il faut préciser, ses valeurs si elles sont fermées."""

    nature: NatureFait
    precise: tuple[str, ...] = ()
    valeurs: frozenset[str] = frozenset()


def _codes(*valeurs: str) -> frozenset[str]:
    return frozenset(valeurs)


DOMAINES: Final = _codes(
    "sante", "logement", "mobilite", "familiale", "financiere", "numerique", "administrative", "francais_calcul"
)
FAITS_CONNUS: Final[dict[str, FaitConnu]] = {
    "age": FaitConnu(NatureFait.NOMBRE),
    "anciennete": FaitConnu(NatureFait.NOMBRE),
    "anciennete_emploi": FaitConnu(
        NatureFait.CODE,
        valeurs=_codes("en_emploi", "moins_6_mois", "moins_1_an", "moins_2_ans", "moins_5_ans", "plus_5_ans", "jamais"),
    ),
    "aucun_element": FaitConnu(NatureFait.OUI_NON),
    "capacite": FaitConnu(NatureFait.OUI_NON, precise=("type",)),
    "charges": FaitConnu(NatureFait.NOMBRE),
    "contrainte": FaitConnu(NatureFait.CODE, precise=("domaine",), valeurs=_codes("aucune", "moderee", "forte")),
    "couple": FaitConnu(NatureFait.OUI_NON),
    "creation_activite": FaitConnu(NatureFait.OUI_NON),
    "deja_orientee": FaitConnu(NatureFait.OUI_NON),
    "disponibilite": FaitConnu(NatureFait.CODE, valeurs=_codes("immediate", "partielle", "sous_condition", "non")),
    "echelon": FaitConnu(NatureFait.NOMBRE, precise=("grille", "item")),
    "frein": FaitConnu(NatureFait.OUI_NON, precise=("grille", "frein")),
    "freins": FaitConnu(NatureFait.NOMBRE, precise=("grille",)),
    "logement": FaitConnu(
        NatureFait.CODE,
        valeurs=_codes(
            "locataire_social", "locataire_prive", "proprietaire", "heberge", "structure", "sans_logement", "autre"
        ),
    ),
    "majore": FaitConnu(NatureFait.OUI_NON),
    "motif_entree": FaitConnu(NatureFait.CODE, valeurs=_codes("nouvel_entrant", "sous_le_seuil", "retour")),
    "parcours_envisage": FaitConnu(NatureFait.CODE, valeurs=_codes("professionnel", "social", "attente")),
    "regime_agricole": FaitConnu(NatureFait.OUI_NON),
    "ressources": FaitConnu(NatureFait.NOMBRE),
    "role": FaitConnu(NatureFait.CODE, valeurs=_codes("DEM", "CJT", "ENF", "AUT", "RDO")),
    "sans_domicile": FaitConnu(NatureFait.OUI_NON),
    "suivi": FaitConnu(NatureFait.CODES, valeurs=_codes(*CategorieOrganisme, "cap_emploi")),
}  # fmt: skip

BORNES: Final = ("min", "max", "sous", "au_dela")
TESTS: Final = ("est", "parmi", *BORNES)


class Condition(Modele):
    """Un test sur un fait, ou plusieurs conditions réunies par `tous` ou `un_de`."""

    tous: tuple[Condition, ...] | None = None
    un_de: tuple[Condition, ...] | None = None
    fait: str | None = None
    grille: str | None = None
    item: str | None = None
    frein: str | None = None
    domaine: str | None = None
    type: str | None = None
    est: Booleen | None = None
    parmi: tuple[str, ...] | None = None
    min: str | None = None
    max: str | None = None
    sous: str | None = None
    au_dela: str | None = None

    @field_validator("fait")
    @classmethod
    def _fait_connu(cls, valeur: str | None) -> str | None:
        if valeur is not None and valeur not in FAITS_CONNUS:
            raise ValueError(inconnu(valeur, FAITS_CONNUS))
        return valeur

    @field_validator("parmi", mode="before")
    @classmethod
    def _en_textes(cls, valeur: object) -> object:
        return tuple(str(v) for v in valeur) if isinstance(valeur, list | tuple) else valeur

    @field_validator(*BORNES, mode="before")
    @classmethod
    def _borne(cls, valeur: object) -> object:
        """Un nombre, ou le code d'un paramètre daté."""
        if valeur is None:
            return None
        texte = str(valeur).replace(",", ".")
        if texte in PARAMETRES_CONNUS:
            if PARAMETRES_CONNUS[texte] in (Unite.BOOLEEN, Unite.TEXTE):
                raise ValueError(f"« {texte} » n'est pas un nombre")
            return texte
        try:
            Decimal(texte)
        except InvalidOperation:
            raise ValueError(f"« {texte} » n'est ni un nombre ni un paramètre connu") from None
        return texte

    @model_validator(mode="after")
    def _une_seule_forme(self) -> Self:
        formes = [nom for nom in ("tous", "un_de", "fait") if getattr(self, nom) is not None]
        if len(formes) != 1:
            raise ValueError("une condition est un test (fait: …), ou « tous », ou « un_de » : l'un des trois")
        tests = [nom for nom in TESTS if getattr(self, nom) is not None]
        if self.fait is None:
            if not self.parties:
                raise ValueError(f"« {formes[0]} » n'a aucune condition")
            if tests:
                raise ValueError(f"« {tests[0]} » va avec un fait")
            return self
        if len(tests) != 1:
            raise ValueError(f"un test porte une comparaison et une seule, parmi {', '.join(TESTS)}")
        self._verifier_test(FAITS_CONNUS[self.fait], tests[0])
        return self

    def _verifier_test(self, connu: FaitConnu, test: str) -> None:
        for nom in ("grille", "item", "frein", "domaine", "type"):
            if (getattr(self, nom) is not None) != (nom in connu.precise):
                verbe = "demande" if nom in connu.precise else "ne veut pas de"
                raise ValueError(f"le fait « {self.fait} » {verbe} « {nom} »")
        if self.domaine is not None and self.domaine not in DOMAINES:
            raise ValueError(inconnu(self.domaine, DOMAINES))
        permis: dict[NatureFait, tuple[str, ...]] = {
            NatureFait.OUI_NON: ("est",), NatureFait.CODE: ("parmi",), NatureFait.CODES: ("parmi",),
            NatureFait.NOMBRE: ("parmi", *BORNES),
        }  # fmt: skip
        if test not in permis[connu.nature]:
            raise ValueError(f"le fait « {self.fait} » se compare par {', '.join(permis[connu.nature])}")
        for valeur in self.parmi or ():
            if connu.valeurs and valeur not in connu.valeurs:
                raise ValueError(inconnu(valeur, connu.valeurs))
            if connu.nature is NatureFait.NOMBRE and not valeur.isdigit():
                raise ValueError(f"« {valeur} » n'est pas un nombre entier")
        if self.parmi is not None and not self.parmi:
            raise ValueError("« parmi » est vide")

    @property
    def parties(self) -> tuple[Condition, ...]:
        return self.tous or self.un_de or ()

    @property
    def comparaison(self) -> str:
        """Le nom de la comparaison d'un test."""
        return next((nom for nom in TESTS if getattr(self, nom) is not None), "")

    @property
    def precision(self) -> tuple[str, ...]:
        """Ce qui précise le fait : la grille et la question, le domaine, le type."""
        if self.fait is None:
            return ()
        return tuple(str(getattr(self, nom)) for nom in FAITS_CONNUS[self.fait].precise)

    def tests(self) -> Iterator[Condition]:
        """Tous les tests, dans l'ordre écrit."""
        if self.fait is not None:
            yield self
        for partie in self.parties:
            yield from partie.tests()

    def profondeur(self) -> int:
        return 1 + max((partie.profondeur() for partie in self.parties), default=0)


class Proposition(Modele):
    """Ce que propose un critère : un type d'orientation, ou l'examen en équipe."""

    type: str | None = None
    parcours: str | None = None
    motif: str | None = None
    pour: str | None = None
    examen: Booleen = False

    @model_validator(mode="after")
    def _un_type_ou_un_examen(self) -> Self:
        if self.examen == (self.type is not None):
            raise ValueError("un critère propose un type, ou un examen en équipe (examen: oui), l'un des deux")
        if self.examen and (self.parcours or self.motif or self.pour):
            raise ValueError("un examen en équipe ne propose ni parcours, ni motif, ni durée")
        if self.pour is not None and PARAMETRES_CONNUS.get(self.pour) is not Unite.MOIS:
            raise ValueError(inconnu(self.pour, (c for c, unite in PARAMETRES_CONNUS.items() if unite is Unite.MOIS)))
        return self


class Critere(Modele):
    """Une condition, ce qu'elle fait proposer, et d'où elle vient. Sans condition, le critère est toujours vrai."""

    code: CodeInterne
    libelle: Intitule
    si: Condition | None = None
    propose: Proposition
    source: Texte
    actif: Booleen = True

    @field_validator("si")
    @classmethod
    def _pas_trop_profonde(cls, valeur: Condition | None) -> Condition | None:
        if valeur is not None and valeur.profondeur() > PROFONDEUR_MAX:
            raise ValueError(f"cette condition a plus de {PROFONDEUR_MAX} niveaux : la séparer en plusieurs critères")
        return valeur


class ListeCriteres(Modele):
    """Une liste ordonnée : le premier critère vrai l'emporte."""

    code: CodeInterne
    libelle: Intitule
    du: date
    active: Booleen = False
    criteres: Annotated[tuple[Critere, ...], Field(min_length=1, max_length=CRITERES_MAX)]

    @model_validator(mode="after")
    def _coherente(self) -> Self:
        codes = [critere.code for critere in self.criteres]
        doubles = {code for code in codes if codes.count(code) > 1}
        if doubles:
            raise ValueError(f"le critère « {', '.join(sorted(doubles))} » est donné deux fois")
        for critere in self.criteres[:-1]:
            if critere.si is None and critere.actif:
                raise ValueError(f"« {critere.code} » est toujours vrai : ce qui le suit ne servirait jamais")
        return self


class Criteres(Modele):
    """Tout le fichier ; une liste et une seule est employée."""

    listes: Annotated[tuple[ListeCriteres, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _une_active(self) -> Self:
        codes = [liste.code for liste in self.listes]
        doubles = {code for code in codes if codes.count(code) > 1}
        if doubles:
            raise ValueError(f"la liste « {', '.join(sorted(doubles))} » est donnée deux fois")
        actives = [liste.code for liste in self.listes if liste.active]
        if len(actives) != 1:
            raise ValueError("une liste de critères et une seule est active")
        return self

    def controler_metier(self, metier: Mapping[str, Modele]) -> list[tuple[tuple[str | int, ...], str]]:
        """Fautes de référence aux types, parcours, motifs et grilles des autres fichiers du profil."""
        orientations, grilles = metier.get("orientations"), metier.get("grilles")
        fautes: list[tuple[tuple[str | int, ...], str]] = []
        for i, liste in enumerate(self.listes):
            for j, critere in enumerate(liste.criteres):
                ici = ("listes", i, "criteres", j)
                if isinstance(orientations, Orientations):
                    fautes += [((*ici, "propose"), phrase) for phrase in _sans_cible(critere, orientations)]
                if isinstance(grilles, Grilles) and critere.si is not None:
                    fautes += [((*ici, "si"), phrase) for phrase in _hors_grille(critere.si, grilles)]
        return fautes


def _sans_cible(critere: Critere, orientations: Orientations) -> Iterator[str]:
    propose = critere.propose
    types = {t.code: t for t in orientations.types}
    motifs = {m.code: m for m in orientations.motifs}
    voulus: list[tuple[str | None, Iterable[str]]] = [
        (propose.type, types), (propose.parcours, {p.code for p in orientations.parcours}), (propose.motif, motifs)
    ]  # fmt: skip
    voulus += [(test.type, types) for test in (critere.si.tests() if critere.si else ()) if test.fait == "capacite"]
    for code, connus in voulus:
        if code is not None and code not in connus:
            yield inconnu(code, connus)
    vise, motif = types.get(propose.type or ""), motifs.get(propose.motif or "")
    if vise is not None and motif is not None and vise.sphere not in motif.spheres:
        yield f"le motif « {motif.code} » ne fonde pas une orientation de la sphère {vise.sphere.value}"
    if vise is not None and vise.motif_exige and propose.motif is None:
        yield f"« {vise.code} » exige un motif : en donner un"


def _hors_grille(condition: Condition, grilles: Grilles) -> Iterator[str]:
    for test in condition.tests():
        if test.grille is None:
            continue
        versions = [g for g in grilles.grilles if g.code == test.grille]
        if not versions:
            yield inconnu(test.grille, {g.code for g in grilles.grilles})
            continue
        items = {item.code: item for version in versions for item in version.items}
        freins = {frein.code for version in versions for frein in version.freins}
        if test.item is not None and test.item not in items:
            yield inconnu(test.item, items)
        elif test.item is not None:
            absents = [v for v in test.parmi or () if int(v) not in {e.rang for e in items[test.item].echelons}]
            if absents:
                yield f"la question « {test.item} » n'a pas d'échelon {absents[0]}"
        if test.frein is not None and test.frein not in freins:
            yield inconnu(test.frein, freins)

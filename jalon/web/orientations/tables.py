"""La file d'orientation prête à l'affichage : facettes comptées, colonnes triables, page lue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.orientations import selectors
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.selectors import Contexte, Facette, LigneFile
from jalon.web.orientations.forms import FiltreFile, TriForm
from jalon.web.socle.pages import CompteConnu

PAR_PAGE = 50
TRI_PAR_DEFAUT = "echeance"
COLONNES = (
    ("nom", "Personne"),
    ("motif", "Pourquoi ici"),
    ("echeance", "Délai du service"),
    ("agent", "Confiée à"),
)


@dataclass(frozen=True)
class ChoixAffiche:
    code: str
    libelle: str
    nombre: int
    retenu: bool


@dataclass(frozen=True)
class FacetteAffichee:
    code: str
    libelle: str
    choix: Sequence[ChoixAffiche]


@dataclass(frozen=True)
class Colonne:
    titre: str
    url: str
    sens: str


class EcranFile:
    """Ce que dit l'adresse (filtres, tri, page), et ce que la file y répond."""

    def __init__(self, perimetre: Perimetre, parametres: QueryDict) -> None:
        self.perimetre, self.parametres = perimetre, parametres
        self.jour: date = timezone.localdate()
        self.contexte = Contexte.de(perimetre, self.jour)
        territoires = selectors.territoires_de_la_file(perimetre)
        self.toutes: list[Facette] = selectors.facettes(self.contexte, territoires)
        self.filtre = FiltreFile(parametres, selectors.file_orientation(perimetre), self.toutes)
        formulaire = TriForm(parametres)
        self.tri: str = formulaire.cleaned_data["tri"] if formulaire.is_valid() else TRI_PAR_DEFAUT

    @property
    def file(self) -> AttenteOrientationQuerySet:
        file: AttenteOrientationQuerySet = self.filtre.qs
        return file

    @cached_property
    def _cube(self) -> selectors.Cube:
        return selectors.compter_avec_memoire(self.filtre.cherchees, self.toutes, self.contexte, self.filtre.recherche)

    @cached_property
    def _compteurs(self) -> tuple[int, dict[str, list[int]]]:
        return selectors.compteurs(self._cube, self.toutes, self.filtre.retenus)

    @property
    def total(self) -> int:
        return self._compteurs[0]

    @property
    def en_retard(self) -> int:
        retenus = self.filtre.retenus
        if retenus["delai"] and "depasse" not in retenus["delai"]:
            return 0
        return selectors.compteurs(self._cube, self.toutes, {**retenus, "delai": ["depasse"]})[0]

    @property
    def filtree(self) -> bool:
        return bool(self.filtre.recherche) or any(self.filtre.retenus.values())

    @property
    def facettes(self) -> list[FacetteAffichee]:
        retenus, nombres = self.filtre.retenus, self._compteurs[1]
        return [
            FacetteAffichee(
                facette.code, facette.libelle,
                [
                    ChoixAffiche(c.code, c.libelle, nombres[facette.code][i], c.code in retenus[facette.code])
                    for i, c in enumerate(facette.choix)
                ],
            )
            for facette in self.toutes
        ]  # fmt: skip

    @property
    def colonnes(self) -> list[Colonne]:
        rendues = []
        for code, titre in COLONNES:
            sens = {code: "croissant", f"-{code}": "decroissant"}.get(self.tri, "")
            rendues.append(Colonne(titre, self._adresse(tri=f"-{code}" if sens == "croissant" else code), sens))
        return rendues

    def _adresse(self, **changes: str) -> str:
        parametres = self.parametres.copy()
        parametres.pop("page", None)
        for nom, valeur in changes.items():
            parametres[nom] = valeur
        return f"?{parametres.urlencode()}"

    @property
    def requete(self) -> str:
        """Filtres et tri, sans la page : ce que les actes et l'export rejouent."""
        return self._adresse().removeprefix("?")

    @cached_property
    def page(self) -> Page[int]:
        return Paginator(CompteConnu(self.total), PAR_PAGE).get_page(self.parametres.get("page"))

    @cached_property
    def lignes(self) -> list[LigneFile]:
        debut = (self.page.number - 1) * PAR_PAGE
        lues = selectors.lire_page(self.file, self.tri, debut, debut + PAR_PAGE)
        return selectors.completer(lues, self.jour)

    @property
    def lignes_placees(self) -> list[tuple[LigneFile, str]]:
        """Chaque ligne avec sa place dans la file : l'écran de décision s'en sert pour passer à la suivante."""
        debut = (self.page.number - 1) * PAR_PAGE
        return [
            (ligne, urlencode({"file": self.requete, "rang": debut + rang})) for rang, ligne in enumerate(self.lignes)
        ]

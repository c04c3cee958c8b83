"""L'écran où l'on remplit l'ordre du jour : facettes comptées de la file, lignes par échéance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.instances.models import Seance
from jalon.instances.selectors import candidats
from jalon.organismes.models import Territoire
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.selectors import (
    Contexte,
    Facette,
    LigneFile,
    completer,
    compter,
    compteurs,
    condition,
    facettes,
    lire_page,
)
from jalon.web.orientations.tables import ChoixAffiche, FacetteAffichee
from jalon.web.socle.pages import CompteConnu

PAR_PAGE = 100
MONTREES = ("delai", "territoire", "motif", "recueil", "age")


class EcranInscription:
    """Ce que dit l'adresse (filtres, page), et qui y répond parmi ceux qui attendent."""

    def __init__(self, perimetre: Perimetre, seance: Seance, parametres: QueryDict) -> None:
        self.perimetre, self.seance, self.parametres = perimetre, seance, parametres
        self.jour = timezone.localdate()
        self.contexte = Contexte.de(perimetre, self.jour)
        self.toutes: list[Facette] = [f for f in facettes(self.contexte, self._territoires) if f.code in MONTREES]

    @classmethod
    def de_l_adresse(cls, perimetre: Perimetre, seance: Seance, requete: str) -> EcranInscription:
        return cls(perimetre, seance, QueryDict(requete))

    @cached_property
    def _territoires(self) -> Sequence[Territoire]:
        """Une instance départementale couvre plusieurs territoires : la facette n'a de sens que là."""
        if self.seance.instance.type.par_territoire:
            return []
        return list(Territoire.objects.feuilles().order_by("ordre", "pk"))

    @cached_property
    def retenus(self) -> dict[str, list[str]]:
        return {facette.code: self.parametres.getlist(facette.code) for facette in self.toutes}

    @property
    def filtree(self) -> bool:
        return any(self.retenus.values())

    @property
    def requete(self) -> str:
        """Filtre en place, sans la page."""
        garde = QueryDict(mutable=True)
        for code, valeurs in self.retenus.items():
            if valeurs:
                garde.setlist(code, valeurs)
        return garde.urlencode()

    @cached_property
    def file(self) -> AttenteOrientationQuerySet:
        """Attentes libres, sous le filtre."""
        libres = candidats(self.perimetre, self.seance)
        for facette in self.toutes:
            if self.retenus[facette.code]:
                libres = libres.filter(condition(facette, self.retenus[facette.code]))
        return libres

    @cached_property
    def _comptes(self) -> tuple[int, dict[str, list[int]]]:
        return compteurs(compter(candidats(self.perimetre, self.seance), self.toutes), self.toutes, self.retenus)

    @property
    def total(self) -> int:
        return self._comptes[0]

    @cached_property
    def facettes(self) -> list[FacetteAffichee]:
        return [
            FacetteAffichee(
                facette.code,
                facette.libelle,
                [
                    ChoixAffiche(choix.code, choix.libelle, nombre, choix.code in self.retenus[facette.code])
                    for choix, nombre in zip(facette.choix, self._comptes[1][facette.code], strict=False)
                ],
            )
            for facette in self.toutes
        ]

    @cached_property
    def page(self) -> Page[int]:
        return Paginator(CompteConnu(self.total), PAR_PAGE).get_page(self.parametres.get("page"))

    @cached_property
    def lignes(self) -> list[LigneFile]:
        debut = (self.page.number - 1) * PAR_PAGE
        return completer(lire_page(self.file, "echeance", debut, debut + PAR_PAGE), self.jour)

"""Ce que demande une page de chiffres : une date, un territoire, une vue ; et ce qui permet d'y répondre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from jalon.agents.perimetre import Perimetre
from jalon.observatoire.cliches import Cliche, cliches_pris, lire_cliche
from jalon.observatoire.erreurs import ClicheAbsentError, TableauInconnuError
from jalon.observatoire.filigrane import dates_proposees
from jalon.observatoire.moteur import Resultat, calculer, declaration
from jalon.observatoire.territoires import Arbre, arbre


@dataclass(frozen=True)
class DemandeBornee:
    """Ce que toute page de chiffres demande : un territoire, pour soi ou à publier, dans le périmètre de l'agent."""

    perimetre: Perimetre
    carte: Arbre
    territoire: str
    publication_demandee: bool

    @property
    def permis(self) -> frozenset[str] | None:
        if self.perimetre.tout:
            return None
        lus = self.perimetre.territoires
        if not self.perimetre.peut("dossier.consulter"):  # qui ne fait que siéger ne lit là que des nombres publiables
            lus |= self.perimetre.sieges
        return self.carte.feuilles_de(lus)

    @property
    def territoires(self) -> list[tuple[str, str]]:
        """Territoires que l'agent peut choisir, dans l'ordre du profil."""
        permis = self.permis
        return [(c, self.carte.libelles[c]) for c in self.carte.feuilles if permis is None or c in permis]

    @property
    def publication(self) -> bool:
        """Les petits effectifs sont masqués à qui n'a aucun accès aux dossiers, et dans ce qui sera publié."""
        return self.publication_demandee or not self.perimetre.peut("dossier.consulter")


@dataclass(frozen=True)
class Demande(DemandeBornee):
    """Paramètres des tableaux de bord lus dans l'adresse."""

    a_la_date: date
    dates: tuple[date, ...]
    date_refusee: bool
    """L'adresse demandait une date qu'on ne propose pas."""
    vue_tableaux: bool
    par_territoire: bool
    colonne: str

    @property
    def ouvre_les_dossiers(self) -> bool:
        return not self.publication

    @cached_property
    def cliche(self) -> Cliche | None:
        try:
            return lire_cliche(self.a_la_date)
        except ClicheAbsentError:
            return None

    def calculer(self, code: str, *, ventiler: bool = False) -> Resultat:
        return calculer(
            code,
            self.a_la_date,
            territoire=self.territoire or None,
            ventilation="territoire" if ventiler else None,
            colonne=self.colonne or None,
            permis=self.permis,
            publication=self.publication,
            cliche=self.cliche,
            carte=self.carte,
        )

    def requete(self, **changes: str) -> str:
        """Chaîne de requête de la même demande, à ces changements près."""
        valeurs = {
            "date": self.a_la_date.isoformat(),
            "territoire": self.territoire,
            "vue": "tableaux" if self.vue_tableaux else "",
            "ventilation": "territoire" if self.par_territoire else "",
            "colonne": self.colonne,
            "publication": "oui" if self.publication_demandee else "",
            **changes,
        }
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})


def lire_bornes(request: HttpRequest) -> dict[str, Any]:
    """Les champs de `DemandeBornee` ; un territoire inconnu est une page absente."""
    carte = arbre()
    territoire = request.GET.get("territoire", "")
    if territoire and territoire not in carte.libelles:
        raise Http404
    return {
        "perimetre": request.perimetre,
        "carte": carte,
        "territoire": territoire,
        "publication_demandee": request.GET.get("publication") == "oui",
    }


def lire_date(request: HttpRequest, nom: str) -> date | None:
    """Une date de l'adresse ; rien si elle manque ou n'en est pas une."""
    try:
        return date.fromisoformat(request.GET.get(nom, ""))
    except ValueError:
        return None


def lire_demande(request: HttpRequest) -> Demande | None:
    """La demande de cette page ; rien si aucun flux n'a encore été reçu. Un territoire inconnu est une page absente."""
    dates = tuple(sorted({*dates_proposees(), *(c.a_la_date for c in cliches_pris())}, reverse=True))
    if not dates:
        return None
    voulue = lire_date(request, "date")
    return Demande(
        **lire_bornes(request),
        a_la_date=voulue if voulue in dates else dates[0],
        dates=dates,
        date_refusee=bool(request.GET.get("date")) and voulue not in dates,
        vue_tableaux=request.GET.get("vue") == "tableaux",
        par_territoire=request.GET.get("ventilation") == "territoire",
        colonne=request.GET.get("colonne", ""),
    )


def code_connu(code: str) -> str:
    """Le code en majuscules ; un code inconnu est une page absente."""
    try:
        return declaration(code).code
    except TableauInconnuError:
        raise Http404 from None

"""Les besoins que disent les contrats : thèmes et freins, par territoire et dans le temps (R59, F055)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from jalon.contrats import besoins as regles
from jalon.observatoire.graphiques import Dessin, Part, ecrire_nombre, en_svg
from jalon.observatoire.secret import masquer
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.referentiels.parametres import nombre
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.socle.nombres import en_pourcent
from jalon.web.pilotage.demande import DemandeBornee, lire_bornes, lire_date
from jalon.web.socle.acces import exige

PAR_PAGE = 50
DANS_LE_GRAPHIQUE = 12
TITRES = {regles.THEMES: "Thèmes des objectifs", regles.FREINS: "Freins des grilles"}


@dataclass(frozen=True)
class Demande(DemandeBornee):
    """Période, territoire et axe demandés, bornés à ce que l'agent voit."""

    du: date
    au: date
    selon: str

    @property
    def seuil(self) -> int:
        return int(nombre("observatoire.seuil_secret", self.au)) if self.publication else 0

    @cached_property
    def lieux(self) -> tuple[str, ...] | None:
        """Territoires comptés, dans l'ordre du profil ; `None` pour tout le département, sans territoire compris."""
        permis = self.permis
        if permis is None and not self.territoire:
            return None
        feuilles = self.carte.sous(self.territoire) if self.territoire else frozenset(self.carte.feuilles)
        return tuple(code for code in self.carte.feuilles if code in feuilles and (permis is None or code in permis))

    def colonnes(self, lus: regles.Besoins) -> list[tuple[str, str]]:
        """Territoires montrés : un seul n'a pas de colonne, le total suffit."""
        if self.lieux is not None:
            montres = list(self.lieux)
        else:
            montres = list(self.carte.feuilles)
            if any(lieu not in self.carte.feuilles for lieu in lus.couvertes):
                montres.append(regles.SANS_TERRITOIRE)
        return [(c, self.carte.libelles.get(c, "Sans territoire")) for c in montres] if len(montres) > 1 else []

    def requete(self, **changes: str) -> str:
        valeurs = {
            "selon": self.selon, "du": self.du.isoformat(), "au": self.au.isoformat(), "territoire": self.territoire,
            "publication": "oui" if self.publication_demandee else "", **changes,
        }  # fmt: skip
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})


@dataclass(frozen=True)
class Ligne:
    """Un besoin prêt à l'affichage : chaque nombre ouvre sa liste, à qui voit les personnes."""

    libelle: str
    total: str
    part: Any
    porte: str
    cases: tuple[tuple[str, str], ...]


def _lire(request: HttpRequest) -> Demande:
    aujourdhui = timezone.localdate()
    au = min(lire_date(request, "au") or aujourdhui, aujourdhui)
    du = min(lire_date(request, "du") or au, au)
    selon = request.GET.get("selon", regles.THEMES)
    if selon not in TITRES:
        raise Http404
    demande = Demande(**lire_bornes(request), du=du, au=au, selon=selon)
    permis = demande.permis
    if demande.territoire and permis is not None and not demande.carte.sous(demande.territoire) <= permis:
        raise Http404
    return demande


Effectifs = Mapping[tuple[str, str], "int | None"]
TOTAL = "*"


def _effectifs(lus: regles.Besoins, colonnes: list[tuple[str, str]], seuil: int) -> Effectifs:
    """Nombre de chaque case, total compris ; `None` si le secret la masque, elle ou une autre de sa ligne."""
    pleines: dict[tuple[str, ...], int] = {}
    egalites = []
    for besoin in lus.lignes:
        pleines[besoin.code, TOTAL] = besoin.total
        pleines.update({(besoin.code, lieu): besoin.par_lieu.get(lieu, 0) for lieu, _ in colonnes})
        if colonnes:
            egalites.append(((besoin.code, TOTAL), tuple((besoin.code, lieu) for lieu, _ in colonnes)))
    caches = masquer(pleines, egalites, seuil) if seuil else frozenset()
    return {(code, lieu): None if (code, lieu) in caches else n for (code, lieu), n in pleines.items()}


@exige("tableaux.consulter")
@require_safe
def besoins(request: HttpRequest) -> HttpResponse:
    """Combien de personnes par thème ou par frein, en image et en table."""
    demande = _lire(request)
    if demande.permis is not None and not demande.permis:
        return render(request, "pilotage/sans_territoire.html")
    lus = regles.besoins(demande.selon, demande.du, demande.au, lieux=demande.lieux)
    colonnes = demande.colonnes(lus)
    effectifs = _effectifs(lus, colonnes, demande.seuil)
    contexte = {
        "demande": demande, "colonnes": colonnes, "titre": TITRES[demande.selon],
        "lignes": [_ligne(demande, lus, besoin, colonnes, effectifs) for besoin in lus.lignes],
        "personnes": ecrire_nombre(_couvertes(demande, lus)),
        "svg": _image(demande, lus, effectifs),
        "definition": regles.DEFINITIONS[demande.selon], "source": regles.SOURCE,
        "onglets": [
            {"texte": texte, "url": demande.requete(selon=code), "courant": code == demande.selon, "nombre": None}
            for code, texte in TITRES.items()
        ],
        "formats": [(f.upper(), reverse("besoins_export", args=[f]) + demande.requete()) for f in ExportFormat],
        "publier": demande.requete(publication="" if demande.publication_demandee else "oui"),
    }  # fmt: skip
    return render(request, "contrats/suivi/besoins.html", contexte)


def _couvertes(demande: Demande, lus: regles.Besoins) -> int | None:
    return None if demande.seuil and 0 < lus.personnes < demande.seuil else lus.personnes


def _ligne(
    demande: Demande, lus: regles.Besoins, besoin: regles.Besoin, colonnes: list[tuple[str, str]], effectifs: Effectifs
) -> Ligne:
    total = effectifs[besoin.code, TOTAL]
    return Ligne(
        besoin.libelle, ecrire_nombre(total), en_pourcent(total, lus.personnes) if total is not None else None,
        _porte(demande, besoin.code, demande.territoire, total),
        tuple(
            (ecrire_nombre(n := effectifs[besoin.code, lieu]), _porte(demande, besoin.code, lieu, n) if lieu else "")
            for lieu, _ in colonnes
        ),
    )  # fmt: skip


def _porte(demande: Demande, code: str, lieu: str, effectif: int | None) -> str:
    if demande.publication or not effectif:
        return ""
    return reverse("besoins_personnes") + demande.requete(code=code, territoire=lieu)


def _image(demande: Demande, lus: regles.Besoins, effectifs: Effectifs) -> str:
    """Les plus partagés, au plus une douzaine : la table, elle, les dit tous."""
    montres = [b for b in lus.lignes if b.total][:DANS_LE_GRAPHIQUE]
    if not montres:
        return ""
    parts = tuple(Part(b.libelle, "personnes", effectifs[b.code, TOTAL]) for b in montres)
    etiquettes = tuple((b.libelle, ecrire_nombre(effectifs[b.code, TOTAL])) for b in montres)
    return mark_safe(en_svg(Dessin(TITRES[demande.selon], parts, etiquettes)))


@exige("tableaux.consulter", "dossier.consulter")
@require_safe
def personnes(request: HttpRequest) -> HttpResponse:
    """Les personnes derrière un nombre, dans le périmètre de l'agent."""
    demande = _lire(request)
    code = request.GET.get("code", "")
    libelle = regles.libelle_du_besoin(demande.selon, code)
    if libelle is None:
        raise Http404
    cles = regles.personnes_du_besoin(demande.selon, code, demande.du, demande.au, lieux=demande.lieux)
    visibles = personnes_du_perimetre(request.perimetre).filter(pk__in=cles).select_related("territoire")
    page = Paginator(visibles.order_by("nom", "prenom", "pk"), PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "demande": demande, "libelle": libelle, "page": page, "titre": TITRES[demande.selon],
        "retour": reverse("besoins") + demande.requete(),
        "lieu": demande.carte.libelles[demande.territoire] if demande.territoire else "",
    }  # fmt: skip
    return render(request, "contrats/suivi/besoins_personnes.html", contexte)


@exige("tableaux.consulter")
@require_safe
def exporter(request: HttpRequest, format: str) -> HttpResponse:
    """La table, avec sa définition et sa source."""
    if format not in list(ExportFormat):
        raise Http404
    demande = _lire(request)
    lus = regles.besoins(demande.selon, demande.du, demande.au, lieux=demande.lieux)
    colonnes = demande.colonnes(lus)
    effectifs = _effectifs(lus, colonnes, demande.seuil)
    rangees: list[list[Cell]] = [
        [b.libelle, *(_cellule(effectifs[b.code, lieu]) for lieu in (TOTAL, *(c for c, _ in colonnes)))]
        for b in lus.lignes
    ]
    rangees.append(
        [f"Du {demande.du:%d/%m/%Y} au {demande.au:%d/%m/%Y}. {regles.DEFINITIONS[demande.selon]} {regles.SOURCE}"]
    )
    entetes = [TITRES[demande.selon], "Personnes", *(libelle for _, libelle in colonnes)]
    fichier = export_table(f"besoins-{demande.selon}", ExportFormat(format), entetes, rangees, day=demande.au)
    return HttpResponse(
        fichier.stream, content_type=fichier.mime,
        headers={"Content-Disposition": f'attachment; filename="{fichier.name}"'},
    )  # fmt: skip


def _cellule(effectif: int | None) -> Cell:
    return "s" if effectif is None else effectif

"""Tableau de bord des orientations : qui est orienté, vers quoi, où (T12, I09, I10, I22, I29)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from jalon.observatoire import orientations
from jalon.observatoire.graphiques import Dessin, Part, ecrire_nombre, en_svg
from jalon.observatoire.orientations import OrientationsRealisees, Periode
from jalon.orientations.models import TypeOrientation
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import nombre
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.web.pilotage.demande import DemandeBornee, lire_bornes, lire_date
from jalon.web.socle.acces import exige

PAR_PAGE = 50


@dataclass(frozen=True)
class DemandeOrientations(DemandeBornee):
    """Période et territoire demandés, bornés à ce que l'agent voit."""

    periode: Periode

    def requete(self, **changes: str) -> str:
        valeurs = {
            "du": self.periode.du.isoformat() if self.periode.du else "",
            "au": self.periode.au.isoformat(),
            "territoire": self.territoire,
            "publication": "oui" if self.publication_demandee else "",
            **changes,
        }
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})

    def calculer(self) -> OrientationsRealisees:
        seuil = int(nombre("observatoire.seuil_secret", self.periode.au)) if self.publication else 0
        return orientations.orientations_realisees(
            self.periode, territoire=self.territoire or None, permis=self.permis, seuil=seuil
        )


def _lire(request: HttpRequest) -> DemandeOrientations:
    aujourdhui = timezone.localdate()
    au = min(lire_date(request, "au") or aujourdhui, aujourdhui)
    demande = DemandeOrientations(**lire_bornes(request), periode=Periode(au, lire_date(request, "du")))
    permis = demande.permis
    if demande.territoire and permis is not None and not demande.carte.sous(demande.territoire) <= permis:
        raise Http404
    return demande


@exige("tableaux.consulter")
@require_safe
def tableau_orientations(request: HttpRequest) -> HttpResponse:
    demande = _lire(request)
    resultat = demande.calculer()
    lignes = [
        {
            "libelle": ligne.libelle, "code": ligne.code, "total": ecrire_nombre(ligne.total),
            "cases": [
                (ecrire_nombre(ligne.effectifs[t.code]), resultat.part(ligne, t.code), _porte(demande, ligne.code, t.code))
                for t in resultat.types
            ],
            "porte": _porte(demande, ligne.code, ""),
        }
        for ligne in (*resultat.lignes, resultat.total)
    ]  # fmt: skip
    contexte = {
        "demande": demande, "resultat": resultat, "lignes": lignes[:-1], "ensemble": lignes[-1],
        "svg": mark_safe(en_svg(_dessin(resultat))) if resultat.total.total else "",
        "indicateurs": [] if demande.publication else _indicateurs(demande),
        "definition": orientations.DEFINITION_T12, "titre": orientations.TITRE_T12, "source": orientations.SOURCE,
        "formats": [(f.upper(), reverse("tableau_orientations_export", args=[f]) + demande.requete()) for f in ExportFormat],
    }  # fmt: skip
    return render(request, "pilotage/orientations.html", contexte)


def _porte(demande: DemandeOrientations, territoire: str, type_: str) -> str:
    if demande.publication:
        return ""
    lieu = demande.territoire if territoire == "*" else territoire
    return reverse("tableau_orientations_dossiers") + demande.requete(territoire=lieu, type=type_)


def _dessin(resultat: OrientationsRealisees) -> Dessin:
    parts = tuple(
        Part(ligne.libelle, t.libelle, ligne.effectifs[t.code]) for ligne in resultat.lignes for t in resultat.types
    )
    etiquettes = tuple((ligne.libelle, ecrire_nombre(ligne.total)) for ligne in resultat.lignes)
    return Dessin(orientations.TITRE_T12, parts, etiquettes)


def _indicateurs(demande: DemandeOrientations) -> list[dict[str, Any]]:
    return [
        orientations.calculer(
            code, demande.periode.au, demande.territoire or None, du=demande.periode.du, permis=demande.permis
        )
        for code in ("I09", "I22", "I29")
    ]


@exige("tableaux.consulter")
@require_safe
def tableau_orientations_export(request: HttpRequest, format: str) -> HttpResponse:
    if format not in list(ExportFormat):
        raise Http404
    demande = _lire(request)
    resultat = demande.calculer()
    rangees: list[list[Cell]] = []
    for ligne in (*resultat.lignes, resultat.total):
        rangee: list[Cell] = [ligne.libelle]
        for t in resultat.types:
            effectif = ligne.effectifs[t.code]
            rangee += ["s" if effectif is None else effectif, resultat.part(ligne, t.code)]
        rangees.append([*rangee, "s" if ligne.total is None else ligne.total])
    for note in (orientations.TITRE_T12, orientations.DEFINITION_T12, orientations.SOURCE):
        seule: list[Cell] = [note]
        rangees.append(seule)
    entetes = ["Territoire", *(texte for t in resultat.types for texte in (t.libelle, f"{t.libelle} (%)")), "Ensemble"]
    fichier = export_table("orientations", ExportFormat(format), entetes, rangees, day=demande.periode.au)
    return HttpResponse(
        fichier.stream, content_type=fichier.mime,
        headers={"Content-Disposition": f'attachment; filename="{fichier.name}"'},
    )  # fmt: skip


@exige("tableaux.consulter", "dossier.consulter")
@require_safe
def tableau_orientations_dossiers(request: HttpRequest) -> HttpResponse:
    """Les personnes derrière une case, dans le périmètre de l'agent."""
    demande = _lire(request)
    type_ = request.GET.get("type", "")
    connu = TypeOrientation.objects.filter(code=type_).first()
    if type_ and connu is None:
        raise Http404
    derriere = orientations.dossiers_de_la_case(
        demande.periode, territoire=demande.territoire or None, type_=type_ or None
    )
    visibles = Personne.objects.filter(filtre_perimetre(request.perimetre), pk__in=derriere.order_by().values("pk"))
    page = Paginator(visibles.select_related("territoire").order_by("nom", "prenom", "pk"), PAR_PAGE).get_page(
        request.GET.get("page")
    )
    contexte = {"demande": demande, "type": connu, "page": page, "titre": orientations.TITRE_T12}
    return render(request, "pilotage/orientations_dossiers.html", contexte)

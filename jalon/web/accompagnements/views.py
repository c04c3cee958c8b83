"""« Mon portefeuille » : la liste, les avis, l'export."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from jalon.accompagnements.absences import avis_a_lire, marquer_avis_lus
from jalon.accompagnements.charge import charge_maximale, charge_referent
from jalon.socle.exports import ExportFormat, export_table
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.accompagnements.portefeuille import ENTETES, Portefeuille, lignes_export
from jalon.web.socle.acces import exige

PAR_PAGE = 50


@require_safe
@exige("portefeuille.consulter")
def portefeuille(request: HttpRequest) -> HttpResponse:
    """Les personnes dont l'agent est le référent, ou qu'il suit en remplacement ; ce qui presse d'abord."""
    ecran = _ecran(request)
    contexte = {
        "ecran": ecran,
        "page": Paginator(ecran.retenues, PAR_PAGE).get_page(request.GET.get("page")),
        "avis": avis_a_lire(ecran.agent),
        "charge": charge_referent(ecran.agent, ecran.jour),
        "maximum": charge_maximale(ecran.agent, ecran.jour),
        "formats": list(ExportFormat),
    }
    return render(request, "accompagnements/portefeuille.html", contexte)


@require_safe
@exige("portefeuille.consulter")
def exporter(request: HttpRequest) -> FileResponse:
    """Écrit les personnes du filtre ; l'extraction est notée, le NIR n'y est jamais."""
    ecran = _ecran(request)
    voulu = request.GET.get("format", "")
    format = ExportFormat(voulu) if voulu in list(ExportFormat) else ExportFormat.XLSX
    fichier = export_table("portefeuille", format, ENTETES, lignes_export(ecran.retenues), day=ecran.jour)
    noter_lecture(
        Lecture.Nature.EXPORT, agent=ecran.agent, organisme=ecran.perimetre.organisme_principal,
        nombre=fichier.rows, ecran="portefeuille",
    )  # fmt: skip
    return FileResponse(fichier.stream, as_attachment=True, filename=fichier.name, content_type=fichier.mime)


@require_POST
@exige("portefeuille.consulter")
def avis_lus(request: HttpRequest) -> HttpResponse:
    """« J'ai lu » : les avis de passation ne seront plus montrés."""
    marquer_avis_lus(request.user)
    return redirect("portefeuille")


def _ecran(request: HttpRequest) -> Portefeuille:
    return Portefeuille(
        request.user, request.perimetre, filtre=request.GET.get("filtre", ""), tri=request.GET.get("tri", ""),
        cherche=request.GET.get("q", ""),
    )  # fmt: skip

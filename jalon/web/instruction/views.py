"""La liste des demandes et la page d'une demande (F017, F018)."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.droits import instruction, selectors
from jalon.droits.charte import resultats
from jalon.droits.services import decision_recue
from jalon.droits.workflows import permis
from jalon.organismes.models import Territoire
from jalon.referentiels.parametres import profil
from jalon.socle.exports import ExportFormat, export_table
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.instruction.commun import noter
from jalon.web.socle.acces import exige

DROIT = "instruction.saisir"
PAR_PAGE = 25


@exige(DROIT)
@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """Ce que les services doivent encore aux personnes, les retards d'abord."""
    perimetre, jour = request.perimetre, timezone.localdate()
    filtre = _filtre(request)
    page = Paginator(
        selectors.filtrer(selectors.demandes().du_perimetre(perimetre), filtre, jour).pour_liste(), PAR_PAGE
    ).get_page(request.GET.get("page"))
    comptes = selectors.comptes(perimetre, jour)
    commun = {"organisme": filtre.organisme, "territoire": filtre.territoire}
    onglets = [
        {
            "texte": texte, "nombre": comptes[code], "courant": code == filtre.quoi,
            "url": _adresse({"quoi": code, **commun}),
        }
        for code, texte in selectors.QUOI.items()
    ]  # fmt: skip
    contexte = {
        "page": page, "lignes": selectors.completer(page.object_list, jour), "onglets": onglets, "filtre": filtre,
        "jour": jour, "comptes": comptes,
        "organismes": selectors.organismes_de_la_liste(perimetre),
        "territoires": _territoires(perimetre),
        "par_organisme": selectors.retards_par_organisme(perimetre, jour),
        "par_territoire": selectors.retards_par_territoire(perimetre, jour),
        "dans_delai": next(
            (r for r in resultats(perimetre, jour) if r.code == "complement_dans_delai"), None
        ),
        "formats": list(ExportFormat), "adresse_export": f"{reverse('instructions_exporter')}?{request.GET.urlencode()}",
    }  # fmt: skip
    return render(request, "instruction/liste.html", contexte)


def _filtre(request: HttpRequest) -> selectors.Filtre:
    quoi = request.GET.get("quoi", "")
    return selectors.Filtre(
        quoi if quoi in selectors.QUOI else "", request.GET.get("organisme", "")[:60],
        request.GET.get("territoire", "")[:60],
    )  # fmt: skip


def _adresse(parametres: dict[str, str]) -> str:
    utiles = {nom: valeur for nom, valeur in parametres.items() if valeur}
    return f"{reverse('instructions')}{'?' if utiles else ''}{urlencode(utiles)}"


def _territoires(perimetre: object) -> list[Territoire]:
    territoires = Territoire.objects.order_by("ordre", "libelle", "pk")
    return list(territoires if perimetre.tout else territoires.filter(pk__in=perimetre.territoires))


@exige(DROIT)
@require_safe
def exporter(request: HttpRequest) -> FileResponse:
    """Écrit la liste filtrée ; l'extraction est notée."""
    perimetre, jour = request.perimetre, timezone.localdate()
    demande = request.GET.get("format", "")
    format = ExportFormat(demande) if demande in list(ExportFormat) else ExportFormat.XLSX
    lues = list(selectors.filtrer(selectors.demandes().du_perimetre(perimetre), _filtre(request), jour).pour_liste())
    fichier = export_table(
        "demandes-instruction", format, selectors.ENTETES_EXPORT,
        selectors.lignes_export(selectors.completer(lues, jour)), day=jour,
    )  # fmt: skip
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=perimetre.organisme_principal, nombre=fichier.rows,
        ecran="demandes d'allocation",
    )  # fmt: skip
    return FileResponse(fichier.stream, as_attachment=True, filename=fichier.name, content_type=fichier.mime)


@exige(DROIT)
@require_safe
def demande(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Où en est la demande, ce qui manque, et le geste suivant."""
    perimetre, jour = request.perimetre, timezone.localdate()
    lue = selectors.acceder_demande(perimetre, public_id)
    noter(request, lue.personne, "demande d'allocation")
    donnees = instruction.reglage()
    pieces = list(lue.pieces.order_by("pk"))
    connues = {p.code for p in pieces}
    caisses = profil().caisses if profil() else []
    reponse = render(
        request,
        "instruction/demande.html",
        {
            "demande": lue, "personne": lue.personne, "jour": jour, "pieces": pieces, "permis": permis(lue),
            "ligne": selectors.completer([lue], jour)[0],
            "manquantes": [p for p in pieces if p.manque],
            "autres_pieces": [p for p in donnees.pieces if p.code not in connues],
            "situations": [s.libelle for s in donnees.situations if s.code in lue.situations],
            "simulations": list(lue.simulations.select_related("saisie_par")),
            "retours": list(lue.retours.select_related("saisi_par")),
            "motifs": donnees.motifs_sans_suite, "caisses": caisses,
            "lieux": instruction.lieux_habilites(jour).exclude(pk=lue.organisme_id),
            "decision": decision_recue(lue) if lue.ouverte else None,
        },
    )  # fmt: skip
    reponse["Cache-Control"] = "no-store"
    return reponse

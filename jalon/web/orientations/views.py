"""La file d'orientation : voir, filtrer, confier, exporter."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.instances.acces import seances_ou_inscrire
from jalon.instances.selectors import avec_nombres
from jalon.orientations import selectors
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.services import BilanAffectation, affecter_attentes, annuler_affectation
from jalon.socle.errors import HorsPerimetreError
from jalon.socle.exports import ExportFormat, export_table
from jalon.traces.models import Acte, Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import SansEffetError, tenter
from jalon.web.orientations.forms import AffectationForm, ChoixForm, ExportForm, premiere_erreur
from jalon.web.orientations.tables import EcranFile
from jalon.web.socle.acces import exige

A_DEFAIRE = "affectation_a_defaire"
NOMS_CITES = 3


@require_GET
@exige("file_orientation.consulter")
def file_orientation(request: HttpRequest) -> HttpResponse:
    """Qui attend une orientation, les délais dépassés d'abord."""
    perimetre = request.perimetre
    ecran = EcranFile(perimetre, request.GET)
    affecte = perimetre.peut("file_orientation.affecter")
    contexte = {
        "ecran": ecran,
        "agents": selectors.agents_affectables(perimetre, ecran.jour) if affecte else [],
        "services": selectors.services_affectables(perimetre, ecran.jour) if affecte else [],
        "affecte": affecte,
        "seances": avec_nombres(seances_ou_inscrire(perimetre)),
        "formats": list(ExportFormat),
        "a_defaire": request.session.pop(A_DEFAIRE, None),
    }
    return render(request, "orientations/file.html", contexte)


@require_POST
@exige("file_orientation.affecter")
def affecter(request: HttpRequest) -> HttpResponse:
    """Confie les personnes choisies à un agent ou à un service."""
    perimetre = request.perimetre
    retour = _retour(request)
    ecran = EcranFile(perimetre, QueryDict(request.POST.get("filtre", "")))
    formulaire = AffectationForm(
        request.POST,
        selectors.agents_affectables(perimetre, ecran.jour),
        selectors.services_affectables(perimetre, ecran.jour),
    )
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect(retour)

    def acte() -> str:
        choisies = _choisies(request, formulaire, ecran, "file_orientation.affecter")
        bilan = affecter_attentes(choisies, acteur=request.user, perimetre=perimetre, **formulaire.cible)
        if bilan.acte is not None:
            request.session[A_DEFAIRE] = str(bilan.acte.public_id)
        return _dire(bilan, "confiée", formulaire.cibles[formulaire.cleaned_data["a_qui"]])

    tenter(request, acte)
    return redirect(retour)


@require_POST
@exige("file_orientation.affecter")
def defaire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Rend les personnes à qui les avait avant."""
    acte = Acte.objects.filter(public_id=public_id, acteur=request.user).first()
    if acte is None:
        raise HorsPerimetreError("Cette affectation n’existe pas, ou n’est pas la vôtre.")
    tenter(
        request,
        lambda: _dire(
            annuler_affectation(acte, acteur=request.user, perimetre=request.perimetre), "rendue", "l’agent d’avant"
        ),
    )
    return redirect(_retour(request))


@require_http_methods(["GET", "POST"])
@exige("file_orientation.exporter")
def exporter(request: HttpRequest) -> HttpResponse | FileResponse:
    """Écrit la file filtrée (GET) ou les lignes choisies (POST) ; l'extraction est notée, le NIR n'y est jamais."""
    perimetre = request.perimetre
    envoyes = request.POST if request.method == "POST" else request.GET
    demande = ExportForm(envoyes)
    filtre = request.GET if request.method == "GET" else QueryDict(request.POST.get("filtre", ""))
    ecran = EcranFile(perimetre, filtre)
    file = ecran.file
    if request.method == "POST":
        choix = ChoixForm(request.POST)
        if not choix.is_valid():
            messages.error(request, premiere_erreur(choix))
            return redirect(_retour(request))
        file = _choisies(request, choix, ecran, "file_orientation.exporter").en_cours()
    format = ExportFormat(demande.cleaned_data["format"]) if demande.is_valid() else ExportFormat.XLSX
    lignes = selectors.lignes_export(file, ecran.tri, ecran.jour)
    fichier = export_table("file-orientation", format, selectors.ENTETES_EXPORT, lignes, day=ecran.jour)
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=perimetre.organisme_principal,
        nombre=fichier.rows, ecran="file_orientation",
    )  # fmt: skip
    return FileResponse(fichier.stream, as_attachment=True, filename=fichier.name, content_type=fichier.mime)


def _retour(request: HttpRequest) -> str:
    requete = QueryDict(request.POST.get("filtre", "")).urlencode()
    return f"{reverse('file_orientation')}{'?' if requete else ''}{requete}"


def _choisies(request: HttpRequest, formulaire: ChoixForm, ecran: EcranFile, droit: str) -> AttenteOrientationQuerySet:
    if formulaire.cleaned_data["tout"]:
        request.perimetre.exiger(droit)
        return ecran.file
    return selectors.acceder_attentes(request.perimetre, formulaire.cleaned_data["choisies"], droit=droit)


def _dire(bilan: BilanAffectation, participe: str, qui: object) -> str:
    """« 12 personnes confiées à Karim Bocquet. 2 laissées de côté : … »"""
    s = "s" if bilan.faites > 1 else ""
    phrases = [
        f"{bilan.faites} personne{s} {participe}{s} à {qui}."
        if bilan.faites
        else "Aucune personne n’a changé de mains."
    ]
    for raison, noms in bilan.ecartees.items():
        cites = ", ".join(noms[:NOMS_CITES])
        suite = f" et {len(noms) - NOMS_CITES} de plus" if len(noms) > NOMS_CITES else ""
        phrases.append(f"Laissée{'s' if len(noms) > 1 else ''} de côté : {cites}{suite} ({raison}).")
    if not bilan.faites:
        raise SansEffetError(" ".join(phrases))
    return " ".join(phrases)

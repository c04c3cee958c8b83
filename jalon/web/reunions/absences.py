"""Les absences : celles que personne n'a encore contactées, celles dont le motif est à examiner."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from jalon.rendezvous import selectors
from jalon.rendezvous.justificatifs import accepter_absence, joindre_preuve, refuser_absence
from jalon.rendezvous.models import JustificatifAbsence
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.forms import premiere_erreur
from jalon.web.reunions.forms import MotifForm, PreuveForm
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nom_affiche

PAR_PAGE = 50
MOTIF_RESERVE = "Motif réservé au rôle de santé"


def motif_lisible(justificatif: JustificatifAbsence, *, voit_sante: bool) -> str:
    """Le motif, ou qu'il est réservé."""
    return MOTIF_RESERVE if justificatif.motif.sante and not voit_sante else justificatif.motif.libelle


@require_GET
@exige("reunions.gerer")
def liste(request: HttpRequest) -> HttpResponse:
    """Qui joindre avant toute suite (R18), et quelles absences examiner."""
    voit_sante = request.perimetre.voit_sante
    page = Paginator(selectors.absences_sans_contact(request.perimetre), PAR_PAGE).get_page(request.GET.get("page"))
    a_examiner = [
        {
            "justificatif": j,
            "motif": motif_lisible(j, voit_sante=voit_sante),
            "precision": "" if j.motif.sante and not voit_sante else j.precision,
            "preuves": [] if j.motif.sante and not voit_sante else list(j.preuves.defer("contenu").order_by("pk")),
        }
        for j in selectors.justificatifs_a_examiner(request.perimetre)[:PAR_PAGE]
    ]
    contexte = {"page": page, "a_examiner": a_examiner, "jour": timezone.localdate()}
    return render(request, "reunions/absences.html", contexte)


@require_POST
@exige("reunions.gerer")
def accepter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    justificatif = selectors.acceder_justificatif(request.perimetre, public_id)

    def acte() -> str:
        accepter_absence(justificatif, acteur=request.user, perimetre=request.perimetre)
        return f"L’absence de {nom_affiche(justificatif.personne)} est acceptée."

    tenter(request, acte)
    return redirect("reunions_absences")


@require_POST
@exige("reunions.gerer")
def refuser(request: HttpRequest, public_id: UUID) -> HttpResponse:
    justificatif = selectors.acceder_justificatif(request.perimetre, public_id)
    formulaire = MotifForm(request.POST)
    motif = formulaire.cleaned_data["motif"] if formulaire.is_valid() else ""

    def acte() -> str:
        refuser_absence(justificatif, acteur=request.user, perimetre=request.perimetre, motif=motif)
        return f"L’absence de {nom_affiche(justificatif.personne)} n’est pas acceptée : joignez cette personne pour le lui dire."

    tenter(request, acte)
    return redirect("reunions_absences")


@require_POST
@exige("reunions.gerer")
def joindre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ajoute un document remis en main propre."""
    justificatif = selectors.acceder_justificatif(request.perimetre, public_id)
    formulaire = PreuveForm(request.POST, request.FILES)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect("reunions_absences")

    def acte() -> str:
        contenu = formulaire.cleaned_data["preuve"].read()
        joindre_preuve(justificatif, contenu=contenu, acteur=request.user, perimetre=request.perimetre)
        return "Document ajouté."

    tenter(request, acte)
    return redirect("reunions_absences")


@require_GET
@exige("reunions.gerer")
def preuve(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Télécharge un document : jamais affiché dans la page, il vient du dehors."""
    fichier = selectors.acceder_preuve(request.perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=fichier.justificatif.personne.public_id, ecran="preuve_absence",
    )  # fmt: skip
    suffixe = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[fichier.type]
    reponse = HttpResponse(bytes(fichier.contenu), content_type=fichier.type)
    reponse["Content-Disposition"] = f'attachment; filename="justificatif.{suffixe}"'
    reponse["Cache-Control"] = "no-store"
    return reponse

"""Le comité de lecture : les contrats complexes à lire à plusieurs, par territoire et par jour (R50, F053)."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.contrats.appuis import fiche_preparatoire
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, LectureContrat
from jalon.contrats.services import acceder_contrat
from jalon.contrats.validation import jours_ecoules, marquer_complexe, prevoir_lecture, rendre_lecture
from jalon.diagnostics.selectors import evaluation_precedente
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.contrats.circuit import erreurs
from jalon.web.contrats.circuit_forms import AvisForm, ComplexiteForm, JourLectureForm
from jalon.web.contrats.redaction import ouvrir, page
from jalon.web.contrats.signature import lire
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige


@require_safe
@exige("contrat.recevoir")
def agenda(request: HttpRequest) -> HttpResponse:
    """Les contrats à lire, groupés par territoire puis par jour de lecture, et les derniers lus."""
    perimetre = request.perimetre
    lectures = (
        LectureContrat.objects.filter(
            filtre_perimetre(perimetre, "contrat__personne__"), contrat__personne__fusionnee_dans=None
        )
        .select_related("contrat__personne", "contrat__type", "contrat__territoire", "contrat__referent", "demandee_par")
    )  # fmt: skip
    attendues = list(
        lectures.filter(rendue_le=None, contrat__etat=EtatContrat.EN_LECTURE).order_by(
            "contrat__territoire__ordre", "contrat__territoire", "prevue_le", "contrat__signe_le", "pk"
        )
    )
    groupes = []
    for (territoire, prevue_le), groupe in groupby(attendues, key=lambda x: (x.contrat.territoire, x.prevue_le)):
        lignes = [(lecture, jours_ecoules(lecture.contrat)) for lecture in groupe]
        groupes.append({"territoire": territoire, "prevue_le": prevue_le, "lignes": lignes})
    contexte = {
        "groupes": groupes,
        "nombre": len(attendues),
        "faites": list(lectures.filter(rendue_le__isnull=False).order_by("-rendue_le", "-pk")[:20]),
        "jour": timezone.localdate(),
    }
    return page(request, "circuit/lectures", contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@exige("contrat.recevoir")
def lecture(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Lire ensemble : le contrat d'un côté, le recueil et la grille de l'autre ; puis noter l'avis."""
    ouvert = ouvrir(request, contrat, droit="contrat.recevoir", ecran="lecture commune d’un contrat")
    en_cours = ouvert.lectures.select_related("demandee_par").filter(rendue_le=None).order_by("pk").first()
    if en_cours is None:
        messages.warning(request, "Ce contrat n’attend pas de lecture commune : voyez où il en est.")
        return redirect("contrat", contrat=contrat)
    form = AvisForm(request.POST or None, initial={"le": timezone.localdate()})
    if request.method != "POST":
        return _page(request, ouvert, en_cours, form)
    try:
        if not form.is_valid():
            raise JalonError(erreurs(form))
        donnees = form.cleaned_data
        rendre_lecture(
            ouvert, acteur=request.user, perimetre=request.perimetre, motif=donnees["avis"],
            presents=donnees["presents"], le=donnees["le"],
        )  # fmt: skip
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return _page(request, ouvert, en_cours, form, status=409)
    messages.success(request, "L’avis est noté. Le contrat peut être validé ou renvoyé.")
    return redirect("contrat", contrat=contrat)


@require_POST
@exige("contrat.recevoir")
def prevoir(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Inscrit la lecture à un jour du comité."""
    ouvert = acceder_contrat(request.perimetre, contrat, droit="contrat.recevoir")
    form = JourLectureForm(request.POST)
    if not form.is_valid():
        messages.error(request, erreurs(form))
        return redirect("contrat_lecture", contrat=contrat)

    def acte() -> str:
        prevue = form.cleaned_data["prevue_le"]
        prevoir_lecture(ouvert, acteur=request.user, perimetre=request.perimetre, prevue_le=prevue)
        return f"La lecture est prévue le {prevue:%d/%m/%Y}."

    tenter(request, acte)
    return redirect("contrat_lecture", contrat=contrat)


def _page(
    request: HttpRequest, contrat: Contrat, en_cours: LectureContrat, form: AvisForm, *, status: int = 200
) -> HttpResponse:
    personne = contrat.personne
    fiche, reponses = fiche_preparatoire(contrat, voit_sante=request.perimetre.voit_sante)
    contexte = {
        "fiche": fiche,
        "reponses": reponses,
        "contrat": contrat,
        "personne": personne,
        "lecture": en_cours,
        "feuille": lire(contrat),
        "jours": jours_ecoules(contrat),
        "evaluation": evaluation_precedente(personne),
        "form": form,
        "jour_form": JourLectureForm(initial={"prevue_le": en_cours.prevue_le}, auto_id="prevoir-%s"),
    }
    return page(request, "circuit/lecture", contexte, status=status)


@require_POST
@exige("contrat.rediger")
def signaler(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Le référent signale, pendant l'écriture, que ce contrat sera à lire à plusieurs, ou retire ce signalement."""
    ouvert = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    complexe = request.POST.get("retirer") != "oui"
    form = ComplexiteForm(request.POST)
    if complexe and not form.is_valid():
        messages.error(request, erreurs(form))
        return redirect("contrat", contrat=contrat)

    def acte() -> str:
        raison = form.cleaned_data["raison"] if complexe else ""
        marquer_complexe(ouvert, acteur=request.user, perimetre=request.perimetre, complexe=complexe, raison=raison)
        return "Le service saura que ce contrat est à lire à plusieurs." if complexe else "Le signalement est retiré."

    tenter(request, acte)
    return redirect("contrat", contrat=contrat)

"""Doublons : comparer deux dossiers, les réunir, dire que ce sont deux personnes, défaire une réunion."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from jalon.personnes.models import EtatRapprochement, Rapprochement
from jalon.personnes.rapprochements import acceder_fusion, acceder_rapprochement, fusions, rapprochements_a_examiner
from jalon.personnes.services import annuler_fusion, fusionner_personnes, refuser_rapprochement
from jalon.socle.errors import JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.comparaison import comparer as comparer_dossiers
from jalon.web.socle.acces import exige

PAR_PAGE = 50
FORTE, MOYENNE = 95, 88
"""Seuils d'affichage : au-dessus, la ressemblance se dit « très forte », puis « forte »."""


@require_GET
@exige("doublons.traiter")
def liste(request: HttpRequest) -> HttpResponse:
    """Doublons à examiner, les plus ressemblants d'abord."""
    file = (
        rapprochements_a_examiner(request.perimetre)
        .select_related("ancienne__territoire", "nouvelle__territoire")
        .order_by("-score", "pk")
    )
    page = Paginator(file, PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "orientations/doublons.html", {"page": page, "forte": FORTE, "moyenne": MOYENNE})


@require_GET
@exige("doublons.traiter")
def comparer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Les deux dossiers côte à côte ; les ouvrir ainsi est une lecture des deux."""
    rapprochement = acceder_rapprochement(request.perimetre, public_id)
    for personne in (rapprochement.ancienne, rapprochement.nouvelle):
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=personne.public_id, ecran="doublon",
        )  # fmt: skip
    contexte = {
        "rapprochement": rapprochement,
        "ouvert": rapprochement.etat == EtatRapprochement.A_EXAMINER,
        "comparaison": comparer_dossiers(rapprochement.ancienne, rapprochement.nouvelle),
        "plus_tard": _suivant(request, rapprochement),
    }
    return render(request, "orientations/doublons_comparer.html", contexte)


@require_POST
@exige("doublons.traiter")
def reunir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« C'est la même personne » ; le dossier gardé est celui que l'agent a coché."""
    rapprochement = acceder_rapprochement(request.perimetre, public_id)
    deux = {str(p.public_id): p for p in (rapprochement.ancienne, rapprochement.nouvelle)}

    def acte() -> str:
        gardee = deux.get(request.POST.get("gardee", ""))
        if gardee is None:
            raise JalonError("Choisissez lequel des deux dossiers sera gardé.")
        fusionner_personnes(rapprochement, acteur=request.user, gardee=gardee)
        return "Les deux dossiers n’en font plus qu’un. Vous pouvez le défaire depuis « Dossiers réunis »."

    suivant = _suivant(request, rapprochement)
    return redirect(suivant if tenter(request, acte) else reverse("doublon", args=[public_id]))


@require_POST
@exige("doublons.traiter")
def separer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« Ce sont deux personnes »."""
    rapprochement = acceder_rapprochement(request.perimetre, public_id)

    def acte() -> str:
        refuser_rapprochement(rapprochement, acteur=request.user)
        return "C’est noté : ce sont deux personnes. Ce doublon ne vous sera plus proposé."

    suivant = _suivant(request, rapprochement)
    return redirect(suivant if tenter(request, acte) else reverse("doublon", args=[public_id]))


@require_GET
@exige("doublons.traiter")
def reunis(request: HttpRequest) -> HttpResponse:
    """Dossiers réunis, les derniers d'abord."""
    lues = fusions(request.perimetre).select_related("gardee", "absorbee", "faite_par", "defaite_par")
    page = Paginator(lues.order_by("-faite_le", "-pk"), PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "orientations/doublons_reunis.html", {"page": page})


@require_POST
@exige("doublons.traiter")
def defaire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Rend aux deux dossiers ce que chacun avait."""
    fusion = acceder_fusion(request.perimetre, public_id)

    def acte() -> str:
        annuler_fusion(fusion, acteur=request.user)
        return "La réunion est défaite : chaque dossier a retrouvé ce qu’il avait."

    tenter(request, acte)
    return redirect("fusions")


def _suivant(request: HttpRequest, courant: Rapprochement) -> str:
    """Le doublon d'après dans la file, à défaut la liste."""
    file = rapprochements_a_examiner(request.perimetre).exclude(pk=courant.pk)
    apres = file.filter(score=courant.score, pk__gt=courant.pk).order_by("pk").first()
    apres = apres or file.filter(score__lt=courant.score).order_by("-score", "pk").first()
    return reverse("doublon", args=[apres.public_id]) if apres else reverse("doublons")

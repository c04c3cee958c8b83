"""Ce que les caisses doivent appliquer, ce qu'elles ont reçu, et ce que leurs flux disent en avoir fait (F060)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from jalon.documents.services import lire_document
from jalon.manquements.lettres import nom_caisse
from jalon.manquements.models import LigneTransmission, Transmission
from jalon.manquements.rapprochement import Constat, expliquer_ecart, rapprocher
from jalon.manquements.transmissions import a_transmettre, produire_transmission
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import page_et_total

DROIT = "transmission.gerer"
PAR_PAGE = 50
TONS = {
    Constat.CONFORME: ("vert", "circle-check"),
    Constat.ATTENTE: ("gris", "hourglass"),
    Constat.ABSENTE: ("rouge", "circle-x"),
    Constat.AUTRE_MONTANT: ("ambre", "coin-euro"),
    Constat.AUTRE_DATE: ("ambre", "calendar-x"),
    Constat.NON_LEVEE: ("rouge", "lock"),
}


@require_safe
@exige(DROIT)
def transmissions(request: HttpRequest) -> HttpResponse:
    """Ce qui attend, ce qui est parti ; produire la liste est l'acte de la page."""
    attendent = a_transmettre(request.perimetre)
    page, cles = page_et_total(Transmission.objects.order_by("-produite_le", "-pk"), request.GET.get("page"), PAR_PAGE)
    lues = {
        t.pk: t
        for t in Transmission.objects.filter(pk__in=cles)
        .select_related("produite_par", "fichier", "lettre")
        .prefetch_related("lignes")
    }
    if attendent:
        noter_lecture(
            Lecture.Nature.EXPORT, agent=request.user, organisme=request.perimetre.organisme_principal,
            nombre=len(attendent), ecran="décisions à transmettre",
        )  # fmt: skip
    contexte: dict[str, Any] = {
        "page": page, "attendent": attendent, "sans_dossier": sum(1 for a in attendent if a.dossier is None),
        "prets": sum(1 for a in attendent if a.dossier is not None),
        "lignes": [(lues[c], nom_caisse(lues[c].caisse_regime, lues[c].caisse_numero)) for c in cles],
    }  # fmt: skip
    return render(request, "manquements/transmissions.html", contexte)


@require_POST
@exige(DROIT)
def produire(request: HttpRequest) -> HttpResponse:
    """Écrit la liste et la lettre de chaque caisse qui a quelque chose à recevoir."""
    try:
        faites = produire_transmission(acteur=request.user, perimetre=request.perimetre, jour=timezone.localdate())
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        if faites:
            noms = ", ".join(nom_caisse(t.caisse_regime, t.caisse_numero) for t in faites)
            messages.success(request, f"Listes prêtes : {noms}. Téléchargez chacune avec sa lettre, puis envoyez-les.")
        else:
            messages.warning(request, "Rien de nouveau à transmettre.")
    return redirect("transmissions")


@require_safe
@exige(DROIT)
def fichier(request: HttpRequest, public_id: UUID, piece: str) -> HttpResponse:
    """La liste ou la lettre d'une transmission ; son téléchargement est noté."""
    if not request.perimetre.tout:
        raise HorsPerimetreError("Une transmission réunit des personnes de tout le département : demandez-la au siège.")
    trouvee = Transmission.objects.filter(public_id=public_id).select_related("fichier", "lettre").first()
    document = getattr(trouvee, piece, None) if trouvee is not None and piece in ("fichier", "lettre") else None
    if trouvee is None or document is None:
        raise HorsPerimetreError("Ce fichier n’existe pas : ouvrez-le depuis la page des transmissions.")
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=request.perimetre.organisme_principal,
        nombre=trouvee.lignes.count(), ecran="transmission téléchargée",
    )  # fmt: skip
    reponse = HttpResponse(lire_document(document), content_type=document.type_mime)
    reponse["Content-Disposition"] = f'attachment; filename="{document.nom_fichier}"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_safe
@exige(DROIT)
def ecarts(request: HttpRequest) -> HttpResponse:
    """Décision par décision : ce qui était attendu, et ce que le flux dit."""
    lus = rapprocher(perimetre=request.perimetre)
    voulu = request.GET.get("constat", "")
    if voulu not in [c.value for c in Constat]:
        voulu = "" if "tout" in request.GET else "a_traiter"
    retenus = [e for e in lus if not voulu or (e.a_traiter if voulu == "a_traiter" else e.constat == voulu)]
    a_traiter = sum(1 for e in lus if e.a_traiter)
    noter_lecture(
        Lecture.Nature.EXPORT, agent=request.user, organisme=request.perimetre.organisme_principal,
        nombre=len(retenus), ecran="écarts avec les caisses",
    )  # fmt: skip
    onglets = [
        {"texte": "À traiter", "url": "?", "courant": voulu == "a_traiter", "nombre": a_traiter},
        *(
            {
                "texte": c.label, "url": f"?constat={c.value}", "courant": voulu == c,
                "nombre": sum(1 for e in lus if e.constat == c),
            }
            for c in Constat
        ),
        {"texte": "Tout", "url": "?tout", "courant": not voulu, "nombre": len(lus)},
    ]  # fmt: skip
    contexte = {
        "lignes": [(e, *TONS[e.constat]) for e in retenus], "onglets": onglets, "a_traiter": a_traiter,
        "adresse": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "manquements/ecarts.html", contexte)


@require_POST
@exige(DROIT)
def expliquer(request: HttpRequest, ligne: int) -> HttpResponse:
    """Note pourquoi la caisse n'a pas fait comme prévu."""
    if not request.perimetre.tout:
        raise HorsPerimetreError("Ce rapprochement porte sur tout le département : demandez-le au siège.")
    trouvee = LigneTransmission.objects.filter(pk=ligne).first()
    if trouvee is None:
        raise HorsPerimetreError("Cette décision n’a pas été transmise : rechargez la page.")
    try:
        expliquer_ecart(trouvee, acteur=request.user, perimetre=request.perimetre, texte=request.POST.get("texte", ""))
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, "L’explication est gardée : l’écart n’est plus à traiter.")
    return redirect("transmissions_ecarts")

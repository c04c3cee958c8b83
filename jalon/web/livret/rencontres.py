"""Ce que la personne fait d'un rendez-vous à venir : dire qu'elle ne peut pas venir, le noter dans son téléphone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from jalon.passeport.absences import agenda_de, motifs_demandes, prevenir, rencontre_de
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.web.livret.views import page
from jalon.web.livret.visite import Visite, par_visite

PREVENU = "Merci de nous avoir prévenus. Ce n’est pas une absence. Le service vous proposera une autre date."
PREVENU_REUNION = "Merci de nous avoir prévenus. Le service vous répondra et vous proposera la suite."


@require_http_methods(["GET", "HEAD", "POST"])
@par_visite
def absence(request: HttpRequest, visite: Visite, public_id: UUID) -> HttpResponse:
    """« Je ne peux pas venir »."""
    rencontre = rencontre_de(visite.titulaire, public_id)
    motifs = motifs_demandes(visite.titulaire, public_id)
    choisi, mot = request.POST.get("motif", ""), request.POST.get("mot", "")[:500]
    if request.method == "POST":
        fichier = request.FILES.get("preuve")
        try:
            prevenir(
                visite.titulaire, public_id, mot=mot, motif=next((m for m in motifs if m.code == choisi), None),
                preuve=fichier.read() if fichier is not None else b"",
            )  # fmt: skip
        except HorsPerimetreError:
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, PREVENU_REUNION if motifs else PREVENU)
            return redirect("livret_rendez_vous")
    return page(request, visite, "absence", "accueil", r=rencontre, motifs=motifs, choisi=choisi, mot=mot)


@require_safe
@par_visite
def agenda(request: HttpRequest, visite: Visite, public_id: UUID) -> HttpResponse:
    """Pour l'agenda du téléphone : l'heure et le lieu ; ni nom, ni objet, ni lien."""
    reponse = HttpResponse(agenda_de(visite.titulaire, public_id), content_type="text/calendar; charset=utf-8")
    reponse["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return reponse

"""Noter un contact individuel, et relire ceux d'une personne."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from jalon.personnes.selectors import acceder_personne
from jalon.rendezvous.contacts import exiger_contact_apres_absence, noter_contact
from jalon.rendezvous.convocations import coordonnees_connues
from jalon.rendezvous.models import ContactIndividuel
from jalon.rendezvous.selectors import historique_invitations, questionnaire_de, reponses_lues
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.reunions.absences import motif_lisible
from jalon.web.reunions.forms import ContactForm
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nom_affiche


@require_http_methods(["GET", "POST"])
@exige("dossier.consulter")
def noter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Les réunions et les contacts d'une personne ; un contact de plus.

    Qui tient les réunions et qui suit la personne la joignent l'un et l'autre (R18).
    """
    perimetre = request.perimetre
    if not perimetre.peut("suivi.ecrire"):
        perimetre.exiger("reunions.consulter")
    personne = acceder_personne(perimetre, public_id)
    formulaire = ContactForm(request.POST or None, initial={"date": timezone.localdate()})
    if request.method == "POST" and formulaire.is_valid():
        lus = formulaire.cleaned_data
        try:
            noter_contact(
                personne, acteur=request.user, perimetre=perimetre, jour=lus["date"], moyen=lus["moyen"],
                resultat=lus["resultat"], resume=lus["resume"],
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, f"Contact avec {nom_affiche(personne)} noté.")
            return redirect("contact_noter", personne.public_id)
    if request.method == "GET":
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=perimetre.organisme_principal,
            personne=personne.public_id, ecran="contacts",
        )  # fmt: skip
    bloquee = ""
    try:
        exiger_contact_apres_absence(personne)
    except TransitionRefuseeError as refus:
        bloquee = str(refus)
    questionnaire = questionnaire_de(personne)
    contexte = {
        "personne": personne,
        "questionnaire": questionnaire,
        "reponses": reponses_lues(questionnaire, voit_sante=perimetre.voit_sante) if questionnaire else [],
        "form": formulaire,
        "peut_noter": perimetre.peut("suivi.ecrire") or perimetre.peut("reunions.gerer"),
        "bloquee": bloquee,
        "joindre": coordonnees_connues(personne),
        "contacts": ContactIndividuel.objects.filter(personne=personne)
        .select_related("auteur", "invitation__reunion")
        .order_by("-date", "-pk")[:50],
        "invitations": [
            (i, motif_lisible(i.justificatif, voit_sante=perimetre.voit_sante) if hasattr(i, "justificatif") else "")
            for i in historique_invitations(personne)[:50]
        ],
    }
    return render(request, "reunions/contacts.html", contexte)

"""Les pages d'une personne sans compte : sa réunion, son questionnaire, « je ne peux pas venir ».

PostgreSQL n'ouvre à ces pages que l'invitation désignée par le lien : le dossier, lui, n'y est pas lisible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from jalon.documents.ecriture import date_en_lettres
from jalon.personnes.liens import LienPersonnel, UsageLien, empreinte, lire_lien, noter_usage
from jalon.rendezvous.convocations import duree_en_lettres, qui_appeler
from jalon.rendezvous.justificatifs import PREUVES_MAXIMALES, declarer_absence
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatReunion,
    Invitation,
    JustificatifAbsence,
    MotifAbsence,
    QuestionnairePreparatoire,
)
from jalon.rendezvous.questionnaires import enregistrer_questionnaire, lire_reponses, questions_posees
from jalon.socle.errors import JalonError
from jalon.socle.rls import Reglages, set_context
from jalon.web.lien.agenda import composer_agenda
from jalon.web.lien.limite import TropDeDemandesError, compter_demande
from jalon.web.reunions.suites import champs_questionnaire, version_de

LONGUEUR_JETON = 128


@dataclass(frozen=True)
class Visite:
    """Ce que le lien ouvre."""

    jeton: str
    lien: LienPersonnel
    invitation: Invitation
    justificatif: JustificatifAbsence | None
    questionnaire: QuestionnairePreparatoire | None

    @property
    def contexte(self) -> dict[str, Any]:
        reunion = self.invitation.reunion
        return {
            "jeton": self.jeton,
            "prenom": self.lien.prenom,
            "invitation": self.invitation,
            "reunion": reunion,
            "justificatif": self.justificatif,
            "rendu": self.questionnaire is not None and self.questionnaire.etat == "rendu",
            "commence": self.questionnaire is not None,
            "jour_reunion": date_en_lettres(reunion.date, avec_jour=True),
            "duree": duree_en_lettres(reunion),
            "contact": qui_appeler(reunion),
            "passee": reunion.date < timezone.localdate(),
            "annulee": reunion.etat == EtatReunion.ANNULEE,
            "peut_repondre": self.invitation.etat in EtatInvitation.attendues() | {EtatInvitation.EXCUSEE},
            "peut_prevenir": self.invitation.etat in EtatInvitation.attendues(),
        }


Vue = Callable[..., HttpResponse]


def par_lien(vue: Vue) -> Vue:
    """Ouvre la vue à qui a le jeton ; un lien fermé ou inconnu mène à une page qui dit qui appeler.

    Le jeton ne doit partir nulle part : ni vers un autre site, ni dans un cache, ni dans un moteur de recherche.
    """

    @wraps(vue)
    def ouverte(request: HttpRequest, jeton: str) -> HttpResponse:
        return _ouvrir(request, jeton, vue)

    return sous_garde(ouverte)


def sous_garde(ouvrir: Vue) -> Vue:
    """Freine les demandes, et pose ce que toute page d'un lien personnel doit poser."""

    @wraps(ouvrir)
    def gardee(request: HttpRequest, jeton: str) -> HttpResponse:
        try:
            compter_demande(request)
            reponse = ouvrir(request, jeton)
        except TropDeDemandesError as refus:
            reponse = render(
                request, "lien/ferme.html", {"titre": "Patientez un instant", "texte": str(refus), "contact": ""}
            )
            reponse.status_code = 429
        # « no-referrer » ferait envoyer une origine nulle, que la garde contre les formulaires forgés refuse.
        reponse["Referrer-Policy"] = "same-origin"
        reponse["Cache-Control"] = "no-store"
        reponse["X-Robots-Tag"] = "noindex, nofollow"
        return reponse

    return login_not_required(gardee)


def _ouvrir(request: HttpRequest, jeton: str, vue: Vue) -> HttpResponse:
    set_context(Reglages(lien=empreinte(jeton[:LONGUEUR_JETON])))
    lien = lire_lien(jeton[:LONGUEUR_JETON], usage=UsageLien.INVITATION)
    invitation = None
    if lien is not None and lien.ouvert:
        invitation = (
            Invitation.objects.filter(public_id=lien.objet)
            .select_related("reunion__organisateur", "reunion__protocole__type")
            .first()
        )
    if lien is None or invitation is None:
        return ferme(request, connu=lien is not None)
    noter_usage(lien)
    visite = Visite(
        jeton, lien, invitation,
        JustificatifAbsence.objects.filter(invitation=invitation).select_related("motif").first(),
        QuestionnairePreparatoire.objects.filter(invitation=invitation).first(),
    )  # fmt: skip
    return vue(request, visite)


def ferme(request: HttpRequest, *, connu: bool) -> HttpResponse:
    """La page d'un lien qui n'ouvre plus rien : elle dit qui appeler."""
    texte = (
        "Ce lien n’est plus valable. Il dure quelques semaines, ou un lien plus récent l’a remplacé."
        if connu
        else "Nous ne reconnaissons pas ce lien. Vérifiez qu’il est copié en entier."
    )
    contexte = {
        "titre": "Cette page n’est plus ouverte",
        "texte": texte,
        "contact": "Appelez le service qui vous a écrit : son numéro est sur votre lettre. Il vous en donnera un autre.",
    }
    reponse = render(request, "lien/ferme.html", contexte)
    reponse.status_code = 410 if connu else 404
    return reponse


@require_safe
@par_lien
def accueil(request: HttpRequest, visite: Visite) -> HttpResponse:
    """La réunion en mots simples, et ce que la personne peut faire."""
    return render(request, "lien/accueil.html", visite.contexte)


@require_http_methods(["GET", "HEAD", "POST"])
@par_lien
def questionnaire(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Le questionnaire : on répond à ce que l'on veut, on s'arrête quand on veut."""
    questions = questions_posees()
    if request.method == "POST":
        reponses = {q.code: request.POST.getlist(f"q-{q.code}") for q in questions}
        rendre = "rendre" in request.POST
        try:
            enregistrer_questionnaire(visite.invitation, reponses=reponses, rendre=rendre, lien=visite.lien)
        except JalonError as refus:
            messages.error(request, str(refus))
            donnees = {code: ("\n".join(valeurs), list(valeurs)) for code, valeurs in reponses.items()}
        else:
            messages.success(
                request,
                "Merci, vos réponses sont envoyées. Vous pouvez encore les changer jusqu’à la réunion."
                if rendre
                else "Vos réponses sont gardées. Revenez quand vous voulez, par le même lien.",
            )
            return redirect("lien", visite.jeton)
    else:
        donnees = {code: (r.texte, list(r.choix)) for code, r in lire_reponses(visite.questionnaire).items()}
    return render(
        request,
        "lien/questionnaire.html",
        visite.contexte
        | {"champs": champs_questionnaire(questions, donnees), "version": version_de(visite.questionnaire)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@par_lien
def absence(request: HttpRequest, visite: Visite) -> HttpResponse:
    """« Je ne peux pas venir » : un motif, et une preuve s'il en faut une."""
    motifs = list(MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk"))
    choisi = request.POST.get("motif") or (visite.justificatif.motif.code if visite.justificatif else "")
    precision = request.POST.get("precision", visite.justificatif.precision if visite.justificatif else "")
    if request.method == "POST":
        fichier = request.FILES.get("preuve")
        motif = next((m for m in motifs if m.code == choisi), None)
        try:
            if motif is None:
                raise JalonError("Choisissez la raison qui convient le mieux.")
            declarer_absence(
                visite.invitation, motif=motif, precision=precision, lien=visite.lien,
                preuve=fichier.read() if fichier is not None else b"",
            )  # fmt: skip
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(
                request, "Merci de nous avoir prévenus. Le service vous répondra et vous proposera la suite."
            )
            return redirect("lien", visite.jeton)
    contexte = visite.contexte | {
        "motifs": motifs, "choisi": choisi, "precision": precision, "maximum": PREUVES_MAXIMALES,
        "preuves": list(visite.justificatif.preuves.defer("contenu").order_by("pk")) if visite.justificatif else [],
    }  # fmt: skip
    return render(request, "lien/absence.html", contexte)


@require_safe
@par_lien
def agenda(request: HttpRequest, visite: Visite) -> HttpResponse:
    """La réunion pour l'agenda du téléphone ; ni nom ni lien n'y sont écrits."""
    reponse = HttpResponse(composer_agenda(visite.invitation), content_type="text/calendar; charset=utf-8")
    reponse["Content-Disposition"] = 'attachment; filename="reunion.ics"'
    return reponse

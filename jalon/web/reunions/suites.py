"""Après la réunion : entretien du jour même, questionnaire, premier rendez-vous, lien personnel."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jalon.rendezvous import selectors
from jalon.rendezvous.convocations import remettre_lien
from jalon.rendezvous.models import QuestionnairePreparatoire, QuestionPreparatoire
from jalon.rendezvous.presences import noter_entretien
from jalon.rendezvous.questionnaires import enregistrer_questionnaire, lire_reponses, questions_posees
from jalon.rendezvous.rendez_vous import fixer_rendez_vous
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import tenter
from jalon.web.reunions.forms import RendezVousForm
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_heure, nom_affiche


@require_POST
@exige("reunions.gerer")
def entretien(request: HttpRequest, public_id: UUID) -> HttpResponse:
    invitation = selectors.acceder_invitation(request.perimetre, public_id)

    def acte() -> str:
        noter_entretien(invitation, acteur=request.user, perimetre=request.perimetre)
        return f"Entretien individuel noté pour {nom_affiche(invitation.personne)}."

    tenter(request, acte)
    return redirect("reunion_feuille", invitation.reunion.public_id)


@require_POST
@exige("reunions.gerer")
def lien(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Montre une seule fois un nouveau lien à remettre à la personne."""
    invitation = selectors.acceder_invitation(request.perimetre, public_id)
    jeton = remettre_lien(invitation, acteur=request.user, perimetre=request.perimetre)
    contexte = {
        "invitation": invitation, "reunion": invitation.reunion,
        "adresse_lien": request.build_absolute_uri(reverse("lien", args=[jeton])),
    }  # fmt: skip
    reponse = render(request, "reunions/lien_remis.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse


def champs_questionnaire(
    questions: list[QuestionPreparatoire], donnees: dict[str, tuple[str, list[str]]], *, voit_sante: bool = True
) -> list[dict[str, object]]:
    """Questions prêtes à l'affichage, avec ce qui est déjà répondu."""
    champs: list[dict[str, object]] = []
    for question in questions:
        texte, choix = donnees.get(question.code, ("", []))
        proposes = question.choix or (
            [{"code": "oui", "libelle": "Oui"}, {"code": "non", "libelle": "Non"}] if question.type == "oui_non" else []
        )
        champs.append(
            {
                "question": question,
                "texte": texte,
                "options": [
                    (c["code"], c["libelle"], c["code"] in choix and (voit_sante or not c.get("sante")))
                    for c in proposes
                ],
                "multiple": question.type == "choix_multiple",
            }
        )
    return champs


def version_de(questionnaire: QuestionnairePreparatoire | None) -> str:
    """Change à chaque enregistrement : le brouillon de l'appareil sait s'il est dépassé."""
    return questionnaire.modifie_le.isoformat() if questionnaire is not None else "neuf"


@require_http_methods(["GET", "POST"])
@exige("reunions.gerer")
def questionnaire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Saisit le questionnaire rempli sur papier ; les réponses de santé déjà données restent cachées et gardées."""
    invitation = selectors.acceder_invitation(request.perimetre, public_id)
    questions = questions_posees()
    if request.method == "POST":
        reponses = {q.code: request.POST.getlist(f"q-{q.code}") for q in questions}
        refus = ""
        try:
            enregistrer_questionnaire(
                invitation, reponses=reponses, rendre="rendre" in request.POST, acteur=request.user,
                perimetre=request.perimetre,
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as erreur:
            refus = str(erreur)
        if not refus:
            messages.success(request, f"Questionnaire de {nom_affiche(invitation.personne)} enregistré.")
            return redirect("reunion_feuille", invitation.reunion.public_id)
        messages.error(request, refus)
        donnees = {code: ("\n".join(valeurs), list(valeurs)) for code, valeurs in reponses.items()}
    else:
        connu = getattr(invitation, "questionnaire", None)
        donnees = {code: (r.texte, list(r.choix)) for code, r in lire_reponses(connu).items()}
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=invitation.personne.public_id, ecran="questionnaire",
        )  # fmt: skip
    contexte = {
        "invitation": invitation, "reunion": invitation.reunion,
        "version": version_de(QuestionnairePreparatoire.objects.filter(invitation=invitation).first()),
        "champs": champs_questionnaire(questions, donnees, voit_sante=request.perimetre.voit_sante),
    }  # fmt: skip
    return render(request, "reunions/questionnaire.html", contexte)


@require_http_methods(["GET", "POST"])
@exige("reunions.gerer")
def rendez_vous(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Donne sur place le premier rendez-vous avec le référent (R16)."""
    invitation = selectors.acceder_invitation(request.perimetre, public_id)
    formulaire = RendezVousForm(
        request.POST or None, reunion=invitation.reunion, perimetre=request.perimetre,
        initial={"lieu": f"{invitation.reunion.lieu}, {invitation.reunion.adresse}"},
    )  # fmt: skip
    if request.method == "POST" and formulaire.is_valid():
        try:
            fixe = fixer_rendez_vous(
                invitation.personne, acteur=request.user, perimetre=request.perimetre, creneau=formulaire.creneau,
                invitation=invitation,
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            formulaire.add_error(None, str(refus))
        else:
            messages.success(request, f"Rendez-vous fixé le {date_heure(fixe.debut)} avec {fixe.organisme}.")
            return redirect("reunion_feuille", invitation.reunion.public_id)
    contexte = {
        "form": formulaire, "invitation": invitation, "reunion": invitation.reunion, "jour": timezone.localdate(),
        "connus": invitation.rendez_vous.filter(etat="fixe").select_related("organisme", "agent").order_by("debut"),
    }  # fmt: skip
    return render(request, "reunions/rendez_vous.html", contexte)

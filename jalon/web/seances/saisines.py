"""Inscrire ce qui attend un avis, en nombre ; fixer les heures de passage ; convoquer les personnes à entendre."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from jalon.instances.acces import PREPARER, acceder_seance
from jalon.instances.auditions import convoquer_personnes, fixer_passages
from jalon.instances.models import EtatDossierSeance, Seance
from jalon.instances.ordre_du_jour import MAXIMUM
from jalon.instances.saisines import inscrire_saisines
from jalon.instances.selectors import contrats_a_lire, demandes_a_examiner, manquements_a_examiner
from jalon.instances.workflows import SEANCE
from jalon.socle.errors import JalonError
from jalon.web.orientations.actes import tenter
from jalon.web.seances.forms import PassagesForm, premiere_erreur
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import accorde


def montrer(request: HttpRequest, trouvee: Seance) -> HttpResponse:
    """Tout ce qui attend l'avis de cette instance, coché d'avance : le secrétariat décoche et inscrit."""
    perimetre = request.perimetre
    contexte = {
        "seance": trouvee,
        "manquements": list(
            manquements_a_examiner(perimetre, trouvee)
            .select_related("personne", "motif", "organisme")
            .order_by("saisi_le", "pk")[:MAXIMUM]
        ),
        "demandes": list(
            demandes_a_examiner(perimetre, trouvee)
            .select_related("personne", "type_souhaite", "demandee_par", "decision__type")
            .order_by("demandee_le", "pk")[:MAXIMUM]
        ),
        "contrats": list(
            contrats_a_lire(perimetre, trouvee)
            .select_related("personne", "type", "organisme")
            .order_by("recu_le", "pk")[:MAXIMUM]
        ),
        "inscrits": trouvee.dossiers.filter(etat__in=[EtatDossierSeance.INSCRIT, EtatDossierSeance.EXAMINE]).count(),
        "ouverte": trouvee.etat in SEANCE["inscrire"],
    }
    reponse = render(request, "seances/saisines.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse


def inscrire(request: HttpRequest, trouvee: Seance) -> HttpResponse:
    """Inscrit les cases cochées."""

    def acte() -> str:
        choisis = {nom: _cles(request, nom) for nom in ("manquements", "demandes", "contrats")}
        voulus = sum(len(cles) for cles in choisis.values())
        if not voulus:
            raise JalonError("Rien n’est coché : cochez ce que la séance examinera, puis recommencez.")
        inscrits = inscrire_saisines(trouvee, acteur=request.user, perimetre=request.perimetre, **choisis)
        suite = ""
        if voulus > len(inscrits):
            suite = (
                f" {accorde(voulus - len(inscrits), 'laissé de côté,laissés de côté')} : déjà à l’ordre du jour, "
                "ou plus à examiner."
            )
        return f"{accorde(len(inscrits), 'dossier inscrit,dossiers inscrits')}.{suite}"

    reussi = tenter(request, acte)
    return redirect("seance" if reussi else "seance_inscrire", public_id=trouvee.public_id)


@require_POST
@exige(PREPARER)
def passages(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Donne une heure de passage aux personnes à entendre."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)
    formulaire = PassagesForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect(f"{reverse('seance', args=[public_id])}#auditions")
    lu = formulaire.cleaned_data

    def acte() -> str:
        fixes = fixer_passages(
            trouvee, acteur=request.user, perimetre=request.perimetre, premier=lu["premier"], minutes=lu["minutes"],
            dossiers=_cles(request, "dossiers"),
        )  # fmt: skip
        return f"{accorde(len(fixes), 'heure de passage fixée,heures de passage fixées')}. Convoquez ces personnes."

    tenter(request, acte)
    return redirect(f"{reverse('seance', args=[public_id])}#auditions")


@require_POST
@exige(PREPARER)
def convoquer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Écrit et met au courrier la convocation de chaque personne qui a une heure."""
    trouvee = acceder_seance(request.perimetre, public_id, droit=PREPARER)

    def acte() -> str:
        convoquees = convoquer_personnes(trouvee, acteur=request.user, perimetre=request.perimetre)
        return f"{accorde(len(convoquees), 'lettre de convocation écrite,lettres de convocation écrites')}."

    tenter(request, acte)
    return redirect(f"{reverse('seance', args=[public_id])}#auditions")


def _cles(request: HttpRequest, nom: str) -> list[UUID]:
    cles = []
    for valeur in request.POST.getlist(nom):
        try:
            cles.append(UUID(valeur))
        except ValueError:
            continue
    return cles

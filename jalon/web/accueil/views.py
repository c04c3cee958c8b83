"""Accueil par rôle et recherche d'une personne."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.personnes.recherche import LIMITE, Requete, Trouvailles, chercher, chercher_nir, lire_requete
from jalon.socle.errors import DroitManquantError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.accueil.selectors import journee, resultats
from jalon.web.socle.acces import exige
from jalon.web.socle.menu import compteurs


@require_safe
def accueil(request: HttpRequest) -> HttpResponse:
    """Ce qui attend l'agent aujourd'hui ; chaque chiffre ouvre sa liste."""
    jour = timezone.localdate()
    perimetre: Perimetre = request.perimetre  # type: ignore[attr-defined]
    return render(
        request, "accueil/accueil.html", {"jour": jour, "journee": journee(perimetre, jour, compteurs(request))}
    )


@exige("dossier.rechercher")
@require_safe
def recherche(request: HttpRequest) -> HttpResponse:
    """Une case pour tout. Un numéro de sécurité sociale n'y est pas cherché : il resterait dans l'adresse."""
    texte = request.GET.get("q", "").strip()[:120]
    requete = lire_requete(texte)
    if requete.contient_nir:
        return _page(request, "", requete)
    trouvailles = chercher(request.perimetre, requete)  # type: ignore[attr-defined]
    return _rendre(request, texte, requete, trouvailles, ecran="recherche")


@exige("dossier.rechercher")
@sensitive_post_parameters("numero")
@require_POST
def recherche_nir(request: HttpRequest) -> HttpResponse:
    """Recherche par numéro de sécurité sociale, envoyée hors de l'adresse et jamais réaffichée."""
    perimetre: Perimetre = request.perimetre  # type: ignore[attr-defined]
    if not perimetre.voit_nir:
        raise DroitManquantError(
            "Votre rôle ne permet pas d'employer le numéro de sécurité sociale. "
            "Cherchez la personne par son nom, sa date de naissance ou son matricule."
        )
    requete = Requete(contient_nir=True)
    try:
        trouvailles = chercher_nir(perimetre, request.POST.get("numero", "")[:40])
    except JalonError as erreur:
        return _page(request, "", requete, erreur=str(erreur))
    return _rendre(request, "", requete, trouvailles, ecran="recherche par numéro")


def _rendre(
    request: HttpRequest, texte: str, requete: Requete, trouvailles: Trouvailles, *, ecran: str
) -> HttpResponse:
    perimetre: Perimetre = request.perimetre  # type: ignore[attr-defined]
    if not requete.vide and perimetre.agent is not None:
        noter_lecture(
            Lecture.Nature.RECHERCHE, agent=perimetre.agent, organisme=perimetre.organisme_principal,
            nombre=len(trouvailles.cles), ecran=ecran,
        )  # fmt: skip
    personnes = resultats(trouvailles.cles) if trouvailles.cles else []
    if trouvailles.exacte and personnes and perimetre.peut("dossier.consulter"):
        return redirect("personne", personnes[0].public_id)
    return _page(request, texte, requete, cherchee=True, personnes=personnes, complete=trouvailles.complete)


def _page(request: HttpRequest, texte: str, requete: Requete, **contexte: Any) -> HttpResponse:
    contexte = {"cherchee": False, "personnes": [], "complete": True, "erreur": "", **contexte}
    reponse = render(
        request, "accueil/recherche.html", {"texte": texte, "requete": requete, "limite": LIMITE, **contexte}
    )
    reponse["Cache-Control"] = "no-store"
    return reponse

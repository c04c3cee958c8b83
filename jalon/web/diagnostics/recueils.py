"""Le diagnostic d'une personne : son recueil et ses révisions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.diagnostics import services
from jalon.diagnostics.evolution import comparer, evolution, rubriques
from jalon.diagnostics.models import BrouillonRecueil, Recueil
from jalon.diagnostics.selectors import (
    acceder_recueil,
    brouillons,
    contraintes,
    freins_presents,
    grille_principale,
    passations,
)
from jalon.diagnostics.selectors import recueils as lire_recueils
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.diagnostics.courbes import courbes
from jalon.web.diagnostics.forms import ChoixRecueilsForm, NumeroForm, RecueilForm
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_heure

ECRAN = "diagnostic de la personne"


def ouvrir(request: HttpRequest, public_id: UUID, *, droit: str = "dossier.consulter") -> Personne:
    """La personne, par le périmètre ; l'ouverture est notée."""
    perimetre = request.perimetre
    personne = acceder_personne(perimetre, public_id, droit=droit)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=perimetre.organisme_principal,
        personne=personne.public_id, ecran=ECRAN,
    )  # fmt: skip
    return personne


def page(request: HttpRequest, gabarit: str, contexte: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Une page qui montre une personne ne se garde pas dans le navigateur."""
    reponse = render(request, f"diagnostics/{gabarit}.html", contexte, status=status)
    reponse["Cache-Control"] = "no-store"
    return reponse


@exige("dossier.consulter")
@require_safe
def diagnostic(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Où en est le diagnostic : le dernier recueil, ses révisions, la dernière grille et son évolution."""
    personne = ouvrir(request, public_id)
    recueils, ouverts = lire_recueils(personne), brouillons(personne)
    grille = grille_principale()
    remplies = passations(personne, grille)
    suivi = evolution(remplies)
    contexte = {
        "personne": personne,
        "recueils": recueils,
        "dernier": recueils[0] if recueils else None,
        "contraintes": contraintes(recueils[0]) if recueils else [],
        "rubriques": rubriques(recueils[0]) if recueils else [],
        "mon_brouillon": next((b for b in ouverts if b.auteur_id == request.user.pk), None),
        "autres_brouillons": [b for b in ouverts if b.auteur_id != request.user.pk],
        "grille": grille,
        "remplies": remplies,
        "derniere": remplies[0] if remplies else None,
        "freins": freins_presents(remplies[0]) if remplies else [],
        "evolution": suivi,
        "svg": courbes(suivi, f"{grille.libelle} dans le temps"),
    }
    return page(request, "diagnostic", contexte)


@exige("dossier.consulter")
@require_safe
def recueil(request: HttpRequest, public_id: UUID, recueil_id: UUID) -> HttpResponse:
    """Un recueil validé, tel qu'il a été figé."""
    personne = ouvrir(request, public_id)
    lu = acceder_recueil(personne, recueil_id)
    autres = [autre for autre in lire_recueils(personne) if autre.pk != lu.pk]
    return page(
        request,
        "recueil",
        {
            "personne": personne,
            "recueil": lu,
            "rubriques": rubriques(lu),
            "autres": autres,
            "contraintes": contraintes(lu),
        },
    )


@exige("dossier.consulter")
@require_safe
def comparer_deux(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Deux recueils côte à côte, ou un recueil et la page que l'agent est en train d'écrire."""
    personne = ouvrir(request, public_id)
    choix = ChoixRecueilsForm(request.GET)
    if not choix.is_valid():
        messages.error(request, "Choisissez deux recueils à comparer.")
        return redirect("personne_diagnostic", public_id=personne.public_id)
    avant: Recueil = acceder_recueil(personne, choix.cleaned_data["avant"])
    apres: Recueil | BrouillonRecueil | None
    if choix.cleaned_data["apres"]:
        apres = acceder_recueil(personne, choix.cleaned_data["apres"])
        if (apres.date_recueil, apres.pk) < (avant.date_recueil, avant.pk):
            avant, apres = apres, avant
    else:
        apres = next((b for b in brouillons(personne) if b.auteur_id == request.user.pk), None)
    if apres is None:
        raise HorsPerimetreError("Vous n’avez pas de page en cours pour cette personne : choisissez deux recueils.")
    return page(
        request,
        "comparer",
        {
            "personne": personne,
            "avant": avant,
            "apres": apres,
            "en_cours": isinstance(apres, BrouillonRecueil),
            "rubriques": comparer(avant, apres),
        },
    )


@exige("diagnostic.saisir")
@require_http_methods(["GET", "HEAD", "POST"])
def saisir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La page du recueil : la remplir, la garder, la valider. Sans script, deux boutons font tout."""
    personne = ouvrir(request, public_id, droit="diagnostic.saisir")
    recueils = lire_recueils(personne)
    ouverts = brouillons(personne)
    en_cours = next((b for b in ouverts if b.auteur_id == request.user.pk), None)
    if request.method != "POST":
        if en_cours is None and recueils:
            return page(request, "commencer", {"personne": personne, "dernier": recueils[0]})
        jour = {"date_recueil": timezone.localdate()} if en_cours is None or en_cours.date_recueil is None else {}
        formulaire = RecueilForm(instance=en_cours, initial=jour)
        return _formulaire(request, personne, formulaire, en_cours.numero if en_cours else 0, ouverts)
    return _envoyer(request, personne, en_cours, ouverts)


def _envoyer(
    request: HttpRequest, personne: Personne, en_cours: BrouillonRecueil | None, ouverts: list[BrouillonRecueil]
) -> HttpResponse:
    formulaire = RecueilForm(request.POST, instance=en_cours)
    su = NumeroForm(request.POST)
    numero = su.cleaned_data["numero"] if su.is_valid() else 0
    malgre = su.cleaned_data.get("malgre")
    if not formulaire.is_valid():
        messages.error(request, "Une réponse ne se lit pas : elle est marquée plus bas. Le reste est gardé.")
    try:
        with transaction.atomic():
            gardee = services.enregistrer_brouillon(
                personne, acteur=request.user, perimetre=request.perimetre, valeurs=formulaire.valides, numero=numero
            )
        numero = gardee.numero
        if not formulaire.is_valid():
            return _formulaire(request, personne, formulaire, numero, ouverts, status=422)
        if "valider" not in request.POST:
            messages.success(request, "La page est gardée. Vous pouvez la quitter et y revenir.")
            return redirect("recueil_saisir", public_id=personne.public_id)
        with transaction.atomic():
            services.valider_recueil(
                personne, acteur=request.user, perimetre=request.perimetre, numero=numero, malgre=malgre
            )
    except services.RecueilDepasseError as refus:
        messages.warning(request, str(refus))
        return _formulaire(request, personne, formulaire, numero, ouverts, depasse=refus.dernier, status=409)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return _formulaire(request, personne, formulaire, numero, ouverts, status=409)
    nom = mot("diagnostic").singulier
    messages.success(
        request, f"{nom[:1].upper()}{nom[1:]} validé : il est figé. Une suite s’écrira comme une révision."
    )
    return redirect("personne_diagnostic", public_id=personne.public_id)


def _formulaire(
    request: HttpRequest,
    personne: Personne,
    formulaire: RecueilForm,
    numero: int,
    ouverts: list[BrouillonRecueil],
    *,
    depasse: Recueil | None = None,
    status: int = 200,
) -> HttpResponse:
    mien = next((b for b in ouverts if b.auteur_id == request.user.pk), None)
    contexte = {
        "personne": personne,
        "formulaire": formulaire,
        "numero": numero,
        "repris_de": mien.repris_de if mien else None,
        "garde_le": mien.modifie_le if mien else None,
        "autres_brouillons": [b for b in ouverts if b.auteur_id != request.user.pk],
        "depasse": depasse,
    }
    return page(request, "recueil_saisir", contexte, status=status)


@exige("diagnostic.saisir")
@require_POST
def brouillon(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Garde la page pendant la frappe ; répond le numéro à rendre la prochaine fois."""
    personne = acceder_personne(request.perimetre, public_id, droit="diagnostic.saisir")
    formulaire, su = RecueilForm(request.POST), NumeroForm(request.POST)
    if not su.is_valid():
        return JsonResponse({"message": "Rechargez la page : elle n’est plus à jour."}, status=409)
    try:
        with transaction.atomic():
            garde = services.enregistrer_brouillon(
                personne, acteur=request.user, perimetre=request.perimetre, valeurs=formulaire.valides,
                numero=su.cleaned_data["numero"],
            )  # fmt: skip
    except services.PageDepasseeError as refus:
        return JsonResponse({"message": str(refus)}, status=409)
    illisibles = [str(formulaire[nom].label) for nom in formulaire.errors if nom in formulaire.fields]
    return JsonResponse({"numero": garde.numero, "quand": date_heure(garde.modifie_le), "illisibles": illisibles})


@exige("diagnostic.saisir")
@require_POST
def commencer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Part de l'évaluation précédente (R40), ou d'une page vide."""
    personne = acceder_personne(request.perimetre, public_id, droit="diagnostic.saisir")

    def acte() -> str:
        ouvert = services.commencer_recueil(
            personne, acteur=request.user, perimetre=request.perimetre, reprendre="reprendre" in request.POST
        )
        if ouvert.repris_de is None:
            return "Une page vide est ouverte."
        return "L’évaluation précédente est reprise : relisez-la avec la personne, changez ce qui a changé."

    if not tenter(request, acte):
        return redirect("personne_diagnostic", public_id=personne.public_id)
    return redirect("recueil_saisir", public_id=personne.public_id)


@exige("diagnostic.saisir")
@require_POST
def abandonner(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Efface la page en cours ; les recueils validés restent."""
    personne = acceder_personne(request.perimetre, public_id, droit="diagnostic.saisir")
    services.abandonner_brouillon(personne, acteur=request.user, perimetre=request.perimetre)
    messages.success(request, "La page en cours est effacée. Les recueils validés sont toujours là.")
    return redirect(reverse("personne_diagnostic", args=[personne.public_id]))

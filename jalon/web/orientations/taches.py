"""Tâches : ce que les dossiers attendent de l'agent et de son service."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from jalon.accompagnements.models import EtatMaintien, Maintien
from jalon.accompagnements.services import clore_maintien, prolonger_maintien
from jalon.personnes.models import EtatTache, Tache, TypeTache
from jalon.personnes.rapprochements import acceder_tache, taches
from jalon.personnes.services import REPONSE_ATTENDUE, ecarter_tache, faire_tache
from jalon.referentiels.parametres import ajouter_mois, mot
from jalon.socle.errors import TransitionRefuseeError
from jalon.web.orientations.actes import tenter
from jalon.web.orientations.forms import MotifForm, ProlongationForm, premiere_erreur
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import CompteConnu

PAR_PAGE = 50
FILTRES = ("", *TypeTache.values, "retard", "miennes")


@require_GET
@exige("taches.traiter")
def liste(request: HttpRequest) -> HttpResponse:
    """Tâches à faire, les plus urgentes d'abord ; celles sans date à la fin."""
    jour = timezone.localdate()
    en_attente = taches(request.perimetre).filter(etat=EtatTache.A_FAIRE)
    conditions = _conditions(request, jour)
    nombres = en_attente.order_by().aggregate(
        **{nom: Count("pk", filter=c) for nom, c in conditions.items() if nom}, toutes=Count("pk")
    )
    filtre = request.GET.get("filtre", "")
    filtre = filtre if filtre in FILTRES else ""
    retenues = en_attente.filter(conditions[filtre]).order_by(F("echeance").asc(nulls_last=True), "pk")
    page = Paginator(CompteConnu(nombres[filtre or "toutes"]), PAR_PAGE).get_page(request.GET.get("page"))
    debut = (page.number - 1) * PAR_PAGE
    contexte = {
        "page": page,
        "taches": _lire(list(retenues.values_list("pk", flat=True)[debut : debut + PAR_PAGE])),
        "jour": jour,
        "filtre": filtre,
        "onglets": _onglets(filtre, nombres),
        "total": nombres["toutes"],
        "en_retard": nombres["retard"],
        "a_repondre": REPONSE_ATTENDUE,
        "peut_joindre": request.perimetre.peut("suivi.ecrire") or request.perimetre.peut("reunions.consulter"),
        "jusquau": ajouter_mois(jour, "accompagnement.maintien_apres_franchissement"),
    }
    return render(request, "orientations/taches.html", contexte)


def _lire(cles: list[int]) -> list[Tache]:
    """Les tâches de la page : leurs clés d'abord, pour ne pas joindre toute la liste avant d'en garder cinquante."""
    lues = {t.pk: t for t in Tache.objects.filter(pk__in=cles).select_related("personne", "organisme", "agent")}
    return [lues[cle] for cle in cles if cle in lues]


def _conditions(request: HttpRequest, jour: object) -> dict[str, Q]:
    par_type = {str(valeur): Q(type=valeur) for valeur in TypeTache.values}
    return {"": Q(), **par_type, "retard": Q(echeance__lt=jour), "miennes": Q(agent=request.user)}


def _onglets(filtre: str, nombres: dict[str, int]) -> list[dict[str, object]]:
    recueil = mot("diagnostic").court or mot("diagnostic").singulier
    textes = {
        "": "Toutes",
        TypeTache.RECUEIL: recueil[:1].upper() + recueil[1:],
        TypeTache.FIN_ACCOMPAGNEMENT: "Fin d’accompagnement",
        TypeTache.CONTACT_ABSENCE: "Contact après absence",
        "retard": "En retard",
        "miennes": "Les miennes",
    }
    return [
        {
            "texte": textes[nom],
            "url": f"?filtre={nom}" if nom else "?",
            "courant": nom == filtre,
            "nombre": nombres[nom or "toutes"],
        }
        for nom in FILTRES
    ]


@require_POST
@exige("taches.traiter")
def faire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« C'est fait »."""
    tache = acceder_tache(request.perimetre, public_id)
    tenter(request, lambda: f"C’est noté : {_nommer(faire_tache(tache, acteur=request.user))} fait.")
    return redirect(_retour(request))


@require_POST
@exige("taches.traiter")
def ecarter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """« Sans objet », avec le pourquoi."""
    tache = acceder_tache(request.perimetre, public_id)
    formulaire = MotifForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect(_retour(request))

    def acte() -> str:
        ecarter_tache(tache, acteur=request.user, motif=formulaire.cleaned_data["motif"])
        return "La tâche est écartée ; le dossier garde votre motif."

    tenter(request, acte)
    return redirect(_retour(request))


@require_POST
@exige("taches.traiter")
def accepter(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Accepte la fin de l'accompagnement proposée."""
    tache = acceder_tache(request.perimetre, public_id)
    formulaire = MotifForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect(_retour(request))

    def acte() -> str:
        clore_maintien(_maintien(tache), acteur=request.user, motif=formulaire.cleaned_data["motif"])
        return "La fin de l’accompagnement est acceptée.."

    tenter(request, acte)
    return redirect(_retour(request))


@require_POST
@exige("taches.traiter")
def prolonger(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Prolonge l'accompagnement jusqu'à une date choisie."""
    tache = acceder_tache(request.perimetre, public_id)
    formulaire = ProlongationForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect(_retour(request))

    def acte() -> str:
        lus = formulaire.cleaned_data
        prolonger_maintien(_maintien(tache), acteur=request.user, jusquau=lus["jusquau"], motif=lus["motif"])
        return f"L’accompagnement est prolongé jusqu’au {lus['jusquau']:%d/%m/%Y}."

    tenter(request, acte)
    return redirect(_retour(request))


def _maintien(tache: Tache) -> Maintien:
    """Le maintien dont cette tâche propose la fin."""
    maintien = Maintien.objects.filter(
        personne_id=tache.personne_id, etat__in=(EtatMaintien.EN_COURS, EtatMaintien.FIN_PROPOSEE)
    ).first()
    if tache.type != TypeTache.FIN_ACCOMPAGNEMENT or tache.etat != EtatTache.A_FAIRE or maintien is None:
        raise TransitionRefuseeError("Aucune fin d’accompagnement n’est à examiner ici : la liste a changé depuis.")
    return maintien


def _nommer(tache: Tache) -> str:
    libelle = tache.get_type_display()
    return f"« {libelle} »"


def _retour(request: HttpRequest) -> str:
    filtre = request.POST.get("filtre", "")
    adresse = reverse("taches")
    return f"{adresse}?filtre={filtre}" if filtre in FILTRES and filtre else adresse

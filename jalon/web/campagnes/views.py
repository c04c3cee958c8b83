"""Campagnes de reprise : déposer une liste, vérifier ses colonnes, trancher côte à côte, décider en nombre."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_GET, require_POST

from jalon.echanges.campagnes.lecture import reconnaitre
from jalon.echanges.campagnes.modeles import Campagne, EtatCampagne, LigneCampagne, Pile
from jalon.echanges.campagnes.rapprochement import METHODES
from jalon.echanges.campagnes.selectors import (
    acceder_campagne,
    acceder_ligne,
    campagnes_pour_liste,
    compter_piles,
    lignes,
)
from jalon.echanges.campagnes.services import (
    clore_campagne,
    confirmer_ligne,
    decidables,
    decider_lignes,
    deposer_liste,
    ecarter_ligne,
    lancer_rapprochement,
    relancer_rapprochement,
    relire,
)
from jalon.orientations.decisions import Choix
from jalon.personnes.selectors import acceder_personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.campagnes.forms import ColonnesForm, DecisionForm, DepotForm
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige

PAR_PAGE = 50
PORTES = (
    ("a_verifier", "À vérifier côte à côte", "eye"),
    ("sure", "Sûres", "circle-check"),
    ("confirmee", "Vérifiées", "user-check"),
    ("decidee", "Orientées", "route"),
    ("refusee", "Laissées, avec leur raison", "alert-triangle"),
    ("ecartee", "Écartées", "user-x"),
    ("aucune", "Sans correspondance", "help"),
)


@require_GET
@exige("campagnes.gerer")
def campagnes(request: HttpRequest) -> HttpResponse:
    page = Paginator(campagnes_pour_liste(request.perimetre), PAR_PAGE).get_page(request.GET.get("page"))
    return render(request, "campagnes/campagnes.html", {"page": page})


@exige("campagnes.gerer")
def deposer(request: HttpRequest) -> HttpResponse:
    form = DepotForm(request.POST or None, request.FILES or None, perimetre=request.perimetre)
    if request.method == "POST" and form.is_valid():
        valeurs = dict(form.cleaned_data)
        fichier = valeurs.pop("fichier")
        try:
            deposee = deposer_liste(
                acteur=request.user, perimetre=request.perimetre, nom=fichier.name, octets=fichier.read(), **valeurs
            )
        except JalonError as refus:
            form.add_error("fichier", str(refus))
        else:
            return redirect("campagne_colonnes", deposee.public_id)
    return render(request, "campagnes/deposer.html", {"form": form}, status=422 if form.errors else 200)


@exige("campagnes.gerer")
def colonnes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Où lire chaque chose : reconnu d'après les en-têtes, corrigé par l'agent, jamais deviné en silence."""
    campagne = acceder_campagne(request.perimetre, public_id)
    if campagne.etat != EtatCampagne.DEPOSEE:
        return redirect("campagne", public_id)
    liste = relire(campagne)
    places = reconnaitre(liste.entetes, campagne.format.colonnes)
    form = ColonnesForm(request.POST or None, entetes=liste.entetes, places=places)
    if request.method == "POST" and form.is_valid():
        try:
            lancer_rapprochement(
                campagne, acteur=request.user, perimetre=request.perimetre, places=form.places(),
                retenir=form.cleaned_data["retenir"],
            )  # fmt: skip
        except JalonError as refus:
            form.add_error(None, str(refus))
        else:
            messages.success(request, "Le rapprochement est lancé. Vous pouvez quitter cette page.")
            return redirect("campagne", public_id)
    contexte = {"campagne": campagne, "form": form, "total": len(liste.lignes), "reconnues": len(places)}
    return render(request, "campagnes/colonnes.html", contexte, status=422 if form.errors else 200)


@require_GET
@exige("campagnes.gerer")
def campagne(request: HttpRequest, public_id: UUID) -> HttpResponse:
    suivie = acceder_campagne(request.perimetre, public_id)
    if suivie.etat == EtatCampagne.DEPOSEE:
        return redirect("campagne_colonnes", public_id)
    nombres = compter_piles(suivie)
    premiere = next((code for code, _, _ in PORTES if nombres[code]), "sure")
    porte = request.GET.get("porte", premiere)
    page = Paginator(lignes(suivie, porte), PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "campagne": suivie, "nombres": nombres, "porte": porte, "page": page, "decidables": _decidables(suivie),
        "portes": [(code, texte, icone, nombres[code]) for code, texte, icone in PORTES],
        "part": round(100 * nombres["decidee"] / nombres["toutes"]) if nombres["toutes"] else 0,
        "jours": (suivie.objectif_le - timezone.localdate()).days if suivie.objectif_le else None,
        "form": DecisionForm(prefix="choix") if request.perimetre.peut("orientation.decider") else None,
    }  # fmt: skip
    return render(request, "campagnes/campagne.html", contexte)


def _decidables(suivie: Campagne) -> int:
    return LigneCampagne.objects.filter(decidables(suivie)).count()


@require_POST
@exige("campagnes.gerer", "orientation.decider")
def decider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La même orientation pour toutes les personnes sûres ou vérifiées ; chaque refus garde sa phrase."""
    suivie = acceder_campagne(request.perimetre, public_id)
    form = DecisionForm(request.POST, prefix="choix")
    if not form.is_valid():
        for phrases in form.errors.values():
            messages.error(request, phrases[0])
        return redirect("campagne", public_id)

    def acte() -> str:
        bilan = decider_lignes(
            suivie, acteur=request.user, perimetre=request.perimetre, choix=Choix(**form.cleaned_data)
        )
        laissees = sum(bilan.laissees.values())
        suite = f" {laissees} ont été laissées : la liste dit pourquoi." if laissees else ""
        return f"{bilan.faites} personnes orientées.{suite}"

    tenter(request, acte)
    return redirect(f"{reverse('campagne', args=[public_id])}?porte=decidee")


@require_GET
@exige("campagnes.gerer")
def ligne(request: HttpRequest, public_id: UUID, ligne: UUID) -> HttpResponse:
    """La ligne et nos personnes côte à côte : ce qui est pareil et ce qui diffère, en toutes lettres."""
    suivie = acceder_campagne(request.perimetre, public_id)
    vue = acceder_ligne(request.perimetre, suivie, ligne)
    candidats = list(vue.candidats.all())
    for candidat in candidats:
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=candidat.personne.public_id, ecran="campagne",
        )  # fmt: skip
    contexte = {
        "campagne": suivie, "ligne": vue, "ouverte": suivie.etat == EtatCampagne.A_DECIDER and vue.etat != "decidee",
        "candidats": [(candidat, METHODES[candidat.methode], _ecarts(vue, candidat.personne)) for candidat in candidats],
        "suivante": _suivante(suivie, vue),
    }  # fmt: skip
    return render(request, "campagnes/ligne.html", contexte)


def _ecarts(vue: LigneCampagne, personne: object) -> list[tuple[str, str, str, bool]]:
    """(libellé, dans la liste, chez nous, pareil) pour ce que la liste dit."""
    champs = (
        ("Nom", "nom"), ("Nom de naissance", "nom_naissance"), ("Prénom", "prenom"),
        ("Date de naissance", "date_naissance"),
    )  # fmt: skip
    rendus = []
    for libelle, champ in champs:
        dit, su = getattr(vue, champ), getattr(personne, champ)
        if dit:
            rendus.append((libelle, dit, su, str(dit).upper() == str(su).upper()))
    return rendus


def _suivante(suivie: Campagne, vue: LigneCampagne) -> LigneCampagne | None:
    return lignes(suivie, "a_verifier").filter(numero__gt=vue.numero, pile=Pile.A_VERIFIER).first()


@require_POST
@exige("campagnes.gerer")
def trancher(request: HttpRequest, public_id: UUID, ligne: UUID) -> HttpResponse:
    suivie = acceder_campagne(request.perimetre, public_id)
    vue = acceder_ligne(request.perimetre, suivie, ligne)
    retenue = request.POST.get("personne", "")

    def acte() -> str:
        if not retenue:
            ecarter_ligne(vue, acteur=request.user, perimetre=request.perimetre)
            return "C’est noté : cette ligne ne désigne aucune de ces personnes."
        personne = acceder_personne(request.perimetre, UUID(retenue), droit="campagnes.gerer")
        confirmer_ligne(vue, acteur=request.user, perimetre=request.perimetre, personne=personne)
        return f"C’est noté : la ligne {vue.numero} désigne {personne}."

    suivante = _suivante(suivie, vue)
    if not tenter(request, acte):
        return redirect("campagne_ligne", public_id, ligne)
    if suivante is not None:
        return redirect("campagne_ligne", public_id, suivante.public_id)
    return redirect("campagne", public_id)


@require_POST
@exige("campagnes.gerer")
def relancer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    suivie = acceder_campagne(request.perimetre, public_id)

    def acte() -> str:
        relancer_rapprochement(suivie, acteur=request.user, perimetre=request.perimetre)
        return "Le rapprochement repart depuis le début."

    tenter(request, acte)
    return redirect("campagne", public_id)


@require_POST
@exige("campagnes.gerer")
def clore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    suivie = acceder_campagne(request.perimetre, public_id)

    def acte() -> str:
        clore_campagne(suivie, acteur=request.user, perimetre=request.perimetre)
        return f"{capfirst(mot('campagne').singulier)} close : les lignes sans suite sont effacées."

    tenter(request, acte)
    return redirect("campagnes")

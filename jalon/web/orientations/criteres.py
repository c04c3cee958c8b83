"""Simuler les critères sur toute la file, garder des variantes, et appliquer une liste en disant pourquoi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jalon.orientations.criteres import (
    Retouche,
    acceder_liste,
    appliquer_liste,
    decrire,
    enregistrer_brouillon,
    lire_liste,
    liste_en_vigueur,
    retirer_brouillon,
    seuils,
    valeur_de_borne,
)
from jalon.orientations.criteres import listes as listes_gardees
from jalon.orientations.faits import FAITS, Noms, lire_noms, nommer
from jalon.orientations.models import ListeCriteres
from jalon.orientations.simulation import simuler
from jalon.personnes.models import Personne
from jalon.referentiels.profil.criteres import Critere
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.orientations.actes import exiger_l_un, tenter
from jalon.web.orientations.forms import MotifForm, premiere_erreur
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import CompteConnu

PAR_PAGE = 50
MOTS_BORNES = {"min": "au moins", "max": "au plus", "sous": "moins de", "au_dela": "plus de"}


@require_GET
@exige("orientation.simuler")
def simulation(request: HttpRequest) -> HttpResponse:
    """Deux listes sur la même file : qui changerait d'avis, et quelle charge cela ferait."""
    choisies = _deux_listes(request.GET)
    contexte: dict[str, object] = {"listes": listes_gardees(), "avant": choisies[0], "apres": choisies[1]}
    if "apres" in request.GET:
        contexte["simulation"] = simuler(request.perimetre, *choisies, timezone.localdate())
    return render(request, "orientations/criteres_simulation.html", {"simulation": None, **contexte})


def _deux_listes(parametres: QueryDict) -> tuple[ListeCriteres, ListeCriteres]:
    return _liste(parametres.get("avant")), _liste(parametres.get("apres"))


def _liste(identifiant: str | None) -> ListeCriteres:
    if not identifiant:
        return liste_en_vigueur()
    try:
        return acceder_liste(UUID(identifiant))
    except ValueError:
        raise HorsPerimetreError("Cette liste de critères n’existe pas.") from None


@require_GET
@exige("orientation.simuler", "dossier.consulter")
def personnes(request: HttpRequest) -> HttpResponse:
    """Les personnes derrière un nombre de la simulation."""
    faite = simuler(request.perimetre, *_deux_listes(request.GET), timezone.localdate())
    de, vers = request.GET.get("de"), request.GET.get("vers")
    connues = {ligne.code for ligne in faite.lignes}
    if {code for code in (de, vers) if code is not None} - connues:
        raise HorsPerimetreError("Cette issue n’existe pas : revenez à la simulation.")
    cles = faite.personnes(de, vers)
    page = Paginator(CompteConnu(len(cles)), PAR_PAGE).get_page(request.GET.get("page"))
    debut = (page.number - 1) * PAR_PAGE
    montrees = Personne.objects.filter(pk__in=cles[debut : debut + PAR_PAGE]).order_by("nom", "prenom", "pk")
    return render(
        request,
        "orientations/criteres_personnes.html",
        {
            "simulation": faite, "page": page, "personnes": montrees,
            "de": faite.libelle(de) if de is not None else "", "vers": faite.libelle(vers) if vers is not None else "",
        },
    )  # fmt: skip


# --- Les listes


@dataclass(frozen=True)
class SeuilAffiche:
    nom: str
    libelle: str
    valeur: str
    unite: str


@dataclass(frozen=True)
class CritereAffiche:
    critere: Critere
    condition: str
    propose: str
    seuils: Sequence[SeuilAffiche]


@require_GET
def listes(request: HttpRequest) -> HttpResponse:
    """La liste employée, celles du profil, les brouillons."""
    exiger_l_un(request.perimetre, "orientation.simuler", "parametres.gerer")
    return render(request, "orientations/criteres_listes.html", {"listes": listes_gardees()})


@require_http_methods(["GET", "POST"])
def liste(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Une liste, critère par critère ; qui simule peut en tirer une variante."""
    exiger_l_un(request.perimetre, "orientation.simuler", "parametres.gerer")
    choisie = acceder_liste(public_id)
    if request.method == "POST":
        request.perimetre.exiger("orientation.simuler")
        try:
            brouillon = enregistrer_brouillon(
                choisie, acteur=request.user, perimetre=request.perimetre, libelle=request.POST.get("libelle", ""),
                retouches=_retouches(choisie, request.POST),
            )  # fmt: skip
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(
                request, f"La variante « {brouillon.libelle} » est gardée. Elle ne sert encore à aucun avis."
            )
            if "simuler" in request.POST:
                return redirect(f"{reverse('criteres_simulation')}?apres={brouillon.public_id}")
            return redirect("criteres_liste", brouillon.public_id)
    ecrite, noms, jour = lire_liste(choisie), lire_noms(), timezone.localdate()
    saisis = request.POST if request.method == "POST" else QueryDict()
    return render(
        request,
        "orientations/criteres_liste.html",
        {
            "liste": choisie, "ecrite": ecrite,
            "libelle": saisis.get("libelle", choisie.libelle if choisie.origine == "brouillon" else ""),
            "criteres": [
                CritereAffiche(c, decrire(c.si, noms, jour), _proposer(c, noms), _seuils(c, noms, saisis))
                for c in ecrite.criteres
            ],
        },
    )  # fmt: skip


def _proposer(critere: Critere, noms: Noms) -> str:
    if critere.propose.examen:
        return "À examiner en équipe"
    return noms.types.get(str(critere.propose.type), str(critere.propose.type))


def _seuils(critere: Critere, noms: Noms, saisis: QueryDict) -> list[SeuilAffiche]:
    rendus = []
    for chemin, test, borne in seuils(critere.si):
        nom = f"seuil|{critere.code}|{chemin}"
        ecrit = str(valeur_de_borne(borne, timezone.localdate()))
        libelle = f"{nommer(str(test.fait), test.precision, noms)} : {MOTS_BORNES[test.comparaison]}"
        rendus.append(SeuilAffiche(nom, libelle, saisis.get(nom, ecrit), FAITS[str(test.fait)].unite))
    return rendus


def _retouches(choisie: ListeCriteres, envoyes: QueryDict) -> dict[str, Retouche]:
    """Places, critères gardés et seuils tapés ; un seuil laissé tel quel garde son paramètre daté."""
    jour = timezone.localdate()
    retouches = {}
    for place, critere in enumerate(lire_liste(choisie).criteres, start=1):
        rang = envoyes.get(f"rang|{critere.code}", "")
        changes = {}
        for chemin, _, borne in seuils(critere.si):
            tape = envoyes.get(f"seuil|{critere.code}|{chemin}", "").strip()
            if tape and tape != str(valeur_de_borne(borne, jour)):
                changes[chemin] = tape
        retouches[critere.code] = Retouche(
            rang=int(rang) if rang.isdigit() and len(rang) < 4 else place,
            actif=f"actif|{critere.code}" in envoyes, seuils=changes,
        )  # fmt: skip
    return retouches


@require_POST
@exige("parametres.gerer")
def appliquer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Emploie cette liste pour les avis à venir."""
    choisie = acceder_liste(public_id)
    formulaire = MotifForm(request.POST)
    if not formulaire.is_valid():
        messages.error(request, premiere_erreur(formulaire))
        return redirect("criteres_liste", public_id)

    def acte() -> str:
        liste = appliquer_liste(
            choisie, acteur=request.user, perimetre=request.perimetre, motif=formulaire.cleaned_data["motif"]
        )
        return f"« {liste.libelle} » sert désormais aux avis. Ceux déjà montrés gardent leur liste."

    tenter(request, acte)
    return redirect("criteres_liste", public_id)


@require_POST
@exige("orientation.simuler")
def retirer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Ne garde plus un brouillon."""
    choisie = acceder_liste(public_id)

    def acte() -> str:
        return (
            f"« {retirer_brouillon(choisie, acteur=request.user, perimetre=request.perimetre).libelle} » est retirée."
        )

    faite = tenter(request, acte)
    return redirect("criteres_listes") if faite else redirect("criteres_liste", public_id)

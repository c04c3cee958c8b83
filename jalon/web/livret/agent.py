"""« Livret » d'une personne, côté agent : son accès, le papier qui porte le code, ce qu'elle y voit, ses compétences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.agents.perimetre import Perimetre
from jalon.passeport.acces import (
    acces_de,
    acces_ouvert,
    code_de,
    creer_acces,
    remplacer_acces,
    revoquer_acces,
)
from jalon.passeport.competences import (
    ProfilDepasseError,
    ecrire_profil,
    enregistrer_experience,
    experience_de,
    noter_demarche,
    retirer_experience,
)
from jalon.passeport.etapes import dites_par_la_personne
from jalon.passeport.livret import (
    competences_de,
    contrat_du_moment,
    contrats_lus,
    demarches_de,
    documents_de,
    experiences_de,
    grilles_lues,
    interlocuteurs,
    prochaine,
    rencontres,
)
from jalon.passeport.papiers import lettre_acces_pdf, livret_pdf, mini_cv_pdf
from jalon.passeport.titulaire import Titulaire
from jalon.personnes.codes import UsageCode, montrer_code, moyens_de
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne, coordonnees_de
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.livret.forms import CompetencesForm, DemarcheForm, ExperienceForm, MotifForm
from jalon.web.livret.views import fichier
from jalon.web.socle.acces import exige

GERER = "acces_personnel.gerer"
ECRIRE = "suivi.ecrire"


@exige("dossier.consulter")
@require_safe
def livret(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """L'accès, et le livret tel que la personne le voit."""
    return _page(request, _ouvrir(request, public_id))


@exige("dossier.consulter", GERER)
@require_POST
def creer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Crée l'accès, ou le remplace ; le code n'est montré qu'ici, une fois."""
    personne = _ouvrir(request, public_id)
    auteur = _auteur(request)
    try:
        if "remplacer" in request.POST:
            _, code = remplacer_acces(personne, motif=request.POST.get("motif", ""), **auteur)
        else:
            _, code = creer_acces(personne, **auteur)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return redirect("livret_agent", personne.public_id)
    return _discret(
        render(
            request, "livret/agent_code.html",
            {"personne": personne, "code": code, "adresse_livret": request.build_absolute_uri(reverse("livret")),
             "moyens": moyens_de(coordonnees_de(personne))},
        )
    )  # fmt: skip


@exige("dossier.consulter", GERER)
@require_POST
def lettre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le papier à remettre ; le code vient de la page qui vient de le montrer, la base ne l'a pas."""
    personne = _ouvrir(request, public_id)
    acces = acces_ouvert(personne)
    code = request.POST.get("code", "")
    if acces is None or not code_de(acces, code):
        messages.error(
            request, "Ce code n’est plus celui de cet accès. Remplacez l’accès pour imprimer un nouveau papier."
        )
        return redirect("livret_agent", personne.public_id)
    adresse = request.build_absolute_uri(reverse("livret"))
    octets = lettre_acces_pdf(Titulaire.de_personne(personne), code=code, adresse=adresse)
    return _discret(fichier(octets, "code-d-acces.pdf"))


@exige("dossier.consulter", GERER)
@require_POST
def fermer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    personne = _ouvrir(request, public_id)
    acces = acces_ouvert(personne)
    try:
        if acces is None:
            raise JalonError("Cette personne n'a pas d'accès ouvert : il n'y a rien à fermer.")
        revoquer_acces(acces, motif=request.POST.get("motif", ""), **_auteur(request))
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, "L’accès est fermé. Le code du papier n’ouvre plus rien.")
    return redirect("livret_agent", personne.public_id)


@exige("dossier.consulter", GERER)
@require_POST
def montrer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """À l'accueil, identité vérifiée : le code à usage unique se lit ici, pour qui n'a ni téléphone ni courriel."""
    personne = _ouvrir(request, public_id)
    acces = acces_ouvert(personne)
    if acces is None or "identite" not in request.POST:
        messages.error(
            request,
            "Vérifiez d’abord une pièce d’identité et cochez la case."
            if acces
            else "Créez d’abord l’accès de la personne.",
        )
        return redirect("livret_agent", personne.public_id)
    _, clair = montrer_code(personne, usage=UsageCode.LIVRET, objet=acces.public_id, **_auteur(request))
    return _discret(render(request, "livret/agent_guichet.html", {"personne": personne, "code": clair}))


@exige("dossier.consulter", ECRIRE)
@require_http_methods(["GET", "HEAD", "POST"])
def competences(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le profil de compétences, écrit avec la personne."""
    personne = _ouvrir(request, public_id)
    titulaire = Titulaire.de_personne(personne)
    profil = competences_de(titulaire)
    formulaire, autre = CompetencesForm(request.POST or None, profil=profil), None
    if request.method == "POST" and formulaire.is_valid():
        try:
            ecrire_profil(titulaire, **formulaire.ecriture, **_auteur(request))
        except ProfilDepasseError as refus:
            messages.error(request, str(refus))
            autre = refus.actuel
            formulaire = CompetencesForm(request.POST, profil=autre, relu=True)
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "Le profil de compétences est enregistré.")
            return redirect("livret_agent", personne.public_id)
    return _formulaire(request, personne, "Compétences", formulaire, autre=autre)


@exige("dossier.consulter", ECRIRE)
@require_http_methods(["GET", "HEAD", "POST"])
def experience(request: HttpRequest, public_id: UUID, experience_id: UUID | None = None) -> HttpResponse:
    personne = _ouvrir(request, public_id)
    titulaire = Titulaire.de_personne(personne)
    tenue = experience_de(titulaire, experience_id) if experience_id is not None else None
    if request.method == "POST" and "retirer" in request.POST and tenue is not None:
        retirer_experience(titulaire, tenue, **_auteur(request))
        messages.success(request, "L’expérience est ôtée.")
        return redirect("livret_agent", personne.public_id)
    formulaire = ExperienceForm(request.POST or None, experience=tenue)
    if request.method == "POST" and formulaire.is_valid():
        try:
            enregistrer_experience(titulaire, experience=tenue, **formulaire.cleaned_data, **_auteur(request))
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "L’expérience est enregistrée.")
            return redirect("livret_agent", personne.public_id)
    return _formulaire(request, personne, "Expérience", formulaire, retirable=tenue is not None)


@exige("dossier.consulter", ECRIRE)
@require_http_methods(["GET", "HEAD", "POST"])
def demarche(request: HttpRequest, public_id: UUID) -> HttpResponse:
    personne = _ouvrir(request, public_id)
    formulaire = DemarcheForm(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        try:
            noter_demarche(Titulaire.de_personne(personne), **formulaire.cleaned_data, **_auteur(request))
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "La démarche est notée dans le livret.")
            return redirect("livret_agent", personne.public_id)
    return _formulaire(request, personne, "Démarche", formulaire)


@exige("dossier.consulter")
@require_safe
def telecharger(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _discret(fichier(livret_pdf(Titulaire.de_personne(_ouvrir(request, public_id))), "livret.pdf"))


@exige("dossier.consulter")
@require_safe
def cv(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _discret(fichier(mini_cv_pdf(Titulaire.de_personne(_ouvrir(request, public_id))), "mini-cv.pdf"))


def _page(request: HttpRequest, personne: Personne) -> HttpResponse:
    titulaire = Titulaire.de_personne(personne)
    contrats = contrats_lus(titulaire)
    contrat = contrat_du_moment(contrats)
    etapes = [e.public_id for o in (contrat.objectifs if contrat else []) for e in o.etapes]
    contexte: dict[str, Any] = {
        "personne": personne, "acces": acces_ouvert(personne), "anciens": [a for a in acces_de(personne) if a.revoque_le],
        "moyens": moyens_de(coordonnees_de(personne)), "motif": MotifForm(), "contrat": contrat, "contrats": contrats,
        "dites": dites_par_la_personne(etapes), "rendez_vous": prochaine(rencontres(titulaire)),
        "contacts": interlocuteurs(titulaire, timezone.localdate()), "grilles": grilles_lues(titulaire),
        "papiers": documents_de(titulaire), "demarches": demarches_de(titulaire), "profil": competences_de(titulaire),
        "experiences": experiences_de(titulaire), "maintenant": timezone.now(),
    }  # fmt: skip
    return _discret(render(request, "livret/agent.html", contexte))


def _formulaire(
    request: HttpRequest, personne: Personne, titre: str, formulaire: Any, *, autre: Any = None, retirable: bool = False
) -> HttpResponse:
    contexte = {
        "personne": personne, "titre": titre, "formulaire": formulaire, "autre": autre, "retirable": retirable,
    }  # fmt: skip
    return _discret(render(request, "livret/agent_formulaire.html", contexte))


def _ouvrir(request: HttpRequest, public_id: UUID) -> Personne:
    """La personne, à travers le périmètre ; l'ouverture est notée, et elle la lira."""
    perimetre: Perimetre = request.perimetre  # type: ignore[attr-defined]
    personne = acceder_personne(perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=perimetre.organisme_principal,  # type: ignore[arg-type]
        personne=personne.public_id, ecran="livret",
    )  # fmt: skip
    return personne


def _auteur(request: HttpRequest) -> dict[str, Any]:
    return {"acteur": request.user, "perimetre": request.perimetre}  # type: ignore[attr-defined]


def _discret(reponse: HttpResponse) -> HttpResponse:
    reponse["Cache-Control"] = "no-store"
    return reponse

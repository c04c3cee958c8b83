"""Les pages du livret : ce que la personne lit de son parcours, et ce qu'elle y écrit elle-même."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.documents.services import lire_document
from jalon.passeport.competences import (
    ProfilDepasseError,
    ecrire_profil,
    enregistrer_experience,
    experience_de,
    noter_demarche,
    retirer_experience,
)
from jalon.passeport.etapes import dire_faite, dites_par_la_personne
from jalon.passeport.lectures import ouvertures
from jalon.passeport.livret import (
    A_ELLE,
    competences_de,
    contrat_du_moment,
    contrats_lus,
    demarches_de,
    document_de,
    documents_de,
    etape_de,
    experiences_de,
    grilles_lues,
    histoire,
    interlocuteurs,
    notes_de,
    prochaine,
    rencontres,
)
from jalon.passeport.papiers import livret_pdf, mini_cv_pdf
from jalon.personnes.coordonnees import Coordonnees
from jalon.socle.errors import JalonError
from jalon.web.livret.forms import CompetencesForm, DemarcheForm, ExperienceForm
from jalon.web.livret.manquement import procedures_ouvertes
from jalon.web.livret.visite import Visite, par_visite

LECTURES_A_L_ACCUEIL = 3


def page(request: HttpRequest, visite: Visite, gabarit: str, rubrique: str, **contexte: Any) -> HttpResponse:
    """Une page du livret ; `rubrique` allume sa porte dans la barre."""
    return render(request, f"livret/{gabarit}.html", {"visite": visite, "rubrique": rubrique, **contexte})


@require_safe
@par_visite
def accueil(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Où j'en suis : le prochain rendez-vous, mes objectifs, qui appeler, ce que le service me doit."""
    contrats = contrats_lus(visite.titulaire)
    return page(
        request, visite, "accueil", "accueil", rendez_vous=prochaine(rencontres(visite.titulaire)),
        contrat=contrat_du_moment(contrats), attendus=[c for c in contrats if c.a_valider_avant is not None],
        ouverts=[c for c in contrats if c.s_ecrit or c.se_signe],
        contacts=interlocuteurs(visite.titulaire, timezone.localdate()),
        lettres=procedures_ouvertes(visite.titulaire),
        lectures=ouvertures(visite.titulaire, LECTURES_A_L_ACCUEIL), papiers=documents_de(visite.titulaire)[:3],
    )  # fmt: skip


@require_safe
@par_visite
def parcours(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Mes objectifs et leurs étapes, mes grilles, mon histoire en dates."""
    contrats = contrats_lus(visite.titulaire)
    contrat = contrat_du_moment(contrats)
    etapes = [e.public_id for c in contrats for o in c.objectifs for e in o.etapes]
    return page(
        request, visite, "parcours", "parcours", contrat=contrat, a_elle=A_ELLE,
        dites=dites_par_la_personne(etapes), grilles=grilles_lues(visite.titulaire),
        faits=histoire(visite.titulaire),
    )  # fmt: skip


@require_POST
@par_visite
def etape(request: HttpRequest, visite: Visite, etape_id: UUID) -> HttpResponse:
    """« C'est fait », ou « je me suis trompé »."""
    faite = "reprendre" not in request.POST
    try:
        tenue = dire_faite(etape_de(visite.titulaire, etape_id), visite.titulaire, faite=faite)
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        suite = (
            "Bravo ! C’est noté, votre référent le verra." if faite else "C’est repris. L’étape est de nouveau à faire."
        )
        messages.success(request, f"« {tenue.intitule} » : {suite}")
    return redirect("livret_parcours")


@require_safe
@par_visite
def rendez_vous(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ceux qui viennent, ceux qui sont passés."""
    lues = rencontres(visite.titulaire)
    return page(
        request, visite, "rendez_vous", "accueil",
        a_venir=sorted((r for r in lues if not r.passee), key=lambda r: r.quand), passees=[r for r in lues if r.passee],
    )  # fmt: skip


@require_safe
@par_visite
def contrats(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Tous mes contrats, avec leurs papiers."""
    return page(request, visite, "contrats", "contrat", contrats=contrats_lus(visite.titulaire))


@require_safe
@par_visite
def papiers(request: HttpRequest, visite: Visite) -> HttpResponse:
    return page(request, visite, "papiers", "accueil", papiers=documents_de(visite.titulaire))


@require_safe
@par_visite
def papier(request: HttpRequest, visite: Visite, document_id: UUID) -> HttpResponse:
    document = document_de(visite.titulaire, document_id)
    return fichier(lire_document(document), document.nom_fichier, document.type_mime)


@require_safe
@par_visite
def entretiens(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ce qui est écrit de mes entretiens, en entier."""
    return page(request, visite, "entretiens", "droits", notes=notes_de(visite.titulaire))


@require_http_methods(["GET", "HEAD", "POST"])
@par_visite
def demarches(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ce que j'ai fait : la liste, et de quoi en ajouter."""
    formulaire = DemarcheForm(request.POST or None)
    if request.method == "POST" and formulaire.is_valid():
        try:
            noter_demarche(visite.titulaire, acteur=None, perimetre=None, **formulaire.cleaned_data)
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "C’est noté dans votre livret.")
            return redirect("livret_demarches")
    return page(request, visite, "demarches", "profil", formulaire=formulaire, demarches=demarches_de(visite.titulaire))


@require_http_methods(["GET", "HEAD", "POST"])
@par_visite
def competences(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ce que je sais faire, mes expériences, mon mini-CV."""
    profil = competences_de(visite.titulaire)
    formulaire = CompetencesForm(request.POST or None, profil=profil)
    autre = None
    if request.method == "POST" and formulaire.is_valid():
        try:
            ecrire_profil(visite.titulaire, acteur=None, perimetre=None, **formulaire.ecriture)
        except ProfilDepasseError as refus:
            messages.error(request, str(refus))
            autre = refus.actuel
            formulaire = CompetencesForm(request.POST, profil=autre, relu=True)
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "Votre profil est enregistré.")
            return redirect("livret_competences")
    return page(
        request, visite, "competences", "profil", formulaire=formulaire, profil=profil, autre=autre,
        experiences=experiences_de(visite.titulaire),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@par_visite
def experience(request: HttpRequest, visite: Visite, experience_id: UUID | None = None) -> HttpResponse:
    """Ajouter une expérience, la changer ou l'ôter."""
    tenue = experience_de(visite.titulaire, experience_id) if experience_id is not None else None
    if request.method == "POST" and "retirer" in request.POST and tenue is not None:
        retirer_experience(visite.titulaire, tenue, acteur=None, perimetre=None)
        messages.success(request, "C’est ôté de votre profil.")
        return redirect("livret_competences")
    formulaire = ExperienceForm(request.POST or None, experience=tenue)
    if request.method == "POST" and formulaire.is_valid():
        try:
            enregistrer_experience(
                visite.titulaire, acteur=None, perimetre=None, experience=tenue, **formulaire.cleaned_data
            )
        except JalonError as refus:
            messages.error(request, str(refus))
        else:
            messages.success(request, "C’est enregistré.")
            return redirect("livret_competences")
    return page(request, visite, "experience", "profil", formulaire=formulaire, tenue=tenue)


@require_safe
@par_visite
def cv(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Le mini-CV d'une page, avec les coordonnées de la personne."""
    return fichier(mini_cv_pdf(visite.titulaire), "mon-cv.pdf")


@require_safe
@par_visite
def telecharger(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Tout le livret en un document, à garder ou à imprimer."""
    return fichier(livret_pdf(visite.titulaire), "mon-livret.pdf")


@require_safe
@par_visite
def droits(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Qui a ouvert mon dossier, ce qui est écrit de moi, comment le corriger, à qui s'adresser."""
    return page(
        request, visite, "droits", "droits", lectures=ouvertures(visite.titulaire),
        coordonnees=Coordonnees.objects.filter(personne_id=visite.titulaire.cle).first(),
        contacts=interlocuteurs(visite.titulaire, timezone.localdate()),
    )  # fmt: skip


def fichier(octets: bytes, nom: str, type_mime: str = "application/pdf") -> HttpResponse:
    reponse = HttpResponse(octets, content_type=type_mime)
    reponse["Content-Disposition"] = f'attachment; filename="{nom}"'
    return reponse

"""La séance, dossier après dossier : ce que l'on sait, ce que l'on décide, sans quitter le clavier."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, push_url

from jalon.instances.acces import acceder_dossier_seance, exiger_conduite, siege_de
from jalon.instances.auditions import noter_venue
from jalon.instances.avis import Proposition, regles_proposables, statuer_avis
from jalon.instances.examen import ajourner_dossier
from jalon.instances.models import (
    DeportMembre,
    DossierSeance,
    EtatDossierSeance,
    MembreInstance,
    NatureInstance,
    Seance,
)
from jalon.instances.ordre_du_jour import annuler_retrait, noter_dossier, retirer_membre
from jalon.instances.orientation import Deliberation, maintenir_orientation, statuer
from jalon.instances.papiers import lire_papier
from jalon.socle.errors import JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.orientations.actes import tenter
from jalon.web.seances.contenu import lire_salle
from jalon.web.seances.contenu_avis import lire_salle_avis, piece_de_seance
from jalon.web.seances.forms import AvisForm, DecisionForm, premiere_erreur

CHAMPS = (
    "type", "organisme", "motif", "parcours", "referent", "correspondant", "precision", "avis", "motif_ecart",
    "motif_depassement", "motif_ajournement", "motif_maintien",
)  # fmt: skip


CHAMPS_AVIS = (
    "sens", "vote", "texte", "regle", "taux", "duree", "voix_pour", "voix_contre", "motif_ajournement"
)  # fmt: skip


@require_GET
def dossier(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le dossier ouvert en séance ; l'ouvrir est une lecture, notée comme telle."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=trouve.personne.public_id, ecran="séance",
    )  # fmt: skip
    return _salle(request, trouve)


def _salle(
    request: HttpRequest, trouve: DossierSeance, *, saisie: dict[str, str] | None = None, refus: str = ""
) -> HttpResponse:
    lire = lire_salle_avis if trouve.nature == NatureInstance.AVIS else lire_salle
    contexte: dict[str, Any] = {"salle": lire(request.perimetre, trouve, saisie), "refus": refus}
    # htmx n'échange que ce qui réussit : un refus lui revient comme une page ordinaire, avec sa phrase.
    statut = 422 if refus and not request.htmx else 200
    reponse = render(request, "seances/salle.html", contexte, status=statut)
    reponse["Cache-Control"] = "no-store"
    return push_url(reponse, False) if refus and request.htmx else reponse


@require_POST
def decider(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Retient un choix, maintient ou ajourne, puis passe au dossier suivant."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    exiger_conduite(request.perimetre, trouve.seance)
    rend_un_avis = trouve.nature == NatureInstance.AVIS
    actes = {"ajourner": _ajourner} if rend_un_avis else {"ajourner": _ajourner, "maintenir": _maintenir}
    try:
        actes.get(request.POST.get("acte", ""), _statuer_avis if rend_un_avis else _statuer)(request, trouve)
    except JalonError as refus:
        saisie = {champ: request.POST.get(champ, "") for champ in (CHAMPS_AVIS if rend_un_avis else CHAMPS)}
        return _salle(request, trouve, saisie=saisie, refus=str(refus))
    return _mener(request, _suivant(request, trouve))


def _statuer(request: HttpRequest, trouve: DossierSeance) -> None:
    formulaire = DecisionForm(request.POST)
    if not formulaire.is_valid():
        raise JalonError(premiere_erreur(formulaire))
    lu = formulaire.cleaned_data
    statuer(
        trouve, acteur=request.user, perimetre=request.perimetre, choix=formulaire.choix,
        deliberation=Deliberation(lu["avis"], lu["motif_ecart"], lu["motif_depassement"]),
    )  # fmt: skip


def _statuer_avis(request: HttpRequest, trouve: DossierSeance) -> None:
    formulaire = AvisForm(request.POST)
    if not formulaire.is_valid():
        raise JalonError(premiere_erreur(formulaire))
    lu = formulaire.cleaned_data
    code, manquement = lu["regle"], trouve.avis_rendu.manquement
    regle = None
    if code:
        possibles = regles_proposables(trouve, manquement) if manquement is not None else []
        regle = next((r for r in possibles if r.code == code), None)
        if regle is None:
            raise JalonError("Cette sanction n’est pas de celles que la grille permet pour ce dossier.")
    statuer_avis(
        trouve, acteur=request.user, perimetre=request.perimetre,
        proposition=Proposition(
            sens=lu["sens"], vote=lu["vote"], texte=lu["texte"], regle=regle, taux=lu["taux"], duree=lu["duree"],
            voix_pour=lu["voix_pour"], voix_contre=lu["voix_contre"],
        ),
    )  # fmt: skip


@require_POST
def audition(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note que la personne a été entendue, et qui l'assistait."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    exiger_conduite(request.perimetre, trouve.seance)

    def acte() -> str:
        noter_venue(
            trouve, acteur=request.user, perimetre=request.perimetre,
            assistee_par=request.POST.get("assistee_par", ""),
        )  # fmt: skip
        return "L’audition est notée ; le procès-verbal le dira."

    tenter(request, acte)
    return redirect("seance_dossier", public_id=public_id)


@require_GET
def piece(request: HttpRequest, public_id: UUID, piece_id: UUID) -> HttpResponse:
    """Une pièce du dossier, à qui le lit, tant qu'il le lit ; l'ouvrir est une lecture."""
    trouve, document = piece_de_seance(request.perimetre, public_id, piece_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=trouve.personne.public_id, ecran="pièce de séance",
    )  # fmt: skip
    _, octets = lire_papier(document.public_id)
    reponse = HttpResponse(octets, content_type=document.type_mime)
    reponse["Content-Disposition"] = f'inline; filename="{document.nom_fichier}"'
    reponse["Cache-Control"] = "no-store"
    reponse["X-Content-Type-Options"] = "nosniff"
    return reponse


def _maintenir(request: HttpRequest, trouve: DossierSeance) -> None:
    maintenir_orientation(
        trouve, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif_maintien", ""),
        avis=request.POST.get("avis", ""),
    )  # fmt: skip


def _ajourner(request: HttpRequest, trouve: DossierSeance) -> None:
    ajourner_dossier(
        trouve, acteur=request.user, perimetre=request.perimetre, motif=request.POST.get("motif_ajournement", "")
    )


def _mener(request: HttpRequest, adresse: str) -> HttpResponse:
    """Mène à une page ; hors de la salle, htmx doit la charger en entier."""
    if request.htmx and not adresse.startswith(reverse("seances") + "dossiers/"):
        return HttpResponseClientRedirect(adresse)
    return redirect(adresse)


def _suivant(request: HttpRequest, trouve: DossierSeance) -> str:
    """Le dossier à examiner d'après, sinon le premier qui reste, sinon la relecture avant clôture."""
    inscrits = trouve.seance.dossiers.filter(etat=EtatDossierSeance.INSCRIT).order_by("rang", "pk")
    reste = inscrits.exclude(Exists(DeportMembre.objects.filter(dossier=OuterRef("pk"), membre__agent=request.user)))
    suivant = reste.filter(rang__gt=trouve.rang).first() or reste.first()
    if suivant is not None:
        return reverse("seance_dossier", args=[suivant.public_id])
    if inscrits.exists():
        messages.warning(
            request, "Il reste les dossiers que vous ne lisez pas : quelqu’un d’autre doit en noter la décision."
        )
        return reverse("seance", args=[trouve.seance.public_id])
    messages.success(request, "Tous les dossiers sont examinés : relisez, puis closez la séance.")
    droit = request.perimetre.peut("seances.presider")
    return reverse("seance_clore" if droit else "seance", args=[trouve.seance.public_id])


@require_POST
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note ou opinion d'un membre, en un geste."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)

    def acte() -> str:
        posee = noter_dossier(
            trouve, acteur=request.user, perimetre=request.perimetre, opinion=request.POST.get("opinion", ""),
            texte=request.POST.get("texte", ""),
        )  # fmt: skip
        return "Votre note est gardée : les seuls membres la lisent." if posee else "Votre note est effacée."

    tenter(request, acte)
    return redirect("seance_dossier", public_id=public_id)


@require_POST
def retrait(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Un membre se retire d'un dossier ; s'il s'agit de soi, le dossier se referme."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    seance = trouve.seance
    soi = siege_de(request.perimetre, seance.instance)
    membre = _membre_nomme(request, seance)

    def acte() -> str:
        if membre is None:
            raise JalonError("Choisissez le membre qui se retire.")
        retirer_membre(
            trouve, acteur=request.user, perimetre=request.perimetre, membre=membre, motif=request.POST.get("motif", "")
        )
        return f"{membre.nom} s’est retiré de ce dossier ; le procès-verbal le dira."

    if tenter(request, acte) and membre is not None and soi is not None and membre.pk == soi.pk:
        return _mener(request, reverse("seance", args=[seance.public_id]))
    return redirect("seance_dossier", public_id=public_id)


def _membre_nomme(request: HttpRequest, seance: Seance) -> MembreInstance | None:
    cle = request.POST.get("membre", "")
    return (
        MembreInstance.objects.filter(instance=seance.instance, public_id__in=[cle] if len(cle) == 36 else [])
        .select_related("agent", "qualite")
        .first()
    )  # fmt: skip


@require_POST
def annuler_le_retrait(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Défait un retrait noté par erreur."""
    trouve = acceder_dossier_seance(request.perimetre, public_id)
    exiger_conduite(request.perimetre, trouve.seance)

    def acte() -> str:
        membre = _membre_nomme(request, trouve.seance)
        if membre is None:
            raise JalonError("Choisissez le membre dont le retrait est une erreur.")
        annuler_retrait(
            trouve, acteur=request.user, perimetre=request.perimetre, membre=membre, motif=request.POST.get("motif", "")
        )
        return f"{membre.nom} siège de nouveau sur ce dossier."

    tenter(request, acte)
    return redirect("seance_dossier", public_id=public_id)

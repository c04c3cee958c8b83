"""Les textes des courriers : les lire, les changer avec un aperçu, revenir à un ancien."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.documents.composition import exemple
from jalon.documents.models import ModeleCourrier, VersionModele
from jalon.documents.services import (
    TexteRefuseError,
    VersionDepasseeError,
    fautes_du_texte,
    publier_version,
    restaurer_version,
)
from jalon.referentiels.profil.courriers import CHAMPS, Presence, UsageCourrier
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.web.courriers.forms import TexteForm
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige

DROIT = "courriers.gerer"
SANS_OBJET = (UsageCourrier.ENTETE, UsageCourrier.SIGNATURE, UsageCourrier.MENTION)
"""Morceaux de lettres : ils n'ont pas d'objet à eux."""


@require_safe
@exige(DROIT)
def courriers(request: HttpRequest) -> HttpResponse:
    """Tous les textes, avec leur dernière version."""
    modeles = ModeleCourrier.objects.annotate(dernier=Max("versions__numero")).order_by("libelle", "pk")
    dernieres = VersionModele.objects.order_by("modele_id", "-numero").distinct("modele_id").select_related("auteur")
    par_modele = {version.modele_id: version for version in dernieres}
    lignes = [{"modele": modele, "version": par_modele[modele.pk]} for modele in modeles if modele.pk in par_modele]
    return render(request, "courriers/courriers.html", {"lignes": lignes})


@require_http_methods(["GET", "POST"])
@exige(DROIT)
def modifier(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change un texte : l'aperçu d'abord, la publication ensuite. Ce qui est écrit n'est jamais perdu."""
    modele = _acceder(public_id)
    derniere = _derniere(modele)
    if request.method == "GET":
        depart = {"objet": derniere.objet, "corps": derniere.corps, "numero": derniere.numero}
        return _page(request, modele, derniere, TexteForm(initial=depart), apercu=_apercu_html(derniere))
    form = TexteForm(request.POST)
    if not form.is_valid():
        return _page(request, modele, derniere, form, statut=422)
    saisi = form.cleaned_data
    if request.POST.get("action") == "apercu":
        fautes = fautes_du_texte(modele.usage, saisi["objet"], saisi["corps"])
        apercu = [] if fautes else _apercu_html(_brouillon(modele, derniere, form))
        return _page(request, modele, derniere, form, fautes=fautes, apercu=apercu, statut=422 if fautes else 200)
    try:
        version = publier_version(
            modele, acteur=request.user, perimetre=request.perimetre, objet=saisi["objet"], corps=saisi["corps"],
            numero_lu=saisi["numero"], note=saisi["note"],
        )  # fmt: skip
    except VersionDepasseeError as refus:
        # Le numéro lu devient celui du collègue : publier à nouveau, texte sous les yeux, est alors un choix.
        envoye = request.POST.copy()
        envoye["numero"] = str(refus.derniere.numero)
        messages.warning(request, str(refus))
        return _page(request, modele, refus.derniere, TexteForm(envoye), concurrente=refus.derniere, statut=409)
    except TexteRefuseError as refus:
        return _page(request, modele, derniere, form, fautes=refus.fautes, statut=422)
    except TransitionRefuseeError as refus:
        messages.warning(request, str(refus))
        return _page(request, modele, derniere, form, statut=422)
    messages.success(
        request, f"Le texte n° {version.numero} est publié : les prochaines lettres l’emploieront. "
        "Celles qui sont déjà produites gardent le leur.",
    )  # fmt: skip
    return redirect("courrier_modifier", modele.public_id)


@require_POST
@exige(DROIT)
def apercu(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le PDF du texte en cours d'écriture, pour une personne inventée ; rien n'est gardé."""
    modele = _acceder(public_id)
    derniere = _derniere(modele)
    form = TexteForm(request.POST)
    if not form.is_valid():
        return _page(request, modele, derniere, form, statut=422)
    fautes = fautes_du_texte(modele.usage, form.cleaned_data["objet"], form.cleaned_data["corps"])
    if fautes:
        return _page(request, modele, derniere, form, fautes=fautes, statut=422)
    composeur, lettre = exemple(_brouillon(modele, derniere, form), timezone.localdate())
    reponse = HttpResponse(composeur.rendre(lettre), content_type="application/pdf")
    reponse["Content-Disposition"] = f'inline; filename="apercu-{modele.code}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_POST
@exige(DROIT)
def restaurer(request: HttpRequest, public_id: UUID, numero: int) -> HttpResponse:
    """Publie à nouveau un ancien texte, en une version de plus."""
    modele = _acceder(public_id)
    version = modele.versions.select_related("modele").filter(numero=numero).first()
    if version is None:
        raise HorsPerimetreError("Ce texte n'existe pas : partez de l'historique du courrier.")
    lu = request.POST.get("numero", "")

    def acte() -> str:
        nouvelle = restaurer_version(
            version,
            acteur=request.user,
            perimetre=request.perimetre,
            numero_lu=int(lu) if lu.isdigit() else 0,
        )
        return f"Le texte n° {numero} est de nouveau celui des lettres, sous le n° {nouvelle.numero}."

    tenter(request, acte)
    return redirect("courrier_modifier", modele.public_id)


def _acceder(public_id: UUID) -> ModeleCourrier:
    modele = ModeleCourrier.objects.filter(public_id=public_id).first()
    if modele is None:
        raise HorsPerimetreError("Ce courrier n'existe pas : partez de la liste des courriers.")
    return modele


def _derniere(modele: ModeleCourrier) -> VersionModele:
    derniere = modele.versions.select_related("auteur", "modele").order_by("-numero").first()
    if derniere is None:
        raise HorsPerimetreError("Ce courrier n'a pas encore de texte : relancez « jalon init ».")
    return derniere


def _brouillon(modele: ModeleCourrier, derniere: VersionModele, form: TexteForm) -> VersionModele:
    """Le texte saisi, comme s'il était publié ; il n'est pas enregistré."""
    return VersionModele(
        modele=modele, numero=derniere.numero + 1, objet=form.cleaned_data["objet"], corps=form.cleaned_data["corps"]
    )


def _apercu_html(version: VersionModele) -> list[dict[str, Any]]:
    """Objet et blocs de la lettre d'une personne inventée ; vide si le texte ne se compose pas."""
    try:
        _, lettre = exemple(version, timezone.localdate())
    except JalonError:
        return []
    return [{"genre": "objet", "texte": lettre.objet}, *lettre.charge["blocs"]]


def _page(
    request: HttpRequest,
    modele: ModeleCourrier,
    derniere: VersionModele,
    form: TexteForm,
    *,
    fautes: Any = (),
    apercu: Any = (),
    concurrente: VersionModele | None = None,
    statut: int = 200,
) -> HttpResponse:
    champs = CHAMPS[UsageCourrier(modele.usage)]
    contexte = {
        "modele": modele,
        "derniere": derniere,
        "form": form,
        "fautes": fautes,
        "apercu": apercu,
        "avec_objet": modele.usage not in SANS_OBJET,
        "concurrente": concurrente,
        "requis": [champ for champ in champs if champ.presence is Presence.REQUIS],
        "libres": [champ for champ in champs if champ.presence is Presence.LIBRE],
        "facultatifs": [champ for champ in champs if champ.presence is Presence.FACULTATIF],
        "versions": modele.versions.select_related("auteur").order_by("-numero"),
    }
    return render(request, "courriers/courrier.html", contexte, status=statut)

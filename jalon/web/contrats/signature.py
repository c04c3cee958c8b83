"""Signer un contrat devant l'agent : à l'écran, ou en joignant la page signée à la main."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat, ModeSignature, Signataire
from jalon.contrats.models import Contrat
from jalon.contrats.papier import Papeterie, pour_papier
from jalon.contrats.signatures import signer, signer_sur_papier
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.contrats.circuit import erreurs
from jalon.web.contrats.circuit_forms import PapierForm, SignatureForm
from jalon.web.contrats.redaction import ouvrir, page
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import nom_affiche

A_SIGNER = {EtatContrat.A_SIGNER: Signataire.PERSONNE, EtatContrat.SIGNE_PERSONNE: Signataire.REFERENT}


@require_http_methods(["GET", "HEAD", "POST"])
@exige("contrat.rediger")
def ecran(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Le texte à relire ensemble, puis la signature de celui dont c'est le tour."""
    ouvert = ouvrir(request, contrat, droit="contrat.rediger", ecran="signature d’un contrat")
    qui = A_SIGNER.get(EtatContrat(ouvert.etat))
    if qui is None:
        messages.warning(request, "Ce contrat n’attend plus de signature : voyez où il en est.")
        return redirect("contrat", contrat=contrat)
    referent = qui == Signataire.REFERENT
    if request.method != "POST":
        return _page(request, ouvert, qui, SignatureForm(referent=referent, initial=_connu(request, ouvert, qui)))
    form = SignatureForm(request.POST, referent=referent)
    perimetre: Perimetre = request.perimetre
    try:
        if not form.is_valid():
            raise JalonError(erreurs(form))
        signer(
            ouvert, signataire=qui, mode=ModeSignature.ECRAN, nom=form.nom_complet, le=timezone.localdate(),
            acteur=request.user, perimetre=perimetre, trace=form.cleaned_data["trace"],
        )  # fmt: skip
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return _page(request, ouvert, qui, form, status=409)
    if referent:
        messages.success(request, "Le contrat est signé par les deux. Le service peut le recevoir.")
        return redirect("contrat", contrat=contrat)
    messages.success(request, "La signature de la personne est gardée. C’est au référent de signer.")
    return redirect("contrat_signer", contrat=contrat)


@require_POST
@exige("contrat.rediger")
def papier(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Joint la page signée à la main ; son contenu dit ce qu'elle est, pas son nom."""
    ouvert = ouvrir(request, contrat, droit="contrat.rediger", ecran="signature d’un contrat")
    form = PapierForm(ouvert, request.POST, request.FILES)
    perimetre: Perimetre = request.perimetre
    try:
        if not form.is_valid():
            raise JalonError(erreurs(form))
        donnees = form.cleaned_data
        signe = signer_sur_papier(
            ouvert, acteur=request.user, perimetre=perimetre, papier=donnees["papier"].read(),
            nom=donnees.get("nom", ""), le_personne=donnees.get("le_personne") or timezone.localdate(),
            le_referent=donnees["le_referent"],
        )  # fmt: skip
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        qui = A_SIGNER.get(EtatContrat(ouvert.etat))
        if qui is None:
            return redirect("contrat", contrat=contrat)
        vierge = SignatureForm(referent=qui == Signataire.REFERENT, initial=_connu(request, ouvert, qui))
        return _page(request, ouvert, qui, vierge, papier_form=form, status=409)
    messages.success(request, "La page signée est jointe au contrat.")
    return redirect("contrat" if signe.etat == EtatContrat.SIGNE else "contrat_signer", contrat=contrat)


def _connu(request: HttpRequest, contrat: Contrat, qui: Signataire) -> dict[str, str]:
    return {"nom": str(request.user) if qui == Signataire.REFERENT else nom_affiche(contrat.personne)}


def _page(
    request: HttpRequest,
    contrat: Contrat,
    qui: Signataire,
    form: SignatureForm,
    *,
    papier_form: PapierForm | None = None,
    status: int = 200,
) -> HttpResponse:
    jour = timezone.localdate()
    contexte = {
        "contrat": contrat,
        "personne": contrat.personne,
        "qui": qui,
        "referent": qui == Signataire.REFERENT,
        "est_le_referent": contrat.referent_id is None or contrat.referent_id == request.user.pk,
        "feuille": lire(contrat),
        "form": form,
        "papier": papier_form or PapierForm(contrat, initial={"nom": nom_affiche(contrat.personne), "le_personne": jour}),
        "signatures": list(contrat.signatures.filter(sans_effet_le=None).order_by("pk")),
        "jour": jour,
    }  # fmt: skip
    return page(request, "circuit/signer", contexte, status=status)


def lire(contrat: Contrat) -> dict[str, object]:
    """Le contrat tel que le dit son texte arrêté, pour l'écran."""
    complet = pour_papier(Contrat.objects.filter(pk=contrat.pk)).get()
    debut = contrat.debut or timezone.localdate()
    duree = contrat.duree or contrat.type.duree_habituelle
    return Papeterie(contrat.propose_le or timezone.localdate()).feuille(complet, debut=debut, duree=duree).charge

"""Signer son contrat à distance : la personne relit, demande un code, écrit son nom (F048).

Par son lien ou dans son livret, toujours avec un code : le texte arrêté se lit en entier pour être relu, sans rien
ouvrir d'autre du dossier.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.contrats.enums import EtatContrat, ModeSignature, Signataire
from jalon.contrats.models import Contrat
from jalon.contrats.signatures import signer
from jalon.documents.services import lire_document
from jalon.personnes.codes import UsageCode, envoyer_code
from jalon.personnes.fusion import effets_complets
from jalon.socle.errors import JalonError
from jalon.web.contrats.circuit import erreurs
from jalon.web.contrats.circuit_forms import SignatureForm
from jalon.web.contrats.signature import lire
from jalon.web.lien.contrat import Visite


class SignatureDistanceForm(SignatureForm):
    """Le nom, le code reçu, et le tracé si la personne le veut."""

    code = forms.CharField(
        label="Le code reçu", max_length=12, help_text="Six chiffres, par SMS ou par courriel.",
        widget=forms.TextInput(
            attrs={"class": "form-control", "inputmode": "numeric", "autocomplete": "one-time-code",
                   "aria-describedby": "id_code_helptext"}
        ),
        error_messages={"required": "Écrivez le code que vous avez reçu."},
    )  # fmt: skip

    def __init__(self, *args: Any, **champs: Any) -> None:
        super().__init__(*args, **champs)
        self.fields["nom"].label = "Votre prénom et votre nom"
        self.fields["qualite"].label = "Si vous signez pour quelqu'un : à quel titre"


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Relire, puis signer avec son code. Une signature donnée le reste : la page le dit."""
    contrat = visite.contrat
    if contrat.etat != EtatContrat.A_SIGNER:
        signee = contrat.signatures.filter(signataire=Signataire.PERSONNE, sans_effet_le=None).order_by("pk").first()
        return render(request, visite.gabarits.signer, {"signee": signee, **_commun(visite)})
    if request.method != "POST":
        return _a_signer(request, visite, SignatureDistanceForm())
    form = SignatureDistanceForm(request.POST)
    try:
        if not form.is_valid():
            raise JalonError(erreurs(form))
        signer(
            contrat, signataire=Signataire.PERSONNE, mode=ModeSignature.DISTANCE, nom=form.nom_complet,
            le=timezone.localdate(), trace=form.cleaned_data["trace"], code=form.cleaned_data["code"],
        )  # fmt: skip
    except JalonError as refus:
        messages.error(request, str(refus))
        return _a_signer(request, visite, form, statut=409)
    messages.success(request, "Votre signature est gardée. Votre référent va signer à son tour.")
    return redirect(visite.adresses.signer)


@require_POST
def code(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Envoie un code à la personne, par le moyen qu'elle a accepté."""
    try:
        if visite.contrat.etat != EtatContrat.A_SIGNER:
            raise JalonError("Ce contrat n’attend plus votre signature.")
        envoyer_code(visite.contrat.personne_id, usage=UsageCode.SIGNATURE, objet=visite.contrat.public_id)
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, "Votre code part. Il arrive en quelques instants.")
    return redirect(visite.adresses.signer)


@require_safe
def texte(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Le texte exact, à garder."""
    with effets_complets():
        document = Contrat.objects.select_related("document").get(pk=visite.contrat.pk).document
        octets = lire_document(document) if document is not None else b""
    if document is None:
        messages.warning(request, "Votre contrat n’a pas encore de texte à signer.")
        return redirect(visite.adresses.ecrire)
    reponse = HttpResponse(octets, content_type="application/pdf")
    reponse["Content-Disposition"] = 'inline; filename="contrat.pdf"'
    return reponse


def _commun(visite: Visite) -> dict[str, Any]:
    return {**visite.contexte, "a_un_texte": visite.contrat.document_id is not None}


def _a_signer(request: HttpRequest, visite: Visite, form: SignatureDistanceForm, *, statut: int = 200) -> HttpResponse:
    with effets_complets():
        feuille = lire(visite.contrat)
    contexte = {"form": form, "feuille": feuille, "signee": None, **_commun(visite)}
    return render(request, visite.gabarits.signer, contexte, status=statut)

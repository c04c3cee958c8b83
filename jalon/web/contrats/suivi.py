"""Le suivi sur la page d'un contrat : bilan dû, plan, offres, renouvellement et fin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from jalon.agents.perimetre import Perimetre
from jalon.contrats import offres, renouvellements
from jalon.contrats.bilans import bilan_attendu
from jalon.contrats.circuit import actes_permis
from jalon.contrats.echeances import Delais, alerte, ecarts_entre_contrats
from jalon.contrats.enums import EtatContrat, EtatObjectif
from jalon.contrats.models import Contrat, Etape
from jalon.contrats.services import acceder_contrat, types_proposes
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige

MES_ACTES = frozenset({"faire_bilan", "renouveler", "terminer", "rompre"})
"""Actes du circuit dont les boutons sont dans ce bloc."""


def contexte_suivi(contrat: Contrat, perimetre: Perimetre) -> dict[str, Any]:
    """Ce que le bloc `_suivi.html` montre."""
    jour = timezone.localdate()
    attendu = bilan_attendu(contrat)
    bilans = list(contrat.bilans.select_related("auteur", "document").order_by("date", "pk"))
    actes = {code: t for code, t in actes_permis(contrat, perimetre).items() if code in MES_ACTES}
    peut_ecrire = perimetre.peut("contrat.rediger")
    en_vigueur = contrat.etat == EtatContrat.EN_VIGUEUR
    etats = list(contrat.objectifs.exclude(etat=EtatObjectif.ABANDONNE).order_by("pk").values_list("etat", flat=True))
    etapes = list(
        Etape.objects.filter(objectif__contrat=contrat)
        .exclude(etat=EtatObjectif.ABANDONNE)
        .order_by("pk")
        .values_list("etat", flat=True)
    )
    ecart = next((e for e in ecarts_entre_contrats(contrat.personne) if e.apres.pk == contrat.pk), None)
    suivant = renouvellements.suivant_de(contrat)
    return {
        "contrat": contrat,
        "jour": jour,
        "vivant": contrat.etat in EtatContrat.vivants(),
        "alerte": str(alerte(contrat, jour)),
        "terme": contrat.periode.upper if contrat.periode is not None and not contrat.periode.isempty else None,
        "bilans": bilans,
        "bilan_ouvert": next((b for b in bilans if b.clos_le is None), None),
        "attendu": attendu,
        "retard": attendu.retard(jour) if attendu is not None else 0,
        "bientot": attendu is not None and 0 <= (attendu.le - jour).days <= Delais.au(jour).premiere,
        "etape_possible": en_vigueur and peut_ecrire,
        "final_possible": "faire_bilan" in actes,
        "actes": actes,
        "suivant": suivant,
        "renouvelable": renouvellements.renouvelable(contrat) if "renouveler" in actes else False,
        "types": types_proposes(contrat.personne, jour) if "renouveler" in actes and suivant is None else [],
        "ecart": ecart,
        "objectifs_atteints": sum(e == EtatObjectif.ATTEINT for e in etats),
        "objectifs": len(etats),
        "etapes_faites": sum(e == EtatObjectif.ATTEINT for e in etapes),
        "etapes": len(etapes),
        "peut_ecrire": peut_ecrire,
        "offres": list(contrat.offres.order_by("-proposee_le", "-pk")) if contrat.type.offres_raisonnables else [],
        "comptes": offres.comptes(contrat, jour) if contrat.type.offres_raisonnables else None,
    }


# --- Formulaires : ce qu'un agent écrit dans le bloc


class FinForm(forms.Form):
    le = forms.DateField(error_messages={"required": "Donnez la date.", "invalid": "Cette date ne se lit pas."})
    motif = forms.CharField(max_length=300, required=False)


class OffreForm(forms.Form):
    proposee_le = forms.DateField(
        error_messages={"required": "Donnez le jour de l’offre.", "invalid": "Cette date ne se lit pas."}
    )
    poste = forms.CharField(max_length=200, error_messages={"required": "Écrivez le poste proposé."})
    employeur = forms.CharField(max_length=200, required=False)
    lieu = forms.CharField(max_length=120, required=False)


class ReponseForm(forms.Form):
    reponse = forms.ChoiceField(
        choices=(("acceptee", "Acceptée"), ("refusee", "Refusée"), ("legitime", "Refus légitime")),
        error_messages={"required": "Dites si l’offre est acceptée ou refusée."},
    )
    reponse_le = forms.DateField(
        error_messages={"required": "Donnez le jour de la réponse.", "invalid": "Cette date ne se lit pas."}
    )
    motif_refus = forms.CharField(max_length=300, required=False)


def _lu(request: HttpRequest, formulaire: forms.Form) -> bool:
    """Le formulaire se lit ; sinon chaque faute devient un message."""
    if formulaire.is_valid():
        return True
    for fautes in formulaire.errors.values():
        for faute in fautes:
            messages.error(request, str(faute))
    return False


def _vers_le_contrat(contrat: Contrat, ancre: str = "suivi") -> HttpResponse:
    return redirect(f"{reverse('contrat', args=[contrat.public_id])}#{ancre}")


# --- Actes


@exige("contrat.rediger")
@require_POST
def renouveler(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Ouvre le brouillon du contrat suivant, et y mène."""
    lu = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    choisi = next((t for t in types_proposes(lu.personne) if t.code == request.POST.get("type")), None)
    ouvert: list[Contrat] = []

    def acte() -> str:
        ouvert.append(
            renouvellements.renouveler_contrat(lu, acteur=request.user, perimetre=request.perimetre, type=choisi)
        )
        return (
            "Le contrat suivant est ouvert, avec ce qui était écrit et les objectifs encore ouverts. Relisez-le avec la "
            "personne : l’ancien reste en vigueur jusqu’à sa validation."
        )

    if not tenter(request, acte):
        return _vers_le_contrat(lu)
    return redirect("contrat", contrat=ouvert[0].public_id)


@exige("contrat.rediger")
@require_POST
def reconduction(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Dit qu'un contrat ne se renouvellera pas de lui-même, ou revient sur ce choix."""
    lu = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    qui = {"acteur": request.user, "perimetre": request.perimetre}

    def acte() -> str:
        if "retablir" in request.POST:
            renouvellements.retablir_reconduction(lu, **qui)
            return "C’est noté : ce contrat se renouvellera à son terme."
        renouvellements.refuser_reconduction(lu, motif=request.POST.get("motif", ""), **qui)
        return "C’est noté : ce contrat s’arrêtera à son terme. Vous pouvez encore changer d’avis d’ici là."

    tenter(request, acte)
    return _vers_le_contrat(lu)


@exige("contrats.consulter")
@require_POST
def terminer(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Termine le contrat. Le droit est celui que dit le circuit du profil."""
    lu = acceder_contrat(request.perimetre, contrat)
    return _finir(request, lu, renouvellements.terminer_contrat, "Le contrat est terminé.")


@exige("contrats.consulter")
@require_POST
def rompre(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Constate la rupture. Le droit est celui que dit le circuit du profil."""
    lu = acceder_contrat(request.perimetre, contrat)
    return _finir(
        request,
        lu,
        renouvellements.rompre_contrat,
        "La rupture est notée, avec son motif. Elle n’emporte aucune sanction.",
    )


def _finir(request: HttpRequest, contrat: Contrat, fin: Any, dit: str) -> HttpResponse:
    formulaire = FinForm(request.POST)
    if _lu(request, formulaire):

        def acte() -> str:
            fin(contrat, acteur=request.user, perimetre=request.perimetre, **formulaire.cleaned_data)
            return dit

        tenter(request, acte)
    return _vers_le_contrat(contrat)


@exige("contrat.rediger")
@require_POST
def offre_noter(request: HttpRequest, contrat: UUID) -> HttpResponse:
    lu = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    formulaire = OffreForm(request.POST)
    if _lu(request, formulaire):

        def acte() -> str:
            offres.noter_offre(lu, acteur=request.user, perimetre=request.perimetre, **formulaire.cleaned_data)
            return "L’offre est notée. Notez la réponse de la personne quand elle la donne."

        tenter(request, acte)
    return _vers_le_contrat(lu, "offres")


@exige("contrat.rediger")
@require_POST
def offre_repondre(request: HttpRequest, offre: UUID) -> HttpResponse:
    """Note la réponse ; au nombre de refus que fixe la loi, dit ce qu'elle permet et rien de plus."""
    lue = offres.acceder_offre(request.perimetre, offre)
    formulaire = ReponseForm(request.POST)
    if _lu(request, formulaire):
        reponse = formulaire.cleaned_data["reponse"]

        def acte() -> str:
            offres.noter_reponse(
                lue, acteur=request.user, perimetre=request.perimetre, acceptee=reponse == "acceptee",
                legitime=reponse == "legitime", reponse_le=formulaire.cleaned_data["reponse_le"],
                motif_refus=formulaire.cleaned_data["motif_refus"],
            )  # fmt: skip
            return "La réponse est notée."

        if tenter(request, acte) and reponse == "refusee":
            dit = offres.comptes(lue.contrat).avertissement
            if dit:
                messages.warning(request, dit)
    return _vers_le_contrat(lue.contrat, "offres")

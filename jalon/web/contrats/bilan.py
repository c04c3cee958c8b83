"""Écrire et relire le bilan d'un contrat : une page, gardée pendant la frappe (R53, F050)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from jalon.contrats import bilans, objectifs
from jalon.contrats.enums import EtatObjectif, SuiteBilan
from jalon.contrats.models import BilanContrat, Etape, Objectif
from jalon.contrats.services import acceder_contrat
from jalon.diagnostics.selectors import grille_principale
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.contrats.redaction import page
from jalon.web.diagnostics.courbes import courbes
from jalon.web.orientations.actes import tenter
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_heure

ETATS = EtatObjectif.choices


class BilanForm(forms.Form):
    """Toutes les cases sont facultatives : un bilan à moitié écrit se garde."""

    date = forms.DateField(
        label="Fait avec la personne le", required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={"invalid": "Cette date ne se lit pas."},
    )  # fmt: skip
    dit_par_la_personne = forms.CharField(
        label="Ce qu’en dit la personne", required=False, max_length=5_000, help_text="Avec ses mots, sans les corriger.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
    )  # fmt: skip
    avance = forms.CharField(
        label="Ce qui a avancé", required=False, max_length=5_000, help_text="Des faits, petits et grands.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
    )  # fmt: skip
    reste = forms.CharField(
        label="Ce qui reste difficile", required=False, max_length=5_000,
        help_text="Ce qui dépend de la personne, et ce qui n’en dépend pas. Jamais un diagnostic de santé.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
    )  # fmt: skip
    suite = forms.ChoiceField(
        label="La suite", required=False, choices=SuiteBilan.choices, widget=forms.RadioSelect,
    )  # fmt: skip
    sans_grille = forms.CharField(
        label="Si aucune grille n’a été remplie, pourquoi", required=False, max_length=300,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )  # fmt: skip
    numero = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    @property
    def valeurs(self) -> dict[str, Any]:
        """Les cases lisibles ; une date vide garde celle qui était écrite."""
        lues = {case: valeur for case, valeur in self.cleaned_data.items() if case in bilans.CASES}
        if lues.get("date") is None:
            lues.pop("date", None)
        return lues


def _ouvrir(request: HttpRequest, public_id: UUID, *, droit: str) -> BilanContrat:
    lu = bilans.acceder_bilan(request.perimetre, public_id, droit=droit)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=lu.contrat.personne.public_id, ecran="bilan d’un contrat",
    )  # fmt: skip
    return lu


@exige("contrat.rediger")
@require_POST
def ouvrir(request: HttpRequest, contrat: UUID) -> HttpResponse:
    """Commence un bilan, ou reprend celui qui est en cours."""
    lu = acceder_contrat(request.perimetre, contrat, droit="contrat.rediger")
    commence: list[BilanContrat] = []

    def acte() -> str:
        commence.append(
            bilans.ouvrir_bilan(
                lu, acteur=request.user, perimetre=request.perimetre, nature=request.POST.get("nature", "")
            )
        )
        return "Le bilan est ouvert : il se garde à mesure que vous l’écrivez."

    if not tenter(request, acte):
        return redirect(f"{reverse('contrat', args=[lu.public_id])}#suivi")
    return redirect("bilan", bilan=commence[0].public_id)


@exige("contrats.consulter")
@require_http_methods(["GET", "HEAD", "POST"])
def bilan(request: HttpRequest, bilan: UUID) -> HttpResponse:
    """Le bilan : à écrire tant qu'il est ouvert, à relire ensuite."""
    lu = _ouvrir(request, bilan, droit="contrats.consulter")
    if request.method == "POST":
        request.perimetre.exiger("contrat.rediger")
        return _envoyer(request, lu)
    formulaire = BilanForm(initial=_initial(lu))
    return _page(request, lu, formulaire)


def _initial(lu: BilanContrat) -> dict[str, Any]:
    return {case: getattr(lu, case) for case in (*bilans.CASES, "numero")}


def _envoyer(request: HttpRequest, lu: BilanContrat) -> HttpResponse:
    formulaire = BilanForm(request.POST)
    qui = {"acteur": request.user, "perimetre": request.perimetre}
    lisible = formulaire.is_valid()
    if "numero" not in formulaire.cleaned_data:
        messages.error(request, "Rechargez la page : elle n’est plus à jour. Votre texte est encore dans cette page.")
        return _page(request, lu, formulaire, status=409)
    try:
        with transaction.atomic():
            numero = formulaire.cleaned_data["numero"]
            lu = bilans.ecrire_bilan(lu, numero_lu=numero, valeurs=formulaire.valeurs, **qui)
            _changer_les_etats(request, lu)
        if not lisible:
            messages.error(request, "Une réponse ne se lit pas : elle est marquée plus bas. Le reste est gardé.")
            return _page(request, lu, _au_numero(formulaire, lu), status=422)
        if "clore" not in request.POST:
            messages.success(request, "Le bilan est gardé. Vous pouvez quitter la page et y revenir.")
            return redirect("bilan", bilan=lu.public_id)
        with transaction.atomic():
            bilans.clore_bilan(lu, numero_lu=lu.numero, **qui)
    except bilans.BilanDepasseError as refus:
        messages.warning(request, str(refus))
        lu = bilans.acceder_bilan(request.perimetre, lu.public_id)
        return _page(request, lu, _au_numero(formulaire, lu), autre=refus.actuel, status=409)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        lu = bilans.acceder_bilan(request.perimetre, lu.public_id)
        return _page(request, lu, _au_numero(formulaire, lu), status=409)
    messages.success(request, "Le bilan est clos : son document est prêt, pour la personne et pour vous.")
    return redirect("bilan", bilan=lu.public_id)


def _au_numero(formulaire: BilanForm, lu: BilanContrat) -> BilanForm:
    """Le même formulaire, prêt à être renvoyé une fois l'autre texte relu."""
    donnees = formulaire.data.copy()
    donnees["numero"] = str(lu.numero)
    renvoye = BilanForm(donnees)
    renvoye.is_valid()
    return renvoye


def _changer_les_etats(request: HttpRequest, lu: BilanContrat) -> None:
    """Note où en sont objectifs et étapes ; ce que l'agent n'a pas changé n'écrase pas ce qu'un autre a changé."""
    elements: dict[str, Objectif | Etape] = {}
    for objectif in objectifs.plan(lu.contrat):
        elements[str(objectif.public_id)] = objectif
        elements.update({str(etape.public_id): etape for etape in objectif.etapes.all()})
    for cle, element in elements.items():
        voulu, vu = request.POST.get(f"etat-{cle}"), request.POST.get(f"vu-{cle}")
        if voulu is not None and voulu != vu and voulu != element.etat:
            objectifs.changer_etat(element, acteur=request.user, perimetre=request.perimetre, etat=voulu, le=lu.date)


@exige("contrat.rediger")
@require_POST
def brouillon(request: HttpRequest, bilan: UUID) -> HttpResponse:
    """Garde le bilan pendant la frappe ; répond le numéro à rendre la prochaine fois."""
    lu = bilans.acceder_bilan(request.perimetre, bilan, droit="contrat.rediger")
    formulaire = BilanForm(request.POST)
    formulaire.is_valid()
    if "numero" not in formulaire.cleaned_data:
        return JsonResponse({"message": "Rechargez la page : elle n’est plus à jour."}, status=409)
    try:
        with transaction.atomic():
            garde = bilans.ecrire_bilan(
                lu, acteur=request.user, perimetre=request.perimetre, numero_lu=formulaire.cleaned_data["numero"],
                valeurs=formulaire.valeurs,
            )  # fmt: skip
            _changer_les_etats(request, garde)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        return JsonResponse({"message": str(refus)}, status=409)
    illisibles = [str(formulaire[nom].label) for nom in formulaire.errors if nom in formulaire.fields]
    return JsonResponse({"numero": garde.numero, "quand": date_heure(garde.modifie_le), "illisibles": illisibles})


def _page(
    request: HttpRequest,
    lu: BilanContrat,
    formulaire: BilanForm,
    *,
    autre: BilanContrat | None = None,
    status: int = 200,
) -> HttpResponse:
    avant, apres = bilans.grilles_du_bilan(lu)
    suivi = bilans.evolution_du_bilan(lu)
    grille = (apres or avant).version.grille if (apres or avant) is not None else grille_principale()  # type: ignore[union-attr]
    ecrivable = lu.clos_le is None and request.perimetre.peut("contrat.rediger")
    contexte = {
        "bilan": lu,
        "contrat": lu.contrat,
        "personne": lu.contrat.personne,
        "formulaire": formulaire,
        "ecrivable": ecrivable,
        "peut_remplir_grille": ecrivable and request.perimetre.peut("diagnostic.saisir"),
        "grille": grille,
        "avant": avant,
        "apres": apres,
        "evolution": suivi,
        "bouge": bilans.ce_qui_a_bouge(suivi),
        "svg": courbes(suivi, f"{grille.libelle}, du début du contrat au bilan"),
        "objectifs": objectifs.plan(lu.contrat),
        "etats": ETATS,
        "textes": [formulaire[nom] for nom in ("dit_par_la_personne", "avance", "reste")],
        "ecarts": _ecarts(formulaire, autre) if autre is not None else [],
    }
    return page(request, "suivi/bilan", contexte, status=status)


def _ecarts(formulaire: BilanForm, autre: BilanContrat) -> list[tuple[str, str]]:
    """Ce qu'un autre a mis et qui diffère de ce que l'agent envoie : à relire avant d'enregistrer par-dessus."""
    lus = formulaire.cleaned_data
    return [
        (str(formulaire[case].label), autre.get_suite_display() if case == "suite" else str(getattr(autre, case)))
        for case in (*bilans.TEXTES, "suite")
        if getattr(autre, case) and getattr(autre, case).strip() != str(lus.get(case, "")).strip()
    ]

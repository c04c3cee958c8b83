"""La part du contrat que la personne écrit elle-même, sans compte (R54, D04).

Deux portes mènent à ces pages : le lien de ce contrat (`porte_contrat`) et le livret. PostgreSQL n'y ouvre que ce
contrat, ce qui en relève et la fiche que la personne a préparée ; son dossier, lui, n'y est pas lisible.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from jalon.contrats import objectifs, redaction
from jalon.contrats.appuis import fiche_preparatoire
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, Objectif
from jalon.contrats.objectifs import LONGUEUR_INTITULE, ajouter_objectif, modifier_objectif, retirer
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.web.contrats.redaction import champ_du_contrat
from jalon.web.contrats.saisie import Auteur, Page, composer_page, enregistrer_page, enregistrer_rubrique, lire_numero


@dataclass(frozen=True)
class Adresses:
    """Les pages d'un contrat ouvert à la personne ; `rubriques` précède le code de chacune."""

    ecrire: str
    rubriques: str
    objectifs: str
    signer: str
    code: str
    texte: str


@dataclass(frozen=True)
class Gabarits:
    """Le cadre de chaque page : celui du lien, ou celui du livret ; le corps est le même."""

    ecrire: str
    signer: str


@dataclass(frozen=True)
class Visite:
    """Un contrat ouvert à la personne, et par où elle est entrée."""

    contrat: Contrat
    auteur: Auteur
    prenom: str
    adresses: Adresses
    gabarits: Gabarits
    jusqu_au: datetime | None = None
    """Jour où le lien se ferme ; le livret n'en a pas."""
    autour: dict[str, Any] = field(default_factory=dict)
    """Ce que demande le cadre de la page."""

    @property
    def s_ecrit(self) -> bool:
        return self.contrat.etat in EtatContrat.ecrits()

    @property
    def contexte(self) -> dict[str, Any]:
        return {
            "contrat": self.contrat, "organisme": self.contrat.organisme, "prenom": self.prenom,
            "adresses": self.adresses, "jusqu_au": self.jusqu_au, **self.autour,
        }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def ecrire(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Ses mots, ce qu'elle avait préparé, ses objectifs. Rien n'est obligatoire."""
    page = _page(visite)
    statut = 200
    if request.method == "POST":
        try:
            enregistrer_page(visite.contrat, page, request.POST, visite.auteur)
        except JalonError as refus:
            messages.error(request, str(refus))
            return redirect(visite.adresses.ecrire)
        if not page.refusees:
            messages.success(request, "C’est gardé. Revenez quand vous voulez, par le même chemin.")
            return redirect(visite.adresses.ecrire)
        messages.warning(request, "Une de vos réponses est à revoir : elle est marquée plus bas. Le reste est gardé.")
        statut = 409 if any(case.ecart for case in page.refusees) else 422
    return _afficher(request, visite, page, statut=statut)


def _page(visite: Visite) -> Page:
    sections = redaction.champs_de(visite.contrat)
    for ecrite in sections:
        ecrite.rubriques = [r for r in ecrite.rubriques if r.champ.par_la_personne]
    return composer_page([ecrite for ecrite in sections if ecrite.rubriques], {})


def _afficher(
    request: HttpRequest, visite: Visite, page: Page, *, brouillon: str = "", statut: int = 200
) -> HttpResponse:
    contrat = visite.contrat
    fiche, reponses = fiche_preparatoire(contrat, voit_sante=True)
    contexte = {
        **visite.contexte,
        "s_ecrit": visite.s_ecrit,
        "page": page,
        "reponses": reponses,
        "fiche": fiche,
        "objectifs": objectifs.plan(contrat),
        "brouillon": brouillon,
        "longueur": LONGUEUR_INTITULE,
    }
    return render(request, visite.gabarits.ecrire, contexte, status=statut)


@require_POST
def rubrique(request: HttpRequest, visite: Visite, code: str) -> JsonResponse:
    """Garde une rubrique pendant la frappe, si la personne peut l'écrire."""
    try:
        champ = champ_du_contrat(visite.contrat, code)
    except HorsPerimetreError as refus:
        return JsonResponse({"message": str(refus), "fini": True}, status=404)
    return enregistrer_rubrique(request, visite.contrat, champ, visite.auteur)


@require_POST
def objectif(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Propose un objectif avec ses mots, le récrit, ou le retire tant que personne n'y travaille."""
    qui: dict[str, Any] = {"acteur": None, "perimetre": None, "lien": visite.auteur.lien}
    intitule = request.POST.get("intitule", "")
    acte = request.POST.get("acte", "")
    try:
        with transaction.atomic():
            if acte == "ajouter":
                ajouter_objectif(visite.contrat, intitule=intitule, **qui)
                fait = "Votre objectif est ajouté. Votre référent le lira avec vous."
            else:
                cible = _le_sien(visite.contrat, request.POST.get("objet", ""))
                if acte == "retirer":
                    retirer(cible, **qui)
                    fait = "Votre objectif est retiré."
                else:
                    modifier_objectif(
                        cible, numero_lu=lire_numero(request.POST.get("numero")), intitule=intitule, **qui
                    )
                    fait = "Votre objectif est changé."
    except JalonError as refus:
        messages.error(request, str(refus))
        return _afficher(
            request, visite, _page(visite), brouillon=intitule if acte in ("ajouter", "modifier") else "", statut=409
        )
    messages.success(request, fait)
    return redirect(f"{visite.adresses.ecrire}#objectifs")


def _le_sien(contrat: Contrat, brut: str) -> Objectif:
    try:
        cle = UUID(brut)
    except ValueError:
        cle = None
    trouve = Objectif.objects.filter(contrat=contrat, public_id=cle).first() if cle is not None else None
    if trouve is None:
        raise JalonError("Cet objectif n’est plus dans votre contrat : rechargez la page.")
    return trouve

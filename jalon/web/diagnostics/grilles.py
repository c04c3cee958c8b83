"""La grille d'une personne : la remplir en une page, la relire, l'imprimer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from jalon.diagnostics.evolution import evolution
from jalon.diagnostics.grilles import enregistrer_passation
from jalon.diagnostics.models import Passation
from jalon.diagnostics.selectors import (
    acceder_passation,
    derniere_passation,
    freins_presents,
    grille_de_code,
    passations,
    version_en_vigueur,
)
from jalon.documents.pdf import rendre_pdf
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.diagnostics.forms import GrilleForm
from jalon.web.diagnostics.recueils import ouvrir, page
from jalon.web.socle.acces import exige
from jalon.web.socle.contexte import departement
from jalon.web.templatetags.jalon import date_courte, date_longue, ne_le, nom_affiche

COULEUR_DE_REPLI = "#0b5aa5"


@exige("diagnostic.saisir")
@require_http_methods(["GET", "HEAD", "POST"])
def saisir(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Toutes les questions sur une page : au clavier, au doigt, ou en simples boutons radio sans script."""
    personne = ouvrir(request, public_id, droit="diagnostic.saisir")
    grille = grille_de_code(request.GET.get("grille"))
    version = version_en_vigueur(grille, timezone.localdate())
    precedente = derniere_passation(personne, grille)
    formulaire = GrilleForm(version, precedente, request.POST or None)
    statut = 200
    if request.method == "POST":
        if formulaire.is_valid():
            try:
                with transaction.atomic():
                    remplie = _enregistrer(request, personne, formulaire)
                messages.success(
                    request, f"{grille.libelle} : la grille du {date_longue(remplie.date_passation)} est enregistrée."
                )
                return redirect("grille", public_id=personne.public_id, grille_id=remplie.public_id)
            except (HorsPerimetreError, DroitManquantError):
                raise
            except JalonError as refus:
                messages.error(request, str(refus))
                statut = 409
        else:
            messages.error(
                request, "Une réponse ne se lit pas : elle est marquée plus bas. Rien n’est encore enregistré."
            )
            statut = 422
    contexte = {
        "personne": personne,
        "grille": grille,
        "formulaire": formulaire,
        "precedente": precedente,
        "hauteur": max((len(item.echelons.all()) for item in formulaire.items), default=0),
    }
    return page(request, "grille_saisir", contexte, status=statut)


def _enregistrer(request: HttpRequest, personne: Personne, formulaire: GrilleForm) -> Passation:
    lus = formulaire.cleaned_data
    version = version_en_vigueur(formulaire.version.grille, lus["date_passation"])
    return enregistrer_passation(
        personne, acteur=request.user, perimetre=request.perimetre, version=version, reponses=formulaire.reponses,
        date_passation=lus["date_passation"], convenue=lus["convenue"], origine=lus["origine"],
        parcours_envisage=lus["parcours_envisage"], public_id=lus["jeton"],
    )  # fmt: skip


@exige("dossier.consulter")
@require_safe
def grille(request: HttpRequest, public_id: UUID, grille_id: UUID) -> HttpResponse:
    """Une grille remplie, comparée à celle d'avant."""
    personne = ouvrir(request, public_id)
    remplie = acceder_passation(personne, grille_id)
    toutes = passations(personne, remplie.version.grille)
    avant = next((p for p in toutes if (p.date_passation, p.pk) < (remplie.date_passation, remplie.pk)), None)
    contexte = {
        "personne": personne,
        "remplie": remplie,
        "avant": avant,
        "evolution": evolution([remplie] if avant is None else [avant, remplie]),
        "freins": freins_presents(remplie),
    }
    return page(request, "grille", contexte)


@exige("dossier.consulter")
@require_safe
def imprimer(request: HttpRequest, public_id: UUID, grille_id: UUID) -> HttpResponse:
    """Le même document en deux exemplaires : celui de la personne d'abord."""
    personne = ouvrir(request, public_id)
    remplie = acceder_passation(personne, grille_id)
    pdf = rendre_pdf("grille", donnees_pdf(personne, remplie))
    reponse = HttpResponse(pdf, content_type="application/pdf")
    reponse["Content-Disposition"] = f'inline; filename="grille-{remplie.date_passation:%Y-%m-%d}.pdf"'
    reponse["Cache-Control"] = "no-store"
    return reponse


def donnees_pdf(personne: Personne, remplie: Passation) -> dict[str, Any]:
    """Ce que le gabarit `grille.typ` écrit : la grille, et le chemin depuis les précédentes."""
    profil = departement()
    jusque_la = [
        p
        for p in passations(personne, remplie.version.grille)
        if (p.date_passation, p.pk) <= (remplie.date_passation, remplie.pk)
    ]
    suivi = evolution(jusque_la)
    rangs = {r.item.code: r.echelon.rang for r in remplie.reponses.all()}
    items = remplie.version.items.order_by("rang").prefetch_related("echelons")
    return {
        "couleur": profil.couleur if profil else COULEUR_DE_REPLI,
        "departement": profil.nom if profil else "",
        "titre": remplie.version.grille.libelle,
        "version": f"version {remplie.version.numero}",
        "personne": f"{nom_affiche(personne)}, {ne_le(personne)}",
        "date": date_longue(remplie.date_passation),
        "avec": ", ".join(str(qui) for qui in (remplie.saisie_par, remplie.organisme) if qui),
        "parcours": remplie.get_parcours_envisage_display() if remplie.parcours_envisage else "",
        "convenue": remplie.convenue,
        "exemplaires": ["Exemplaire de la personne", "Exemplaire du service"],
        "questions": [
            {
                "libelle": item.libelle,
                "question": item.question,
                "rang": rangs.get(item.code, 0),
                "echelons": [
                    {"rang": e.rang, "libelle": e.libelle} for e in sorted(item.echelons.all(), key=lambda e: e.rang)
                ],
            }
            for item in items
        ],
        "jours": [date_courte(jour) for jour in suivi.jours],
        "trajets": [
            {"libelle": t.libelle, "rangs": [str(p.rang) if p.rang is not None else "—" for p in t.points]}
            for t in suivi.trajets
            if len(t.points) == len(suivi.jours)
        ]
        if len(suivi.jours) > 1
        else [],
    }

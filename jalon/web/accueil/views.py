"""Accueil par rôle et recherche d'une personne."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from jalon.web.socle.acces import exige


@require_safe
def accueil(request: HttpRequest) -> HttpResponse:
    return render(request, "accueil/accueil.html", {})


@exige("dossier.rechercher")
@require_safe
def recherche(request: HttpRequest) -> HttpResponse:
    return render(request, "accueil/recherche.html", {})


@exige("dossier.rechercher")
@require_POST
def recherche_nir(request: HttpRequest) -> HttpResponse:
    return render(request, "accueil/recherche.html", {})

"""Écrans de la personne et du foyer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def personne(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return render(request, "dossiers/personne.html", {})


personne_droits = personne_identite = personne_lectures = foyer = personne

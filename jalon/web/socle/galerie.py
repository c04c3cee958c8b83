"""Galerie : chaque composant tel qu'il s'affiche, pour les essais et pour qui écrit un écran."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jalon.droits.models import EtatDossier
from jalon.web.socle.acces import exige

ETAPES = (
    ("Droit ouvert", "fait", ["12 janv. 2026"]),
    ("Informée", "fait", ["4 févr. · présente"]),
    ("Orientée", "fait", ["19 févr.", "en 38 j sur 60"]),
    ("Contrat", "courant", ["à valider avant le 3 déc."]),
    ("Sortie", "a_venir", []),
)


@exige("installation.consulter")
@require_safe
def galerie(request: HttpRequest) -> HttpResponse:
    faits = [
        SimpleNamespace(
            date=date(2026, 10, 5), titre="Un fait reçu de la caisse", detail="Son détail", icone="database-import",
            ton="gris", url="", url_texte="",
        ),
        SimpleNamespace(
            date=date(2026, 2, 19), titre="Un acte du service", detail="", icone="gavel", ton="vert", url="#frise",
            url_texte="ouvrir",
        ),
    ]  # fmt: skip
    suite = SimpleNamespace(
        titre="Le service doit décider.", texte="19 jours sur 30. Le retard serait imputable au service.", ton="ambre",
        jours=19, total=30, retard=0, url="#suite", url_texte="Relire et valider",
    )  # fmt: skip
    return render(
        request,
        "gabarits/galerie.html",
        {
            "etats": [*EtatDossier.values, "?"],
            "tons": ["vert", "bleu", "ambre", "rouge", "gris"],
            "delais": [(12, 60), (45, 60), (75, 60)],
            "etapes": [SimpleNamespace(texte=t, etat=e, detail=d) for t, e, d in ETAPES],
            "faits": faits,
            "suite": suite,
            "page": Paginator(range(300), 25).page(2),
            "onglets": [
                {"texte": "Courant", "url": "#onglets", "courant": True},
                {"texte": "Autre", "url": "#onglets", "courant": False, "nombre": 3},
            ],
            "lignes": [("Situation", "Mariée, 1 enfant"), ("Matricule", "1000001 · CAF 621")],
            "fil": [("Recherche", "#fil")],
        },
    )

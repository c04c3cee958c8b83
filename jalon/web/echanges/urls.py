"""Adresses des imports : dépôt, suivi, rapport, quarantaine."""

from django.urls import URLPattern, path

from jalon.web.echanges import quarantaine, rapports, views

urlpatterns: list[URLPattern] = [
    path("imports/", views.imports, name="imports"),
    path("imports/deposer/", views.deposer, name="import_deposer"),
    path("imports/<uuid:public_id>/", views.detail, name="import_detail"),
    path("imports/<uuid:public_id>/reprendre/", views.reprendre, name="import_reprendre"),
    path("imports/<uuid:public_id>/confirmer/", views.confirmer, name="import_confirmer"),
    path("flux/<uuid:public_id>/", rapports.rapport, name="flux_rapport"),
    path("flux/<uuid:public_id>/rapport.json", rapports.rapport_json, name="flux_json"),
    path("flux/<uuid:public_id>/rapport.pdf", rapports.rapport_pdf, name="flux_pdf"),
    path("flux/<uuid:public_id>/anomalies/<slug:code>/", rapports.anomalies, name="flux_anomalies"),
    path("flux/<uuid:public_id>/<slug:rubrique>/", rapports.liste, name="flux_liste"),
    path("quarantaine/", quarantaine.liste, name="quarantaine"),
    path("quarantaine/rejouer/", quarantaine.tout_rejouer, name="quarantaine_tout_rejouer"),
    path("quarantaine/<uuid:public_id>/", quarantaine.detail, name="quarantaine_detail"),
    path("quarantaine/<uuid:public_id>/rejouer/", quarantaine.rejouer, name="quarantaine_rejouer"),
    path("quarantaine/<uuid:public_id>/ecarter/", quarantaine.ecarter, name="quarantaine_ecarter"),
]

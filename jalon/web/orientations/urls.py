"""Adresses de la file d'orientation, des doublons et des tâches."""

from django.urls import URLPattern, path

from jalon.web.orientations import doublons, taches, views

urlpatterns: list[URLPattern] = [
    path("orientation/", views.file_orientation, name="file_orientation"),
    path("orientation/affecter/", views.affecter, name="file_orientation_affecter"),
    path("orientation/affectations/<uuid:public_id>/defaire/", views.defaire, name="file_orientation_defaire"),
    path("orientation/exporter/", views.exporter, name="file_orientation_exporter"),
    path("doublons/", doublons.liste, name="doublons"),
    path("doublons/reunis/", doublons.reunis, name="fusions"),
    path("doublons/reunis/<uuid:public_id>/defaire/", doublons.defaire, name="fusion_defaire"),
    path("doublons/<uuid:public_id>/", doublons.comparer, name="doublon"),
    path("doublons/<uuid:public_id>/reunir/", doublons.reunir, name="doublon_reunir"),
    path("doublons/<uuid:public_id>/separer/", doublons.separer, name="doublon_separer"),
    path("taches/", taches.liste, name="taches"),
    path("taches/<uuid:public_id>/faire/", taches.faire, name="tache_faire"),
    path("taches/<uuid:public_id>/ecarter/", taches.ecarter, name="tache_ecarter"),
    path("taches/<uuid:public_id>/accepter/", taches.accepter, name="tache_accepter"),
    path("taches/<uuid:public_id>/prolonger/", taches.prolonger, name="tache_prolonger"),
]

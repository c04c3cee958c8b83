"""Adresses de la file d'orientation, des doublons et des tâches."""

from django.urls import URLPattern, path

from jalon.web.orientations import criteres, decider, doublons, reorientations, taches, views

urlpatterns: list[URLPattern] = [
    path("orientation/", views.file_orientation, name="file_orientation"),
    path("orientation/affecter/", views.affecter, name="file_orientation_affecter"),
    path("orientation/affectations/<uuid:public_id>/defaire/", views.defaire, name="file_orientation_defaire"),
    path("orientation/exporter/", views.exporter, name="file_orientation_exporter"),
    path("orientation/suivante/", decider.suivante, name="orientation_suivante"),
    path("personnes/<uuid:public_id>/orienter/", decider.decider, name="orientation_decider"),
    path("decisions/<uuid:public_id>/annuler/", decider.annuler, name="decision_annuler"),
    path("orientation/criteres/", criteres.simulation, name="criteres_simulation"),
    path("orientation/criteres/personnes/", criteres.personnes, name="criteres_personnes"),
    path("orientation/criteres/listes/", criteres.listes, name="criteres_listes"),
    path("orientation/criteres/listes/<uuid:public_id>/", criteres.liste, name="criteres_liste"),
    path("orientation/criteres/listes/<uuid:public_id>/appliquer/", criteres.appliquer, name="criteres_appliquer"),
    path("orientation/criteres/listes/<uuid:public_id>/retirer/", criteres.retirer, name="criteres_retirer"),
    path("reorientations/", reorientations.liste, name="reorientations"),
    path("personnes/<uuid:public_id>/reorienter/", reorientations.demander, name="reorientation_demander"),
    path("reorientations/<uuid:public_id>/", reorientations.demande, name="reorientation"),
    path("reorientations/<uuid:public_id>/<slug:acte>/", reorientations.agir, name="reorientation_agir"),
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

"""Adresses des tableaux de bord."""

from django.urls import URLPattern, path

from jalon.web.pilotage import contrats, manquements, orientations, views

urlpatterns: list[URLPattern] = [
    path("tableaux/", views.tableaux, name="tableaux"),
    path("tableaux/orientations/", orientations.tableau_orientations, name="tableau_orientations"),
    path(
        "tableaux/orientations/export.<str:format>",
        orientations.tableau_orientations_export,
        name="tableau_orientations_export",
    ),
    path(
        "tableaux/orientations/dossiers/",
        orientations.tableau_orientations_dossiers,
        name="tableau_orientations_dossiers",
    ),
    path("tableaux/contrats/", contrats.tableau_contrats, name="tableau_contrats"),
    path("tableaux/contrats/export.<str:format>", contrats.tableau_contrats_export, name="tableau_contrats_export"),
    path("tableaux/contrats/dossiers/", contrats.tableau_contrats_dossiers, name="tableau_contrats_dossiers"),
    path("tableaux/manquements/", manquements.tableau_manquements, name="tableau_manquements"),
    path(
        "tableaux/manquements/export.<str:format>",
        manquements.tableau_manquements_export,
        name="tableau_manquements_export",
    ),
    path(
        "tableaux/manquements/dossiers/",
        manquements.tableau_manquements_dossiers,
        name="tableau_manquements_dossiers",
    ),
    path("tableaux/<slug:code>/", views.tableau, name="tableau"),
    path("tableaux/<slug:code>/export.<str:format>", views.tableau_export, name="tableau_export"),
    path("tableaux/<slug:code>/dossiers/", views.tableau_dossiers, name="tableau_dossiers"),
]

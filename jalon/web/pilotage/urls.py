"""Adresses des tableaux de bord."""

from django.urls import URLPattern, path

from jalon.web.pilotage import views

urlpatterns: list[URLPattern] = [
    path("tableaux/", views.tableaux, name="tableaux"),
    path("tableaux/<slug:code>/", views.tableau, name="tableau"),
    path("tableaux/<slug:code>/export.<str:format>", views.tableau_export, name="tableau_export"),
    path("tableaux/<slug:code>/dossiers/", views.tableau_dossiers, name="tableau_dossiers"),
]

"""Adresses des écrans, par parcours."""

from django.urls import include, path

urlpatterns = [
    path("", include("jalon.web.accueil.urls")),
    path("", include("jalon.web.dossiers.urls")),
    path("", include("jalon.web.orientations.urls")),
    path("", include("jalon.web.echanges.urls")),
    path("", include("jalon.web.comptes.urls")),
    path("", include("jalon.web.pilotage.urls")),
    path("", include("jalon.web.administration.urls")),
]

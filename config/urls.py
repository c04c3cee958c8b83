"""Adresses de l'application."""

from django.urls import include, path

urlpatterns = [
    path("compte/", include("allauth.urls")),
    path("", include("jalon.web.urls")),
]

"""Adresses de l'application."""

from django.urls import include, path

urlpatterns = [
    path("compte/", include("allauth.urls")),
    path("", include("jalon.web.urls")),
]

handler400 = "jalon.web.socle.erreurs.requete_incorrecte"
handler403 = "jalon.web.socle.erreurs.acces_refuse"
handler404 = "jalon.web.socle.erreurs.page_introuvable"
handler500 = "jalon.web.socle.erreurs.panne"

"""Adresses de l'accueil, de la recherche et du socle des écrans."""

from django.urls import URLPattern, path

from jalon.web.accueil import a_suivre, equipe, views
from jalon.web.socle.galerie import galerie
from jalon.web.socle.theme import theme

urlpatterns: list[URLPattern] = [
    path("", views.accueil, name="accueil"),
    path("equipe/", equipe.equipe, name="equipe"),
    path("rendez-vous-a-suivre/", a_suivre.a_suivre, name="rendez_vous_a_suivre"),
    path("recherche/", views.recherche, name="recherche"),
    path("recherche/numero/", views.recherche_nir, name="recherche_nir"),
    path("theme.css", theme, name="theme"),
    path("galerie/", galerie, name="galerie"),
]

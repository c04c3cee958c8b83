"""Adresses du compte de l'agent (la connexion elle-même est chez django-allauth, sous /compte/)."""

from django.urls import path

from jalon.web.comptes import views

urlpatterns = [
    path("mon-compte/", views.mon_compte, name="mon_compte"),
    path("mon-compte/connexions/", views.sessions, name="sessions"),
    path("mon-compte/second-facteur/", views.second_facteur, name="second_facteur"),
]

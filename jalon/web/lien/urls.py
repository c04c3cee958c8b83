"""Adresses ouvertes par un lien personnel, sans compte."""

from django.urls import URLPattern, path

from jalon.web.lien import views

urlpatterns: list[URLPattern] = [
    path("lien/<str:jeton>/", views.accueil, name="lien"),
    path("lien/<str:jeton>/questionnaire/", views.questionnaire, name="lien_questionnaire"),
    path("lien/<str:jeton>/absence/", views.absence, name="lien_absence"),
    path("lien/<str:jeton>/agenda.ics", views.agenda, name="lien_agenda"),
]

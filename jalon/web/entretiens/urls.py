"""Adresses de l'entretien, des notes, et du lexique."""

from django.urls import URLPattern, path

from jalon.web.entretiens import views

urlpatterns: list[URLPattern] = [
    path("entretiens/<uuid:public_id>/", views.entretien, name="entretien"),
    path("entretiens/<uuid:public_id>/garder/", views.entretien_garder, name="entretien_garder"),
    path("personnes/<uuid:public_id>/entretien/", views.entretien_libre, name="entretien_libre"),
    path("personnes/<uuid:public_id>/entretien/garder/", views.entretien_libre_garder, name="entretien_libre_garder"),
    path("personnes/<uuid:public_id>/notes/", views.notes, name="notes"),
    path("notes/<uuid:public_id>/", views.note, name="note"),
    path("lexique/", views.lexique, name="lexique"),
]

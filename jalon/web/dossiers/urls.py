"""Adresses de la personne et du foyer."""

from django.urls import URLPattern, path

from jalon.web.dossiers import courriers, views

urlpatterns: list[URLPattern] = [
    path("personnes/<uuid:public_id>/", views.personne, name="personne"),
    path("personnes/<uuid:public_id>/droits/", views.personne_droits, name="personne_droits"),
    path("personnes/<uuid:public_id>/orientations/", views.personne_orientations, name="personne_orientations"),
    path("personnes/<uuid:public_id>/courriers/", courriers.personne_courriers, name="personne_courriers"),
    path(
        "personnes/<uuid:public_id>/courriers/<uuid:lettre>/retour/", courriers.courrier_retour, name="courrier_retour"
    ),
    path("personnes/<uuid:public_id>/identite/", views.personne_identite, name="personne_identite"),
    path("personnes/<uuid:public_id>/numero/", views.personne_numero, name="personne_numero"),
    path("personnes/<uuid:public_id>/lectures/", views.personne_lectures, name="personne_lectures"),
    path("foyers/<uuid:public_id>/", views.foyer, name="foyer"),
]

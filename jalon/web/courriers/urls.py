"""Adresses des textes de courriers et des documents."""

from django.urls import URLPattern, path

from jalon.web.courriers import documents, views

urlpatterns: list[URLPattern] = [
    path("courriers/", views.courriers, name="courriers"),
    path("courriers/<uuid:public_id>/", views.modifier, name="courrier_modifier"),
    path("courriers/<uuid:public_id>/apercu.pdf", views.apercu, name="courrier_apercu"),
    path("courriers/<uuid:public_id>/textes/<int:numero>/restaurer/", views.restaurer, name="courrier_restaurer"),
    path("documents/<uuid:public_id>/", documents.telecharger, name="document_telecharger"),
]

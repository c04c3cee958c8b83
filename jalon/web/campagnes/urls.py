"""Adresses des campagnes de reprise."""

from django.urls import URLPattern, path

from jalon.web.campagnes import views

urlpatterns: list[URLPattern] = [
    path("campagnes/", views.campagnes, name="campagnes"),
    path("campagnes/deposer/", views.deposer, name="campagne_deposer"),
    path("campagnes/<uuid:public_id>/", views.campagne, name="campagne"),
    path("campagnes/<uuid:public_id>/colonnes/", views.colonnes, name="campagne_colonnes"),
    path("campagnes/<uuid:public_id>/decider/", views.decider, name="campagne_decider"),
    path("campagnes/<uuid:public_id>/relancer/", views.relancer, name="campagne_relancer"),
    path("campagnes/<uuid:public_id>/clore/", views.clore, name="campagne_clore"),
    path("campagnes/<uuid:public_id>/lignes/<uuid:ligne>/", views.ligne, name="campagne_ligne"),
    path("campagnes/<uuid:public_id>/lignes/<uuid:ligne>/trancher/", views.trancher, name="campagne_ligne_trancher"),
]

"""Adresses des manquements, des sanctions et des transmissions."""

from django.urls import URLPattern, path

from jalon.web.manquements import actes, decision, liste, page, preparation, recours, transmissions

urlpatterns: list[URLPattern] = [
    path("manquements/", liste.manquements, name="manquements"),
    path("manquements/export/", liste.exporter, name="manquements_exporter"),
    path("manquements/recours/", recours.liste, name="sanctions_recours"),
    path("manquements/transmissions/", transmissions.transmissions, name="transmissions"),
    path("manquements/transmissions/produire/", transmissions.produire, name="transmissions_produire"),
    path("manquements/transmissions/ecarts/", transmissions.ecarts, name="transmissions_ecarts"),
    path("manquements/transmissions/ecarts/<int:ligne>/", transmissions.expliquer, name="transmissions_expliquer"),
    path(
        "manquements/transmissions/<uuid:public_id>/<slug:piece>/", transmissions.fichier, name="transmission_fichier"
    ),
    path("manquements/<uuid:public_id>/", page.manquement, name="manquement"),
    path("manquements/<uuid:public_id>/preparer/", preparation.preparer, name="manquement_preparer"),
    path("manquements/<uuid:public_id>/decider/", decision.decider, name="manquement_decider"),
    path("manquements/<uuid:public_id>/<slug:acte>/", actes.agir, name="manquement_agir"),
    path("personnes/<uuid:public_id>/manquement/", preparation.ouvrir, name="manquement_ouvrir"),
]

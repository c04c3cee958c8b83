"""Adresses du recueil, des grilles et de leurs chiffres."""

from django.urls import URLPattern, path

from jalon.web.diagnostics import chiffres, grilles, recueils

_PERSONNE = "personnes/<uuid:public_id>/diagnostic/"
urlpatterns: list[URLPattern] = [
    path(_PERSONNE, recueils.diagnostic, name="personne_diagnostic"),
    path(f"{_PERSONNE}recueil/", recueils.saisir, name="recueil_saisir"),
    path(f"{_PERSONNE}recueil/commencer/", recueils.commencer, name="recueil_commencer"),
    path(f"{_PERSONNE}recueil/brouillon/", recueils.brouillon, name="recueil_brouillon"),
    path(f"{_PERSONNE}recueil/abandonner/", recueils.abandonner, name="recueil_abandonner"),
    path(f"{_PERSONNE}recueils/comparer/", recueils.comparer_deux, name="recueils_comparer"),
    path(f"{_PERSONNE}recueils/<uuid:recueil_id>/", recueils.recueil, name="recueil"),
    path(f"{_PERSONNE}grille/", grilles.saisir, name="grille_saisir"),
    path(f"{_PERSONNE}grilles/<uuid:grille_id>/", grilles.grille, name="grille"),
    path(f"{_PERSONNE}grilles/<uuid:grille_id>/pdf/", grilles.imprimer, name="grille_imprimer"),
    path("tableaux/grilles/", chiffres.grilles, name="chiffres_grilles"),
    path("tableaux/grilles/<slug:objet>.<slug:format>", chiffres.exporter, name="chiffres_grilles_export"),
]

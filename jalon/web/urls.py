"""Adresses des écrans, par parcours."""

from django.urls import include, path

urlpatterns = [
    path("", include("jalon.web.accueil.urls")),
    path("", include("jalon.web.dossiers.urls")),
    path("", include("jalon.web.accompagnements.urls")),
    path("", include("jalon.web.instruction.urls")),
    path("", include("jalon.web.orientations.urls")),
    path("", include("jalon.web.notifications.urls")),
    path("", include("jalon.web.courriers.urls")),
    path("", include("jalon.web.echanges.urls")),
    path("", include("jalon.web.campagnes.urls")),
    path("", include("jalon.web.reunions.urls")),
    path("", include("jalon.web.rendezvous.urls")),
    path("", include("jalon.web.seances.urls")),
    path("", include("jalon.web.contrats.urls")),
    path("", include("jalon.web.manquements.urls")),
    path("", include("jalon.web.lien.urls")),
    path("", include("jalon.web.livret.urls")),
    path("", include("jalon.web.comptes.urls")),
    path("", include("jalon.web.diagnostics.urls")),
    path("", include("jalon.web.entretiens.urls")),
    path("", include("jalon.web.pilotage.urls")),
    path("", include("jalon.web.administration.urls")),
]

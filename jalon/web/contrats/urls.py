"""Adresses des contrats : la liste, l'ouverture, la page, l'écriture ; le circuit et le suivi ont les leurs."""

from django.urls import URLPattern, path

from jalon.web.contrats import liste, redaction, views
from jalon.web.contrats.urls_circuit import urlpatterns as circuit
from jalon.web.contrats.urls_suivi import urlpatterns as suivi

_CONTRAT = "contrats/<uuid:contrat>/"
urlpatterns: list[URLPattern] = [
    path("contrats/", liste.contrats, name="contrats"),
    path("contrats/exporter/", liste.exporter, name="contrats_exporter"),
    path("personnes/<uuid:public_id>/contrat/ouvrir/", views.ouvrir, name="contrat_ouvrir"),
    path(_CONTRAT, views.contrat, name="contrat"),
    path(f"{_CONTRAT}ecrire/", redaction.ecrire, name="contrat_ecrire"),
    path(f"{_CONTRAT}rubriques/<slug:code>/", redaction.rubrique, name="contrat_rubrique"),
    path(f"{_CONTRAT}plan/", redaction.plan, name="contrat_plan"),
    path(f"{_CONTRAT}lien/", redaction.lien, name="contrat_lien"),
    path(f"{_CONTRAT}lien/fermer/", redaction.lien_fermer, name="contrat_lien_fermer"),
    *circuit,
    *suivi,
]

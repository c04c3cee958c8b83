"""Adresses du suivi d'un contrat : bilans, renouvellement, fin, offres ; échéances, personnes sans contrat, besoins."""

from django.urls import URLPattern, path

from jalon.web.contrats import besoins, bilan, echeances, suivi

_CONTRAT = "contrats/<uuid:contrat>/"
urlpatterns: list[URLPattern] = [
    path("contrats/echeances/", echeances.echeances, name="echeances"),
    path("contrats/sans-contrat/", echeances.sans_contrat, name="sans_contrat"),
    path(f"{_CONTRAT}bilan/", bilan.ouvrir, name="bilan_ouvrir"),
    path(f"{_CONTRAT}renouveler/", suivi.renouveler, name="contrat_renouveler"),
    path(f"{_CONTRAT}reconduction/", suivi.reconduction, name="contrat_reconduction"),
    path(f"{_CONTRAT}terminer/", suivi.terminer, name="contrat_terminer"),
    path(f"{_CONTRAT}rompre/", suivi.rompre, name="contrat_rompre"),
    path(f"{_CONTRAT}offres/", suivi.offre_noter, name="offre_noter"),
    path("offres-emploi/<uuid:offre>/reponse/", suivi.offre_repondre, name="offre_repondre"),
    path("bilans/<uuid:bilan>/", bilan.bilan, name="bilan"),
    path("bilans/<uuid:bilan>/brouillon/", bilan.brouillon, name="bilan_brouillon"),
    path("tableaux/besoins/", besoins.besoins, name="besoins"),
    path("tableaux/besoins/personnes/", besoins.personnes, name="besoins_personnes"),
    path("tableaux/besoins/exporter.<slug:format>", besoins.exporter, name="besoins_export"),
]

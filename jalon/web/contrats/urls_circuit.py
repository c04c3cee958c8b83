"""Adresses du circuit d'un contrat : signer, recevoir, lire en commun, valider."""

from django.urls import URLPattern, path

from jalon.web.contrats import actes, delais, lectures, lots, signature

_CONTRAT = "contrats/<uuid:contrat>/"
urlpatterns: list[URLPattern] = [
    path("contrats/delais/", delais.validation, name="contrats_delais"),
    path("contrats/a-conclure/", delais.conclusion, name="contrats_a_conclure"),
    path("contrats/valider/", delais.valider_lot, name="contrats_valider"),
    path("contrats/lectures/", lectures.agenda, name="contrats_lectures"),
    path("contrats/imprimer/", lots.produire, name="contrats_imprimer"),
    path("contrats/lots/<uuid:public_id>/", lots.detail, name="contrats_lot"),
    path("contrats/lots/<uuid:public_id>/imprimeur.pdf", lots.planche, name="contrats_planche"),
    path("contrats/lots/<uuid:public_id>/reprendre/", lots.reprendre, name="contrats_reprendre"),
    path(f"{_CONTRAT}actes/<slug:acte>/", actes.accomplir, name="contrat_acte"),
    path(f"{_CONTRAT}texte.pdf", actes.texte, name="contrat_texte"),
    path(f"{_CONTRAT}signer/", signature.ecran, name="contrat_signer"),
    path(f"{_CONTRAT}signer/papier/", signature.papier, name="contrat_papier"),
    path(f"{_CONTRAT}lecture/", lectures.lecture, name="contrat_lecture"),
    path(f"{_CONTRAT}lecture/jour/", lectures.prevoir, name="contrat_lecture_jour"),
    path(f"{_CONTRAT}complexe/", lectures.signaler, name="contrat_complexe"),
]

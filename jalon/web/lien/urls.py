"""Adresses ouvertes par un lien personnel, sans compte."""

from django.urls import URLPattern, path

from jalon.web.lien import contrat, manquement, rendez_vous, signature, views
from jalon.web.lien.porte_contrat import par_lien_contrat

urlpatterns: list[URLPattern] = [
    path("lien/<str:jeton>/", views.accueil, name="lien"),
    path("lien/<str:jeton>/questionnaire/", views.questionnaire, name="lien_questionnaire"),
    path("lien/<str:jeton>/absence/", views.absence, name="lien_absence"),
    path("lien/<str:jeton>/contrat/", par_lien_contrat(contrat.ecrire), name="lien_contrat"),
    path(
        "lien/<str:jeton>/contrat/rubriques/<slug:code>/", par_lien_contrat(contrat.rubrique, frappe=True),
        name="lien_contrat_rubrique",
    ),
    path("lien/<str:jeton>/contrat/objectifs/", par_lien_contrat(contrat.objectif), name="lien_contrat_objectif"),
    path("lien/<str:jeton>/contrat/signer/", par_lien_contrat(signature.page), name="lien_contrat_signer"),
    path("lien/<str:jeton>/contrat/signer/code/", par_lien_contrat(signature.code), name="lien_contrat_code"),
    path("lien/<str:jeton>/contrat/texte.pdf", par_lien_contrat(signature.texte), name="lien_contrat_texte"),
    path("lien/<str:jeton>/reponse/", manquement.par_lien_manquement(manquement.page), name="lien_manquement"),
    path("lien/<str:jeton>/agenda.ics", views.agenda, name="lien_agenda"),
    path("lien/<str:jeton>/rendez-vous/", rendez_vous.accueil, name="lien_rendez_vous"),
    path("lien/<str:jeton>/rendez-vous/choisir/", rendez_vous.choisir, name="lien_rendez_vous_choisir"),
    path("lien/<str:jeton>/rendez-vous/aucun/", rendez_vous.aucun, name="lien_rendez_vous_aucun"),
    path("lien/<str:jeton>/rendez-vous/rendre/", rendez_vous.rendre, name="lien_rendez_vous_rendre"),
    path("lien/<str:jeton>/rendez-vous/agenda.ics", rendez_vous.agenda, name="lien_rendez_vous_agenda"),
]  # fmt: skip

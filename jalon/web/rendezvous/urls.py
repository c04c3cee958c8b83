"""Adresses de l'agenda et des rendez-vous."""

from django.urls import URLPattern, path

from jalon.web.rendezvous import actes, agenda, fixer, flux, personne

urlpatterns: list[URLPattern] = [
    path("agenda/", agenda.semaine, name="agenda"),
    path("agenda/agents/<uuid:public_id>/", agenda.semaine_agent, name="agenda_agent"),
    path("agenda/plages/", agenda.plages, name="agenda_plages"),
    path("agenda/plages/<uuid:public_id>/fermer/", agenda.plage_fermer, name="plage_fermer"),
    path("agenda/personnes/", agenda.choisir_personne, name="agenda_personnes"),
    path("agenda/adresse/", flux.adresse, name="agenda_adresse"),
    path("agenda/adresse/fermer/", flux.fermer, name="agenda_adresse_fermer"),
    path("agenda/flux/<str:jeton>.ics", flux.flux, name="agenda_flux"),
    path("personnes/<uuid:public_id>/rendez-vous/", personne.rendez_vous_personne, name="rendez_vous_personne"),
    path("personnes/<uuid:public_id>/rendez-vous/fixer/", fixer.fixer, name="rendez_vous_fixer"),
    path("personnes/<uuid:public_id>/rendez-vous/proposer/", fixer.proposer, name="rendez_vous_proposer"),
    path("rendez-vous/<uuid:public_id>/", personne.rendez_vous, name="rendez_vous"),
    path("rendez-vous/<uuid:public_id>/constater/", actes.constater, name="rendez_vous_constater"),
    path("rendez-vous/<uuid:public_id>/annuler/", actes.annuler, name="rendez_vous_annuler"),
    path("rendez-vous/<uuid:public_id>/convoquer/", actes.convoquer, name="rendez_vous_convoquer"),
    path("rendez-vous/<uuid:public_id>/reporter/", fixer.reporter, name="rendez_vous_reporter"),
    path("invitations-a-choisir/<uuid:public_id>/relancer/", actes.relancer, name="proposition_relancer"),
    path("invitations-a-choisir/<uuid:public_id>/retirer/", actes.retirer, name="proposition_retirer"),
]

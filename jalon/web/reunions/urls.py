"""Adresses du plan des réunions, des feuilles, des absences et des contacts."""

from django.urls import URLPattern, path

from jalon.web.reunions import absences, contacts, feuille, inviter, suites, views

urlpatterns: list[URLPattern] = [
    path("reunions/", views.plan, name="reunions"),
    path("reunions/planifier/", views.planifier, name="reunion_planifier"),
    path("reunions/reconduire/", views.reconduire, name="reunions_reconduire"),
    path("reunions/chiffres/", views.chiffres, name="reunions_chiffres"),
    path("reunions/chiffres/personnes/", views.personnes_comptees, name="reunions_comptees"),
    path("reunions/absences/", absences.liste, name="reunions_absences"),
    path("reunions/absences/<uuid:public_id>/accepter/", absences.accepter, name="absence_accepter"),
    path("reunions/absences/<uuid:public_id>/refuser/", absences.refuser, name="absence_refuser"),
    path("reunions/absences/<uuid:public_id>/joindre/", absences.joindre, name="absence_joindre"),
    path("reunions/preuves/<uuid:public_id>/", absences.preuve, name="absence_preuve"),
    path("reunions/<uuid:public_id>/", views.fiche, name="reunion"),
    path("reunions/<uuid:public_id>/modifier/", views.modifier, name="reunion_modifier"),
    path("reunions/<uuid:public_id>/annuler/", views.annuler, name="reunion_annuler"),
    path("reunions/<uuid:public_id>/inviter/", inviter.inviter, name="reunion_inviter"),
    path("reunions/<uuid:public_id>/convoquer/", inviter.convoquer, name="reunion_convoquer"),
    path("reunions/<uuid:public_id>/lettres/", inviter.lettres, name="reunion_lettres"),
    path("reunions/<uuid:public_id>/feuille/", feuille.feuille, name="reunion_feuille"),
    path("reunions/<uuid:public_id>/feuille/imprimer/", feuille.imprimer, name="reunion_feuille_imprimer"),
    path("reunions/<uuid:public_id>/feuille/ajouter/", feuille.ajouter, name="reunion_ajouter"),
    path("reunions/<uuid:public_id>/feuille/clore/", feuille.clore, name="reunion_clore"),
    path("reunions/<uuid:public_id>/feuille/rouvrir/", feuille.rouvrir, name="reunion_rouvrir"),
    path("reunions/invitations/<uuid:public_id>/presence/", feuille.presence, name="invitation_presence"),
    path("reunions/invitations/<uuid:public_id>/retirer/", inviter.retirer, name="invitation_retirer"),
    path("reunions/invitations/<uuid:public_id>/entretien/", suites.entretien, name="invitation_entretien"),
    path("reunions/invitations/<uuid:public_id>/lien/", suites.lien, name="invitation_lien"),
    path("reunions/invitations/<uuid:public_id>/questionnaire/", suites.questionnaire, name="invitation_questionnaire"),
    path("reunions/invitations/<uuid:public_id>/rendez-vous/", suites.rendez_vous, name="invitation_rendez_vous"),
    path("personnes/<uuid:public_id>/contacts/", contacts.noter, name="contact_noter"),
]

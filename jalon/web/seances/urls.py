"""Adresses des instances et de leurs séances."""

from django.urls import path

from . import calendrier, points, preparation, saisines, salle

urlpatterns = [
    path("instances/", calendrier.instances, name="instances"),
    path("instances/<uuid:public_id>/", calendrier.instance, name="instance"),
    path("instances/<uuid:public_id>/membres/", calendrier.nommer, name="instance_nommer"),
    path("instances/<uuid:public_id>/seances/", calendrier.planifier, name="seance_planifier"),
    path("instances/membres/<uuid:public_id>/fin/", calendrier.terminer, name="instance_terminer"),
    path("seances/", calendrier.seances, name="seances"),
    path("seances/<uuid:public_id>/", preparation.seance, name="seance"),
    path("seances/<uuid:public_id>/modifier/", preparation.modifier, name="seance_modifier"),
    path("seances/<uuid:public_id>/inscrire/", preparation.inscrire, name="seance_inscrire"),
    path("seances/<uuid:public_id>/remplir/", preparation.remplir, name="seance_remplir"),
    path("seances/<uuid:public_id>/ranger/", preparation.ranger, name="seance_ranger"),
    path("seances/<uuid:public_id>/convoquer/", preparation.convoquer, name="seance_convoquer"),
    path("seances/<uuid:public_id>/convocations.pdf", preparation.convocations, name="seance_convocations"),
    path("seances/<uuid:public_id>/passages/", saisines.passages, name="seance_passages"),
    path("seances/<uuid:public_id>/personnes/", saisines.convoquer, name="seance_convoquer_personnes"),
    path("seances/<uuid:public_id>/points/", points.ajouter, name="seance_point_ajouter"),
    path("seances/points/<uuid:public_id>/retirer/", points.retirer, name="seance_point_retirer"),
    path("seances/points/<uuid:public_id>/decider/", points.decider, name="seance_point_decider"),
    path("seances/points/<uuid:public_id>/suivre/", points.suivre, name="seance_point_suivre"),
    path("seances/<uuid:public_id>/presence/", preparation.presence, name="seance_presence"),
    path("seances/<uuid:public_id>/ouvrir/", preparation.ouvrir, name="seance_ouvrir"),
    path("seances/<uuid:public_id>/presidence/", preparation.presidence, name="seance_presidence"),
    path("seances/<uuid:public_id>/annuler/", preparation.annuler, name="seance_annuler"),
    path("seances/<uuid:public_id>/clore/", preparation.clore, name="seance_clore"),
    path("seances/<uuid:public_id>/lever/", preparation.lever, name="seance_lever"),
    path("seances/<uuid:public_id>/proces-verbal.pdf", preparation.pv, name="seance_pv"),
    path("seances/<uuid:public_id>/ordre-du-jour.pdf", preparation.ordre_du_jour, name="seance_ordre_du_jour"),
    path("seances/<uuid:public_id>/seance.ics", preparation.agenda, name="seance_agenda"),
    path("seances/dossiers/<uuid:public_id>/", salle.dossier, name="seance_dossier"),
    path("seances/dossiers/<uuid:public_id>/statuer/", salle.decider, name="seance_statuer"),
    path("seances/dossiers/<uuid:public_id>/note/", salle.note, name="seance_note"),
    path("seances/dossiers/<uuid:public_id>/audition/", salle.audition, name="seance_audition"),
    path("seances/dossiers/<uuid:public_id>/pieces/<uuid:piece_id>/", salle.piece, name="seance_piece"),
    path("seances/dossiers/<uuid:public_id>/retrait/", salle.retrait, name="seance_retrait"),
    path("seances/dossiers/<uuid:public_id>/retrait/annuler/", salle.annuler_le_retrait, name="seance_retrait_annuler"),
    path("seances/dossiers/<uuid:public_id>/retirer/", preparation.retirer, name="seance_retirer"),
]

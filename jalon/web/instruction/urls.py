"""Adresses du premier contact, de l'instruction et de la création d'une personne."""

from django.urls import URLPattern, path

from jalon.web.instruction import actes, personnes, pilotage, saisie, views

urlpatterns: list[URLPattern] = [
    path("instruction/", views.liste, name="instructions"),
    path("instruction/exporter/", views.exporter, name="instructions_exporter"),
    path("instruction/saisir/", saisie.saisir, name="instruction_saisir"),
    path("instruction/saisir/effacer/", saisie.effacer, name="instruction_effacer"),
    path("instruction/lieux/", pilotage.lieux, name="sites_instruction"),
    path("instruction/charte/", pilotage.charte, name="charte_instruction"),
    path("instruction/charte/<slug:code>/", pilotage.derriere, name="charte_demandes"),
    path("instruction/<uuid:public_id>/", views.demande, name="instruction"),
    path("instruction/<uuid:public_id>/pieces/", actes.pieces, name="instruction_pieces"),
    path("instruction/<uuid:public_id>/complement/", actes.complement, name="instruction_complement"),
    path("instruction/<uuid:public_id>/soumission/", actes.soumission, name="instruction_soumission"),
    path("instruction/<uuid:public_id>/simulation/", actes.simulation, name="instruction_simulation"),
    path("instruction/<uuid:public_id>/instruire/", actes.instruire, name="instruction_instruire"),
    path("instruction/<uuid:public_id>/transmettre/", actes.transmettre, name="instruction_transmettre"),
    path("instruction/<uuid:public_id>/retour/", actes.retour, name="instruction_retour"),
    path("instruction/<uuid:public_id>/liquider/", actes.liquider, name="instruction_liquider"),
    path("instruction/<uuid:public_id>/classer/", actes.classer, name="instruction_classer"),
    path("instruction/<uuid:public_id>/confier/", actes.confier, name="instruction_confier"),
    path("personnes/creer/", personnes.creer, name="personne_creer"),
    path("personnes/<uuid:public_id>/coordonnees/", personnes.coordonnees, name="personne_coordonnees"),
    path("personnes/<uuid:public_id>/publics/", personnes.declarer, name="personne_public"),
    path("personnes/<uuid:public_id>/publics/<slug:code>/clore/", personnes.clore, name="personne_public_clore"),
]

"""Adresses de l'administration : agents et habilitations, territoires, journal, installation."""

from django.urls import path

from jalon.web.administration import agents, installation, journal, territoires

urlpatterns = [
    path("agents/", agents.liste, name="agents"),
    path("agents/nouveau/", agents.creer, name="agent_creer"),
    path("agents/<uuid:public_id>/", agents.fiche, name="agent"),
    path("agents/<uuid:public_id>/affectation/", agents.affecter, name="affectation_creer"),
    path("agents/<uuid:public_id>/fermer/", agents.desactiver, name="agent_desactiver"),
    path("agents/<uuid:public_id>/rouvrir/", agents.rouvrir, name="agent_rouvrir"),
    path(
        "agents/<uuid:public_id>/second-facteur/",
        agents.reinitialiser_facteur,
        name="agent_reinitialiser_second_facteur",
    ),
    path("agents/<uuid:public_id>/debloquer/", agents.debloquer, name="agent_debloquer"),
    path("agents/<uuid:public_id>/lien/", agents.renvoyer_lien, name="agent_renvoyer_lien"),
    path("affectations/<uuid:public_id>/terminer/", agents.terminer, name="affectation_terminer"),
    path("habilitations/", agents.profils_habilitation, name="profils_habilitation"),
    path("territoires/", territoires.arbre, name="territoires"),
    path("territoires/<slug:code>/", territoires.fiche, name="territoire"),
    path("organismes/<uuid:public_id>/", territoires.organisme, name="organisme"),
    path("journal/", journal.journal, name="journal"),
    path("installation/", installation.etat, name="installation"),
]

"""Adresses du livret : celles de la personne, sans compte, puis celles de l'agent."""

from django.urls import URLPattern, path

from jalon.web.lien import contrat, signature
from jalon.web.livret import agent, entree, manquement, rencontres, views
from jalon.web.livret.contrat import par_son_livret

urlpatterns: list[URLPattern] = [
    path("livret/", entree.livret, name="livret"),
    path("livret/code/", entree.code, name="livret_code"),
    path("livret/quitter/", entree.fermer, name="livret_quitter"),
    path("livret/accueil/", views.accueil, name="livret_accueil"),
    path("livret/parcours/", views.parcours, name="livret_parcours"),
    path("livret/etapes/<uuid:etape_id>/", views.etape, name="livret_etape"),
    path("livret/rendez-vous/", views.rendez_vous, name="livret_rendez_vous"),
    path("livret/rendez-vous/<uuid:public_id>/absence/", rencontres.absence, name="livret_rendez_vous_absence"),
    path("livret/rendez-vous/<uuid:public_id>/agenda.ics", rencontres.agenda, name="livret_rendez_vous_agenda"),
    path("livret/contrats/", views.contrats, name="livret_contrats"),
    path("livret/contrats/<uuid:contrat>/", par_son_livret(contrat.ecrire), name="livret_contrat"),
    path(
        "livret/contrats/<uuid:contrat>/rubriques/<slug:code>/", par_son_livret(contrat.rubrique),
        name="livret_contrat_rubrique",
    ),
    path(
        "livret/contrats/<uuid:contrat>/objectifs/", par_son_livret(contrat.objectif), name="livret_contrat_objectif"
    ),
    path("livret/contrats/<uuid:contrat>/signer/", par_son_livret(signature.page), name="livret_contrat_signer"),
    path("livret/contrats/<uuid:contrat>/signer/code/", par_son_livret(signature.code), name="livret_contrat_code"),
    path("livret/contrats/<uuid:contrat>/texte.pdf", par_son_livret(signature.texte), name="livret_contrat_texte"),
    path("livret/lettres/<uuid:public_id>/", manquement.manquement, name="livret_manquement"),
    path("livret/papiers/", views.papiers, name="livret_papiers"),
    path("livret/papiers/<uuid:document_id>/", views.papier, name="livret_papier"),
    path("livret/entretiens/", views.entretiens, name="livret_entretiens"),
    path("livret/demarches/", views.demarches, name="livret_demarches"),
    path("livret/competences/", views.competences, name="livret_competences"),
    path("livret/experience/", views.experience, name="livret_experience_ajouter"),
    path("livret/experience/<uuid:experience_id>/", views.experience, name="livret_experience"),
    path("livret/mon-cv.pdf", views.cv, name="livret_cv"),
    path("livret/mon-livret.pdf", views.telecharger, name="livret_telecharger"),
    path("livret/droits/", views.droits, name="livret_droits"),
    path("personnes/<uuid:public_id>/livret/", agent.livret, name="livret_agent"),
    path("personnes/<uuid:public_id>/livret/acces/", agent.creer, name="livret_agent_creer"),
    path("personnes/<uuid:public_id>/livret/acces/lettre/", agent.lettre, name="livret_agent_lettre"),
    path("personnes/<uuid:public_id>/livret/acces/fermer/", agent.fermer, name="livret_agent_fermer"),
    path("personnes/<uuid:public_id>/livret/acces/accueil/", agent.montrer, name="livret_agent_montrer"),
    path("personnes/<uuid:public_id>/livret/competences/", agent.competences, name="livret_agent_competences"),
    path("personnes/<uuid:public_id>/livret/experience/", agent.experience, name="livret_agent_experience_ajouter"),
    path(
        "personnes/<uuid:public_id>/livret/experience/<uuid:experience_id>/", agent.experience,
        name="livret_agent_experience",
    ),
    path("personnes/<uuid:public_id>/livret/demarche/", agent.demarche, name="livret_agent_demarche"),
    path("personnes/<uuid:public_id>/livret/livret.pdf", agent.telecharger, name="livret_agent_telecharger"),
    path("personnes/<uuid:public_id>/livret/mini-cv.pdf", agent.cv, name="livret_agent_cv"),
]  # fmt: skip

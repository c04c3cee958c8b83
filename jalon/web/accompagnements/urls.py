"""Adresses du suivi : portefeuille, référents d'une personne, fiches navettes, charge, référencement."""

from django.urls import URLPattern, path

from jalon.web.accompagnements import charge, navettes, referencement, referents, views

urlpatterns: list[URLPattern] = [
    path("portefeuille/", views.portefeuille, name="portefeuille"),
    path("portefeuille/exporter/", views.exporter, name="portefeuille_exporter"),
    path("portefeuille/avis/lus/", views.avis_lus, name="portefeuille_avis_lus"),
    path("personnes/<uuid:public_id>/referents/", referents.personne_referents, name="personne_referents"),
    path("personnes/<uuid:public_id>/referents/relais/", referents.personne_relais, name="personne_relais"),
    path(
        "personnes/<uuid:public_id>/referents/correspondant/",
        referents.personne_correspondant,
        name="personne_correspondant",
    ),
    path("personnes/<uuid:public_id>/suivis/ouvrir/", referents.suivi_ouvrir, name="suivi_ouvrir"),
    path("personnes/<uuid:public_id>/navettes/ouvrir/", navettes.navette_ouvrir, name="navette_ouvrir"),
    path("suivis/<uuid:public_id>/clore/", referents.suivi_clore, name="suivi_clore"),
    path("designations/<uuid:public_id>/prevenue/", referents.designation_prevenue, name="designation_prevenue"),
    path("designations/<uuid:public_id>/lettre/", referents.designation_lettre, name="designation_lettre"),
    path(
        "designations/<uuid:public_id>/lettre/ecrire/",
        referents.designation_lettre_ecrire,
        name="designation_lettre_ecrire",
    ),
    path("navettes/", navettes.navettes, name="navettes"),
    path("navettes/<uuid:public_id>/", navettes.navette, name="navette"),
    path("navettes/<uuid:public_id>/clore/", navettes.navette_clore, name="navette_clore"),
    path("charge/", charge.charge, name="charge"),
    path("charge/referents/<uuid:public_id>/", charge.charge_agent, name="charge_agent"),
    path("charge/referents/<uuid:public_id>/temps/", charge.charge_temps, name="charge_temps"),
    path("charge/referents/<uuid:public_id>/transferer/", charge.transfert_preparer, name="transfert_preparer"),
    path("charge/referents/<uuid:public_id>/transferer/faire/", charge.transfert_faire, name="transfert_faire"),
    path("charge/transferts/<uuid:public_id>/", charge.transfert, name="transfert"),
    path("charge/transferts/<uuid:public_id>/defaire/", charge.transfert_defaire, name="transfert_defaire"),
    path("agents/<uuid:public_id>/absences/", charge.absences, name="absences"),
    path("absences/<uuid:public_id>/terminer/", charge.absence_terminer, name="absence_terminer"),
    path("referencement/", referencement.referencement, name="referencement"),
    path("referencement/liste/", referencement.referencement_liste, name="referencement_liste"),
    path("correspondants/", referencement.correspondants, name="correspondants"),
]

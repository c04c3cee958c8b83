"""Ce que le code attend de tout profil : clés, codes et droits. Un profil n'en invente pas.

Ajouter une ligne ici oblige chaque profil à la renseigner : c'est ainsi qu'un écran peut compter sur elle.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Unite(StrEnum):
    """Unité d'un paramètre ; elle décide de la forme de sa valeur."""

    EUROS = "euros"
    MOIS = "mois"
    JOURS = "jours"
    MINUTES = "minutes"
    NOMBRE = "nombre"
    MO = "mo"
    POURCENT = "pourcent"
    BOOLEEN = "booleen"
    TEXTE = "texte"


UNITES_ENTIERES: Final = frozenset({Unite.MOIS, Unite.JOURS, Unite.MINUTES, Unite.NOMBRE, Unite.MO})

LIBELLES_REQUIS: Final = (
    "action",
    "aide_individuelle",
    "allocataire",
    "allocation",
    "animateur",
    "attente_orientation",
    "audition",
    "avertissement",
    "bilan_contrat",
    "campagne",
    "chef_territoire",
    "comite_lecture",
    "comite_pilotage",
    "commission_aides",
    "commission_locale",
    "conjoint",
    "contact_individuel",
    "contrat",
    "contrat_engagement",
    "contrat_objectifs",
    "contrat_professionnel",
    "contrat_solidarite",
    "correspondant",
    "decideur",
    "demande_allocation",
    "departement_service",
    "diagnostic",
    "dossier",
    "droits_et_devoirs",
    "echelle",
    "entretien",
    "entretien_annuel",
    "equipe",
    "equipe_orientation",
    "fiche_navette",
    "fiche_preparatoire",
    "file_active",
    "file_orientation",
    "foyer",
    "instruction",
    "manquement",
    "notification_orientation",
    "operateur",
    "organisme_payeur",
    "orientation",
    "parcours",
    "passeport",
    "personne_non_soumise",
    "personne_soumise",
    "plan_departemental",
    "portefeuille",
    "premier_contact",
    "prescription",
    "projet_personnalise",
    "recours_administratif",
    "referent",
    "referent_professionnel",
    "referent_solidarite",
    "reorientation",
    "rendez_vous",
    "representant_usagers",
    "reunion_information",
    "sanction",
    "seance",
    "service_instructeur",
    "siege",
    "sphere_professionnelle",
    "sphere_sociale",
    "structure_accueil",
    "territoire",
    "type_orientation",
)

PARAMETRES_REQUIS: Final[dict[str, Unite]] = {
    "acces_personnel.duree_code": Unite.MINUTES,
    "acces_personnel.duree_session": Unite.MINUTES,
    "acces_personnel.echecs_avant_blocage": Unite.NOMBRE,
    "accompagnement.maintien_apres_franchissement": Unite.MOIS,
    "conservation.journal_lectures": Unite.MOIS,
    "contact.delai_apres_absence": Unite.JOURS,
    "contact.tentatives_suffisantes": Unite.NOMBRE,
    "contrat.alerte_derniere": Unite.JOURS,
    "contrat.alerte_premiere": Unite.JOURS,
    "contrat.delai_cer_professionnel": Unite.MOIS,
    "contrat.delai_cer_solidarite": Unite.MOIS,
    "contrat.delai_validation": Unite.MOIS,
    "droits.montant_forfaitaire": Unite.EUROS,
    "droits.seuil_activite_mensuel": Unite.EUROS,
    "emploi.offres_raisonnables_refusees_max": Unite.NOMBRE,
    "entretien.annuel_non_soumis": Unite.MOIS,
    "flux.part_absents_alerte": Unite.POURCENT,
    "flux.taille_decompressee_max": Unite.MO,
    "instance.delai_convocation": Unite.JOURS,
    "instruction.delai_complement": Unite.MOIS,
    "lien.duree_validite": Unite.JOURS,
    "objectif.contractualisation": Unite.POURCENT,
    "objectif.referencement": Unite.POURCENT,
    "observatoire.seuil_secret": Unite.NOMBRE,
    "orientation.alerte_avant_echeance": Unite.JOURS,
    "orientation.alternances_signalees": Unite.NOMBRE,
    "orientation.delai_decision": Unite.MOIS,
    "orientation.delai_reexamen": Unite.MOIS,
    "orientation.duree_sans_element": Unite.MOIS,
    "rapprochement.seuil_doute": Unite.POURCENT,
    "recours.delai": Unite.MOIS,
    "referencement.anciennete_minimale": Unite.MOIS,
    "referent.charge_maximale": Unite.NOMBRE,
    "referent.depassement_bloquant": Unite.BOOLEEN,
    "referent.sommeil": Unite.JOURS,
    "rendezvous.delai_convocation": Unite.JOURS,
    "rendezvous.delai_entre_messages": Unite.MINUTES,
    "rendezvous.horizon_creneaux": Unite.JOURS,
    "rendezvous.rappel_avant": Unite.JOURS,
    "reprise.seuil_certain": Unite.POURCENT,
    "reprise.seuil_possible": Unite.POURCENT,
    "reunion.anciennete_prioritaire": Unite.MOIS,
    "reunion.delai_convocation": Unite.JOURS,
    "reunion.delai_invitation": Unite.MOIS,
    "sanction.delai_observations": Unite.MOIS,
    "sanction.delai_reponse_recours": Unite.MOIS,
    "securite.duree_blocage": Unite.MINUTES,
    "securite.duree_session": Unite.MINUTES,
    "securite.echecs_avant_blocage": Unite.NOMBRE,
}

PARAMETRES_FACULTATIFS: Final[dict[str, Unite]] = {
    # Un seul des programmes se donne une cible de sphère professionnelle ([004] 1.3.1).
    "objectif.orientation_professionnelle": Unite.POURCENT,
}

PARAMETRES_CONNUS: Final = PARAMETRES_REQUIS | PARAMETRES_FACULTATIFS


class Droit(StrEnum):
    """Ce qu'un profil d'habilitation permet de faire."""

    DOSSIER_CONSULTER = "dossier.consulter"
    DOSSIER_RECHERCHER = "dossier.rechercher"
    FILE_ORIENTATION_CONSULTER = "file_orientation.consulter"
    FILE_ORIENTATION_AFFECTER = "file_orientation.affecter"
    FILE_ORIENTATION_EXPORTER = "file_orientation.exporter"
    FLUX_IMPORTER = "flux.importer"
    FLUX_CONSULTER = "flux.consulter"
    QUARANTAINE_TRAITER = "quarantaine.traiter"
    DOUBLONS_TRAITER = "doublons.traiter"
    TABLEAUX_CONSULTER = "tableaux.consulter"
    TERRITOIRES_CONSULTER = "territoires.consulter"
    AGENTS_CONSULTER = "agents.consulter"
    AGENTS_GERER = "agents.gerer"
    INSTALLATION_CONSULTER = "installation.consulter"
    JOURNAL_CONSULTER = "journal.consulter"
    NIR_CONSULTER = "nir.consulter"
    TACHES_TRAITER = "taches.traiter"
    PARAMETRES_GERER = "parametres.gerer"
    ACCES_PERSONNEL_GERER = "acces_personnel.gerer"
    AGENDA_GERER = "agenda.gerer"
    CAMPAGNES_GERER = "campagnes.gerer"
    CHARGE_CONSULTER = "charge.consulter"
    CONTRAT_RECEVOIR = "contrat.recevoir"
    CONTRAT_REDIGER = "contrat.rediger"
    CONTRAT_VALIDER = "contrat.valider"
    CONTRATS_CONSULTER = "contrats.consulter"
    COURRIERS_GERER = "courriers.gerer"
    DIAGNOSTIC_SAISIR = "diagnostic.saisir"
    INSTRUCTION_SAISIR = "instruction.saisir"
    MANQUEMENT_SAISIR = "manquement.saisir"
    MANQUEMENT_INSTRUIRE = "manquement.instruire"
    MANQUEMENTS_CONSULTER = "manquements.consulter"
    NOTIFICATION_PRODUIRE = "notification.produire"
    ORIENTATION_DECIDER = "orientation.decider"
    ORIENTATION_SIMULER = "orientation.simuler"
    PERSONNES_CREER = "personnes.creer"
    PORTEFEUILLE_CONSULTER = "portefeuille.consulter"
    PORTEFEUILLE_TRANSFERER = "portefeuille.transferer"
    REFERENT_DESIGNER = "referent.designer"
    REORIENTATION_DEMANDER = "reorientation.demander"
    REORIENTATION_EXAMINER = "reorientation.examiner"
    REUNIONS_CONSULTER = "reunions.consulter"
    REUNIONS_GERER = "reunions.gerer"
    SANCTION_DECIDER = "sanction.decider"
    SEANCES_PREPARER = "seances.preparer"
    SEANCES_PRESIDER = "seances.presider"
    SEANCES_SIEGER = "seances.sieger"
    SUIVI_ECRIRE = "suivi.ecrire"
    TRANSMISSION_GERER = "transmission.gerer"


# Tout ce qui montre une personne. Le flux y est : sa quarantaine affiche des noms.
DROITS_SUR_LES_PERSONNES: Final = frozenset(
    {
        Droit.DOSSIER_CONSULTER,
        Droit.DOSSIER_RECHERCHER,
        Droit.FILE_ORIENTATION_CONSULTER,
        Droit.FILE_ORIENTATION_AFFECTER,
        Droit.FILE_ORIENTATION_EXPORTER,
        Droit.FLUX_IMPORTER,
        Droit.FLUX_CONSULTER,
        Droit.QUARANTAINE_TRAITER,
        Droit.DOUBLONS_TRAITER,
        Droit.JOURNAL_CONSULTER,
        Droit.NIR_CONSULTER,
        Droit.TACHES_TRAITER,
        Droit.ACCES_PERSONNEL_GERER,
        Droit.AGENDA_GERER,
        Droit.CAMPAGNES_GERER,
        Droit.CONTRAT_RECEVOIR,
        Droit.CONTRAT_REDIGER,
        Droit.CONTRAT_VALIDER,
        Droit.CONTRATS_CONSULTER,
        Droit.DIAGNOSTIC_SAISIR,
        Droit.INSTRUCTION_SAISIR,
        Droit.MANQUEMENT_SAISIR,
        Droit.MANQUEMENT_INSTRUIRE,
        Droit.MANQUEMENTS_CONSULTER,
        Droit.NOTIFICATION_PRODUIRE,
        Droit.ORIENTATION_DECIDER,
        Droit.ORIENTATION_SIMULER,
        Droit.PERSONNES_CREER,
        Droit.PORTEFEUILLE_CONSULTER,
        Droit.PORTEFEUILLE_TRANSFERER,
        Droit.REFERENT_DESIGNER,
        Droit.REORIENTATION_DEMANDER,
        Droit.REORIENTATION_EXAMINER,
        Droit.REUNIONS_CONSULTER,
        Droit.REUNIONS_GERER,
        Droit.SANCTION_DECIDER,
        Droit.SEANCES_PREPARER,
        Droit.SEANCES_PRESIDER,
        Droit.SEANCES_SIEGER,
        Droit.SUIVI_ECRIRE,
        Droit.TRANSMISSION_GERER,
    }
)

ROLES_REQUIS: Final = (
    "administrateur",
    "animateur",
    "chef_territoire",
    "correspondant",
    "decideur",
    "instructeur",
    "lecteur",
    "membre_equipe",
    "operateur",
    "orienteur",
    "referent_professionnel",
    "referent_solidarite",
    "representant_usagers",
    "sante",
    "siege",
)

# Ils siègent ou renseignent, sans ouvrir de dossier ([003] FA 2.3 : « accès léger » à l'offre seulement).
ROLES_SANS_PERSONNE: Final = frozenset({"representant_usagers", "lecteur"})


class Portee(StrEnum):
    """Étendue d'un profil d'habilitation : où s'arrête ce que l'agent voit."""

    DEPARTEMENT = "departement"
    TERRITOIRE = "territoire"
    ORGANISME = "organisme"


class TypeTerritoire(StrEnum):
    """Niveaux de l'arbre. Le nom que l'écran affiche vient de `libelles.yaml`."""

    DEPARTEMENT = "departement"
    SECTEUR = "secteur"
    TERRITOIRE = "territoire"
    ANTENNE = "antenne"


class CategorieOrganisme(StrEnum):
    """Familles d'organismes dont le code a besoin ; les types d'un profil s'y rangent."""

    DEPARTEMENT = "departement"
    CCAS = "ccas"
    ASSOCIATION = "association"
    PLIE = "plie"
    SIAE = "siae"
    MISSION_LOCALE = "mission_locale"
    FRANCE_TRAVAIL = "france_travail"
    CAF = "caf"
    MSA = "msa"
    DELEGATAIRE = "delegataire"
    OPERATEUR = "operateur"
    AUTRE = "autre"


# Le décret 2019-341 énumère qui peut utiliser le NIR : ces familles n'y figurent pas.
CATEGORIES_SANS_NIR: Final = frozenset(
    {
        CategorieOrganisme.DELEGATAIRE,
        CategorieOrganisme.SIAE,
        CategorieOrganisme.AUTRE,
        CategorieOrganisme.OPERATEUR,
    }
)


class ObjetHabilitation(StrEnum):
    """Ce pour quoi un organisme est habilité ou conventionné (F006)."""

    INSTRUCTION = "instruction"
    CONTRAT = "contrat"
    REFERENCE = "reference"
    ORIENTATION = "orientation"

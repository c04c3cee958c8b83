"""Dire en mots les codes que l'administration affiche."""

from __future__ import annotations

from typing import Final

from jalon.referentiels.profil.vocabulaire import Droit

DROITS: Final[dict[Droit, str]] = {
    Droit.DOSSIER_CONSULTER: "Ouvrir les dossiers",
    Droit.DOSSIER_RECHERCHER: "Rechercher une personne",
    Droit.FILE_ORIENTATION_CONSULTER: "Voir la file d'orientation",
    Droit.FILE_ORIENTATION_AFFECTER: "Répartir la file d'orientation",
    Droit.FILE_ORIENTATION_EXPORTER: "Exporter la file d'orientation",
    Droit.FLUX_IMPORTER: "Importer les fichiers des caisses",
    Droit.FLUX_CONSULTER: "Voir les imports",
    Droit.QUARANTAINE_TRAITER: "Traiter la quarantaine",
    Droit.DOUBLONS_TRAITER: "Examiner les doublons",
    Droit.TABLEAUX_CONSULTER: "Voir les tableaux de bord",
    Droit.TERRITOIRES_CONSULTER: "Voir les territoires et les organismes",
    Droit.AGENTS_CONSULTER: "Voir les agents",
    Droit.AGENTS_GERER: "Gérer les agents et leurs rôles",
    Droit.INSTALLATION_CONSULTER: "Voir l'état de l'installation",
    Droit.JOURNAL_CONSULTER: "Lire le journal",
    Droit.NIR_CONSULTER: "Voir le NIR",
    Droit.TACHES_TRAITER: "Traiter les tâches",
    Droit.PARAMETRES_GERER: "Gérer les paramètres",
}

PIECES: Final[dict[str, str]] = {
    "agents": "Comptes et connexions",
    "personnes": "Personnes et foyers",
    "droits": "Droits",
    "orientations": "Orientation",
    "accompagnements": "Accompagnement",
    "echanges": "Imports et échanges",
    "referentiels": "Profil du département",
}
"""Ce qui précède le premier point d'un code d'acte."""

"""Le profil d'un département : un dossier de fichiers lisibles, validés au chargement.

Ce qui change d'un département à l'autre est ici une donnée (mots, territoires, seuils datés, rôles,
organismes), jamais une branche du code.
"""

from .chargement import FICHIERS, charger_profil, profils_disponibles
from .erreurs import ErreurProfil, ParametreSansValeurError, ProfilInvalideError
from .modeles import (
    CompteDemonstration,
    Demonstration,
    Habilitation,
    Identite,
    Libelle,
    Organisme,
    OrganismePayeur,
    ParametreDate,
    Profil,
    Role,
    Territoire,
    TypeOrganisme,
)
from .vocabulaire import (
    DROITS_SUR_LES_PERSONNES,
    LIBELLES_REQUIS,
    PARAMETRES_FACULTATIFS,
    PARAMETRES_REQUIS,
    ROLES_REQUIS,
    ROLES_SANS_PERSONNE,
    CategorieOrganisme,
    Droit,
    ObjetHabilitation,
    Portee,
    TypeTerritoire,
    Unite,
)

__all__ = [
    "DROITS_SUR_LES_PERSONNES",
    "FICHIERS",
    "LIBELLES_REQUIS",
    "PARAMETRES_FACULTATIFS",
    "PARAMETRES_REQUIS",
    "ROLES_REQUIS",
    "ROLES_SANS_PERSONNE",
    "CategorieOrganisme",
    "CompteDemonstration",
    "Demonstration",
    "Droit",
    "ErreurProfil",
    "Habilitation",
    "Identite",
    "Libelle",
    "ObjetHabilitation",
    "Organisme",
    "OrganismePayeur",
    "ParametreDate",
    "ParametreSansValeurError",
    "Portee",
    "Profil",
    "ProfilInvalideError",
    "Role",
    "Territoire",
    "TypeOrganisme",
    "TypeTerritoire",
    "Unite",
    "charger_profil",
    "profils_disponibles",
]

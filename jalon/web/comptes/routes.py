"""Les adresses ouvertes sans connexion, celles qui sont fermées, celles qu'on atteint sans second facteur.

Cette liste est relue : un essai échoue si une vue publique n'y figure pas.
"""

from __future__ import annotations

ROUTES_PUBLIQUES = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "mfa_authenticate",
        # La feuille de style de la couleur du département : la page de connexion en a besoin.
        "theme",
        # La page qu'une personne sans compte ouvre par le lien reçu : le jeton tient lieu de clé.
        "lien",
        "lien_questionnaire",
        "lien_absence",
        "lien_agenda",
        # Le livret de la personne : deux portes, puis des pages que seule sa visite ouvre.
        "livret",
        "livret_code",
        "livret_quitter",
        "livret_accueil",
        "livret_parcours",
        "livret_etape",
        "livret_rendez_vous",
        "livret_rendez_vous_absence",
        "livret_rendez_vous_agenda",
        "livret_contrats",
        "livret_contrat",
        "livret_contrat_rubrique",
        "livret_contrat_objectif",
        "livret_contrat_signer",
        "livret_contrat_code",
        "livret_contrat_texte",
        "livret_papiers",
        "livret_papier",
        "livret_entretiens",
        "livret_demarches",
        "livret_competences",
        "livret_experience_ajouter",
        "livret_experience",
        "livret_cv",
        "livret_telecharger",
        "livret_droits",
        "lien_rendez_vous",
        "lien_rendez_vous_choisir",
        "lien_rendez_vous_aucun",
        "lien_rendez_vous_rendre",
        "lien_rendez_vous_agenda",
        # L'agenda d'un agent, lu par son propre logiciel : l'adresse secrète tient lieu de clé.
        "agenda_flux",
        "lien_contrat",
        "lien_contrat_rubrique",
        "lien_contrat_objectif",
        "lien_contrat_signer",
        "lien_contrat_code",
        "lien_contrat_texte",
        # La lettre qui dit ce qui est reproché, et la réponse de la personne.
        "lien_manquement",
        "livret_manquement",
    }
)

ROUTES_FERMEES = frozenset(
    {
        # Un compte d'agent est créé par un administrateur, qui tient aussi son adresse électronique.
        "account_signup",
        "account_email",
        "account_confirm_email",
        "account_email_verification_sent",
        # Le mot de passe se choisit par le lien reçu, pas par cette page.
        "account_set_password",
        # Pas de connexion par code envoyé par courriel.
        "account_confirm_login_code",
        # Remplacée par « Mes connexions ».
        "usersessions_list",
    }
)
"""Adresses de django-allauth que Jalon n'ouvre pas : elles répondent « introuvable » à tous."""

ROUTES_SANS_SECOND_FACTEUR = ROUTES_PUBLIQUES | {
    "second_facteur",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
}
"""Ce qu'un agent peut atteindre tant qu'il n'a pas posé le second facteur exigé."""

"""Ce qui se coche dans un recueil ou au-dessus d'une grille (D08, D09, R262-104)."""

from __future__ import annotations

from django.db import models


class Niveau(models.TextChoices):
    """Un niveau, jamais un diagnostic : ce que la contrainte change à la reprise d'un emploi (B3)."""

    AUCUNE = "aucune", "Aucune"
    MODEREE = "moderee", "Modérée"
    FORTE = "forte", "Forte"


class SourceRecueil(models.TextChoices):
    PREMIER_CONTACT = "premier_contact", "Premier contact"
    REUNION = "reunion", "Réunion"
    ENTRETIEN = "entretien", "Entretien"
    PARTENAIRE = "partenaire", "Élément d'un partenaire"


class Anciennete(models.TextChoices):
    """Depuis quand la personne ne travaille pas."""

    EN_EMPLOI = "en_emploi", "Travaille aujourd'hui"
    MOINS_6_MOIS = "moins_6_mois", "Moins de six mois"
    MOINS_1_AN = "moins_1_an", "De six mois à un an"
    MOINS_2_ANS = "moins_2_ans", "D'un à deux ans"
    MOINS_5_ANS = "moins_5_ans", "De deux à cinq ans"
    PLUS_5_ANS = "plus_5_ans", "Plus de cinq ans"
    JAMAIS = "jamais", "N'a jamais travaillé"


class Suivi(models.TextChoices):
    """Qui accompagne déjà la personne."""

    FRANCE_TRAVAIL = "france_travail", "Opérateur public de l'emploi"
    PLIE = "plie", "PLIE"
    MISSION_LOCALE = "mission_locale", "Mission locale"
    CAP_EMPLOI = "cap_emploi", "Cap emploi"
    DEPARTEMENT = "departement", "Service social du département"
    CCAS = "ccas", "CCAS ou CIAS"
    CAF = "caf", "CAF ou MSA"
    ASSOCIATION = "association", "Association"
    AUTRE = "autre", "Autre"


class Disponibilite(models.TextChoices):
    IMMEDIATE = "immediate", "Tout de suite"
    PARTIELLE = "partielle", "À temps partiel ou à certaines heures"
    SOUS_CONDITION = "sous_condition", "Si une difficulté est d'abord réglée"
    NON = "non", "Pas pour l'instant"


class GardeEnfant(models.TextChoices):
    SANS_OBJET = "sans_objet", "Pas d'enfant à faire garder"
    SOLUTION = "solution", "Une solution de garde"
    PARTIELLE = "partielle", "Une solution à certaines heures"
    AUCUNE = "aucune", "Aucune solution de garde"


class Logement(models.TextChoices):
    LOCATAIRE_SOCIAL = "locataire_social", "Locataire du parc social"
    LOCATAIRE_PRIVE = "locataire_prive", "Locataire du parc privé"
    PROPRIETAIRE = "proprietaire", "Propriétaire"
    HEBERGE = "heberge", "Hébergement chez un proche"
    STRUCTURE = "structure", "Foyer, résidence ou centre d'hébergement"
    SANS_LOGEMENT = "sans_logement", "Sans logement"
    AUTRE = "autre", "Autre situation"


class Formation(models.TextChoices):
    SANS = "sans", "Sans diplôme"
    NIVEAU_3 = "niveau_3", "CAP ou BEP (niveau 3)"
    NIVEAU_4 = "niveau_4", "Baccalauréat (niveau 4)"
    NIVEAU_5 = "niveau_5", "Bac + 2 (niveau 5)"
    NIVEAU_6 = "niveau_6", "Bac + 3 et au-delà (niveau 6 ou plus)"
    ETRANGER = "etranger", "Diplôme étranger, non reconnu en France"


class SituationEmploi(models.TextChoices):
    SANS_EMPLOI = "sans_emploi", "Sans emploi"
    TEMPS_PARTIEL = "temps_partiel", "En emploi à temps partiel"
    TEMPS_PLEIN = "temps_plein", "En emploi à temps plein"
    INDEPENDANT = "independant", "À son compte"
    FORMATION = "formation", "En formation ou en stage"
    AUTRE = "autre", "Autre situation"


class Permis(models.TextChoices):
    AUCUN = "aucun", "Aucun permis"
    EN_COURS = "en_cours", "Permis en cours"
    OBTENU = "obtenu", "Permis de conduire"


class ParcoursEnvisage(models.TextChoices):
    """Ce que la grille fait envisager (D08.9) : un avis, pas une décision."""

    PROFESSIONNEL = "professionnel", "Professionnel"
    SOCIAL = "social", "Social"
    ATTENTE = "attente", "En attente"


class OriginePassation(models.TextChoices):
    ENTRETIEN = "entretien", "Entretien"
    REUNION = "reunion", "Réunion"
    BILAN = "bilan", "Bilan"
    REPRISE = "reprise", "Reprise d'un fichier"

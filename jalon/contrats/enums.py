"""États, familles et choix d'un contrat ; les circuits du profil n'emploient que ces mots."""

from __future__ import annotations

from datetime import date

from django.db import models


class Famille(models.TextChoices):
    """Sorte de contrat que les indicateurs distinguent (I01-I06)."""

    SOLIDARITE = "solidarite", "Sphère sociale"
    PROFESSIONNEL = "professionnel", "Sphère professionnelle"
    INSERTION = "insertion", "Insertion, toutes sphères"
    OBJECTIFS = "objectifs", "Hors allocation"
    PROJET = "projet", "Projet du service public de l'emploi"
    ENGAGEMENT = "engagement", "Engagement"


class EtatContrat(models.TextChoices):
    BROUILLON = "brouillon", "En écriture"
    A_SIGNER = "a_signer", "À signer"
    SIGNE_PERSONNE = "signe_personne", "Signé par la personne"
    SIGNE = "signe", "Signé"
    RECU = "recu", "Reçu"
    EN_LECTURE = "en_lecture", "En lecture commune"
    RENVOYE = "renvoye", "Renvoyé au référent"
    EN_VIGUEUR = "en_vigueur", "En vigueur"
    BILAN = "bilan", "Bilan fait"
    RENOUVELE = "renouvele", "Renouvelé"
    TERMINE = "termine", "Terminé"
    ROMPU = "rompu", "Rompu"
    ABANDONNE = "abandonne", "Abandonné"

    @classmethod
    def en_preparation(cls) -> frozenset[str]:
        """Avant toute entrée en vigueur."""
        return frozenset(
            {cls.BROUILLON, cls.A_SIGNER, cls.SIGNE_PERSONNE, cls.SIGNE, cls.RECU, cls.EN_LECTURE, cls.RENVOYE}
        )

    @classmethod
    def ecrits(cls) -> frozenset[str]:
        """Où le texte change encore."""
        return frozenset({cls.BROUILLON})

    @classmethod
    def a_valider(cls) -> frozenset[str]:
        """Signés par les deux, pas encore validés : le délai du service court (R49)."""
        return frozenset({cls.SIGNE, cls.RECU, cls.EN_LECTURE})

    @classmethod
    def vivants(cls) -> frozenset[str]:
        """Validés, et pas encore finis."""
        return frozenset({cls.EN_VIGUEUR, cls.BILAN})

    @classmethod
    def finaux(cls) -> frozenset[str]:
        return frozenset({cls.RENOUVELE, cls.TERMINE, cls.ROMPU, cls.ABANDONNE})


ARRIVE_A_TERME = "Arrivé à terme, à renouveler ou à clore"


def a_terme(etat: str, fin: date | None, jour: date) -> bool:
    """Validé, dernier jour passé, et sans suite encore : ni renouvelé, ni clos. `fin` n'en fait plus partie."""
    return etat in EtatContrat.vivants() and fin is not None and fin <= jour


def etat_affiche(etat: str, fin: date | None, jour: date) -> str:
    """Le mot que l'on montre pour un état ; un contrat arrivé à terme n'est plus dit « en vigueur »."""
    return ARRIVE_A_TERME if a_terme(etat, fin, jour) else str(EtatContrat(etat).label)


class TypeChamp(models.TextChoices):
    TEXTE_COURT = "texte_court", "Une ligne"
    TEXTE = "texte", "Texte"
    NOMBRE = "nombre", "Nombre"
    MONTANT = "montant", "Montant en euros"
    DATE = "date", "Date"
    CHOIX = "choix", "Un choix"
    CHOIX_MULTIPLE = "choix_multiple", "Plusieurs choix"
    OUI_NON = "oui_non", "Oui ou non"


class EtatObjectif(models.TextChoices):
    A_FAIRE = "a_faire", "À commencer"
    EN_COURS = "en_cours", "En cours"
    ATTEINT = "atteint", "Atteint"
    ABANDONNE = "abandonne", "Laissé de côté"


class QuiFait(models.TextChoices):
    """Qui porte une étape ou un moyen : les engagements sont de part et d'autre."""

    PERSONNE = "personne", "La personne"
    REFERENT = "referent", "Le référent"
    ORGANISME = "organisme", "Un organisme"
    ENSEMBLE = "ensemble", "Ensemble"


class Signataire(models.TextChoices):
    PERSONNE = "personne", "La personne"
    REFERENT = "referent", "Le référent"


class ModeSignature(models.TextChoices):
    ECRAN = "ecran", "À l'écran"
    PAPIER = "papier", "Sur papier, numérisé"
    DISTANCE = "distance", "À distance, par son lien ou son livret, avec un code"


class NatureBilan(models.TextChoices):
    INTERMEDIAIRE = "intermediaire", "Bilan d'étape"
    FINAL = "final", "Bilan final"


class SuiteBilan(models.TextChoices):
    POURSUIVRE = "poursuivre", "Poursuivre le contrat"
    RENOUVELER = "renouveler", "Renouveler"
    TERMINER = "terminer", "Terminer"
    REORIENTER = "reorienter", "Demander une réorientation"

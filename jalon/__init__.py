"""Jalon : le dispositif d'insertion d'un département, sur un dossier unique par personne."""

__version__ = "0.1.0"

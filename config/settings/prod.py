"""Réglages d'une installation : ceux de la démonstration et de la production."""

from config.settings.base import *  # noqa: F403

"""Erreurs que l'utilisateur lit : ce qui s'est passé, pourquoi, et quoi faire ensuite."""

from __future__ import annotations


class JalonError(Exception):
    """Refus expliqué. `str(erreur)` est une phrase française prête à être affichée."""


class HorsPerimetreError(JalonError):
    """L'objet n'existe pas, ou n'est pas visible de cet agent : on ne dit pas lequel des deux."""


class DroitManquantError(JalonError):
    """L'agent voit l'objet mais son rôle ne lui permet pas cet acte."""


class TransitionRefuseeError(JalonError):
    """L'acte n'est pas possible dans l'état présent de l'objet."""

"""Lectures de la file d'orientation, à enchaîner : `.en_cours().du_perimetre(perimetre).pour_liste()`."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from jalon.agents.perimetre import Perimetre
from jalon.personnes.selectors import filtre_perimetre


class AttenteOrientationQuerySet(models.QuerySet[Any]):
    def en_cours(self) -> Self:
        return self.filter(sortie_le=None)

    def du_perimetre(self, perimetre: Perimetre) -> Self:
        """Attentes de la file d'un agent.

        Qui travaille sur un territoire voit la file de ce territoire : la ligne le porte, l'index suffit. Qui n'en
        a pas voit les attentes des seules personnes que son organisme accompagne.
        """
        if perimetre.agent is None:
            return self.none()
        if perimetre.tout:
            return self
        if perimetre.territoires:
            return self.filter(territoire_id__in=perimetre.territoires)
        return self.filter(filtre_perimetre(perimetre, "personne__"))

    def pour_liste(self) -> Self:
        """Ce que montre une ligne, sauf la caisse et la commune, lues ensuite pour la seule page affichée."""
        return self.select_related("personne", "agent", "service", "territoire")

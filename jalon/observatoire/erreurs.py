"""Refus de l'observatoire, en une phrase que l'agent lit."""

from __future__ import annotations

from datetime import date

from jalon.socle.errors import JalonError


class TableauInconnuError(JalonError):
    """Aucun tableau ne porte ce code."""


class TerritoireInconnuError(JalonError):
    """Aucun territoire du département ne porte ce code."""


class DonneesAbsentesError(JalonError):
    """Aucun flux n'avait encore été reçu à cette date."""


class ClicheAbsentError(JalonError):
    """Les données de cette date ne sont pas encore préparées."""

    def __init__(self, a_la_date: date) -> None:
        super().__init__(
            f"Les chiffres au {a_la_date:%d/%m/%Y} ne sont pas encore préparés : "
            f"lancez « jalon observatoire cliche --date {a_la_date:%Y-%m-%d} »."
        )
        self.a_la_date = a_la_date

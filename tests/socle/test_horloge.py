"""Un seul jour pour tous : celui d'ici, dans les écrans comme dans la base."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.django_db


def test_la_base_compte_ses_jours_a_l_heure_d_ici() -> None:
    """La muraille lit `current_date` : comptée à Greenwich, elle cachait jusqu'à deux heures les droits du jour."""
    with connection.cursor() as curseur:
        curseur.execute("select current_setting('TimeZone')")
        assert curseur.fetchone() == (settings.TIME_ZONE,)


def test_le_jour_change_a_minuit_d_ici() -> None:
    """À 23 h 30 à Greenwich un soir d'hiver, il est minuit et demi le lendemain en métropole."""
    with connection.cursor() as curseur:
        curseur.execute("select timestamptz '2026-11-22 23:30:00+00' :: date")
        assert curseur.fetchone()[0].isoformat() == "2026-11-23"

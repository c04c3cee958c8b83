"""Sessions en base, dont la durée est celle que fixe le département (`securite.duree_session`)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.backends import db
from django.utils import timezone

from jalon.referentiels.parametres import ParametreAbsentError, nombre


class SessionStore(db.SessionStore):
    def get_session_cookie_age(self) -> int:
        try:
            return int(nombre("securite.duree_session", timezone.localdate())) * 60
        except ParametreAbsentError:
            return settings.SESSION_COOKIE_AGE

"""Branche django-allauth sur les règles de Jalon : pas d'inscription libre, second facteur exigé."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AdaptateurComptes(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Un compte d'agent est créé par un administrateur, jamais par inscription libre."""
        return False

"""Adresses de ce parcours."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

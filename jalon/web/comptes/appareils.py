"""Dire en mots d'où vient une connexion, à partir de ce que le navigateur annonce."""

from __future__ import annotations

NAVIGATEURS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMES = (
    ("Android", "un téléphone Android"),
    ("iPhone", "un iPhone"),
    ("iPad", "un iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "un Mac"),
    ("Linux", "Linux"),
)
"""L'ordre compte : un navigateur annonce souvent ceux dont il descend, et Android annonce Linux."""


def nommer_appareil(annonce: str) -> str:
    """« Firefox sur Windows » ; une phrase honnête quand l'annonce ne dit rien."""
    navigateur = next((nom for marque, nom in NAVIGATEURS if marque in annonce), "")
    systeme = next((nom for marque, nom in SYSTEMES if marque in annonce), "")
    if navigateur and systeme:
        return f"{navigateur} sur {systeme}"
    return navigateur or (f"Navigateur sur {systeme}" if systeme else "Appareil inconnu")

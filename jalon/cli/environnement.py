"""Prépare Django pour une commande : base embarquée si besoin, réglages, applications."""

from __future__ import annotations

import os
import sys
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]


def donnees() -> Path:
    return Path(os.environ.get("JALON_DONNEES", RACINE / "var")).resolve()


def preparer_django() -> None:
    """Démarre la base si elle est embarquée, puis charge Django. Sort en une phrase si c'est impossible."""
    from jalon.socle.embarquee import BaseEmbarqueeError, preparer_environnement

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
    try:
        preparer_environnement(donnees())
    except (BaseEmbarqueeError, OSError) as erreur:
        sys.exit(f"jalon : {erreur}")
    import django

    django.setup()

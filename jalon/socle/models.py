"""Modèles de base, sans aucun nom du métier."""

from __future__ import annotations

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models


class PublicModel(models.Model):
    """Objet désigné au dehors par un UUID : la clé primaire ne sort jamais."""

    public_id = models.UUIDField(
        "identifiant public", default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False
    )

    class Meta:
        abstract = True

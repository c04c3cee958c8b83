"""Publics suivis sans dossier RSA, et organismes à qui un dossier est ouvert hors de tout accompagnement (F013)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from jalon.referentiels.models import ValeurProfil


class Public(ValeurProfil):
    """Public que le département suit sans que la caisse le lui signale : AAH, ASS, jeunes, salariés de l'IAE…"""

    actif = models.BooleanField("proposé", default=True)

    class Meta(ValeurProfil.Meta):
        verbose_name = "public"


class PublicPersonne(models.Model):
    """Public auquel une personne appartient, et quand."""

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="publics")
    public = models.ForeignKey(Public, models.PROTECT, verbose_name="public")
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "public d'une personne"
        ordering = ("personne_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="public_personne_sans_chevauchement",
                expressions=[
                    ("personne", RangeOperators.EQUAL),
                    ("public", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cette personne relève déjà de ce public à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} : {self.public_id}"


class RaisonPartage(models.TextChoices):
    CREATION = "creation", "A ouvert le dossier"
    INSTRUCTION = "instruction", "Instruit la demande"


class PartageDossier(models.Model):
    """Organisme à qui le dossier d'une personne est ouvert parce qu'il l'a reçue, tant qu'il en a besoin.

    Un organisme hors du Département ne voit que les personnes qu'il accompagne : celle qui se présente à son
    guichet n'en est pas encore.
    """

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="partages")
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    raison = models.CharField("raison", max_length=12, choices=RaisonPartage)
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "partage du dossier"
        ordering = ("personne_id", "periode", "id")
        indexes = [models.Index(fields=["organisme", "personne"], name="partage_organisme")]
        constraints = [
            ExclusionConstraint(
                name="partage_dossier_sans_chevauchement",
                expressions=[
                    ("personne", RangeOperators.EQUAL),
                    ("organisme", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Ce dossier est déjà ouvert à cet organisme à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} ouvert à {self.organisme_id}"

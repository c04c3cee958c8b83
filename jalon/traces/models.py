"""Journal des actes et journal des lectures. Ces tables ne connaissent du métier que des identifiants."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from jalon.socle.models import PublicModel


class Acte(PublicModel):
    """Un acte accompli : qui, quand, sur quoi, d'un état à un autre, pourquoi. Jamais modifié."""

    code = models.CharField("code", max_length=80)
    objet_type = models.CharField("type d'objet", max_length=60)
    objet = models.UUIDField("objet", null=True)
    personnes = ArrayField(models.UUIDField(), verbose_name="personnes concernées", default=list)
    acteur = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, verbose_name="acteur", null=True)
    organisme = models.CharField("organisme de l'acteur à ce moment", max_length=200, blank=True)
    de = models.CharField("état avant", max_length=40, blank=True)
    vers = models.CharField("état après", max_length=40, blank=True)
    motif = models.TextField("motif", blank=True)
    resume = models.CharField("résumé", max_length=300)
    donnees = models.JSONField("données", default=dict)
    accompli_le = models.DateTimeField("accompli le", auto_now_add=True)

    class Meta:
        verbose_name = "acte"
        ordering = ("-accompli_le", "-id")
        indexes = [
            models.Index(fields=["objet"], name="acte_objet"),
            GinIndex(fields=["personnes"], name="acte_personnes"),
        ]

    def __str__(self) -> str:
        return self.resume


class Lecture(models.Model):
    """Ouverture d'un dossier ou extraction d'une liste (F005, R262-107 : gardé un an)."""

    class Nature(models.TextChoices):
        DOSSIER = "dossier", "Dossier ouvert"
        FOYER = "foyer", "Foyer ouvert"
        NIR = "nir", "Numéro de sécurité sociale affiché"
        EXPORT = "export", "Liste exportée"
        RECHERCHE = "recherche", "Recherche"

    nature = models.CharField("nature", max_length=12, choices=Nature)
    personne = models.UUIDField("personne", null=True)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, verbose_name="agent", null=True)
    organisme = models.CharField("organisme de l'agent à ce moment", max_length=200, blank=True)
    nombre = models.PositiveIntegerField("nombre de dossiers", default=1)
    ecran = models.CharField("écran", max_length=80, blank=True)
    lu_le = models.DateTimeField("lu le", auto_now_add=True)

    class Meta:
        verbose_name = "lecture"
        ordering = ("-lu_le", "-id")
        indexes = [
            models.Index(fields=["personne", "-lu_le"], name="lecture_personne"),
            models.Index(fields=["agent", "-lu_le"], name="lecture_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} le {self.lu_le:%d/%m/%Y}"

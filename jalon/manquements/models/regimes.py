"""La loi datée, telle qu'installée : régimes, règles de la grille, motifs (annexe 1 du droit)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from jalon.referentiels.models import ValeurProfil


class Regime(ValeurProfil):
    """Un temps du droit des sanctions : ses délais et ses garanties. La décision suit celui de son jour."""

    texte = models.CharField("texte de référence", max_length=300)
    periode = DateRangeField("en vigueur")
    observations_mois = models.PositiveSmallIntegerField("délai d'observations, en mois, au moins")
    avis_mois = models.PositiveSmallIntegerField("délai de l'avis, en mois")
    avis_repute = models.BooleanField("passé ce délai, l'avis est réputé rendu")
    repetition_mois = models.PositiveSmallIntegerField("mois où une décision compte encore", null=True)
    retour_mois = models.PositiveSmallIntegerField("mois où un retour exige un contrat d'abord", null=True)
    levee_de_droit = models.BooleanField("levée dès que la personne se met en règle")
    article_entendre = models.CharField("article du droit d'être entendu", max_length=60)
    article_recours = models.CharField("article du recours", max_length=60)

    class Meta(ValeurProfil.Meta):
        verbose_name = "régime de sanction"
        constraints = [
            ExclusionConstraint(
                name="regime_un_seul_par_jour",
                expressions=[("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Deux régimes de sanction ne valent pas le même jour.",
            )
        ]


class NatureSanction(models.TextChoices):
    SUSPENSION = "suspension", "Réduction ou suspension"
    SUPPRESSION = "suppression", "Suppression"
    AMENDE = "amende", "Amende administrative"


class RangSanction(models.TextChoices):
    """Première fois, ou après une décision qui compte encore."""

    PREMIERE = "premiere", "Première fois"
    SUIVANTE = "suivante", "Après une décision précédente"
    TOUS = "tous", "La première fois comme les suivantes"


class RegleSanction(models.Model):
    """Une ligne de la grille : nature, rang, bornes, garanties, article."""

    regime = models.ForeignKey(Regime, models.PROTECT, verbose_name="régime", related_name="regles")
    code = models.SlugField("code", max_length=40)
    nature = models.CharField("nature", max_length=12, choices=NatureSanction)
    rang = models.CharField("rang", max_length=10, choices=RangSanction)
    taux_min = models.PositiveSmallIntegerField("part retenue au moins (%)", null=True)
    taux_max = models.PositiveSmallIntegerField("part retenue au plus (%)", null=True)
    duree_min = models.PositiveSmallIntegerField("durée au moins (mois)", null=True)
    duree_max = models.PositiveSmallIntegerField("durée au plus (mois)", null=True)
    plafond_foyer = models.PositiveSmallIntegerField("part au plus pour un foyer de plusieurs (%)", null=True)
    plafond_majore = models.BooleanField("ce plafond vaut aussi pour une allocation majorée", default=False)
    avis_exige = models.BooleanField("l'avis de l'instance est exigé")
    fraude = models.BooleanField("réservée à la fraude", default=False)
    anciennete_faits_mois = models.PositiveSmallIntegerField("faits de moins de tant de mois", null=True)
    article = models.CharField("article", max_length=300)

    class Meta:
        verbose_name = "règle de sanction"
        ordering = ("regime_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["regime", "code"],
                name="regle_sanction_unique",
                violation_error_message="Cette règle existe déjà dans ce régime.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()}, {self.get_rang_display().lower()} ({self.article})"


class PreuveAttendue(models.TextChoices):
    """Ce qui, dans le dossier, établit le fait."""

    RENDEZ_VOUS = "rendez_vous", "Un rendez-vous ou une réunion manqués"
    CONTRAT = "contrat", "Un contrat en vigueur"
    SANS_CONTRAT = "sans_contrat", "L'absence de contrat"
    LIBRE = "libre", "Un fait daté et décrit"


class MotifManquement(ValeurProfil):
    """Ce qui peut être reproché (R60) ; `articles` dit sous quels régimes, et par quel article."""

    phrase = models.CharField("phrase de la lettre", max_length=300)
    preuve = models.CharField("preuve attendue", max_length=12, choices=PreuveAttendue)
    heures = models.BooleanField("porte sur des heures d'activité", default=False)
    fraude = models.BooleanField("fraude", default=False)
    articles = models.JSONField("articles, par code de régime", default=dict)

    class Meta(ValeurProfil.Meta):
        verbose_name = "motif de manquement"

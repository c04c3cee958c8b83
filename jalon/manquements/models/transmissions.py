"""Ce que l'organisme payeur doit appliquer, et ce que le flux suivant dit qu'il a appliqué (F060)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jalon.manquements.models.decisions import DecisionSanction
from jalon.socle.models import PublicModel


class ObjetTransmission(models.TextChoices):
    APPLIQUER = "appliquer", "Sanction à appliquer"
    LEVER = "lever", "Sanction à lever"
    ANNULER = "annuler", "Sanction à annuler"


class Transmission(PublicModel):
    """Liste envoyée à une caisse : un fichier et une lettre."""

    caisse_regime = models.CharField("régime de la caisse", max_length=10)
    caisse_numero = models.CharField("numéro de la caisse", max_length=10)
    produite_le = models.DateField("produite le")
    produite_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="produite par", related_name="+")
    fichier = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="fichier", null=True, related_name="+"
    )
    lettre = models.ForeignKey("documents.Document", models.PROTECT, verbose_name="lettre", null=True, related_name="+")
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "transmission à l'organisme payeur"
        ordering = ("-produite_le", "-id")

    def __str__(self) -> str:
        return f"Transmission du {self.produite_le:%d/%m/%Y}"


class LigneTransmission(models.Model):
    """Une décision à appliquer, lever ou annuler, telle que transmise."""

    transmission = models.ForeignKey(Transmission, models.PROTECT, verbose_name="transmission", related_name="lignes")
    decision = models.ForeignKey(
        DecisionSanction, models.PROTECT, verbose_name="décision", related_name="transmissions"
    )
    objet = models.CharField("objet", max_length=10, choices=ObjetTransmission)
    matricule = models.CharField("matricule", max_length=30, blank=True)
    numero_demande = models.CharField("numéro de demande", max_length=22, blank=True)
    montant_prevu = models.DecimalField("retenue mensuelle prévue (€)", max_digits=9, decimal_places=2, null=True)
    debut = models.DateField("à compter du")
    fin = models.DateField("jusqu'au, exclu", null=True)
    ecart_explique = models.CharField("écart expliqué", max_length=300, blank=True)

    class Meta:
        verbose_name = "ligne de transmission"
        ordering = ("transmission_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["decision", "objet", "debut"],
                name="transmission_une_fois_par_objet",
                violation_error_message="Cette décision a déjà été transmise pour cet objet, à compter de ce jour.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_objet_display()} : {self.decision_id}"

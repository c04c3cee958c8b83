"""Qui accompagne qui, et jusqu'à quand l'accompagnement est dû (R27, R41)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel


class Accompagnement(PublicModel):
    """Suivi d'une personne par un organisme : c'est lui qui ouvre le dossier au partenaire."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="accompagnements"
    )
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent", null=True, related_name="+")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "accompagnement"
        ordering = ("personne_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="accompagnement_sans_chevauchement",
                expressions=[
                    ("personne", RangeOperators.EQUAL),
                    ("organisme", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet organisme accompagne déjà cette personne à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} par {self.organisme_id}"


class EtatMaintien(models.TextChoices):
    EN_COURS = "en_cours", "Accompagnement maintenu"
    FIN_PROPOSEE = "fin_proposee", "Fin proposée"
    REPASSEE = "repassee", "Repassée sous le seuil"
    CLOS = "clos", "Clos"


class Maintien(PublicModel):
    """Six mois d'accompagnement dus après un passage au-dessus du seuil ; ensuite, la fin est proposée (R27, F011)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="maintiens"
    )
    debut = models.DateField("au-dessus du seuil depuis le")
    echeance = models.DateField("accompagnement dû jusqu'au")
    etat = models.CharField("état", max_length=12, choices=EtatMaintien, default=EtatMaintien.EN_COURS)
    clos_le = models.DateField("clos le", null=True)
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "maintien de l'accompagnement"
        ordering = ("echeance", "id")
        indexes = [
            models.Index(fields=["echeance"], name="maintien_echeance", condition=models.Q(etat="en_cours")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="maintien_un_seul_en_cours",
                condition=models.Q(etat__in=["en_cours", "fin_proposee"]),
                violation_error_message="Un maintien d'accompagnement court déjà pour cette personne.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} jusqu'au {self.echeance}"

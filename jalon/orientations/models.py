"""La file d'orientation : qui attend une orientation, depuis quand, et avant quelle date le service doit décider."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel


class MotifEntree(models.TextChoices):
    NOUVEL_ENTRANT = "nouvel_entrant", "Nouvel entrant"
    SOUS_LE_SEUIL = "sous_le_seuil", "Repassée sous le seuil"
    RETOUR = "retour", "Retour dans le dispositif"


class MotifSortie(models.TextChoices):
    PLUS_SOUMISE = "plus_soumise", "N'est plus soumise aux droits et devoirs"
    DROIT_CLOS = "droit_clos", "Droit clos"
    PARTIE = "partie", "A quitté le foyer"
    FUSION = "fusion", "Dossier réuni avec un autre"


class AttenteOrientation(PublicModel):
    """Attente d'une personne dans la file d'orientation (R26, F011, R262-65-2)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="attentes_orientation"
    )
    dossier = models.ForeignKey("droits.DossierRsa", models.CASCADE, verbose_name="dossier RSA", related_name="+")
    motif = models.CharField("motif d'entrée", max_length=20, choices=MotifEntree)
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    service = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="service instructeur", null=True, related_name="+"
    )
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent chargé", null=True, related_name="+")
    entree_le = models.DateField("entrée le")
    echeance = models.DateField("à orienter avant le")
    sortie_le = models.DateField("sortie le", null=True)
    motif_sortie = models.CharField("motif de sortie", max_length=20, choices=MotifSortie, blank=True)
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "attente d'orientation"
        ordering = ("echeance", "id")
        indexes = [
            models.Index(
                fields=["territoire", "echeance"], name="attente_territoire", condition=models.Q(sortie_le=None)
            ),
            models.Index(fields=["echeance", "id"], name="attente_echeance", condition=models.Q(sortie_le=None)),
            models.Index(fields=["agent"], name="attente_agent", condition=models.Q(sortie_le=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="attente_une_seule_en_cours",
                condition=models.Q(sortie_le=None),
                violation_error_message="Cette personne attend déjà une orientation.",
            ),
            models.CheckConstraint(
                name="attente_sortie_motivee",
                condition=models.Q(sortie_le=None, motif_sortie="")
                | (models.Q(sortie_le__isnull=False) & ~models.Q(motif_sortie="")),
                violation_error_message="Une sortie de la file a une date et un motif.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} depuis le {self.entree_le}"

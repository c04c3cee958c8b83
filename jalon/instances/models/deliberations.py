"""Ce qu'une séance décide : un choix d'orientation, un avis, ou un point et qui le porte. Provisoire jusqu'à la clôture."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jalon.instances.models.composition import ThemeInstance
from jalon.instances.models.seances import DossierSeance, Seance
from jalon.manquements.models import NatureSanction, RegleSanction
from jalon.socle.models import PublicModel


class ChoixOrientation(models.Model):
    """Ce que la séance retient pour un dossier d'orientation ; provisoire jusqu'à la clôture."""

    dossier = models.OneToOneField(
        DossierSeance, models.CASCADE, verbose_name="dossier", related_name="choix", primary_key=True
    )
    attente = models.ForeignKey(
        "orientations.AttenteOrientation", models.PROTECT, verbose_name="attente", null=True, related_name="+"
    )
    demande = models.ForeignKey(
        "orientations.DemandeReorientation",
        models.PROTECT,
        verbose_name="demande de réorientation",
        null=True,
        related_name="+",
    )
    proposition = models.ForeignKey(
        "orientations.PropositionOrientation", models.SET_NULL, verbose_name="avis calculé", null=True, related_name="+"
    )
    maintien = models.BooleanField("l'orientation en vigueur est maintenue", default=False)
    type = models.ForeignKey(
        "orientations.TypeOrientation", models.PROTECT, verbose_name="type d'orientation", null=True, related_name="+"
    )
    parcours = models.ForeignKey(
        "orientations.Parcours", models.PROTECT, verbose_name="parcours", null=True, related_name="+"
    )
    motif = models.ForeignKey(
        "orientations.MotifOrientation", models.PROTECT, verbose_name="motif", null=True, related_name="+"
    )
    precision = models.CharField("précision", max_length=500, blank=True)
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme", null=True, related_name="+"
    )
    referent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="référent", null=True, related_name="+")
    correspondant = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="correspondant", null=True, related_name="+"
    )
    motif_ecart = models.CharField("pourquoi s'écarter de l'avis calculé", max_length=500, blank=True)
    motif_depassement = models.CharField("pourquoi dépasser la charge", max_length=300, blank=True)
    decision = models.OneToOneField(
        "orientations.DecisionOrientation",
        models.PROTECT,
        verbose_name="décision appliquée",
        null=True,
        related_name="choix_seance",
    )

    class Meta:
        verbose_name = "choix d'orientation en séance"
        ordering = ("dossier_id",)
        constraints = [
            models.CheckConstraint(
                name="choix_seance_type_et_organisme",
                condition=models.Q(type=None, organisme=None)
                | models.Q(type__isnull=False, organisme__isnull=False, maintien=False),
                violation_error_message="Un choix d'orientation nomme le type et l'organisme.",
            ),
            models.CheckConstraint(
                name="choix_seance_maintien_d_une_demande",
                condition=models.Q(maintien=False) | models.Q(demande__isnull=False),
                violation_error_message="On ne maintient une orientation qu'en réponse à une demande d'en changer.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} : {self.type_id or 'rien encore'}"


class SensAvisDossier(models.TextChoices):
    FAVORABLE = "favorable", "Favorable"
    DEFAVORABLE = "defavorable", "Défavorable"
    PARTAGE = "partage", "Partagé"


class AvisDossier(models.Model):
    """Avis de la séance sur un dossier : une procédure, une demande de réorientation, ou un contrat à lire (F056).

    Provisoire jusqu'à la clôture, qui le porte là où il compte. La sanction proposée tient dans la règle citée.
    """

    dossier = models.OneToOneField(
        DossierSeance, models.CASCADE, verbose_name="dossier", related_name="avis_rendu", primary_key=True
    )
    manquement = models.ForeignKey(
        "manquements.Manquement", models.PROTECT, verbose_name="manquement", null=True, related_name="avis_seances"
    )
    demande = models.ForeignKey(
        "orientations.DemandeReorientation",
        models.PROTECT,
        verbose_name="demande de réorientation",
        null=True,
        related_name="avis_seances",
    )
    contrat = models.ForeignKey(
        "contrats.Contrat", models.PROTECT, verbose_name="contrat", null=True, related_name="avis_seances"
    )
    sens = models.CharField("sens", max_length=12, choices=SensAvisDossier, blank=True)
    voix_pour = models.PositiveSmallIntegerField("voix pour", null=True)
    voix_contre = models.PositiveSmallIntegerField("voix contre", null=True)
    regle = models.ForeignKey(
        RegleSanction, models.PROTECT, verbose_name="règle de la sanction proposée", null=True, related_name="+"
    )
    nature = models.CharField("sanction proposée", max_length=12, choices=NatureSanction, blank=True)
    taux = models.PositiveSmallIntegerField("part proposée (%)", null=True)
    duree = models.PositiveSmallIntegerField("durée proposée (mois)", null=True)
    texte = models.TextField("avis", max_length=2_000, blank=True)

    class Meta:
        verbose_name = "avis d'une séance"
        ordering = ("dossier_id",)
        constraints = [
            models.CheckConstraint(
                name="avis_dossier_un_seul_objet",
                condition=models.Q(manquement__isnull=False, demande=None, contrat=None)
                | models.Q(manquement=None, demande__isnull=False, contrat=None)
                | models.Q(manquement=None, demande=None, contrat__isnull=False),
                violation_error_message="Un avis porte sur une procédure, une demande ou un contrat : l'un des trois.",
            ),
            models.CheckConstraint(
                name="avis_dossier_sanction_si_favorable",
                condition=models.Q(nature="", regle=None, taux=None, duree=None)
                | (models.Q(manquement__isnull=False, sens="favorable", regle__isnull=False) & ~models.Q(nature="")),
                violation_error_message="Seul un avis favorable propose une sanction, et cite sa règle.",
            ),
            models.CheckConstraint(
                name="avis_dossier_voix_comptees",
                condition=models.Q(voix_pour=None, voix_contre=None)
                | models.Q(voix_pour__isnull=False, voix_contre__isnull=False),
                violation_error_message="Comptez les voix pour et les voix contre, ou aucune.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} : {self.get_sens_display() or 'rien encore'}"

    @property
    def sanction(self) -> str:
        """« Réduction ou suspension, 50 %, 2 mois » ; rien si l'avis n'en propose pas."""
        if not self.nature:
            return ""
        parties = [NatureSanction(self.nature).label]
        if self.taux is not None:
            parties.append(f"{self.taux} %")
        if self.duree is not None:
            parties.append(f"{self.duree} mois")
        return ", ".join(parties)


class PointSeance(PublicModel):
    """Point à l'ordre du jour d'une instance générale, et sa décision : qui la porte, pour quand, si elle est faite."""

    seance = models.ForeignKey(Seance, models.PROTECT, verbose_name="séance", related_name="points")
    theme = models.ForeignKey(ThemeInstance, models.PROTECT, verbose_name="thème", related_name="+")
    rang = models.PositiveSmallIntegerField("rang")
    intitule = models.CharField("intitulé", max_length=200)
    expose = models.TextField("de quoi il s'agit", max_length=2_000, blank=True)
    decision = models.TextField("décision", max_length=2_000, blank=True)
    siegeaient = models.JSONField("qui siégeait à la décision", default=dict, blank=True)
    responsable = models.CharField("qui la porte", max_length=160, blank=True)
    echeance = models.DateField("pour le", null=True, blank=True)
    fait_le = models.DateField("fait le", null=True, blank=True)
    suite = models.CharField("ce qui a été fait", max_length=500, blank=True)
    retire_le = models.DateField("retiré le", null=True, blank=True)
    inscrit_par = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="inscrit par", related_name="+")
    created_at = models.DateTimeField("inscrit le", db_default=Now())

    class Meta:
        verbose_name = "point d'une séance"
        ordering = ("seance_id", "rang", "id")
        indexes = [models.Index(fields=["seance", "rang"], name="point_seance_rang")]
        constraints = [
            models.CheckConstraint(
                name="point_confie_avec_sa_decision",
                condition=~models.Q(decision="") | models.Q(responsable="", echeance=None, fait_le=None),
                violation_error_message="On confie une décision : écrivez-la avant de dire qui la porte et pour quand.",
            ),
            models.CheckConstraint(
                name="point_echeance_confiee",
                condition=models.Q(echeance=None) | ~models.Q(responsable=""),
                violation_error_message="Une échéance a quelqu'un pour la tenir : dites qui.",
            ),
        ]

    def __str__(self) -> str:
        return self.intitule

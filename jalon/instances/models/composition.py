"""Ce qui siège : types d'instances, thèmes, instances, membres. Le code n'en connaît que la nature et les effets."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models

from jalon.referentiels.models import ValeurProfil
from jalon.socle.models import PublicModel


class NatureInstance(models.TextChoices):
    """Ce que l'instance fait d'un dossier examiné, une fois la séance close."""

    ORIENTATION = "orientation", "Décide des orientations"
    AVIS = "avis", "Donne un avis"
    GENERALE = "generale", "Traite des points, sans dossier de personne"


class EffetTheme(models.TextChoices):
    """Ce que la clôture fait d'un dossier de ce thème ; le code n'en connaît pas d'autres."""

    ORIENTATION = "orientation", "La personne est orientée"
    REORIENTATION = "reorientation", "La demande de changement reçoit son avis"
    MANQUEMENT = "manquement", "La procédure de manquement reçoit son avis"
    CONTRAT_COMPLEXE = "contrat_complexe", "Le contrat reçoit l'avis de la lecture commune"
    GENERAL = "general", "Le relevé de décisions est diffusé"


class Direction(models.TextChoices):
    """Sens d'une réorientation (R64)."""

    VERS_SOCIAL = "vers_social", "Vers le social"
    VERS_PRO = "vers_pro", "Vers le professionnel"


class Majorite(models.TextChoices):
    UNANIMITE = "unanimite", "À l'unanimité"
    ABSOLUE = "absolue", "À la majorité des membres"
    SIMPLE = "simple", "À la majorité des présents"


class TypeInstance(ValeurProfil):
    """Sorte d'instance du département : composition, quorum, rythme, thèmes ; donnée du profil."""

    mot = models.CharField("mot du département", max_length=60)
    nature = models.CharField("nature", max_length=16, choices=NatureInstance)
    par_territoire = models.BooleanField("une par territoire", default=True)
    rythme_jours = models.PositiveSmallIntegerField("jours entre deux séances au plus", null=True)
    quorum = models.PositiveSmallIntegerField("membres présents pour décider")
    convocation_urgente = models.BooleanField("le délai de convocation peut être réduit", default=False)
    source = models.CharField("source", max_length=300)

    class Meta(ValeurProfil.Meta):
        verbose_name = "type d'instance"


class QualiteMembre(models.Model):
    """À quel titre on siège : combien de membres, lesquels, et si cette qualité manque au quorum."""

    type = models.ForeignKey(TypeInstance, models.CASCADE, verbose_name="type d'instance", related_name="qualites")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=120)
    minimum = models.PositiveSmallIntegerField("membres au moins", default=0)
    maximum = models.PositiveSmallIntegerField("membres au plus", null=True)
    preside = models.BooleanField("préside", default=False)
    requise = models.BooleanField("nécessaire au quorum", default=False)
    categories = ArrayField(models.CharField(max_length=20), verbose_name="catégories d'organismes", default=list)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "qualité de membre"
        ordering = ("type_id", "ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "code"],
                name="qualite_membre_unique",
                violation_error_message="Cette qualité existe déjà pour ce type d'instance.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class ThemeInstance(models.Model):
    """Ce dont l'instance peut être saisie : les pièces qu'il faut, la majorité, l'effet."""

    type = models.ForeignKey(TypeInstance, models.CASCADE, verbose_name="type d'instance", related_name="themes")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=120)
    pieces = ArrayField(models.CharField(max_length=40), verbose_name="pièces", default=list)
    majorite = models.CharField("majorité", max_length=12, choices=Majorite, default=Majorite.SIMPLE)
    effet = models.CharField("effet", max_length=20, choices=EffetTheme)
    direction = models.CharField("sens de la réorientation", max_length=12, choices=Direction, blank=True)
    natures = ArrayField(models.CharField(max_length=12), verbose_name="sanctions proposables", default=list)
    fraude = models.BooleanField("réservé à la fraude", default=False)
    recidive = models.BooleanField("réservé à la récidive", default=False)
    delai_jours = models.PositiveSmallIntegerField("jours pour examiner un dossier", null=True)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "thème d'instance"
        ordering = ("type_id", "ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "code"],
                name="theme_instance_unique",
                violation_error_message="Ce thème existe déjà pour ce type d'instance.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class Instance(PublicModel):
    """Instance d'un type, sur un territoire."""

    type = models.ForeignKey(TypeInstance, models.PROTECT, verbose_name="type d'instance", related_name="instances")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", related_name="instances"
    )
    libelle = models.CharField("libellé", max_length=200)
    actif = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "instance"
        ordering = ("type__ordre", "territoire__ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "territoire"],
                name="instance_une_par_territoire",
                violation_error_message="Ce territoire a déjà une instance de ce type.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class MembreInstance(PublicModel):
    """Personne qui siège, à un titre, pendant une période ; agent de Jalon ou nommée par ses coordonnées."""

    instance = models.ForeignKey(Instance, models.CASCADE, verbose_name="instance", related_name="membres")
    qualite = models.ForeignKey(QualiteMembre, models.PROTECT, verbose_name="qualité", related_name="+")
    agent = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="agent", null=True, blank=True, related_name="sieges"
    )
    nom_externe = models.CharField("nom, s'il n'a pas de compte", max_length=160, blank=True)
    courriel_externe = models.EmailField("courriel, s'il n'a pas de compte", blank=True)
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme", null=True, blank=True, related_name="+"
    )
    supplee = models.ForeignKey(
        "self", models.PROTECT, verbose_name="supplée", null=True, blank=True, related_name="suppleants"
    )
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "membre d'une instance"
        ordering = ("qualite__ordre", "supplee_id", "id")
        indexes = [models.Index(fields=["agent", "instance"], name="membre_agent")]
        constraints = [
            ExclusionConstraint(
                name="membre_siege_une_fois",
                expressions=[
                    ("instance", RangeOperators.EQUAL),
                    ("agent", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet agent siège déjà dans cette instance à ces dates.",
            ),
            models.CheckConstraint(
                name="membre_agent_ou_nom",
                condition=models.Q(agent__isnull=False, nom_externe="", courriel_externe="")
                | (models.Q(agent=None) & ~models.Q(nom_externe="")),
                violation_error_message="Un membre est un agent de Jalon, ou une personne que l'on nomme.",
            ),
            models.CheckConstraint(
                name="membre_ne_se_supplee_pas",
                condition=~models.Q(supplee=models.F("id")),
                violation_error_message="On ne se supplée pas soi-même.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    @property
    def nom(self) -> str:
        """Nom à montrer, que le membre ait un compte ou non."""
        return str(self.agent) if self.agent is not None else self.nom_externe

    @property
    def siege_id(self) -> int:
        """Clé du titulaire du siège que ce membre tient, ou supplée."""
        return self.supplee_id or self.pk

    @property
    def courriel(self) -> str:
        """Adresse où le convoquer ; vide s'il faut l'appeler."""
        return self.agent.email if self.agent is not None else self.courriel_externe

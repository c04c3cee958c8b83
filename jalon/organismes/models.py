"""Territoires, organismes et leurs habilitations (F001, F006)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models

from jalon.socle.models import PublicModel


class TerritoireQuerySet(models.QuerySet["Territoire"]):
    def feuilles(self) -> TerritoireQuerySet:
        """Territoires dont aucun autre ne dépend : ceux où l'on travaille, et qui portent les communes."""
        parents = Territoire.objects.exclude(parent=None).order_by().values("parent_id")
        return self.exclude(pk__in=parents)


class Territoire(PublicModel):
    """Maille d'organisation du département, en arbre ; les communes sont rattachées aux feuilles."""

    code = models.SlugField("code", max_length=60, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    type = models.CharField("type", max_length=40)
    parent = models.ForeignKey("self", models.PROTECT, verbose_name="territoire parent", null=True, blank=True)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    objects = TerritoireQuerySet.as_manager()

    class Meta:
        verbose_name = "territoire"
        ordering = ("ordre", "libelle", "id")

    def __str__(self) -> str:
        return self.libelle


class CommuneTerritoire(models.Model):
    """Rattachement d'une commune à un territoire."""

    commune = models.OneToOneField("referentiels.Commune", models.PROTECT, verbose_name="commune")
    territoire = models.ForeignKey(Territoire, models.PROTECT, verbose_name="territoire")

    class Meta:
        verbose_name = "rattachement de commune"
        ordering = ("commune_id",)

    def __str__(self) -> str:
        return f"{self.commune_id} → {self.territoire_id}"


class CategorieOrganisme(models.TextChoices):
    DEPARTEMENT = "departement", "Département"
    CCAS = "ccas", "CCAS ou CIAS"
    ASSOCIATION = "association", "Association"
    PLIE = "plie", "PLIE"
    SIAE = "siae", "Structure d'insertion par l'activité économique"
    MISSION_LOCALE = "mission_locale", "Mission locale"
    FRANCE_TRAVAIL = "france_travail", "France Travail"
    CAF = "caf", "CAF"
    MSA = "msa", "MSA"
    DELEGATAIRE = "delegataire", "Délégataire"
    OPERATEUR = "operateur", "Opérateur"
    AUTRE = "autre", "Autre"

    @classmethod
    def sans_nir(cls) -> frozenset[str]:
        """Catégories à qui le NIR n'est jamais montré, quel que soit le rôle de l'agent (B1 NIR)."""
        return frozenset({cls.DELEGATAIRE, cls.SIAE, cls.OPERATEUR, cls.AUTRE})


class TypeOrganisme(models.Model):
    """Type d'organisme tel que le profil le nomme, rangé dans une catégorie que le code connaît."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    categorie = models.CharField("catégorie", max_length=20, choices=CategorieOrganisme)
    nir_visible = models.BooleanField("NIR visible", default=False)

    class Meta:
        verbose_name = "type d'organisme"
        ordering = ("libelle", "id")
        constraints = [
            models.CheckConstraint(
                name="type_organisme_nir_interdit",
                condition=models.Q(nir_visible=False)
                | ~models.Q(categorie__in=["delegataire", "siae", "operateur", "autre"]),
                violation_error_message="Le NIR ne peut pas être montré à un délégataire, une SIAE ou un autre organisme.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class Organisme(PublicModel):
    """Service du département ou partenaire : CCAS, association, PLIE, caisse…"""

    code = models.SlugField("code", max_length=60, unique=True)
    type = models.ForeignKey(TypeOrganisme, models.PROTECT, verbose_name="type")
    libelle = models.CharField("libellé", max_length=200)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    courriel = models.EmailField("courriel", blank=True)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    territoires = models.ManyToManyField(Territoire, verbose_name="territoires", blank=True)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "organisme"
        ordering = ("libelle", "id")

    def __str__(self) -> str:
        return self.libelle


class ServiceInstructeur(models.Model):
    """Service qui instruit les demandes d'un territoire et reçoit les tâches de recueil (R26)."""

    territoire = models.OneToOneField(Territoire, models.PROTECT, verbose_name="territoire")
    organisme = models.ForeignKey(Organisme, models.PROTECT, verbose_name="organisme")

    class Meta:
        verbose_name = "service instructeur"
        ordering = ("territoire_id",)

    def __str__(self) -> str:
        return f"{self.territoire_id} : {self.organisme_id}"


class ObjetHabilitation(models.TextChoices):
    INSTRUCTION = "instruction", "Instruire les demandes"
    CONTRAT = "contrat", "Signer les contrats"
    REFERENCE = "reference", "Être référent"
    ORIENTATION = "orientation", "Orienter"


class Habilitation(models.Model):
    """Ce qu'un organisme a le droit de faire pour le département, et quand (F006)."""

    organisme = models.ForeignKey(Organisme, models.CASCADE, verbose_name="organisme")
    objet = models.CharField("objet", max_length=20, choices=ObjetHabilitation)
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "habilitation"
        ordering = ("organisme_id", "objet", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="habilitation_sans_chevauchement",
                expressions=[
                    ("organisme", RangeOperators.EQUAL),
                    ("objet", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet organisme a déjà cette habilitation à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisme_id} : {self.get_objet_display()}"

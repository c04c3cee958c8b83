"""Communes, intercommunalités, quartiers prioritaires, paramètres datés : ce que le département reçoit tout fait."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models


class Epci(models.Model):
    """Établissement public de coopération intercommunale (code SIREN)."""

    code = models.CharField("code", max_length=9, primary_key=True)
    nom = models.CharField("nom", max_length=120)

    class Meta:
        verbose_name = "intercommunalité"
        ordering = ("nom", "code")

    def __str__(self) -> str:
        return self.nom


class Commune(models.Model):
    """Commune du code officiel géographique, retrouvée aussi par ses anciens codes INSEE."""

    code_insee = models.CharField("code INSEE", max_length=5, primary_key=True)
    nom = models.CharField("nom", max_length=80)
    departement = models.CharField("département", max_length=3, db_index=True)
    codes_postaux = ArrayField(models.CharField(max_length=5), verbose_name="codes postaux", default=list)
    anciens_codes = ArrayField(models.CharField(max_length=5), verbose_name="anciens codes", default=list)
    population = models.PositiveIntegerField("population", null=True)
    epci = models.ForeignKey(Epci, models.PROTECT, verbose_name="intercommunalité", null=True)

    class Meta:
        verbose_name = "commune"
        ordering = ("nom", "code_insee")

    def __str__(self) -> str:
        return self.nom


class QuartierPrioritaire(models.Model):
    """Quartier prioritaire de la politique de la ville (F014)."""

    code = models.CharField("code", max_length=8, primary_key=True)
    nom = models.CharField("nom", max_length=120)
    communes = models.ManyToManyField(Commune, verbose_name="communes")

    class Meta:
        verbose_name = "quartier prioritaire"
        ordering = ("nom", "code")

    def __str__(self) -> str:
        return self.nom


class Parametre(models.Model):
    """Valeur datée d'un seuil ou d'un délai (F002) : en changer ne modifie jamais un calcul passé."""

    code = models.CharField("code", max_length=80)
    valeur = models.CharField("valeur", max_length=120)
    unite = models.CharField("unité", max_length=20)
    libelle = models.CharField("libellé", max_length=200)
    source = models.CharField("source", max_length=300)
    periode = DateRangeField("période de validité")

    class Meta:
        verbose_name = "paramètre"
        ordering = ("code", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="parametre_une_valeur_a_la_fois",
                expressions=[("code", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Ce paramètre a déjà une valeur à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} = {self.valeur} {self.unite}"


class Libelle(models.Model):
    """Mot du métier tel que ce département l'emploie (F003)."""

    cle = models.CharField("clé", max_length=60, unique=True)
    singulier = models.CharField("singulier", max_length=120)
    pluriel = models.CharField("pluriel", max_length=120)
    court = models.CharField("forme courte", max_length=60, blank=True)
    genre = models.CharField("genre", max_length=1)
    elision = models.BooleanField("s'élide (l', d')", default=False)
    definition = models.CharField("définition", max_length=500, blank=True)

    class Meta:
        verbose_name = "libellé"
        ordering = ("cle",)

    def __str__(self) -> str:
        return self.singulier


class ProfilDepartement(models.Model):
    """Profil chargé dans cette installation : une seule ligne, une installation = un département."""

    unique = models.BooleanField("ligne unique", default=True, unique=True, editable=False)
    code = models.CharField("code", max_length=60)
    nom = models.CharField("nom", max_length=120)
    departements = ArrayField(models.CharField(max_length=3), verbose_name="codes des départements")
    couleur = models.CharField("couleur", max_length=7)
    caisses = models.JSONField("organismes payeurs", default=list)
    empreinte = models.CharField("empreinte des fichiers", max_length=64)
    charge_le = models.DateTimeField("chargé le", auto_now=True)

    class Meta:
        verbose_name = "profil du département"
        constraints = [
            models.CheckConstraint(
                name="profil_ligne_unique",
                condition=models.Q(unique=True),
                violation_error_message="Une installation ne porte qu'un département.",
            )
        ]

    def __str__(self) -> str:
        return self.nom


class ValeurProfil(models.Model):
    """Valeur qu'un département choisit et nomme dans son profil : on la retire en la rendant inactive, sans l'effacer."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        abstract = True
        ordering = ("ordre", "id")

    def __str__(self) -> str:
        return self.libelle


class TermeDeconseille(models.Model):
    """Mot qui n'a pas sa place dans un dossier : l'écran le signale et dit pourquoi, sans empêcher d'écrire."""

    terme = models.CharField("terme", max_length=60, unique=True)
    famille = models.CharField("famille", max_length=120)
    raison = models.CharField("pourquoi l'éviter", max_length=300)
    conseil = models.CharField("quoi écrire", max_length=300)

    class Meta:
        verbose_name = "terme déconseillé"
        ordering = ("famille", "terme")

    def __str__(self) -> str:
        return self.terme

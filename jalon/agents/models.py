"""Agents, profils d'habilitation et affectations : qui peut faire quoi, où, et quand (F004)."""

from __future__ import annotations

from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Coalesce, Lower

from jalon.socle.models import PublicModel


class Portee(models.TextChoices):
    DEPARTEMENT = "departement", "Tout le département"
    TERRITOIRE = "territoire", "Ses territoires"
    ORGANISME = "organisme", "Les personnes que son organisme accompagne"


class ProfilHabilitation(models.Model):
    """Rôle du profil : sa portée et les droits qu'il ouvre (F004)."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    description = models.CharField("description", max_length=400, blank=True)
    portee = models.CharField("portée", max_length=12, choices=Portee)
    droits = ArrayField(models.CharField(max_length=60), verbose_name="droits", default=list)
    voit_nir = models.BooleanField("voit le NIR", default=False)
    voit_sante = models.BooleanField("voit le contenu de santé", default=False)

    class Meta:
        verbose_name = "profil d'habilitation"
        ordering = ("libelle", "id")

    def __str__(self) -> str:
        return self.libelle


class AgentManager(BaseUserManager["Agent"]):
    def create_user(self, email: str, password: str | None = None, **champs: Any) -> Agent:
        agent = self.model(email=self.normalize_email(email).lower(), **champs)
        agent.set_password(password)
        agent.save(using=self._db)
        return agent

    def get_by_natural_key(self, username: str | None) -> Agent:
        return self.get(email__iexact=username)


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["password", "last_login"])
class Agent(PublicModel, AbstractBaseUser):
    """Professionnel qui se connecte à Jalon."""

    email = models.EmailField("adresse électronique", unique=True)
    nom = models.CharField("nom", max_length=80)
    prenom = models.CharField("prénom", max_length=80)
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    is_active = models.BooleanField("compte actif", default=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)

    objects = AgentManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["nom", "prenom"]

    class Meta:
        verbose_name = "agent"
        ordering = ("nom", "prenom", "id")
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="agent_courriel_unique", violation_error_message="Ce courriel est déjà pris."
            )
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"

    @property
    def nom_court(self) -> str:
        return f"{self.prenom[:1]}. {self.nom}"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Affectation(PublicModel):
    """Rôle tenu par un agent dans un organisme, sur un territoire (ou tous), pendant une période."""

    agent = models.ForeignKey(Agent, models.CASCADE, verbose_name="agent", related_name="affectations")
    profil = models.ForeignKey(ProfilHabilitation, models.PROTECT, verbose_name="profil d'habilitation")
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, blank=True
    )
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "affectation"
        ordering = ("agent_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="affectation_sans_chevauchement",
                expressions=[
                    ("agent", RangeOperators.EQUAL),
                    ("profil", RangeOperators.EQUAL),
                    ("organisme", RangeOperators.EQUAL),
                    (Coalesce("territoire", 0), RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet agent tient déjà ce rôle à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} : {self.profil_id}"


class EchecConnexion(models.Model):
    """Compteur d'échecs par courriel et par adresse : bloque bien avant dix essais (SAN-2026-003)."""

    cle = models.CharField("clé", max_length=64, unique=True)
    nombre = models.PositiveSmallIntegerField("échecs de suite", default=0)
    dernier_le = models.DateTimeField("dernier échec")
    bloque_jusque = models.DateTimeField("bloqué jusqu'au", null=True)

    class Meta:
        verbose_name = "échec de connexion"
        ordering = ("-dernier_le", "id")

    def __str__(self) -> str:
        return f"{self.nombre} échecs"

"""Le lien personnel : une page ouverte à une personne sans compte, pour un seul objet et un temps court.

Hors de la lettre ou du message qui le porte, le jeton n'est écrit nulle part : la base n'en garde que l'empreinte, et
la sécurité par ligne n'ouvre que les lignes de l'objet désigné, jamais le dossier.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.referentiels.parametres import nombre
from jalon.socle.models import PublicModel
from jalon.socle.textes import nom_propre

if TYPE_CHECKING:
    from jalon.personnes.models import Personne


class SansCompte(Protocol):
    """Par où une personne sans compte est entrée, son lien ou son livret : elle y est désignée, jamais lue."""

    @property
    def dossier(self) -> UUID: ...


OCTETS_JETON = 24
"""192 bits tirés au sort : un jeton ne se devine pas."""


class UsageLien(models.TextChoices):
    INVITATION = "invitation", "Réunion d'information"
    CONTRAT = "contrat", "Contrat à écrire et à signer"
    RENDEZ_VOUS = "rendez_vous", "Rendez-vous à choisir"
    MANQUEMENT = "manquement", "Avertissement auquel répondre"


class LienPersonnel(PublicModel):
    """Accès d'une personne, sans compte, à un objet qui la concerne."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="liens_personnels"
    )
    usage = models.CharField("usage", max_length=20, choices=UsageLien)
    objet = models.UUIDField("objet ouvert")
    dossier = models.UUIDField("dossier de la personne", editable=False)
    """Sert au journal des actes ; la page ouverte par le lien ne lit jamais le dossier."""
    prenom = models.CharField("prénom montré", max_length=80)
    empreinte = models.CharField("empreinte du jeton", max_length=64, unique=True, editable=False)
    expire_le = models.DateTimeField("expire le")
    revoque_le = models.DateTimeField("révoqué le", null=True)
    utilise_le = models.DateTimeField("dernier usage le", null=True)
    cree_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="créé par", null=True, related_name="+")
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "lien personnel"
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["objet"], name="lien_objet")]

    def __str__(self) -> str:
        return f"{self.get_usage_display()} jusqu'au {self.expire_le:%d/%m/%Y}"

    @property
    def ouvert(self) -> bool:
        return self.revoque_le is None and self.expire_le > timezone.now()


def empreinte(jeton: str) -> str:
    """Ce que la base garde d'un jeton."""
    return hashlib.sha256(jeton.encode()).hexdigest()


@transaction.atomic
def creer_lien(personne: Personne, *, acteur: Agent, usage: UsageLien, objet: UUID) -> tuple[LienPersonnel, str]:
    """Ouvre un lien pour cet objet et rend son jeton, lisible cette seule fois ; les liens précédents sont fermés."""
    revoquer_liens(objet)
    jeton = secrets.token_urlsafe(OCTETS_JETON)
    maintenant = timezone.now()
    lien = LienPersonnel.objects.create(
        personne=personne, dossier=personne.public_id, usage=usage, objet=objet, empreinte=empreinte(jeton), cree_par=acteur,
        prenom=nom_propre(personne.prenom), expire_le=maintenant + _duree(maintenant),
    )  # fmt: skip
    return lien, jeton


def _duree(maintenant: datetime) -> timedelta:
    return timedelta(days=int(nombre("lien.duree_validite", timezone.localdate(maintenant))))


def revoquer_liens(objet: UUID) -> int:
    """Ferme tous les liens ouverts sur un objet ; rend leur nombre."""
    return LienPersonnel.objects.filter(objet=objet, revoque_le=None).update(revoque_le=timezone.now())


def lire_lien(jeton: str, *, usage: UsageLien) -> LienPersonnel | None:
    """Lien de ce jeton, même expiré : la page dit alors qui appeler. `None` si aucun ne lui répond."""
    return LienPersonnel.objects.filter(empreinte=empreinte(jeton), usage=usage).first()


def noter_usage(lien: LienPersonnel) -> None:
    """Retient le dernier usage : l'agent sait que le lien a été ouvert."""
    lien.utilise_le = timezone.now()
    lien.save(update_fields=["utilise_le"])

"""Fichiers reçus des caisses, ce qu'ils ont changé, ce qui n'a pas pu être lu."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jalon.echanges.campagnes.modeles import Campagne, CandidatLigne, FormatListe, LigneCampagne
from jalon.socle.models import PublicModel

__all__ = [
    "AnomalieFlux",
    "Campagne",
    "CandidatLigne",
    "Flux",
    "FormatListe",
    "Import",
    "LigneCampagne",
    "ListeRapport",
    "Quarantaine",
]


class Flux(PublicModel):
    """Fichier de la caisse importé jusqu'au bout ; un fichier refusé n'en crée pas."""

    class Type(models.TextChoices):
        MENSUEL = "M", "Mensuel"
        QUOTIDIEN = "I", "Quotidien"
        REPRISE = "R", "Reprise"

    nom_fichier = models.CharField("nom du fichier", max_length=255)
    empreinte = models.CharField("empreinte SHA-256", max_length=64, unique=True)
    taille = models.BigIntegerField("taille décompressée (octets)")
    type = models.CharField("type", max_length=1, choices=Type)
    application = models.CharField("application émettrice", max_length=3)
    date_reference = models.DateField("date de référence")
    emis_le = models.DateTimeField("créé par la caisse le")
    importe_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="importé par", null=True)
    importe_le = models.DateTimeField("importé le", auto_now_add=True)
    duree = models.DurationField("durée de l'import")
    rapport = models.JSONField("rapport")

    class Meta:
        verbose_name = "flux"
        ordering = ("-importe_le", "-id")

    def __str__(self) -> str:
        return f"{self.get_type_display()} du {self.date_reference:%d/%m/%Y}"


class ListeRapport(models.Model):
    """Les dossiers et les personnes derrière un chiffre du rapport. L'écran y croise le périmètre de l'agent."""

    flux = models.ForeignKey(Flux, models.CASCADE, verbose_name="flux", related_name="listes")
    rubrique = models.CharField("rubrique", max_length=40)
    dossiers = ArrayField(models.BigIntegerField(), verbose_name="dossiers", default=list)
    personnes = ArrayField(models.BigIntegerField(), verbose_name="personnes", default=list)

    class Meta:
        verbose_name = "liste du rapport"
        ordering = ("flux_id", "rubrique")
        constraints = [
            models.UniqueConstraint(
                fields=["flux", "rubrique"],
                name="liste_rapport_unique",
                violation_error_message="Cette liste existe déjà dans ce rapport.",
            )
        ]

    def __str__(self) -> str:
        return self.rubrique


class AnomalieFlux(models.Model):
    """Anomalie rencontrée dans un flux, avec sa ligne et ce qu'elle touche."""

    flux = models.ForeignKey(Flux, models.CASCADE, verbose_name="flux", related_name="anomalies")
    code = models.CharField("code", max_length=40)
    detail = models.CharField("détail", max_length=300, blank=True)
    dossier = models.ForeignKey(
        "droits.DossierRsa", models.CASCADE, verbose_name="dossier", null=True, related_name="+"
    )
    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", null=True, related_name="+"
    )
    ligne = models.PositiveIntegerField("ligne du fichier", null=True)

    class Meta:
        verbose_name = "anomalie de flux"
        verbose_name_plural = "anomalies de flux"
        ordering = ("flux_id", "code", "id")
        indexes = [models.Index(fields=["flux", "code"], name="anomalie_flux_code")]

    def __str__(self) -> str:
        return f"{self.code} : {self.detail}"


class Quarantaine(PublicModel):
    """Foyer du flux qui n'a pas pu être lu : le fragment est gardé chiffré, et peut être rejoué."""

    class Etat(models.TextChoices):
        A_TRAITER = "a_traiter", "À traiter"
        REJOUE = "rejoue", "Rejoué"
        ECARTE = "ecarte", "Écarté"

    flux = models.ForeignKey(Flux, models.CASCADE, verbose_name="flux", related_name="quarantaines")
    rang = models.PositiveIntegerField("rang dans le fichier")
    ligne = models.PositiveIntegerField("ligne", null=True)
    numero_demande = models.CharField("numéro de demande lu", max_length=40, blank=True)
    champ = models.CharField("champ", max_length=80, blank=True)
    motif = models.CharField("motif", max_length=300)
    fragment_chiffre = models.BinaryField("fragment XML chiffré", editable=False)
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.A_TRAITER)
    traite_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="traité par", null=True)
    traite_le = models.DateTimeField("traité le", null=True)

    class Meta:
        verbose_name = "foyer en quarantaine"
        ordering = ("-flux_id", "rang", "id")

    def __str__(self) -> str:
        return self.motif


class Import(PublicModel):
    """Demande d'import faite à l'écran : suit l'avancement du travail, réussi ou refusé."""

    class Etat(models.TextChoices):
        EN_ATTENTE = "en_attente", "En attente"
        EN_COURS = "en_cours", "En cours"
        TERMINE = "termine", "Importé"
        REFUSE = "refuse", "Refusé"
        INTERROMPU = "interrompu", "Interrompu"

    nom_fichier = models.CharField("nom du fichier", max_length=255)
    chemin = models.CharField("fichier déposé", max_length=300)
    simulation = models.BooleanField("simulation", default=False)
    etat = models.CharField("état", max_length=12, choices=Etat, default=Etat.EN_ATTENTE)
    etape = models.CharField("étape", max_length=60, blank=True)
    avancement = models.PositiveSmallIntegerField("avancement (%)", default=0)
    message = models.CharField("message", max_length=500, blank=True)
    rapport = models.JSONField("rapport", null=True)
    flux = models.ForeignKey(Flux, models.SET_NULL, verbose_name="flux", null=True)
    demande_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="demandé par")
    demande_le = models.DateTimeField("demandé le", auto_now_add=True)
    fini_le = models.DateTimeField("fini le", null=True)

    class Meta:
        verbose_name = "import"
        ordering = ("-demande_le", "-id")

    def __str__(self) -> str:
        return f"{self.nom_fichier} ({self.get_etat_display()})"

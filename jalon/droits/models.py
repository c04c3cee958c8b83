"""Le dossier RSA et tout ce que la caisse en dit : reçu, daté, jamais recalculé (R23, R25)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models.functions import Now

from jalon.droits.demandes import (
    BrouillonInstruction,
    DemandeInstruction,
    EtatDemande,
    PieceDemandee,
    ReglageInstruction,
    ResultatTest,
    RetourDemande,
    SimulationDroit,
)
from jalon.personnes.models import FaitRecu
from jalon.socle.models import PublicModel

__all__ = [
    "BrouillonInstruction",
    "DemandeInstruction",
    "EtatDemande",
    "PieceDemandee",
    "ReglageInstruction",
    "ResultatTest",
    "RetourDemande",
    "SimulationDroit",
]


class EtatDossier(models.TextChoices):
    """Liste ETATDOSRSA."""

    NON_DEFINI = "Z", "Non défini"
    NOUVELLE_DEMANDE = "0", "Nouvelle demande en attente de décision"
    REFUSE = "1", "Droit refusé"
    OUVERT = "2", "Droit ouvert et versable"
    SUSPENDU = "3", "Droit ouvert et suspendu"
    VERSEMENT_SUSPENDU = "4", "Droit ouvert, versement suspendu"
    CLOS = "5", "Droit clos"
    CLOS_ANTERIEUR = "6", "Droit clos sur un mois antérieur"

    @classmethod
    def ouverts(cls) -> frozenset[str]:
        return frozenset({cls.OUVERT, cls.SUSPENDU, cls.VERSEMENT_SUSPENDU})

    @classmethod
    def fermes(cls) -> frozenset[str]:
        """États où plus personne du foyer n'est soumis aux droits et devoirs, quoi que dise le flux."""
        return frozenset({cls.REFUSE, cls.CLOS, cls.CLOS_ANTERIEUR})


class DossierRsa(PublicModel):
    """Demande de RSA d'un foyer auprès d'une caisse.

    Le numéro de demande identifie le dossier, mais deux foyers sans personne commune peuvent se le
    partager par erreur : `rang_partage` les distingue, et l'anomalie est signalée.
    """

    foyer = models.ForeignKey("personnes.Foyer", models.CASCADE, verbose_name="foyer", related_name="dossiers")
    numero_demande = models.CharField("numéro de demande", max_length=22)
    rang_partage = models.PositiveSmallIntegerField("rang en cas de numéro partagé", default=0)
    matricule = models.CharField("matricule CAF", max_length=30, blank=True)
    matricule_chiffre = models.BinaryField("matricule MSA chiffré", null=True, editable=False)
    matricule_empreinte = models.BinaryField("index aveugle du matricule MSA", null=True, editable=False)
    caisse_regime = models.CharField("régime de la caisse", max_length=10)
    caisse_numero = models.CharField("numéro de la caisse", max_length=10)
    partenaire = models.CharField("partenaire destinataire", max_length=16, blank=True)
    date_demande = models.DateField("date de la demande")
    date_demande_rmi = models.DateField("date de la demande RMI", null=True)
    instruction_rmi = models.CharField("numéro d'instruction RMI", max_length=60, blank=True)
    empreinte = models.BinaryField("empreinte du dernier contenu reçu", editable=False)
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "dossier RSA"
        ordering = ("-date_demande", "id")
        indexes = [
            models.Index(fields=["matricule"], name="dossier_matricule"),
            models.Index(fields=["matricule_empreinte"], name="dossier_matricule_msa"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["numero_demande", "rang_partage"],
                name="dossier_numero_et_rang_uniques",
                violation_error_message="Ce numéro de demande existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return f"Dossier {self.numero_demande}"


class FaitDossier(FaitRecu):
    """Fait reçu qui tient à un dossier RSA."""

    dossier = models.ForeignKey(DossierRsa, models.CASCADE, verbose_name="dossier", related_name="%(class)ss")

    class Meta:
        abstract = True


class FaitPersonne(FaitDossier):
    """Fait reçu qui tient à une personne, dans un dossier RSA."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="%(class)ss"
    )

    class Meta:
        abstract = True


class Situation(FaitDossier):
    """État du droit et situation du foyer à une date de flux."""

    etat = models.CharField("état du dossier", max_length=10)
    caisse = models.CharField("caisse", max_length=20, blank=True)
    matricule = models.CharField("matricule CAF", max_length=30, blank=True)
    date_demande = models.DateField("date de la demande", null=True)
    situation_familiale = models.CharField("situation familiale", max_length=10, blank=True)
    situation_familiale_depuis = models.DateField("depuis le", null=True)
    regime_agricole = models.CharField("régime agricole", max_length=10, blank=True)
    origine = models.CharField("origine de la demande", max_length=10, blank=True)
    date_origine = models.DateField("date d'origine", null=True)
    sans_domicile_fixe = models.BooleanField("sans domicile fixe", null=True)
    nombre_charges = models.PositiveSmallIntegerField("enfants et autres à charge", null=True)
    foyer_soumis = models.BooleanField("foyer soumis à droits et devoirs", null=True)
    refus_motif = models.CharField("motif de refus", max_length=10, blank=True)
    refus_le = models.DateField("refusé le", null=True)
    cloture_motif = models.CharField("motif de clôture", max_length=10, blank=True)
    cloture_le = models.DateField("clos le", null=True)
    cloture_anterieure_motif = models.CharField("motif de clôture (mois antérieur)", max_length=10, blank=True)
    cloture_anterieure_le = models.DateField("clos le (mois antérieur)", null=True)
    cedant = models.CharField("organisme cédant", max_length=16, blank=True)
    cedant_matricule = models.CharField("matricule chez le cédant", max_length=30, blank=True)
    arrive_le = models.DateField("arrivé par mutation le", null=True)
    prenant = models.CharField("organisme prenant", max_length=16, blank=True)
    parti_le = models.DateField("parti par mutation le", null=True)

    class Meta:
        verbose_name = "situation du dossier"
        ordering = ("dossier_id", "periode", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["dossier"],
                name="situation_une_seule_en_cours",
                condition=models.Q(periode__endswith=None, periode__isempty=False),
                violation_error_message="Ce dossier a déjà une situation en cours.",
            ),
            ExclusionConstraint(
                name="situation_sans_chevauchement",
                expressions=[("dossier", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Ce dossier ne peut pas avoir deux situations à la même date.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} : {self.etat}"


class Montant(FaitDossier):
    """Dernier calcul du droit communiqué par la caisse (euros par mois)."""

    debut = models.DateField("début", null=True)
    fin = models.DateField("fin", null=True)
    revenu_minimum = models.DecimalField("revenu minimum garanti", max_digits=9, decimal_places=2, null=True)
    part_revenus = models.DecimalField("part des revenus d'activité", max_digits=9, decimal_places=2, null=True)
    part_locale = models.DecimalField("part locale", max_digits=9, decimal_places=2, null=True)
    revenu_garanti = models.DecimalField("revenu garanti", max_digits=9, decimal_places=2, null=True)
    prestations_familiales = models.DecimalField("prestations familiales", max_digits=9, decimal_places=2, null=True)
    forfait_logement = models.DecimalField("forfait logement", max_digits=9, decimal_places=2, null=True)
    ressources = models.DecimalField("ressources mensuelles retenues", max_digits=9, decimal_places=2, null=True)
    sanction_alimentaire = models.DecimalField("sanction alimentaire", max_digits=9, decimal_places=2, null=True)
    reduction_hospitalisation = models.DecimalField(
        "réduction hospitalisation", max_digits=9, decimal_places=2, null=True
    )
    reduction_departement = models.DecimalField("réduction du département", max_digits=9, decimal_places=2, null=True)
    cumul_integral = models.DecimalField("cumul intégral", max_digits=9, decimal_places=2, null=True)
    abattements = models.DecimalField("abattements et neutralisations", max_digits=9, decimal_places=2, null=True)
    total = models.DecimalField("montant total du droit", max_digits=9, decimal_places=2, null=True)

    class Meta:
        verbose_name = "montant du droit"
        ordering = ("dossier_id", "periode", "id")

    def __str__(self) -> str:
        return f"{self.total} €"


class NatureDroit(FaitDossier):
    """Composante du droit : socle, activité, majorée ou non (liste NATPF, F009)."""

    nature = models.CharField("nature", max_length=10)
    sous_nature = models.CharField("sous-nature", max_length=10, blank=True)
    debut = models.DateField("début", null=True)
    fin = models.DateField("fin", null=True)
    montant_verse = models.DecimalField("montant versé", max_digits=9, decimal_places=2, null=True)
    dernier_versement = models.DateField("mois du dernier versement", null=True)

    class Meta:
        verbose_name = "nature du droit"
        ordering = ("dossier_id", "debut", "id")

    def __str__(self) -> str:
        return self.nature


class CibleSuspension(models.TextChoices):
    DROIT = "droit", "Suspension du droit"
    VERSEMENT = "versement", "Suspension du versement"


class Suspension(FaitDossier):
    """Suspension du droit ou du versement : toutes celles que le flux porte."""

    cible = models.CharField("cible", max_length=20, choices=CibleSuspension)
    motif = models.CharField("motif", max_length=10)
    debut = models.DateField("depuis le", null=True)
    groupe = models.CharField("groupe de prestations", max_length=10, blank=True)

    class Meta:
        verbose_name = "suspension"
        ordering = ("dossier_id", "debut", "id")

    def __str__(self) -> str:
        return f"{self.get_cible_display()} {self.motif}"


class Soumission(FaitPersonne):
    """Soumission d'une personne aux droits et devoirs, telle que la caisse la transmet (R23, R25, F010)."""

    soumise = models.BooleanField("soumise aux droits et devoirs")
    entrante = models.BooleanField("entrante ce mois-ci", null=True)
    ressources = models.DecimalField("ressources mensuelles retenues", max_digits=9, decimal_places=2, null=True)
    abattements = models.DecimalField("abattements", max_digits=9, decimal_places=2, null=True)

    class Meta:
        verbose_name = "soumission aux droits et devoirs"
        ordering = ("personne_id", "periode", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "personne"],
                name="soumission_une_seule_en_cours",
                condition=models.Q(periode__endswith=None, periode__isempty=False),
                violation_error_message="La soumission de cette personne est déjà connue dans ce dossier.",
            )
        ]

    def __str__(self) -> str:
        return "soumise" if self.soumise else "non soumise"


class Ressource(FaitPersonne):
    """Ressource d'un mois et d'une nature ; une ligne sans mois dit un trimestre sans ressource détaillée."""

    trimestre_debut = models.DateField("début du trimestre", null=True)
    trimestre_fin = models.DateField("fin du trimestre", null=True)
    nulles = models.BooleanField("trimestre sans ressource", default=False)
    mois = models.DateField("mois", null=True)
    heures = models.PositiveSmallIntegerField("heures travaillées", null=True)
    nature = models.CharField("nature", max_length=10, blank=True)
    montant = models.DecimalField("montant", max_digits=9, decimal_places=2, null=True)
    abattement = models.CharField("abattement ou neutralisation", max_length=10, blank=True)

    class Meta:
        verbose_name = "ressource"
        ordering = ("personne_id", "mois", "id")

    def __str__(self) -> str:
        return f"{self.nature} {self.montant}"


class Activite(FaitPersonne):
    """Activité déclarée (liste ACT)."""

    regime = models.CharField("régime", max_length=10, blank=True)
    activite = models.CharField("activité", max_length=10)
    debut = models.DateField("début", null=True)
    fin = models.DateField("fin", null=True)
    nature_contrat = models.CharField("nature du contrat de travail", max_length=10, blank=True)
    condition_eti = models.BooleanField("condition administrative ETI", null=True)

    class Meta:
        verbose_name = "activité"
        ordering = ("personne_id", "debut", "id")

    def __str__(self) -> str:
        return self.activite


class AvisPresident(FaitDossier):
    """Avis du président du conseil départemental, sur le droit ou sur une personne."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="avis_president", null=True
    )
    type = models.CharField("type d'avis", max_length=60)
    code = models.CharField("code", max_length=10, blank=True)
    avis = models.CharField("avis", max_length=10, blank=True)
    debut = models.DateField("début d'effet", null=True)
    fin = models.DateField("fin d'effet", null=True)
    date_evaluation = models.DateField("date d'évaluation", null=True)
    montant = models.DecimalField("montant", max_digits=9, decimal_places=2, null=True)
    commentaire = models.CharField("commentaire", max_length=500, blank=True)

    class Meta:
        verbose_name = "avis du président"
        ordering = ("dossier_id", "debut", "id")

    def __str__(self) -> str:
        return self.type


class BlocRecu(FaitDossier):
    """Bloc rare du flux (grossesse, pension alimentaire, contrôle, agricole, DOM…), gardé tel que reçu."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="blocs_recus", null=True
    )
    bloc = models.CharField("bloc", max_length=250)
    contenu = models.JSONField("contenu, par balise du flux")

    class Meta:
        verbose_name = "bloc reçu"
        ordering = ("dossier_id", "bloc", "id")

    def __str__(self) -> str:
        return self.bloc


class Evenement(models.Model):
    """Fait générateur d'une liquidation (liste FG). Transmis une seule fois : il ne se ferme pas."""

    dossier = models.ForeignKey(DossierRsa, models.CASCADE, verbose_name="dossier", related_name="evenements")
    liquide_le = models.DateField("liquidé le")
    heure = models.TimeField("heure", null=True)
    fait_generateur = models.CharField("fait générateur", max_length=18)
    recu_le = models.DateField("flux du")

    class Meta:
        verbose_name = "événement"
        ordering = ("-liquide_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "liquide_le", "heure", "fait_generateur"],
                name="evenement_recu_une_fois",
                nulls_distinct=False,
                violation_error_message="Cet événement est déjà connu.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.fait_generateur} le {self.liquide_le}"


class Reception(models.Model):
    """Présence d'un dossier dans un flux : c'est elle qui dit jusqu'où un fait a été confirmé."""

    dossier = models.ForeignKey(DossierRsa, models.CASCADE, verbose_name="dossier", related_name="receptions")
    date_reference = models.DateField("flux du")
    emis_le = models.DateTimeField("émis le")

    class Meta:
        verbose_name = "réception"
        ordering = ("dossier_id", "-date_reference", "-emis_le")
        indexes = [models.Index(fields=["dossier", "date_reference", "emis_le"], name="reception_ordre")]

    def __str__(self) -> str:
        return f"{self.dossier_id} le {self.date_reference}"

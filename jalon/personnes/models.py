"""La personne, son foyer, ses adresses : un seul dossier qui la suit toute sa vie d'insertion (S07, F007, F008)."""

from __future__ import annotations

from datetime import date

import pghistory
from django.contrib.postgres.fields import DateRangeField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from jalon.personnes.codes import CodeUnique
from jalon.personnes.coordonnees import CanalPrefere, Coordonnees
from jalon.personnes.liens import LienPersonnel
from jalon.personnes.publics import PartageDossier, Public, PublicPersonne, RaisonPartage
from jalon.socle.models import PublicModel

__all__ = [
    "CanalPrefere",
    "Coordonnees",
    "CodeUnique",
    "LienPersonnel",
    "PartageDossier",
    "Public",
    "PublicPersonne",
    "RaisonPartage",
]


class Sexe(models.TextChoices):
    HOMME = "1", "Homme"
    FEMME = "2", "Femme"


class TypeNir(models.TextChoices):
    AUCUN = "", "Absent"
    CERTAIN = "nir", "NIR dont la clé est juste"
    ATTENTE = "nia", "Numéro d'attente"
    CLE_FAUSSE = "cle_fausse", "NIR dont la clé est fausse"
    ILLISIBLE = "illisible", "NIR qui n'a pas la forme attendue"


class RolePersonne(models.TextChoices):
    DEMANDEUR = "DEM", "Demandeur"
    CONJOINT = "CJT", "Conjoint"
    ENFANT = "ENF", "Enfant"
    AUTRE = "AUT", "Autre personne"
    RESPONSABLE = "RDO", "Responsable du dossier"


IDENTITE_SAISIE = date(1900, 1, 1)
"""Date d'une identité saisie : elle cède à celle de n'importe quel flux, même daté d'avant la saisie."""


class EtatCivil(models.Model):
    """Champs d'identité reçus, communs à la personne et à ses identités antérieures."""

    civilite = models.CharField("civilité", max_length=10, blank=True)
    nom = models.CharField("nom d'usage", max_length=80)
    nom_naissance = models.CharField("nom de naissance", max_length=80)
    prenom = models.CharField("prénom", max_length=80)
    prenom2 = models.CharField("deuxième prénom", max_length=80, blank=True)
    prenom3 = models.CharField("troisième prénom", max_length=80, blank=True)
    date_naissance = models.DateField("date de naissance")
    qualite_date_naissance = models.CharField("qualité de la date de naissance", max_length=10, blank=True)
    rang_naissance = models.PositiveSmallIntegerField("rang de naissance", null=True)
    commune_naissance = models.CharField("commune de naissance", max_length=80, blank=True)
    sexe = models.CharField("sexe", max_length=10)
    etat_civil_certifie = models.BooleanField("état civil certifié", null=True)
    nir_chiffre = models.BinaryField("NIR chiffré", null=True, editable=False)
    nir_empreinte = models.BinaryField("index aveugle du NIR", null=True, editable=False)
    type_nir = models.CharField("qualité du NIR", max_length=10, choices=TypeNir, blank=True)

    class Meta:
        abstract = True


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Personne(PublicModel, EtatCivil):
    """Une personne, connue par le flux ou saisie ; son identité est celle du flux le plus récent."""

    identite_depuis = models.DateField("identité connue depuis le flux du")
    identifiant_france_travail = models.CharField("identifiant France Travail", max_length=20, blank=True)
    cle_recherche = models.TextField("noms normalisés pour la recherche", editable=False)
    cle_nom = models.CharField("nom de naissance normalisé", max_length=80, editable=False)
    cle_prenom = models.CharField("prénom normalisé", max_length=80, editable=False)
    cle_prenoms = models.CharField("tous les prénoms normalisés", max_length=250, editable=False)
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    fusionnee_dans = models.ForeignKey(
        "self", models.PROTECT, verbose_name="fusionnée dans", null=True, related_name="doublons"
    )
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "personne"
        ordering = ("nom", "prenom", "id")
        indexes = [
            GinIndex(fields=["cle_recherche"], opclasses=["gin_trgm_ops"], name="personne_recherche"),
            models.Index(
                fields=["nir_empreinte"], name="personne_nir", condition=models.Q(nir_empreinte__isnull=False)
            ),
            models.Index(fields=["date_naissance", "cle_nom"], name="personne_naissance"),
            models.Index(fields=["territoire", "nom"], name="personne_territoire"),
            # Ce que lit la seconde muraille pour savoir qui est visible, sans ouvrir la table.
            models.Index(fields=["id"], include=["territoire", "fusionnee_dans"], name="personne_visible"),
        ]
        constraints = [
            models.CheckConstraint(
                name="personne_pas_fusionnee_en_elle_meme",
                condition=~models.Q(fusionnee_dans=models.F("id")),
                violation_error_message="Une personne ne peut pas être fusionnée avec elle-même.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"

    @property
    def identite_saisie(self) -> bool:
        """Vrai tant qu'aucun flux n'a dit cette identité : un agent l'a écrite."""
        return self.identite_depuis == IDENTITE_SAISIE


class IdentiteAnterieure(EtatCivil):
    """Identité reçue par un flux et remplacée depuis (ou reçue par un flux plus ancien que le connu)."""

    personne = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne", related_name="identites")
    periode = DateRangeField("période couverte par les flux")

    class Meta:
        verbose_name = "identité antérieure"
        ordering = ("personne_id", "periode", "id")

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"


class Foyer(PublicModel):
    """Foyer au sens de la prestation : le demandeur, son conjoint, les personnes à charge."""

    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "foyer"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"Foyer {self.public_id}"


class FaitRecu(models.Model):
    """Fait reçu de la caisse : vrai pour nous de la date du flux qui l'apporte à celle du flux qui le dément.

    Une période vide marque un fait remplacé le jour même par un flux émis plus tard : il reste lisible.
    """

    periode = DateRangeField("période couverte par les flux")

    class Meta:
        abstract = True


class Rattachement(FaitRecu):
    """Place d'une personne dans un foyer (F007)."""

    foyer = models.ForeignKey(Foyer, models.CASCADE, verbose_name="foyer", related_name="rattachements")
    personne = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne", related_name="rattachements")
    role = models.CharField("rôle", max_length=10, blank=True)
    role_pfa = models.CharField("rôle pour les prestations familiales", max_length=10, blank=True)
    a_charge = models.BooleanField("prise en compte", null=True)
    responsable = models.BooleanField("responsable du dossier", default=False)
    date_debut = models.DateField("rattachée le", null=True)
    date_fin = models.DateField("détachée le", null=True)
    demande_precedente = models.CharField("demande précédente", max_length=20, blank=True)
    parente = models.CharField("liens de parenté", max_length=250, blank=True)

    class Meta:
        verbose_name = "rattachement"
        ordering = ("foyer_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["foyer", "personne"],
                name="rattachement_un_seul_en_cours",
                condition=models.Q(periode__endswith=None, periode__isempty=False),
                violation_error_message="Cette personne est déjà rattachée à ce foyer.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} dans {self.foyer_id}"


class Adresse(FaitRecu):
    """Adresse d'un foyer, telle que reçue, avec la commune retrouvée par son code INSEE (F014)."""

    foyer = models.ForeignKey(Foyer, models.CASCADE, verbose_name="foyer", related_name="adresses")
    rang = models.PositiveSmallIntegerField("rang")
    type = models.CharField("type", max_length=10, blank=True)
    etat = models.CharField("état", max_length=10, blank=True)
    pays = models.CharField("pays", max_length=10, blank=True)
    depuis = models.DateField("depuis le", null=True)
    complement_identite = models.CharField("complément d'identité", max_length=80, blank=True)
    complement = models.CharField("complément d'adresse", max_length=80, blank=True)
    numero = models.CharField("numéro", max_length=80, blank=True)
    type_voie = models.CharField("type de voie", max_length=80, blank=True)
    voie = models.CharField("voie", max_length=80, blank=True)
    lieu_dit = models.CharField("lieu-dit", max_length=80, blank=True)
    code_insee_recu = models.CharField("code INSEE reçu", max_length=80, blank=True)
    code_postal = models.CharField("code postal", max_length=80, blank=True)
    nom_commune = models.CharField("commune", max_length=80, blank=True)
    lignes_etranger = models.CharField("adresse à l'étranger", max_length=500, blank=True)
    commune = models.ForeignKey(
        "referentiels.Commune",
        models.PROTECT,
        verbose_name="commune officielle",
        null=True,
        related_name="+",
        db_index=False,
    )
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    en_qpv = models.BooleanField("en quartier prioritaire", null=True)

    class Meta:
        verbose_name = "adresse"
        ordering = ("foyer_id", "rang", "id")

    def __str__(self) -> str:
        return f"{self.numero} {self.type_voie} {self.voie}, {self.code_postal} {self.nom_commune}".strip()


class EtatRapprochement(models.TextChoices):
    A_EXAMINER = "a_examiner", "À examiner"
    FUSIONNE = "fusionne", "Une seule personne"
    REFUSE = "refuse", "Deux personnes différentes"


class Rapprochement(PublicModel):
    """Deux dossiers qui pourraient être la même personne : un agent compare et décide."""

    ancienne = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne connue", related_name="+")
    nouvelle = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne reçue", related_name="+")
    score = models.PositiveSmallIntegerField("ressemblance (sur 100)")
    motif = models.CharField("motif du doute", max_length=200)
    etat = models.CharField("état", max_length=12, choices=EtatRapprochement, default=EtatRapprochement.A_EXAMINER)
    decide_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="décidé par", null=True)
    decide_le = models.DateTimeField("décidé le", null=True)
    date_flux = models.DateField("flux du")
    created_at = models.DateTimeField("proposé le", db_default=Now())

    class Meta:
        verbose_name = "rapprochement"
        ordering = ("-score", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["ancienne", "nouvelle"],
                name="rapprochement_unique",
                violation_error_message="Ce rapprochement a déjà été proposé.",
            ),
            models.CheckConstraint(
                name="rapprochement_deux_personnes",
                condition=~models.Q(ancienne=models.F("nouvelle")),
                violation_error_message="Un rapprochement porte sur deux dossiers différents.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ancienne_id} ↔ {self.nouvelle_id}"


class Fusion(PublicModel):
    """Fusion de deux dossiers, avec la liste exacte des lignes déplacées : elle peut être défaite."""

    gardee = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne gardée", related_name="+")
    absorbee = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne absorbée", related_name="+")
    deplacements = models.JSONField("lignes déplacées", default=dict)
    faite_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="faite par", related_name="+")
    faite_le = models.DateTimeField("faite le", auto_now_add=True)
    defaite_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="défaite par", related_name="+", null=True
    )
    defaite_le = models.DateTimeField("défaite le", null=True)

    class Meta:
        verbose_name = "fusion"
        ordering = ("-faite_le", "-id")

    def __str__(self) -> str:
        return f"{self.absorbee_id} → {self.gardee_id}"


class TypeTache(models.TextChoices):
    RECUEIL = "recueil", "Recueillir les données socioprofessionnelles"
    FIN_ACCOMPAGNEMENT = "fin_accompagnement", "Examiner la fin de l'accompagnement"
    CONTACT_ABSENCE = "contact_absence", "Joindre la personne après son absence"


class EtatTache(models.TextChoices):
    A_FAIRE = "a_faire", "À faire"
    FAITE = "faite", "Faite"
    SANS_OBJET = "sans_objet", "Sans objet"


class Tache(PublicModel):
    """Ce que le dossier d'une personne attend d'un service ou d'un agent, et avant quand."""

    type = models.CharField("type", max_length=20, choices=TypeTache)
    personne = models.ForeignKey(Personne, models.CASCADE, verbose_name="personne", related_name="taches")
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="service", null=True, related_name="+"
    )
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent", null=True, related_name="+")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    etat = models.CharField("état", max_length=12, choices=EtatTache, default=EtatTache.A_FAIRE)
    echeance = models.DateField("à faire avant le", null=True)
    ouverte_le = models.DateField("ouverte le")
    close_le = models.DateField("close le", null=True)

    class Meta:
        verbose_name = "tâche"
        ordering = ("echeance", "id")
        indexes = [
            models.Index(fields=["organisme", "echeance"], name="tache_service", condition=models.Q(etat="a_faire")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne", "type"],
                name="tache_une_seule_a_faire",
                condition=models.Q(etat="a_faire"),
                violation_error_message="Cette tâche est déjà à faire pour cette personne.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} ({self.get_etat_display()})"

"""Textes des courriers et leurs versions, documents produits, envois et leurs preuves, travaux en nombre.

Un document est gardé dans la base (ADR 7) : la preuve s'écrit avec l'acte et se sauvegarde avec lui. Ces tables ne
connaissent d'une personne ou d'un organisme que l'identifiant public, comme les journaux.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel
from jalon.socle.textes import normaliser

EXTENSIONS = {"application/pdf": "pdf", "text/calendar": "ics", "text/csv": "csv"}


class ModeleCourrier(PublicModel):
    """Un courrier que le département sait écrire ; son texte est celui de sa dernière version."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    usage = models.CharField("usage", max_length=30)

    class Meta:
        verbose_name = "modèle de courrier"
        ordering = ("libelle", "id")

    def __str__(self) -> str:
        return self.libelle


class VersionModele(PublicModel):
    """Un texte publié : il ne change plus, et chaque lettre sait lequel elle a employé."""

    modele = models.ForeignKey(ModeleCourrier, models.CASCADE, verbose_name="modèle", related_name="versions")
    numero = models.PositiveIntegerField("numéro")
    objet = models.CharField("objet", max_length=200, blank=True)
    corps = models.TextField("texte", max_length=20_000)
    auteur = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, verbose_name="auteur", null=True, related_name="+"
    )
    note = models.CharField("pourquoi ce changement", max_length=200, blank=True)
    publiee_le = models.DateTimeField("publiée le", db_default=Now())

    class Meta:
        verbose_name = "version d'un courrier"
        ordering = ("modele_id", "-numero")
        constraints = [
            models.UniqueConstraint(
                fields=["modele", "numero"],
                name="version_modele_numero_unique",
                violation_error_message="Un autre texte de ce courrier vient d'être publié : relisez-le d'abord.",
            )
        ]
        triggers = [pgtrigger.Protect(name="version_modele_figee", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"version {self.numero}"

    @property
    def du_profil(self) -> bool:
        """Livrée avec le profil, non écrite par un agent."""
        return self.auteur_id is None


class Document(PublicModel):
    """Fichier produit par un acte : lettre, copie, planche d'impression. Jamais modifié ensuite.

    `personne` nomme la personne qu'il concerne ; un document à plusieurs personnes n'en nomme aucune et n'est visible
    que de qui l'a produit, ou de l'organisme à qui il est destiné.
    """

    nature = models.CharField("nature", max_length=40)
    titre = models.CharField("titre", max_length=200)
    type_mime = models.CharField("type", max_length=80, default="application/pdf")
    taille = models.PositiveIntegerField("taille")
    sha256 = models.CharField("empreinte", max_length=64)
    personne = models.UUIDField("personne", null=True)
    organisme = models.UUIDField("organisme destinataire", null=True)
    version_modele = models.ForeignKey(VersionModele, models.PROTECT, verbose_name="texte employé", null=True)
    cree_le = models.DateTimeField("créé le", db_default=Now())
    cree_par = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, verbose_name="créé par", null=True, related_name="+"
    )

    class Meta:
        verbose_name = "document"
        ordering = ("-cree_le", "-id")
        indexes = [
            models.Index(fields=["personne", "-cree_le"], name="document_personne"),
            models.Index(fields=["organisme", "-cree_le"], name="document_organisme"),
        ]

    def __str__(self) -> str:
        return self.titre

    @property
    def nom_fichier(self) -> str:
        """Nom sous lequel une personne enregistre ce document : « convocation-du-12-10-2026.pdf »."""
        mots = normaliser(self.titre)[:80].strip().replace(" ", "-")
        return f"{mots or 'document'}.{EXTENSIONS.get(self.type_mime, 'pdf')}"


class ContenuDocument(models.Model):
    """Les octets d'un document, à part : une liste de documents ne les charge jamais."""

    document = models.OneToOneField(
        Document, models.CASCADE, verbose_name="document", primary_key=True, related_name="contenu"
    )
    octets = models.BinaryField("octets")

    class Meta:
        verbose_name = "contenu d'un document"

    def __str__(self) -> str:
        return f"contenu de {self.document_id}"


class Canal(models.TextChoices):
    COURRIER = "courrier", "Courrier postal"
    COURRIEL = "courriel", "Courriel"
    SMS = "sms", "SMS"


class EtatEnvoi(models.TextChoices):
    A_ENVOYER = "a_envoyer", "À envoyer"
    EN_COURS = "en_cours", "Confié à la passerelle"
    ENVOYE = "envoye", "Envoyé"
    ECHEC = "echec", "Non parti"
    REMIS = "remis", "Remis"
    REVENU = "revenu", "Revenu"


class MotifRetour(models.TextChoices):
    """Ce que la poste a coché sur le pli rendu."""

    ADRESSE = "adresse", "N'habite pas à cette adresse, ou adresse inconnue"
    NON_RECLAME = "non_reclame", "Avisé, pas réclamé"
    REFUSE = "refuse", "Refusé"
    AUTRE = "autre", "Autre raison"

    @classmethod
    def presentes(cls) -> frozenset[str]:
        """Le pli est allé jusqu'à la personne : un avis de passage l'attendait."""
        return frozenset({cls.NON_RECLAME, cls.REFUSE})


class Envoi(PublicModel):
    """Un message, ou la mise à la poste d'un document : à qui, par où, et ce qui prouve qu'il est parti."""

    canal = models.CharField("canal", max_length=10, choices=Canal)
    document = models.ForeignKey(Document, models.PROTECT, verbose_name="document", null=True, related_name="envois")
    joint = models.ForeignKey(Document, models.PROTECT, verbose_name="document joint", null=True, related_name="+")
    """Ce qui part avec le document : le rendez-vous d'agenda d'une convocation."""
    lot = models.ForeignKey(
        "documents.LotDocuments", models.PROTECT, verbose_name="lot", null=True, related_name="envois"
    )
    destinataire = models.CharField("destinataire", max_length=500)
    objet = models.CharField("objet", max_length=200, blank=True)
    texte = models.TextField("texte", max_length=5_000, blank=True)
    perime_le = models.DateTimeField("ne vaut plus après", null=True)
    """Un message qui porte un code : passé ce moment il ne part plus, et son texte est effacé dès qu'il est parti."""
    personne = models.UUIDField("personne", null=True)
    organisme = models.UUIDField("organisme", null=True)
    etat = models.CharField("état", max_length=10, choices=EtatEnvoi, default=EtatEnvoi.A_ENVOYER)
    tentatives = models.PositiveSmallIntegerField("tentatives", default=0)
    preuve = models.CharField("preuve", max_length=300, blank=True)
    demande_le = models.DateTimeField("demandé le", db_default=Now())
    demande_par = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, verbose_name="demandé par", null=True, related_name="+"
    )
    envoye_le = models.DateTimeField("envoyé le", null=True)
    remis_le = models.DateTimeField("remis le", null=True)
    revenu_le = models.DateField("revenu le", null=True)
    motif_retour = models.CharField("pourquoi il est revenu", max_length=12, choices=MotifRetour, blank=True)
    presente_le = models.DateField("présenté à la personne le", null=True)
    """Premier passage du facteur, lu sur le pli : seulement pour un pli non réclamé ou refusé."""
    precision_retour = models.CharField("précision", max_length=200, blank=True)

    class Meta:
        verbose_name = "envoi"
        ordering = ("-demande_le", "-id")
        indexes = [
            models.Index(fields=["personne", "-demande_le"], name="envoi_personne"),
            models.Index(
                fields=["etat", "demande_le"],
                name="envoi_en_attente",
                condition=models.Q(etat__in=["a_envoyer", "en_cours"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="envoi_parti_date",
                condition=~models.Q(etat__in=["envoye", "remis"]) | models.Q(envoye_le__isnull=False),
                violation_error_message="Un envoi parti a une date.",
            ),
            models.CheckConstraint(
                name="envoi_postal_avec_document",
                condition=~models.Q(canal="courrier") | models.Q(document__isnull=False),
                violation_error_message="Un courrier postal a son document.",
            ),
            models.CheckConstraint(
                name="envoi_revenu_dit_pourquoi",
                condition=models.Q(~models.Q(motif_retour=""), etat="revenu", canal="courrier", revenu_le__isnull=False)
                | (~models.Q(etat="revenu") & models.Q(revenu_le=None, motif_retour="", presente_le=None)),
                violation_error_message="Un pli revenu est un courrier ; il dit quel jour, et pourquoi.",
            ),
            models.CheckConstraint(
                name="envoi_revenu_apres_presentation",
                condition=(
                    models.Q(
                        motif_retour__in=["non_reclame", "refuse"],
                        presente_le__isnull=False,
                        presente_le__lte=models.F("revenu_le"),
                    )  # fmt: skip
                    | (~models.Q(motif_retour__in=["non_reclame", "refuse"]) & models.Q(presente_le=None))
                ),
                violation_error_message=(
                    "Un pli non réclamé ou refusé dit quel jour il a été présenté, avant d'être rendu ; les autres, non."
                ),
            ),
            models.CheckConstraint(
                name="envoi_revenu_autrement_precise",
                condition=~models.Q(motif_retour="autre") | ~models.Q(precision_retour=""),
                violation_error_message="Pour une autre raison, dites laquelle.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_canal_display()} à {self.destinataire}"

    @property
    def perdu(self) -> bool:
        """Le courrier n'a pas atteint la personne : l'adresse était fausse, ou le pli s'est abîmé en route."""
        return self.etat == EtatEnvoi.REVENU and self.motif_retour not in MotifRetour.presentes()


class TentativeEnvoi(models.Model):
    """Un essai d'envoi, gardé comme preuve, réussi ou non."""

    envoi = models.ForeignKey(Envoi, models.CASCADE, verbose_name="envoi", related_name="essais")
    rang = models.PositiveSmallIntegerField("rang")
    tentee_le = models.DateTimeField("tentée le", db_default=Now())
    reussie = models.BooleanField("réussie", null=True)
    preuve = models.CharField("réponse de la passerelle", max_length=300, blank=True)

    class Meta:
        verbose_name = "tentative d'envoi"
        ordering = ("envoi_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["envoi", "rang"],
                name="tentative_rang_unique",
                violation_error_message="Cette tentative est déjà notée.",
            )
        ]

    def __str__(self) -> str:
        return f"essai {self.rang} de {self.envoi_id}"


class EtatLot(models.TextChoices):
    EN_ATTENTE = "en_attente", "En attente"
    EN_COURS = "en_cours", "En cours"
    TERMINE = "termine", "Terminé"
    INTERROMPU = "interrompu", "Interrompu"


class LotDocuments(PublicModel):
    """Lettres produites en nombre : la liste de ce qui est demandé, l'avancement, et le fichier pour l'imprimeur.

    `objets` est figé à la demande, dans l'ordre d'impression : une reprise refait les mêmes tranches et rien de plus.
    """

    nature = models.CharField("nature", max_length=40)
    titre = models.CharField("titre", max_length=200)
    objets = ArrayField(models.BigIntegerField(), verbose_name="objets, dans l'ordre d'impression", default=list)
    taille_tranche = models.PositiveSmallIntegerField("objets par tranche")
    ecartes = models.JSONField("laissés de côté", default=list)
    date_courrier = models.DateField("date portée sur les lettres")
    etat = models.CharField("état", max_length=12, choices=EtatLot, default=EtatLot.EN_ATTENTE)
    fait = models.PositiveIntegerField("lettres faites", default=0)
    message = models.CharField("message", max_length=500, blank=True)
    planche = models.ForeignKey(
        Document, models.PROTECT, verbose_name="fichier pour l'imprimeur", null=True, related_name="+"
    )
    demande_par = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, verbose_name="demandé par", related_name="+"
    )
    demande_le = models.DateTimeField("demandé le", db_default=Now())
    fini_le = models.DateTimeField("fini le", null=True)

    class Meta:
        verbose_name = "lot de lettres"
        ordering = ("-demande_le", "-id")

    def __str__(self) -> str:
        return self.titre

    @property
    def total(self) -> int:
        return len(self.objets)

    @property
    def avancement(self) -> int:
        """De 0 à 100."""
        if self.etat == EtatLot.TERMINE or not self.objets:
            return 100
        return 100 * self.fait // len(self.objets)


class TrancheLot(models.Model):
    """Une tranche faite d'un lot : sa part du fichier de l'imprimeur, effacée quand il est assemblé."""

    lot = models.ForeignKey(LotDocuments, models.CASCADE, verbose_name="lot", related_name="tranches")
    rang = models.PositiveIntegerField("rang")
    planche = models.BinaryField("pages à imprimer")

    class Meta:
        verbose_name = "tranche d'un lot"
        ordering = ("lot_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["lot", "rang"],
                name="tranche_une_seule_fois",
                violation_error_message="Cette tranche du lot est déjà faite.",
            )
        ]

    def __str__(self) -> str:
        return f"tranche {self.rang} du lot {self.lot_id}"

"""Une campagne de reprise : la liste d'un partenaire, ses lignes, nos personnes qui leur ressemblent (R34-R36)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel


class FormatListe(models.Model):
    """En-têtes sous lesquels un partenaire livre sa liste ; du profil, ou retenus au dépôt d'une liste."""

    code = models.SlugField("code", max_length=60, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    categorie = models.CharField("catégorie du partenaire", max_length=20)
    source = models.CharField("source", max_length=300, blank=True)
    colonnes = models.JSONField("en-têtes reconnus, par champ", default=dict)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "format de liste"
        ordering = ("libelle", "id")

    def __str__(self) -> str:
        return self.libelle


class EtatCampagne(models.TextChoices):
    DEPOSEE = "deposee", "Colonnes à vérifier"
    EN_COURS = "en_cours", "Rapprochement en cours"
    A_DECIDER = "a_decider", "À décider"
    CLOSE = "close", "Close"
    ECHOUEE = "echouee", "Rapprochement échoué"


class Population(models.TextChoices):
    EN_ATTENTE = "en_attente", "Personnes qui attendent une orientation"
    SOUMISES = "soumises", "Toutes les personnes soumises aux droits et devoirs"


class Campagne(PublicModel):
    """Rapprochement de nos dossiers avec une liste, pour décider en nombre (F028).

    Le fichier déposé est chiffré, et effacé dès que ses lignes sont lues : il peut porter des numéros de sécurité
    sociale, dont seule l'empreinte est gardée.
    """

    libelle = models.CharField("nom de la campagne", max_length=120)
    format = models.ForeignKey(FormatListe, models.PROTECT, verbose_name="format de la liste", related_name="+")
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="partenaire", null=True, related_name="+"
    )
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    population = models.CharField("nos personnes", max_length=12, choices=Population, default=Population.EN_ATTENTE)
    objectif_le = models.DateField("à finir avant le", null=True, blank=True)
    nom_fichier = models.CharField("nom du fichier", max_length=255)
    empreinte = models.CharField("empreinte SHA-256", max_length=64)
    fichier_chiffre = models.BinaryField("fichier déposé, chiffré", null=True, editable=False)
    colonnes = models.JSONField("champ lu dans chaque colonne", default=dict)
    etat = models.CharField("état", max_length=12, choices=EtatCampagne, default=EtatCampagne.DEPOSEE)
    message = models.CharField("message", max_length=300, blank=True)
    creee_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="déposée par", related_name="+")
    creee_le = models.DateTimeField("déposée le", db_default=Now())
    close_le = models.DateTimeField("close le", null=True)

    class Meta:
        verbose_name = "campagne de reprise"
        ordering = ("-creee_le", "-id")

    def __str__(self) -> str:
        return self.libelle


class Pile(models.TextChoices):
    SURE = "sure", "Sûre"
    A_VERIFIER = "a_verifier", "À vérifier côte à côte"
    AUCUNE = "aucune", "Sans correspondance"


class EtatLigne(models.TextChoices):
    A_TRAITER = "a_traiter", "À traiter"
    CONFIRMEE = "confirmee", "C’est elle"
    ECARTEE = "ecartee", "Ce n’est aucune d’elles"
    DECIDEE = "decidee", "Orientée"


class LigneCampagne(PublicModel):
    """Une ligne de la liste, avec la personne retenue s'il y en a une."""

    campagne = models.ForeignKey(Campagne, models.CASCADE, verbose_name="campagne", related_name="lignes")
    numero = models.PositiveIntegerField("ligne du fichier")
    nom = models.CharField("nom", max_length=80)
    nom_naissance = models.CharField("nom de naissance", max_length=80, blank=True)
    prenom = models.CharField("prénom", max_length=80)
    date_naissance = models.DateField("date de naissance", null=True)
    sexe = models.CharField("sexe", max_length=1, blank=True)
    code_postal = models.CharField("code postal", max_length=10, blank=True)
    matricule = models.CharField("matricule", max_length=30, blank=True)
    identifiant_france_travail = models.CharField("identifiant de l'opérateur de l'emploi", max_length=20, blank=True)
    nir_empreinte = models.BinaryField("index aveugle du NIR", null=True, editable=False)
    professionnel = models.CharField("professionnel qui suit la personne", max_length=120, blank=True)
    pile = models.CharField("pile", max_length=12, choices=Pile, default=Pile.AUCUNE)
    etat = models.CharField("état", max_length=12, choices=EtatLigne, default=EtatLigne.A_TRAITER)
    personne = models.ForeignKey(
        "personnes.Personne", models.SET_NULL, verbose_name="personne retenue", null=True, related_name="+"
    )
    decision = models.ForeignKey(
        "orientations.DecisionOrientation", models.SET_NULL, verbose_name="décision", null=True, related_name="+"
    )
    refus = models.CharField("pourquoi la décision n'a pas pu être prise", max_length=300, blank=True)

    class Meta:
        verbose_name = "ligne de campagne"
        ordering = ("campagne_id", "numero", "id")
        indexes = [models.Index(fields=["campagne", "pile", "etat"], name="ligne_campagne_pile")]
        constraints = [
            models.UniqueConstraint(
                fields=["campagne", "numero"],
                name="ligne_campagne_unique",
                violation_error_message="Cette ligne est déjà lue.",
            ),
            models.CheckConstraint(
                name="ligne_confirmee_nommee",
                condition=~models.Q(etat__in=["confirmee", "decidee"]) | models.Q(personne__isnull=False),
                violation_error_message="Une ligne confirmée désigne une de nos personnes.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.numero} : {self.prenom} {self.nom}"


class CandidatLigne(models.Model):
    """Une de nos personnes qui pourrait être celle de la ligne, et ce qui les rapproche."""

    ligne = models.ForeignKey(LigneCampagne, models.CASCADE, verbose_name="ligne", related_name="candidats")
    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="+")
    score = models.DecimalField("ressemblance (sur 100)", max_digits=5, decimal_places=2)
    methode = models.CharField("ce qui les rapproche", max_length=40)

    class Meta:
        verbose_name = "candidat d'une ligne"
        ordering = ("ligne_id", "-score", "id")

    def __str__(self) -> str:
        return f"{self.personne_id} ({self.score})"

"""Le livret de la personne : son accès sans compte, et ce qu'elle y tient elle-même (D07, F015, F016)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel


class AccesPersonnel(PublicModel):
    """Accès d'une personne à son livret : un code remis sur papier, puis un code à usage unique. Il se révoque.

    Le nom et l'identifiant du dossier y sont repris à chaque visite : le livret ne lit jamais la table des personnes.
    Une seule visite est ouverte à la fois, et la base n'en garde que l'empreinte : quitter la ferme vraiment.
    """

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="acces")
    dossier = models.UUIDField("dossier de la personne", editable=False)
    reunis = ArrayField(models.UUIDField(), verbose_name="dossiers réunis dans celui-ci", default=list)
    prenom = models.CharField("prénom montré", max_length=80)
    nom = models.CharField("nom montré", max_length=80, blank=True)
    empreinte = models.CharField("empreinte du code", max_length=64, unique=True, editable=False)
    visite = models.CharField("empreinte de la visite ouverte", max_length=64, blank=True, editable=False)
    cree_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="créé par", related_name="+")
    cree_le = models.DateTimeField("créé le", db_default=Now())
    echecs = models.PositiveSmallIntegerField("codes faux à la suite", default=0)
    ferme_jusqu_a = models.DateTimeField("fermé jusqu'à", null=True)
    utilise_le = models.DateTimeField("dernière visite le", null=True)
    revoque_le = models.DateTimeField("révoqué le", null=True)
    motif_revocation = models.CharField("motif de la révocation", max_length=300, blank=True)

    class Meta:
        verbose_name = "accès au livret"
        ordering = ("-cree_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="acces_personnel_un_seul_ouvert",
                condition=models.Q(revoque_le=None),
                violation_error_message="Cette personne a déjà un accès à son livret : révoquez-le pour en créer un autre.",
            ),
            models.CheckConstraint(
                name="acces_revocation_motivee",
                condition=models.Q(revoque_le=None) | ~models.Q(motif_revocation=""),
                violation_error_message="Une révocation dit pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"accès de {self.personne_id}"


class ProfilCompetences(PublicModel):
    """Ce que la personne sait faire et ce qui la motive, écrit par elle ou avec elle (F016, D27)."""

    personne = models.OneToOneField(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="profil_competences"
    )
    accroche = models.CharField("ce que je cherche", max_length=200, blank=True)
    motivations = models.TextField("ce qui me motive", max_length=2_000, blank=True)
    savoir_faire = models.TextField("ce que je sais faire", max_length=2_000, blank=True)
    savoir_etre = models.TextField("mes qualités au travail", max_length=2_000, blank=True)
    transferables = models.TextField("ce que j'ai appris ailleurs qu'au travail", max_length=2_000, blank=True)
    langues = models.CharField("langues", max_length=200, blank=True)
    permis = models.CharField("permis et habilitations", max_length=200, blank=True)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    par_la_personne = models.BooleanField("dernière écriture par la personne", default=False)
    modifie_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="modifié par", null=True, related_name="+"
    )
    modifie_le = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        verbose_name = "profil de compétences"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"compétences de {self.personne_id}"


class Experience(PublicModel):
    """Emploi, formation ou engagement du mini-CV."""

    class Nature(models.TextChoices):
        EMPLOI = "emploi", "Emploi ou stage"
        FORMATION = "formation", "Formation ou diplôme"
        ENGAGEMENT = "engagement", "Bénévolat, engagement"

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="experiences"
    )
    nature = models.CharField("nature", max_length=12, choices=Nature)
    intitule = models.CharField("intitulé", max_length=200)
    lieu = models.CharField("où", max_length=200, blank=True)
    annee_debut = models.PositiveSmallIntegerField("année de début", null=True)
    annee_fin = models.PositiveSmallIntegerField("année de fin", null=True)
    details = models.CharField("ce que j'y ai fait", max_length=500, blank=True)

    class Meta:
        verbose_name = "expérience"
        ordering = ("-annee_debut", "-id")
        constraints = [
            models.CheckConstraint(
                name="experience_annees_a_l_endroit",
                condition=models.Q(annee_fin=None)
                | models.Q(annee_debut=None)
                | models.Q(annee_fin__gte=models.F("annee_debut")),
                violation_error_message="L'année de fin doit suivre l'année de début.",
            )
        ]

    def __str__(self) -> str:
        return self.intitule


class DemarchePersonnelle(PublicModel):
    """Démarche faite par la personne, notée par elle ou par un professionnel : elle reste au livret pour toujours (D07)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="demarches"
    )
    intitule = models.CharField("démarche", max_length=300)
    faite_le = models.DateField("faite le")
    resultat = models.CharField("résultat", max_length=300, blank=True)
    par_la_personne = models.BooleanField("notée par la personne", default=False)
    notee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="notée par", null=True, related_name="+"
    )
    organisme = models.CharField("organisme de l'auteur à ce moment", max_length=200, blank=True)
    notee_le = models.DateTimeField("notée le", db_default=Now())

    class Meta:
        verbose_name = "démarche"
        ordering = ("-faite_le", "-id")
        constraints = [
            models.CheckConstraint(
                name="demarche_a_un_auteur",
                condition=models.Q(par_la_personne=True) | models.Q(notee_par__isnull=False),
                violation_error_message="Une démarche notée a un auteur.",
            )
        ]

    def __str__(self) -> str:
        return self.intitule

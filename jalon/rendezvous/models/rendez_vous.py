"""Les rendez-vous, l'agenda qui les porte, et la note qui en reste (D12, F023, R16, R44)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now

from jalon.rendezvous.models.reunions import Invitation
from jalon.socle.models import PublicModel


class ObjetRendezVous(models.TextChoices):
    PREMIER = "premier", "Premier rendez-vous avec le référent"
    ENTRETIEN = "entretien", "Entretien de suivi"
    CONTRAT = "contrat", "Écrire le contrat"
    BILAN = "bilan", "Faire le bilan"
    DEMARCHE = "demarche", "Faire une démarche ensemble"


class Modalite(models.TextChoices):
    SUR_PLACE = "sur_place", "Sur place"
    TELEPHONE = "telephone", "Par téléphone"
    VISIO = "visio", "En visioconférence"
    DOMICILE = "domicile", "Au domicile de la personne"


class EtatRendezVous(models.TextChoices):
    FIXE = "fixe", "Prévu"
    HONORE = "honore", "Honoré"
    EXCUSE = "excuse", "Excusé"
    MANQUE = "manque", "Non venu"
    ANNULE = "annule", "Annulé par le service"
    REPORTE = "reporte", "Reporté"


class PriseRendezVous(models.TextChoices):
    """Comment le rendez-vous a été pris : choisi avec la personne, par elle, ou fixé par une convocation."""

    ENSEMBLE = "ensemble", "Fixé ensemble"
    INVITATION = "invitation", "Choisi par la personne"
    CONVOCATION = "convocation", "Convocation"


class RendezVous(PublicModel):
    """Rendez-vous d'une personne avec un ou plusieurs professionnels ; le premier se prend à la réunion (R16)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="rendez_vous"
    )
    objet = models.CharField("objet", max_length=20, choices=ObjetRendezVous)
    prise = models.CharField("pris par", max_length=12, choices=PriseRendezVous, default=PriseRendezVous.ENSEMBLE)
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    agent = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="agent", null=True, related_name="rendez_vous"
    )
    invitation = models.ForeignKey(
        Invitation, models.SET_NULL, verbose_name="pris à la réunion", null=True, related_name="rendez_vous"
    )
    debut = models.DateTimeField("date et heure")
    duree = models.PositiveSmallIntegerField("durée en minutes", default=45)
    modalite = models.CharField("modalité", max_length=12, choices=Modalite, default=Modalite.SUR_PLACE)
    lieu = models.CharField("lieu", max_length=300, blank=True)
    adresse_visio = models.URLField("adresse de la visioconférence", max_length=300, blank=True)
    etat = models.CharField("état", max_length=12, choices=EtatRendezVous, default=EtatRendezVous.FIXE)
    motif = models.CharField("motif de l'annulation, du report ou de l'absence", max_length=300, blank=True)
    remplace = models.OneToOneField(
        "self", models.SET_NULL, verbose_name="remplace le rendez-vous", null=True, related_name="remplace_par"
    )
    constate_le = models.DateTimeField("constaté le", null=True)
    constate_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="constaté par", null=True, related_name="+"
    )
    rappele_le = models.DateTimeField("rappel envoyé le", null=True)
    convoque_le = models.DateTimeField("convocation envoyée le", null=True)
    lettre = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="convocation écrite", null=True, related_name="+"
    )
    fixe_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="fixé par", null=True, related_name="+")
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "rendez-vous"
        ordering = ("debut", "id")
        indexes = [
            models.Index(fields=["personne", "debut"], name="rendez_vous_personne"),
            models.Index(fields=["agent", "debut"], name="rendez_vous_agent"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "debut"],
                name="rendez_vous_un_par_agent_et_heure",
                condition=models.Q(etat="fixe"),
                violation_error_message="Cet agent a déjà un rendez-vous à cette heure.",
            ),
            models.CheckConstraint(
                name="rendez_vous_lieu_sur_place",
                condition=~models.Q(modalite="sur_place") | ~models.Q(lieu=""),
                violation_error_message="Un rendez-vous sur place a un lieu.",
            ),
            models.CheckConstraint(
                name="rendez_vous_constate_date",
                condition=~models.Q(etat__in=["honore", "manque"]) | models.Q(constate_le__isnull=False),
                violation_error_message="Une présence ou une absence a une date.",
            ),
            models.CheckConstraint(
                name="rendez_vous_annulation_motivee",
                condition=~models.Q(etat__in=["annule", "excuse"]) | ~models.Q(motif=""),
                violation_error_message="Un rendez-vous annulé ou excusé dit pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_objet_display()} le {self.debut:%d/%m/%Y}"


class ParticipantRendezVous(models.Model):
    """Autre professionnel présent : agent de Jalon, ou nommé avec son organisme (R45, F044)."""

    rendez_vous = models.ForeignKey(RendezVous, models.CASCADE, verbose_name="rendez-vous", related_name="participants")
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent", null=True, related_name="+")
    nom = models.CharField("nom", max_length=200, blank=True)

    class Meta:
        verbose_name = "participant à un rendez-vous"
        ordering = ("rendez_vous_id", "id")
        constraints = [
            models.CheckConstraint(
                name="participant_nomme",
                condition=models.Q(agent__isnull=False, nom="") | (models.Q(agent=None) & ~models.Q(nom="")),
                violation_error_message="Un participant est un agent de Jalon ou un professionnel nommé, pas les deux.",
            ),
            models.UniqueConstraint(
                fields=["rendez_vous", "agent"],
                name="participant_une_fois",
                violation_error_message="Ce professionnel participe déjà à ce rendez-vous.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom or str(self.agent_id)


class OccupationAgenda(models.Model):
    """Temps pris dans l'agenda d'un agent. Ne dit ni avec qui ni pourquoi : la personne qui choisit un créneau par son
    lien doit savoir ce qui est libre sans rien savoir des autres. La base interdit deux temps qui se chevauchent.
    """

    agent = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="agent", related_name="+")
    source = models.UUIDField("rendez-vous")
    periode = DateTimeRangeField("période")

    class Meta:
        verbose_name = "temps pris d'un agenda"
        ordering = ("agent_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="agenda_sans_chevauchement",
                expressions=[("agent", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Cet agent a déjà un rendez-vous sur ce temps.",
            ),
            models.UniqueConstraint(
                fields=["agent", "source"],
                name="agenda_un_temps_par_rendez_vous",
                violation_error_message="Ce rendez-vous est déjà dans l'agenda.",
            ),
        ]

    def __str__(self) -> str:
        return f"agent {self.agent_id}"


class PlageAgenda(PublicModel):
    """Temps de la semaine qu'un agent ouvre aux rendez-vous, pendant une période."""

    class Jour(models.IntegerChoices):
        LUNDI = 1, "Lundi"
        MARDI = 2, "Mardi"
        MERCREDI = 3, "Mercredi"
        JEUDI = 4, "Jeudi"
        VENDREDI = 5, "Vendredi"
        SAMEDI = 6, "Samedi"

    agent = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="agent", related_name="plages")
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    jour = models.PositiveSmallIntegerField("jour", choices=Jour)
    debut = models.TimeField("de")
    fin = models.TimeField("à")
    duree = models.PositiveSmallIntegerField("durée d'un rendez-vous en minutes", default=45)
    modalite = models.CharField("modalité", max_length=12, choices=Modalite, default=Modalite.SUR_PLACE)
    lieu = models.CharField("lieu", max_length=300, blank=True)
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "plage d'agenda"
        ordering = ("agent_id", "jour", "debut", "id")
        constraints = [
            models.CheckConstraint(
                name="plage_heures_a_l_endroit",
                condition=models.Q(fin__gt=models.F("debut")),
                violation_error_message="L'heure de fin doit suivre l'heure de début.",
            ),
            models.CheckConstraint(
                name="plage_lieu_sur_place",
                condition=~models.Q(modalite="sur_place") | ~models.Q(lieu=""),
                violation_error_message="Une plage de rendez-vous sur place a un lieu.",
            ),
            models.CheckConstraint(
                name="plage_duree_utile",
                condition=models.Q(duree__gte=10, duree__lte=240),
                violation_error_message="Un rendez-vous dure de dix minutes à quatre heures.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_jour_display()} {self.debut:%H:%M}-{self.fin:%H:%M}"


class PropositionRendezVous(PublicModel):
    """Invitation à choisir un créneau, par un lien personnel et sans compte."""

    class Etat(models.TextChoices):
        OUVERTE = "ouverte", "En attente d'un choix"
        PRISE = "prise", "Créneau choisi"
        RETIREE = "retiree", "Retirée"

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="propositions_rendez_vous"
    )
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent", related_name="+")
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    objet = models.CharField("objet", max_length=20, choices=ObjetRendezVous)
    du = models.DateField("à partir du")
    au = models.DateField("au plus tard le")
    etat = models.CharField("état", max_length=10, choices=Etat, default=Etat.OUVERTE)
    rendez_vous = models.OneToOneField(
        RendezVous, models.SET_NULL, verbose_name="rendez-vous pris", null=True, related_name="proposition"
    )
    proposee_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="proposée par", related_name="+")
    proposee_le = models.DateTimeField("proposée le", db_default=Now())
    relancee_le = models.DateTimeField("relancée le", null=True)
    sans_choix_le = models.DateTimeField("aucun créneau ne convient, dit le", null=True)
    mot_de_la_personne = models.CharField("ce que la personne a écrit", max_length=300, blank=True)
    close_le = models.DateField("close le", null=True)

    class Meta:
        verbose_name = "invitation à choisir un rendez-vous"
        ordering = ("-proposee_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["personne", "agent"],
                name="proposition_une_seule_ouverte",
                condition=models.Q(etat="ouverte"),
                violation_error_message="Une invitation à choisir un créneau attend déjà la réponse de cette personne.",
            ),
            models.CheckConstraint(
                name="proposition_dates_a_l_endroit",
                condition=models.Q(au__gte=models.F("du")),
                violation_error_message="La dernière date doit suivre la première.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} avec {self.agent_id}"


class FluxAgenda(PublicModel):
    """Adresse secrète par laquelle un agent lit son agenda Jalon dans son propre logiciel (iCalendar)."""

    agent = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="agent", related_name="+")
    empreinte = models.CharField("empreinte de l'adresse", max_length=64, unique=True, editable=False)
    cree_le = models.DateTimeField("créé le", db_default=Now())
    lu_le = models.DateTimeField("dernière lecture le", null=True)
    revoque_le = models.DateTimeField("révoqué le", null=True)

    class Meta:
        verbose_name = "flux d'agenda"
        ordering = ("-cree_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["agent"],
                name="flux_agenda_un_par_agent",
                condition=models.Q(revoque_le=None),
                violation_error_message="Cet agent a déjà une adresse d'agenda : fermez-la d'abord.",
            )
        ]

    def __str__(self) -> str:
        return f"agenda de {self.agent_id}"


class NoteEntretien(PublicModel):
    """Ce qui reste d'un entretien, en trois parts qui ne se mêlent pas : les faits, ce que la personne a dit, l'analyse.

    La personne peut tout lire ; `numero` avance à chaque écriture, deux auteurs ne s'effacent pas.
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="notes_entretien"
    )
    rendez_vous = models.OneToOneField(
        RendezVous, models.SET_NULL, verbose_name="rendez-vous", null=True, related_name="note"
    )
    date = models.DateField("date de l'échange")
    faits = models.TextField("les faits", max_length=5_000, blank=True)
    dit_par_la_personne = models.TextField("ce que la personne a dit", max_length=5_000, blank=True)
    analyse = models.TextField("ce que j'en pense", max_length=5_000, blank=True)
    suite = models.CharField("la suite convenue", max_length=300, blank=True)
    auteur = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="auteur", related_name="+")
    modifiee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="modifiée par", null=True, related_name="+"
    )
    organisme = models.CharField("organisme de l'auteur à ce moment", max_length=200, blank=True)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    created_at = models.DateTimeField("créée le", db_default=Now())
    modifie_le = models.DateTimeField("modifiée le", auto_now=True)

    class Meta:
        verbose_name = "note d'entretien"
        ordering = ("-date", "-id")
        indexes = [models.Index(fields=["personne", "-date"], name="note_personne")]

    def __str__(self) -> str:
        return f"Note du {self.date:%d/%m/%Y}"

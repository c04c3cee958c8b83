"""Ce qui siège : instances, membres, séances, ordre du jour, présences, procès-verbal.

Le cœur ne sait rien de ce qu'une instance décide : la nature du type d'instance dit quelle suite s'applique à la
clôture (`jalon.instances.natures`). Le choix d'orientation est tenu à part (`ChoixOrientation`) : une autre nature
apporte le sien sans toucher au reste.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now

from jalon.referentiels.models import ValeurProfil
from jalon.socle.models import PublicModel


class NatureInstance(models.TextChoices):
    """Ce que l'instance fait d'un dossier examiné, une fois la séance close."""

    ORIENTATION = "orientation", "Décide des orientations"
    AVIS = "avis", "Donne un avis"


class Majorite(models.TextChoices):
    UNANIMITE = "unanimite", "À l'unanimité"
    ABSOLUE = "absolue", "À la majorité des membres"
    SIMPLE = "simple", "À la majorité des présents"


class TypeInstance(ValeurProfil):
    """Sorte d'instance du département : composition, quorum, rythme, thèmes ; donnée du profil."""

    mot = models.CharField("mot du département", max_length=60)
    nature = models.CharField("nature", max_length=16, choices=NatureInstance)
    par_territoire = models.BooleanField("une par territoire", default=True)
    rythme_jours = models.PositiveSmallIntegerField("jours entre deux séances au plus", null=True)
    quorum = models.PositiveSmallIntegerField("membres présents pour décider")
    convocation_urgente = models.BooleanField("le délai de convocation peut être réduit", default=False)
    source = models.CharField("source", max_length=300)

    class Meta(ValeurProfil.Meta):
        verbose_name = "type d'instance"


class QualiteMembre(models.Model):
    """À quel titre on siège : combien de membres, lesquels, et si cette qualité manque au quorum."""

    type = models.ForeignKey(TypeInstance, models.CASCADE, verbose_name="type d'instance", related_name="qualites")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=120)
    minimum = models.PositiveSmallIntegerField("membres au moins", default=0)
    maximum = models.PositiveSmallIntegerField("membres au plus", null=True)
    preside = models.BooleanField("préside", default=False)
    requise = models.BooleanField("nécessaire au quorum", default=False)
    categories = ArrayField(models.CharField(max_length=20), verbose_name="catégories d'organismes", default=list)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "qualité de membre"
        ordering = ("type_id", "ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "code"],
                name="qualite_membre_unique",
                violation_error_message="Cette qualité existe déjà pour ce type d'instance.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class ThemeInstance(models.Model):
    """Ce dont l'instance peut être saisie : les pièces qu'il faut, la majorité, l'effet."""

    type = models.ForeignKey(TypeInstance, models.CASCADE, verbose_name="type d'instance", related_name="themes")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=120)
    pieces = ArrayField(models.CharField(max_length=40), verbose_name="pièces", default=list)
    majorite = models.CharField("majorité", max_length=12, choices=Majorite, default=Majorite.SIMPLE)
    effet = models.CharField("effet", max_length=20)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "thème d'instance"
        ordering = ("type_id", "ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "code"],
                name="theme_instance_unique",
                violation_error_message="Ce thème existe déjà pour ce type d'instance.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class Instance(PublicModel):
    """Instance d'un type, sur un territoire."""

    type = models.ForeignKey(TypeInstance, models.PROTECT, verbose_name="type d'instance", related_name="instances")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", related_name="instances"
    )
    libelle = models.CharField("libellé", max_length=200)
    actif = models.BooleanField("active", default=True)

    class Meta:
        verbose_name = "instance"
        ordering = ("type__ordre", "territoire__ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "territoire"],
                name="instance_une_par_territoire",
                violation_error_message="Ce territoire a déjà une instance de ce type.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class MembreInstance(PublicModel):
    """Personne qui siège, à un titre, pendant une période ; agent de Jalon ou nommée par ses coordonnées."""

    instance = models.ForeignKey(Instance, models.CASCADE, verbose_name="instance", related_name="membres")
    qualite = models.ForeignKey(QualiteMembre, models.PROTECT, verbose_name="qualité", related_name="+")
    agent = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="agent", null=True, blank=True, related_name="sieges"
    )
    nom_externe = models.CharField("nom, s'il n'a pas de compte", max_length=160, blank=True)
    courriel_externe = models.EmailField("courriel, s'il n'a pas de compte", blank=True)
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme", null=True, blank=True, related_name="+"
    )
    supplee = models.ForeignKey(
        "self", models.PROTECT, verbose_name="supplée", null=True, blank=True, related_name="suppleants"
    )
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "membre d'une instance"
        ordering = ("qualite__ordre", "supplee_id", "id")
        indexes = [models.Index(fields=["agent", "instance"], name="membre_agent")]
        constraints = [
            ExclusionConstraint(
                name="membre_siege_une_fois",
                expressions=[
                    ("instance", RangeOperators.EQUAL),
                    ("agent", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet agent siège déjà dans cette instance à ces dates.",
            ),
            models.CheckConstraint(
                name="membre_agent_ou_nom",
                condition=models.Q(agent__isnull=False, nom_externe="", courriel_externe="")
                | (models.Q(agent=None) & ~models.Q(nom_externe="")),
                violation_error_message="Un membre est un agent de Jalon, ou une personne que l'on nomme.",
            ),
            models.CheckConstraint(
                name="membre_ne_se_supplee_pas",
                condition=~models.Q(supplee=models.F("id")),
                violation_error_message="On ne se supplée pas soi-même.",
            ),
        ]

    def __str__(self) -> str:
        return self.nom

    @property
    def nom(self) -> str:
        """Nom à montrer, que le membre ait un compte ou non."""
        return str(self.agent) if self.agent is not None else self.nom_externe

    @property
    def courriel(self) -> str:
        """Adresse où le convoquer ; vide s'il faut l'appeler."""
        return self.agent.email if self.agent is not None else self.courriel_externe


class EtatSeance(models.TextChoices):
    PREPAREE = "preparee", "En préparation"
    CONVOQUEE = "convoquee", "Convoquée"
    OUVERTE = "ouverte", "Ouverte"
    CLOSE = "close", "Close"
    ANNULEE = "annulee", "Annulée"


class Seance(PublicModel):
    """Réunion d'une instance : convocation, ordre du jour, présences, procès-verbal."""

    instance = models.ForeignKey(Instance, models.PROTECT, verbose_name="instance", related_name="seances")
    numero = models.PositiveIntegerField("numéro")
    date = models.DateField("date")
    heure = models.TimeField("heure")
    lieu = models.CharField("lieu", max_length=200)
    etat = models.CharField("état", max_length=12, choices=EtatSeance, default=EtatSeance.PREPAREE)
    president = models.ForeignKey(
        MembreInstance, models.PROTECT, verbose_name="présidée par", null=True, blank=True, related_name="+"
    )
    secretaire = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="secrétaire", null=True, blank=True, related_name="+"
    )
    convoquee_le = models.DateField("convoquée le", null=True, blank=True)
    motif_urgence = models.CharField("pourquoi convoquer en urgence", max_length=300, blank=True)
    ouverte_le = models.DateTimeField("ouverte le", null=True, blank=True)
    close_le = models.DateTimeField("close le", null=True, blank=True)
    quorum_atteint = models.BooleanField("quorum atteint à la clôture", null=True, blank=True)
    motif_annulation = models.CharField("pourquoi l'annuler", max_length=300, blank=True)
    ordre_du_jour = models.UUIDField("document de l'ordre du jour", null=True, blank=True)
    pv = models.UUIDField("document du procès-verbal", null=True, blank=True)
    pv_anonyme = models.UUIDField("document du procès-verbal sans les noms", null=True, blank=True)
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "séance"
        ordering = ("-date", "-id")
        indexes = [models.Index(fields=["date", "etat"], name="seance_date")]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "numero"],
                name="seance_numero_unique",
                violation_error_message="Ce numéro de séance est déjà pris : rechargez la page.",
            ),
            models.UniqueConstraint(
                fields=["instance", "date"],
                name="seance_une_par_jour",
                condition=~models.Q(etat="annulee"),
                violation_error_message="Cette instance a déjà une séance ce jour-là.",
            ),
            models.CheckConstraint(
                name="seance_annulation_motivee",
                condition=~models.Q(etat="annulee") | ~models.Q(motif_annulation=""),
                violation_error_message="Une séance annulée dit pourquoi.",
            ),
            models.CheckConstraint(
                name="seance_close_avec_pv",
                condition=~models.Q(etat="close")
                | models.Q(close_le__isnull=False, quorum_atteint__isnull=False, pv__isnull=False),
                violation_error_message="Une séance close a une heure de fin et un procès-verbal.",
            ),
        ]

    def __str__(self) -> str:
        return f"Séance n° {self.numero} du {self.date:%d/%m/%Y}"


class EtatPresence(models.TextChoices):
    ATTENDU = "attendu", "Attendu"
    PRESENT = "present", "Présent"
    REPRESENTE = "represente", "Représenté par son suppléant"
    EXCUSE = "excuse", "Excusé"
    ABSENT = "absent", "Absent"


class PresenceSeance(models.Model):
    """Présence d'un titulaire à une séance ; représenté, il compte pour le quorum."""

    seance = models.ForeignKey(Seance, models.CASCADE, verbose_name="séance", related_name="presences")
    membre = models.ForeignKey(MembreInstance, models.PROTECT, verbose_name="membre", related_name="+")
    etat = models.CharField("état", max_length=12, choices=EtatPresence, default=EtatPresence.ATTENDU)
    represente_par = models.ForeignKey(
        MembreInstance, models.PROTECT, verbose_name="représenté par", null=True, related_name="+"
    )

    class Meta:
        verbose_name = "présence à une séance"
        ordering = ("seance_id", "membre__qualite__ordre", "membre_id")
        constraints = [
            models.UniqueConstraint(
                fields=["seance", "membre"],
                name="presence_une_par_membre",
                violation_error_message="La présence de ce membre est déjà notée.",
            ),
            models.UniqueConstraint(
                fields=["seance", "represente_par"],
                name="presence_un_suppleant_une_place",
                violation_error_message="Ce suppléant représente déjà quelqu'un : une personne ne compte qu'une fois.",
            ),
            models.CheckConstraint(
                name="presence_represente_par_quelqu_un",
                condition=models.Q(etat="represente", represente_par__isnull=False)
                | (~models.Q(etat="represente") & models.Q(represente_par=None)),
                violation_error_message="Dites quel suppléant représente ce membre.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membre_id} : {self.get_etat_display()}"


class EtatDossierSeance(models.TextChoices):
    INSCRIT = "inscrit", "À examiner"
    EXAMINE = "examine", "Examiné"
    AJOURNE = "ajourne", "Ajourné"
    RETIRE = "retire", "Retiré de l'ordre du jour"
    APPLIQUE = "applique", "Décidé"
    A_REVOIR = "a_revoir", "À revoir"


class AvisSeance(models.TextChoices):
    UNANIME = "unanime", "Unanime"
    MAJORITAIRE = "majoritaire", "À la majorité"


class DossierSeance(PublicModel):
    """Dossier d'une personne à l'ordre du jour d'une séance (D15, F037)."""

    seance = models.ForeignKey(Seance, models.PROTECT, verbose_name="séance", related_name="dossiers")
    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="dossiers_seance"
    )
    theme = models.ForeignKey(ThemeInstance, models.PROTECT, verbose_name="thème", related_name="+")
    rang = models.PositiveSmallIntegerField("rang")
    etat = models.CharField("état", max_length=10, choices=EtatDossierSeance, default=EtatDossierSeance.INSCRIT)
    pieces = models.JSONField("pièces, telles qu'à la convocation", default=list)
    avis = models.CharField("avis de la séance", max_length=12, choices=AvisSeance, blank=True)
    motif = models.CharField("pourquoi ajourner, retirer ou revoir", max_length=500, blank=True)
    examine_par = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="décision saisie par", null=True, related_name="+"
    )
    examine_le = models.DateTimeField("examiné le", null=True)
    sorti_le = models.DateField("sorti de l'ordre du jour le", null=True)
    inscrit_par = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="inscrit par", null=True, related_name="+"
    )
    created_at = models.DateTimeField("inscrit le", db_default=Now())

    class Meta:
        verbose_name = "dossier d'une séance"
        ordering = ("seance_id", "rang", "id")
        indexes = [models.Index(fields=["seance", "etat", "rang"], name="dossier_seance_etat")]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="dossier_dans_une_seule_seance",
                condition=models.Q(etat__in=["inscrit", "examine"]),
                violation_error_message="Cette personne est déjà à l'ordre du jour d'une séance à venir.",
            ),
            models.CheckConstraint(
                name="dossier_seance_issue_motivee",
                condition=~models.Q(etat__in=["ajourne", "retire", "a_revoir"]) | ~models.Q(motif=""),
                violation_error_message="Un dossier ajourné, retiré ou à revoir dit pourquoi.",
            ),
            models.CheckConstraint(
                name="dossier_seance_sortie_datee",
                condition=models.Q(etat__in=["inscrit", "examine"], sorti_le=None)
                | (~models.Q(etat__in=["inscrit", "examine"]) & models.Q(sorti_le__isnull=False)),
                violation_error_message="Un dossier sorti de l'ordre du jour dit quand.",
            ),
            models.CheckConstraint(
                name="dossier_seance_examen_date",
                condition=~models.Q(etat__in=["examine", "applique"]) | models.Q(examine_le__isnull=False),
                violation_error_message="Un dossier examiné dit quand il l'a été.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} en séance {self.seance_id}"


class ChoixOrientation(models.Model):
    """Ce que la séance retient pour un dossier d'orientation ; provisoire jusqu'à la clôture."""

    dossier = models.OneToOneField(
        DossierSeance, models.CASCADE, verbose_name="dossier", related_name="choix", primary_key=True
    )
    attente = models.ForeignKey(
        "orientations.AttenteOrientation", models.PROTECT, verbose_name="attente", null=True, related_name="+"
    )
    demande = models.ForeignKey(
        "orientations.DemandeReorientation",
        models.PROTECT,
        verbose_name="demande de réorientation",
        null=True,
        related_name="+",
    )
    proposition = models.ForeignKey(
        "orientations.PropositionOrientation", models.SET_NULL, verbose_name="avis calculé", null=True, related_name="+"
    )
    maintien = models.BooleanField("l'orientation en vigueur est maintenue", default=False)
    type = models.ForeignKey(
        "orientations.TypeOrientation", models.PROTECT, verbose_name="type d'orientation", null=True, related_name="+"
    )
    parcours = models.ForeignKey(
        "orientations.Parcours", models.PROTECT, verbose_name="parcours", null=True, related_name="+"
    )
    motif = models.ForeignKey(
        "orientations.MotifOrientation", models.PROTECT, verbose_name="motif", null=True, related_name="+"
    )
    precision = models.CharField("précision", max_length=500, blank=True)
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme", null=True, related_name="+"
    )
    referent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="référent", null=True, related_name="+")
    correspondant = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="correspondant", null=True, related_name="+"
    )
    motif_ecart = models.CharField("pourquoi s'écarter de l'avis calculé", max_length=500, blank=True)
    motif_depassement = models.CharField("pourquoi dépasser la charge", max_length=300, blank=True)
    decision = models.OneToOneField(
        "orientations.DecisionOrientation",
        models.PROTECT,
        verbose_name="décision appliquée",
        null=True,
        related_name="choix_seance",
    )

    class Meta:
        verbose_name = "choix d'orientation en séance"
        ordering = ("dossier_id",)
        constraints = [
            models.CheckConstraint(
                name="choix_seance_type_et_organisme",
                condition=models.Q(type=None, organisme=None)
                | models.Q(type__isnull=False, organisme__isnull=False, maintien=False),
                violation_error_message="Un choix d'orientation nomme le type et l'organisme.",
            ),
            models.CheckConstraint(
                name="choix_seance_maintien_d_une_demande",
                condition=models.Q(maintien=False) | models.Q(demande__isnull=False),
                violation_error_message="On ne maintient une orientation qu'en réponse à une demande d'en changer.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} : {self.type_id or 'rien encore'}"


class DeportMembre(models.Model):
    """Un membre se retire d'un dossier : il ne le lit plus, ne compte plus pour lui, et le PV le dit."""

    dossier = models.ForeignKey(DossierSeance, models.CASCADE, verbose_name="dossier", related_name="deports")
    membre = models.ForeignKey(MembreInstance, models.PROTECT, verbose_name="membre", related_name="+")
    motif = models.CharField("motif", max_length=300)
    note_par = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="noté par", related_name="+")
    created_at = models.DateTimeField("noté le", db_default=Now())

    class Meta:
        verbose_name = "retrait d'un membre"
        ordering = ("dossier_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "membre"],
                name="deport_une_fois",
                violation_error_message="Ce membre s'est déjà retiré de ce dossier.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.membre_id} retiré de {self.dossier_id}"


class NotePartenaire(PublicModel):
    """Ce qu'un membre sait ou pense d'un dossier ; lue par les seuls membres, jusqu'à la clôture."""

    dossier = models.ForeignKey(DossierSeance, models.CASCADE, verbose_name="dossier", related_name="notes")
    membre = models.ForeignKey(MembreInstance, models.PROTECT, verbose_name="membre", related_name="+")
    opinion = models.CharField("ce qu'il recommande", max_length=40, blank=True)
    texte = models.TextField("note", max_length=1000, blank=True)
    modifiee_le = models.DateTimeField("modifiée le", auto_now=True)

    class Meta:
        verbose_name = "note d'un partenaire"
        ordering = ("dossier_id", "modifiee_le", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "membre"],
                name="note_une_par_membre",
                violation_error_message="Ce membre a déjà une note sur ce dossier : modifiez-la.",
            ),
            models.CheckConstraint(
                name="note_non_vide",
                condition=~models.Q(opinion="") | ~models.Q(texte=""),
                violation_error_message="Une note porte une opinion ou un texte.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membre_id} sur {self.dossier_id}"

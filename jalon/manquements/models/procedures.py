"""La procédure : ce qui est reproché, l'avertissement, les observations, l'avis. Aucune sanction n'est ici."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jalon.manquements.models.regimes import MotifManquement, NatureSanction, Regime
from jalon.socle.models import PublicModel


class EtatManquement(models.TextChoices):
    PREPARE = "prepare", "En préparation"
    SAISI = "saisi", "À instruire"
    AVERTI = "averti", "Personne avertie"
    AVIS_RENDU = "avis_rendu", "Avis rendu"
    SANCTIONNE = "sanctionne", "Sanction décidée"
    CLASSE = "classe", "Classé sans sanction"

    @classmethod
    def ouverts(cls) -> frozenset[str]:
        """Procédures en cours : la personne n'en a qu'une à la fois."""
        return frozenset({cls.PREPARE, cls.SAISI, cls.AVERTI, cls.AVIS_RENDU})


class MotifClassement(models.TextChoices):
    """Pourquoi la procédure s'arrête sans sanction."""

    SERVICE = "service", "Le service est en cause"
    MOTIF_LEGITIME = "motif_legitime", "Motif légitime"
    EN_REGLE = "en_regle", "La personne s'est mise en règle"
    AVIS = "avis", "Avis défavorable de l'instance"
    NON_SOUMISE = "non_soumise", "La personne n'est pas soumise aux droits et devoirs"
    SUITE = "suite", "Une autre suite est donnée (nouvelle orientation, contrat revu)"
    ERREUR = "erreur", "Saisine faite par erreur"


class Manquement(PublicModel):
    """Saisine pour un manquement reproché à une personne, de sa préparation à son issue (D15, R60-R65, F057).

    Rien ici ne sanctionne : une sanction est une `DecisionSanction`, que la base refuse tant que la procédure n'a pas
    donné toutes ses garanties.
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="manquements"
    )
    motif = models.ForeignKey(MotifManquement, models.PROTECT, verbose_name="motif", related_name="+")
    regime_faits = models.ForeignKey(Regime, models.PROTECT, verbose_name="régime au jour des faits", related_name="+")
    expose = models.TextField("ce qui s'est passé", max_length=3_000, blank=True)
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    contrat = models.ForeignKey(
        "contrats.Contrat", models.PROTECT, verbose_name="contrat en cause", null=True, related_name="+"
    )
    contact = models.ForeignKey(
        "rendezvous.ContactIndividuel", models.PROTECT, verbose_name="contact préalable", null=True, related_name="+"
    )
    etat = models.CharField("état", max_length=12, choices=EtatManquement, default=EtatManquement.PREPARE)
    prepare_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="préparé par", related_name="+")
    prepare_le = models.DateField("préparé le")
    saisi_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="saisine par", null=True, related_name="+"
    )
    saisi_le = models.DateField("saisine du", null=True)
    service_en_cause = models.BooleanField("le service est en cause", default=False)
    reponse_service = models.CharField("ce que le service répond", max_length=500, blank=True)
    averti_le = models.DateField("avertissement envoyé le", null=True)
    averti_recu_le = models.DateField("avertissement reçu le, date certaine", null=True)
    preuve_reception = models.CharField("preuve de la réception", max_length=200, blank=True)
    observations_jusqu_au = models.DateField("observations jusqu'au, compris", null=True)
    avertissement = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettre d'avertissement", null=True, related_name="+"
    )
    reponse_le = models.DateField("la personne a répondu le", null=True)
    demande_audition = models.BooleanField("demande à être entendue", default=False)
    audition_proposee_le = models.DateField("audition proposée pour le", null=True)
    entendue_le = models.DateField("entendue le", null=True)
    instance_convoquee_le = models.DateField("instance convoquée le", null=True)
    assistee_par = models.CharField("assistée par", max_length=160, blank=True)
    motif_legitime = models.BooleanField("motif légitime reconnu", default=False)
    clos_le = models.DateField("clos le", null=True)
    motif_classement = models.CharField("pourquoi classer", max_length=16, choices=MotifClassement, blank=True)
    precision_classement = models.CharField("précision", max_length=500, blank=True)
    classement = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettre de classement", null=True, related_name="+"
    )
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "manquement"
        ordering = ("-prepare_le", "-id")
        indexes = [
            models.Index(fields=["etat", "observations_jusqu_au"], name="manquement_etat"),
            models.Index(fields=["personne", "-prepare_le"], name="manquement_personne"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="manquement_un_seul_ouvert",
                condition=models.Q(etat__in=["prepare", "saisi", "averti", "avis_rendu"]),
                violation_error_message="Une procédure est déjà ouverte pour cette personne : complétez-la.",
            ),
            models.CheckConstraint(
                name="manquement_contact_avant_saisine",
                condition=models.Q(etat__in=["prepare", "classe"]) | models.Q(contact__isnull=False),
                violation_error_message=(
                    "La personne doit avoir été contactée avant toute saisine : notez ce contact d'abord (R18)."
                ),
            ),
            models.CheckConstraint(
                name="manquement_saisine_datee",
                condition=models.Q(etat__in=["prepare", "classe"])
                | models.Q(saisi_le__isnull=False, saisi_par__isnull=False),
                violation_error_message="Une saisine dit qui l'a faite et quand.",
            ),
            models.CheckConstraint(
                name="manquement_averti_par_ecrit",
                condition=~models.Q(etat__in=["averti", "avis_rendu", "sanctionne"])
                | models.Q(averti_le__isnull=False, avertissement__isnull=False),
                violation_error_message="La personne est d'abord avertie par une lettre datée.",
            ),
            models.CheckConstraint(
                name="manquement_delai_depuis_la_reception",
                condition=models.Q(observations_jusqu_au=None) | models.Q(averti_recu_le__isnull=False),
                violation_error_message="Le délai d'observations court de la réception de la lettre.",
            ),
            models.CheckConstraint(
                name="manquement_classe_motive",
                condition=~models.Q(etat="classe") | (models.Q(clos_le__isnull=False) & ~models.Q(motif_classement="")),
                violation_error_message="Une procédure classée dit pourquoi.",
            ),
            models.CheckConstraint(
                name="manquement_reception_prouvee",
                condition=models.Q(averti_recu_le=None) | ~models.Q(preuve_reception=""),
                violation_error_message="La date de réception se prouve : accusé de réception, remise en main propre…",
            ),
        ]

    def __str__(self) -> str:
        return f"Manquement {self.public_id}"


class FaitManquement(PublicModel):
    """Un fait daté, décrit, et ce qui l'établit."""

    manquement = models.ForeignKey(Manquement, models.CASCADE, verbose_name="manquement", related_name="faits")
    date = models.DateField("date")
    description = models.CharField("ce qui s'est passé", max_length=500)
    rendez_vous = models.ForeignKey(
        "rendezvous.RendezVous", models.PROTECT, verbose_name="rendez-vous manqué", null=True, related_name="+"
    )
    invitation = models.ForeignKey(
        "rendezvous.Invitation", models.PROTECT, verbose_name="réunion manquée", null=True, related_name="+"
    )

    class Meta:
        verbose_name = "fait reproché"
        ordering = ("date", "id")

    def __str__(self) -> str:
        return f"{self.date:%d/%m/%Y} : {self.description}"


class CodeConstat(models.TextChoices):
    """Torts possibles du service (R62, F058)."""

    SANS_CONVOCATION = "sans_convocation", "La personne n'a pas été convoquée par écrit"
    CONVOCATION_TARDIVE = "convocation_tardive", "La convocation est partie trop tard"
    CONTRAT_EN_RETARD = "contrat_en_retard", "Le contrat n'a pas été proposé ou validé à temps par le service"
    SANS_REFERENT = "sans_referent", "La personne n'avait pas de référent"
    SANS_ORIENTATION = "sans_orientation", "La personne n'était pas orientée, ou pas notifiée"
    RENDEZ_VOUS_ANNULE = "rendez_vous_annule", "Le service a annulé ou reporté"
    ADRESSE_FAUSSE = "adresse_fausse", "Le courrier n'a pas pu arriver"
    FAIT_EXCUSE = "fait_excuse", "L'absence reprochée est excusée"
    DECLARE = "declare", "Le service reconnaît un tort"


class ConstatService(models.Model):
    """Réponse, calculée depuis le dossier, à « le service est-il en cause ? » : une ligne par tort trouvé."""

    manquement = models.ForeignKey(Manquement, models.CASCADE, verbose_name="manquement", related_name="constats")
    code = models.CharField("tort", max_length=24, choices=CodeConstat)
    phrase = models.CharField("ce que dit le dossier", max_length=500)
    efface = models.BooleanField("efface le reproche", default=True)
    constate_le = models.DateTimeField("constaté le", db_default=Now())

    class Meta:
        verbose_name = "constat sur le service"
        ordering = ("manquement_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["manquement", "code"],
                name="constat_service_une_fois",
                violation_error_message="Ce tort est déjà constaté.",
            )
        ]

    def __str__(self) -> str:
        return self.phrase


class CanalObservation(models.TextChoices):
    PAPIER = "papier", "Par courrier"
    EN_LIGNE = "en_ligne", "En ligne"
    ORAL = "oral", "À l'oral, notées et relues"


class Observation(PublicModel):
    """Ce que la personne répond. Jamais modifiée ; une réponse orale est relue avec elle avant d'être gardée."""

    manquement = models.ForeignKey(Manquement, models.CASCADE, verbose_name="manquement", related_name="observations")
    canal = models.CharField("comment", max_length=10, choices=CanalObservation)
    recue_le = models.DateField("reçue le")
    texte = models.TextField("ce que la personne dit", max_length=5_000)
    relue = models.BooleanField("relue avec la personne", default=False)
    motif = models.ForeignKey(
        "rendezvous.MotifAbsence", models.PROTECT, verbose_name="motif donné", null=True, related_name="+"
    )
    demande_audition = models.BooleanField("demande à être entendue", default=False)
    assistee_par = models.CharField("avec qui", max_length=160, blank=True)
    saisie_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="saisie par", null=True, related_name="+"
    )
    created_at = models.DateTimeField("enregistrée le", db_default=Now())

    class Meta:
        verbose_name = "observation de la personne"
        ordering = ("recue_le", "id")
        constraints = [
            models.CheckConstraint(
                name="observation_orale_relue",
                condition=~models.Q(canal="oral") | models.Q(relue=True),
                violation_error_message="Une réponse orale est relue avec la personne avant d'être gardée.",
            ),
            models.CheckConstraint(
                name="observation_saisie_par_un_agent",
                condition=models.Q(canal="en_ligne", saisie_par=None)
                | (~models.Q(canal="en_ligne") & models.Q(saisie_par__isnull=False)),
                violation_error_message="Une réponse en ligne vient de la personne, les autres sont saisies par un agent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_canal_display()} le {self.recue_le:%d/%m/%Y}"


class PieceManquement(PublicModel):
    """Pièce jointe à la procédure : preuve donnée par la personne, ou pièce du service."""

    manquement = models.ForeignKey(Manquement, models.CASCADE, verbose_name="manquement", related_name="pieces")
    observation = models.ForeignKey(
        Observation, models.CASCADE, verbose_name="observation", null=True, related_name="pieces"
    )
    libelle = models.CharField("libellé", max_length=160)
    document = models.ForeignKey("documents.Document", models.PROTECT, verbose_name="document", related_name="+")
    created_at = models.DateTimeField("jointe le", db_default=Now())

    class Meta:
        verbose_name = "pièce d'une procédure"
        ordering = ("manquement_id", "id")

    def __str__(self) -> str:
        return self.libelle


class SensAvis(models.TextChoices):
    FAVORABLE = "favorable", "Favorable à une sanction"
    DEFAVORABLE = "defavorable", "Défavorable à une sanction"
    PARTAGE = "partage", "Avis partagé"


class VoteAvis(models.TextChoices):
    UNANIME = "unanime", "Unanime"
    MAJORITAIRE = "majoritaire", "À la majorité"
    PARTAGE = "partage", "Voix partagées"
    REPUTE = "repute", "Réputé rendu, l'instance n'ayant pas répondu"


class AvisManquement(PublicModel):
    """Avis de l'instance sur une procédure (R63) ; réputé rendu quand le régime le prévoit et que le délai est passé."""

    manquement = models.OneToOneField(Manquement, models.CASCADE, verbose_name="manquement", related_name="avis")
    sens = models.CharField("sens", max_length=12, choices=SensAvis, blank=True)
    vote = models.CharField("vote", max_length=12, choices=VoteAvis)
    nature = models.CharField("sanction proposée", max_length=12, choices=NatureSanction, blank=True)
    taux = models.PositiveSmallIntegerField("part proposée (%)", null=True)
    duree = models.PositiveSmallIntegerField("durée proposée (mois)", null=True)
    texte = models.TextField("avis", max_length=2_000, blank=True)
    rendu_le = models.DateField("rendu le")
    seance = models.UUIDField("séance", null=True)
    created_at = models.DateTimeField("enregistré le", db_default=Now())

    class Meta:
        verbose_name = "avis sur un manquement"
        ordering = ("rendu_le", "id")
        constraints = [
            models.CheckConstraint(
                name="avis_rendu_en_seance_ou_repute",
                condition=models.Q(vote="repute", seance=None, sens="")
                | (~models.Q(vote="repute") & models.Q(seance__isnull=False) & ~models.Q(sens="")),
                violation_error_message="Un avis vient d'une séance, ou est réputé rendu parce que le délai est passé.",
            )
        ]

    def __str__(self) -> str:
        return self.get_sens_display() or self.get_vote_display()

"""Informer et mobiliser : les réunions, qui y est invité, ce qui s'y passe, et ce qui suit une absence (R15-R22).

Les questions, les motifs d'absence et le protocole des réunions sont des données du profil (D13, D14, D36).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from jalon.referentiels.models import ValeurProfil
from jalon.socle.models import PublicModel

# --- Données du profil


class TypeReunion(ValeurProfil):
    """Forme de réunion que le département organise ; donnée du profil."""

    description = models.CharField("description", max_length=300)

    class Meta(ValeurProfil.Meta):
        verbose_name = "type de réunion"


class ProtocoleReunion(models.Model):
    """Protocole d'accord d'une forme de réunion, dans une version (D36) : la réunion garde celle de son jour."""

    type = models.ForeignKey(TypeReunion, models.PROTECT, verbose_name="type", related_name="protocoles")
    version = models.PositiveSmallIntegerField("version")
    depuis = models.DateField("en vigueur depuis le")
    format = models.CharField("format", max_length=120)
    duree = models.PositiveSmallIntegerField("durée en minutes")
    capacite = models.PositiveSmallIntegerField("places")
    contenu = models.CharField("angle du contenu", max_length=300)
    logistique = models.CharField("logistique", max_length=300, blank=True)
    deroule = models.JSONField("déroulé", default=list)
    roles = models.JSONField("rôles des intervenants", default=list)

    class Meta:
        verbose_name = "protocole de réunion"
        ordering = ("type", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "version"],
                name="protocole_version_unique",
                violation_error_message="Cette version du protocole existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type_id}, version {self.version}"


class TypeReponse(models.TextChoices):
    TEXTE = "texte", "Texte libre"
    CHOIX = "choix", "Une réponse"
    CHOIX_MULTIPLE = "choix_multiple", "Plusieurs réponses"
    OUI_NON = "oui_non", "Oui ou non"


class QuestionPreparatoire(models.Model):
    """Question posée à la personne avant la réunion ou l'entretien (R20, R46, D14) ; donnée du profil."""

    code = models.SlugField("code", max_length=40, unique=True)
    theme = models.CharField("thème", max_length=120)
    intitule = models.CharField("question", max_length=300)
    aide = models.CharField("aide", max_length=300, blank=True)
    type = models.CharField("type de réponse", max_length=20, choices=TypeReponse)
    choix = models.JSONField("réponses possibles", default=list)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    active = models.BooleanField("posée aujourd'hui", default=True)

    class Meta:
        verbose_name = "question préparatoire"
        ordering = ("ordre", "id")

    def __str__(self) -> str:
        return self.intitule


class MotifAbsence(ValeurProfil):
    """Raison légitime de ne pas venir ; donnée du profil. Une raison de santé n'est lue que par qui en a le droit."""

    aide = models.CharField("preuve attendue", max_length=300, blank=True)
    preuve_exigee = models.BooleanField("une preuve est exigée", default=False)
    sante = models.BooleanField("de nature médicale", default=False)

    class Meta(ValeurProfil.Meta):
        verbose_name = "motif d'absence"


# --- La réunion


class EtatReunion(models.TextChoices):
    PLANIFIEE = "planifiee", "Planifiée"
    CONVOQUEE = "convoquee", "Convocations envoyées"
    TENUE = "tenue", "Tenue"
    ANNULEE = "annulee", "Annulée"


class Reunion(PublicModel):
    """Réunion d'information et de mobilisation d'un territoire (R15-R17, R19, D13, F023)."""

    protocole = models.ForeignKey(
        ProtocoleReunion, models.PROTECT, verbose_name="protocole suivi", related_name="reunions"
    )
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", related_name="reunions"
    )
    organisateur = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisateur", null=True, related_name="+"
    )
    date = models.DateField("date")
    debut = models.TimeField("début")
    fin = models.TimeField("fin")
    lieu = models.CharField("lieu", max_length=120)
    adresse = models.CharField("adresse", max_length=300)
    acces = models.CharField("comment venir", max_length=300, blank=True)
    capacite = models.PositiveSmallIntegerField("places")
    etat = models.CharField("état", max_length=12, choices=EtatReunion, default=EtatReunion.PLANIFIEE)
    motif_annulation = models.CharField("motif de l'annulation", max_length=300, blank=True)
    convoquee_le = models.DateTimeField("convocations envoyées le", null=True)
    planche = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettres à imprimer", null=True, related_name="+"
    )
    close_le = models.DateTimeField("feuille close le", null=True)
    creee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="créée par", null=True, related_name="+"
    )
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "réunion d'information"
        ordering = ("date", "debut", "id")
        indexes = [models.Index(fields=["territoire", "date"], name="reunion_territoire_date")]
        constraints = [
            models.CheckConstraint(
                name="reunion_heures_a_l_endroit",
                condition=models.Q(fin__gt=models.F("debut")),
                violation_error_message="L'heure de fin doit suivre l'heure de début.",
            ),
            models.CheckConstraint(
                name="reunion_capacite_positive",
                condition=models.Q(capacite__gt=0),
                violation_error_message="Une réunion a au moins une place.",
            ),
            models.CheckConstraint(
                name="reunion_annulation_motivee",
                condition=~models.Q(etat="annulee") | ~models.Q(motif_annulation=""),
                violation_error_message="Une réunion annulée dit pourquoi.",
            ),
            models.UniqueConstraint(
                fields=["territoire", "date", "debut", "lieu"],
                name="reunion_une_seule_au_meme_endroit",
                condition=~models.Q(etat="annulee"),
                violation_error_message="Une réunion est déjà prévue à cette heure en ce lieu.",
            ),
        ]

    def __str__(self) -> str:
        return f"Réunion du {self.date:%d/%m/%Y} à {self.lieu}"


class IntervenantReunion(models.Model):
    """Organisme qui tient un rôle du protocole dans une réunion (R19, D36)."""

    reunion = models.ForeignKey(Reunion, models.CASCADE, verbose_name="réunion", related_name="intervenants")
    role = models.CharField("rôle", max_length=40)
    role_libelle = models.CharField("rôle, en clair", max_length=120)
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    nom = models.CharField("nom de l'intervenant", max_length=120, blank=True)

    class Meta:
        verbose_name = "intervenant de réunion"
        ordering = ("reunion_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["reunion", "role", "organisme"],
                name="intervenant_un_role_une_fois",
                violation_error_message="Cet organisme tient déjà ce rôle dans cette réunion.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role_libelle} : {self.organisme_id}"


# --- L'invitation


class MotifInvitation(models.TextChoices):
    NOUVEL_ENTRANT = "nouvel_entrant", "Nouvel entrant"
    ANCIEN = "ancien_5_ans", "Ancienneté dans le dispositif"
    RELANCE = "relance", "Nouvelle invitation"
    LIBRE = "libre", "À la demande"


class EtatInvitation(models.TextChoices):
    INVITEE = "invitee", "Invitée"
    CONVOQUEE = "convoquee", "Convoquée"
    PRESENTE = "presente", "Présente"
    EXCUSEE = "excusee", "Excusée"
    ABSENTE = "absente", "Absente"
    ANNULEE = "annulee", "Annulée"

    @classmethod
    def attendues(cls) -> frozenset[str]:
        """États où la personne est attendue à la réunion."""
        return frozenset({cls.INVITEE, cls.CONVOQUEE})

    @classmethod
    def comptees(cls) -> frozenset[str]:
        """États que la feuille de présence a donnés."""
        return frozenset({cls.PRESENTE, cls.EXCUSEE, cls.ABSENTE})


class Invitation(PublicModel):
    """Place d'une personne dans une réunion, de l'invitation à ce qui en est sorti (D12, D13)."""

    reunion = models.ForeignKey(Reunion, models.PROTECT, verbose_name="réunion", related_name="invitations")
    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="invitations"
    )
    motif = models.CharField("motif", max_length=20, choices=MotifInvitation)
    echeance = models.DateField("à inviter avant le", null=True)
    etat = models.CharField("état", max_length=12, choices=EtatInvitation, default=EtatInvitation.INVITEE)
    invitee_le = models.DateField("invitée le")
    invitee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="invitée par", null=True, related_name="+"
    )
    canaux = ArrayField(models.CharField(max_length=12), verbose_name="canaux de la convocation", default=list)
    convoquee_le = models.DateTimeField("convoquée le", null=True)
    lettre = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettre de convocation", null=True, related_name="+"
    )
    presence_notee_le = models.DateTimeField("présence notée le", null=True)
    presence_notee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="présence notée par", null=True, related_name="+"
    )
    arrivee_sans_invitation = models.BooleanField("venue sans invitation", default=False)
    entretien_le = models.DateTimeField("entretien individuel tenu le", null=True)
    entretien_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="entretien tenu par", null=True, related_name="+"
    )
    close_le = models.DateField("close le", null=True)
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "invitation"
        ordering = ("reunion_id", "id")
        indexes = [
            models.Index(fields=["reunion", "etat"], name="invitation_reunion_etat"),
            models.Index(fields=["personne", "etat"], name="invitation_personne_etat"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reunion", "personne"],
                name="invitation_une_par_reunion",
                condition=~models.Q(etat="annulee"),
                violation_error_message="Cette personne est déjà sur la feuille de cette réunion.",
            ),
            models.UniqueConstraint(
                fields=["personne"],
                name="invitation_une_seule_en_cours",
                condition=models.Q(etat__in=["invitee", "convoquee"]),
                violation_error_message="Cette personne a déjà une invitation en cours.",
            ),
            models.CheckConstraint(
                name="invitation_convoquee_datee",
                condition=~models.Q(etat="convoquee") | models.Q(convoquee_le__isnull=False),
                violation_error_message="Une convocation a une date d'envoi.",
            ),
            models.CheckConstraint(
                name="invitation_presence_datee",
                condition=~models.Q(etat__in=["presente", "absente"]) | models.Q(presence_notee_le__isnull=False),
                violation_error_message="Une présence ou une absence a une date.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} à la réunion {self.reunion_id}"


# --- Le questionnaire


class OrigineSaisie(models.TextChoices):
    PERSONNE = "personne", "La personne, en ligne"
    AGENT = "agent", "Un agent, d'après le papier"


class EtatQuestionnaire(models.TextChoices):
    COMMENCE = "commence", "Commencé"
    RENDU = "rendu", "Rendu"


class QuestionnairePreparatoire(PublicModel):
    """Ce que la personne dit de ses attentes, besoins, difficultés, envies et projet (R20, R46, D14, F025)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="questionnaires"
    )
    invitation = models.OneToOneField(
        Invitation, models.CASCADE, verbose_name="invitation", null=True, related_name="questionnaire"
    )
    etat = models.CharField("état", max_length=12, choices=EtatQuestionnaire, default=EtatQuestionnaire.COMMENCE)
    origine = models.CharField("rempli par", max_length=12, choices=OrigineSaisie)
    saisi_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="saisi par", null=True, related_name="+"
    )
    commence_le = models.DateTimeField("commencé le", auto_now_add=True)
    modifie_le = models.DateTimeField("modifié le", auto_now=True)
    rendu_le = models.DateTimeField("rendu le", null=True)

    class Meta:
        verbose_name = "questionnaire préparatoire"
        ordering = ("-modifie_le", "-id")
        constraints = [
            models.CheckConstraint(
                name="questionnaire_rendu_date",
                condition=~models.Q(etat="rendu") | models.Q(rendu_le__isnull=False),
                violation_error_message="Un questionnaire rendu a une date.",
            )
        ]

    def __str__(self) -> str:
        return f"Questionnaire de {self.personne_id}"


class ReponseQuestion(models.Model):
    """Réponse à une question, avec les mots de la question ce jour-là."""

    questionnaire = models.ForeignKey(
        QuestionnairePreparatoire, models.CASCADE, verbose_name="questionnaire", related_name="reponses"
    )
    question = models.ForeignKey(QuestionPreparatoire, models.PROTECT, verbose_name="question", related_name="+")
    intitule = models.CharField("question posée", max_length=300)
    texte = models.TextField("texte", blank=True)
    choix = ArrayField(models.CharField(max_length=40), verbose_name="réponses choisies", default=list)

    class Meta:
        verbose_name = "réponse au questionnaire"
        ordering = ("questionnaire_id", "question__ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["questionnaire", "question"],
                name="questionnaire_une_reponse_par_question",
                violation_error_message="Cette question a déjà sa réponse.",
            )
        ]

    def __str__(self) -> str:
        return self.intitule


# --- L'absence


class EtatJustificatif(models.TextChoices):
    DECLAREE = "declaree", "Absence déclarée"
    PREUVE_RECUE = "preuve_recue", "Preuve reçue"
    ACCEPTEE = "acceptee", "Absence acceptée"
    REFUSEE = "refusee", "Absence refusée"

    @classmethod
    def a_examiner(cls) -> frozenset[str]:
        return frozenset({cls.DECLAREE, cls.PREUVE_RECUE})


class JustificatifAbsence(PublicModel):
    """Absence, motif légitime et preuve : un objet que la personne peut nourrir elle-même (D12, F026)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="justificatifs"
    )
    invitation = models.OneToOneField(
        Invitation, models.CASCADE, verbose_name="invitation", null=True, related_name="justificatif"
    )
    motif = models.ForeignKey(MotifAbsence, models.PROTECT, verbose_name="motif", related_name="+")
    precision = models.CharField("précision", max_length=500, blank=True)
    origine = models.CharField("déclarée par", max_length=12, choices=OrigineSaisie)
    etat = models.CharField("état", max_length=12, choices=EtatJustificatif, default=EtatJustificatif.DECLAREE)
    motif_refus = models.CharField("motif du refus", max_length=300, blank=True)
    decide_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="décidé par", null=True, related_name="+"
    )
    decide_le = models.DateTimeField("décidé le", null=True)
    declaree_le = models.DateTimeField("déclarée le", auto_now_add=True)

    class Meta:
        verbose_name = "justificatif d'absence"
        ordering = ("-declaree_le", "-id")
        constraints = [
            models.CheckConstraint(
                name="justificatif_refus_motive",
                condition=~models.Q(etat="refusee") | ~models.Q(motif_refus=""),
                violation_error_message="Un refus dit pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"Absence de {self.personne_id} ({self.get_etat_display()})"


class PreuveAbsence(PublicModel):
    """Fichier donné à l'appui d'une absence ; ses octets sont à part, aucune liste ne les lit."""

    justificatif = models.ForeignKey(
        JustificatifAbsence, models.CASCADE, verbose_name="justificatif", related_name="preuves"
    )
    contenu = models.BinaryField("contenu", editable=False)
    type = models.CharField("type", max_length=40)
    taille = models.PositiveIntegerField("taille en octets")
    empreinte = models.CharField("empreinte", max_length=64)
    origine = models.CharField("donnée par", max_length=12, choices=OrigineSaisie)
    recue_le = models.DateTimeField("reçue le", auto_now_add=True)

    class Meta:
        verbose_name = "preuve d'absence"
        ordering = ("recue_le", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["justificatif", "empreinte"],
                name="preuve_absence_donnee_une_fois",
                violation_error_message="Ce fichier a déjà été reçu.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type}, {self.taille} octets"


class MoyenContact(models.TextChoices):
    TELEPHONE = "telephone", "Appel téléphonique"
    SMS = "sms", "SMS"
    COURRIEL = "courriel", "Courriel"
    COURRIER = "courrier", "Courrier"
    VISITE = "visite", "Visite à domicile"
    ACCUEIL = "accueil", "Rencontre à l'accueil"


class ResultatContact(models.TextChoices):
    JOINTE = "jointe", "Jointe : l'échange a eu lieu"
    MESSAGE = "message", "Message laissé"
    NON_JOINTE = "non_jointe", "Non jointe"


class ContactIndividuel(PublicModel):
    """Échange, ou tentative d'échange, avec une personne ; il précède toute suite d'une absence (R18)."""

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="contacts")
    invitation = models.ForeignKey(
        Invitation, models.SET_NULL, verbose_name="après l'absence à", null=True, related_name="contacts"
    )
    date = models.DateField("date")
    moyen = models.CharField("moyen", max_length=12, choices=MoyenContact)
    resultat = models.CharField("résultat", max_length=12, choices=ResultatContact)
    resume = models.CharField("ce qui s'est dit", max_length=500, blank=True)
    auteur = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="auteur", related_name="+")
    organisme = models.CharField("organisme de l'auteur à ce moment", max_length=200, blank=True)
    created_at = models.DateTimeField("noté le", db_default=Now())

    class Meta:
        verbose_name = "contact individuel"
        ordering = ("-date", "-id")
        indexes = [models.Index(fields=["personne", "-date"], name="contact_personne")]

    def __str__(self) -> str:
        return f"{self.get_moyen_display()} du {self.date:%d/%m/%Y}"

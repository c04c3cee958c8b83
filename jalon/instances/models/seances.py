"""Les séances : calendrier, présences, dossiers à l'ordre du jour, et ce que les membres y font."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from jalon.instances.models.composition import Instance, MembreInstance, NatureInstance, ThemeInstance
from jalon.socle.models import PublicModel


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
    PARTI = "parti", "Parti avant la fin"
    EXCUSE = "excuse", "Excusé"
    ABSENT = "absent", "Absent"


class PresenceSeance(models.Model):
    """Présence d'un titulaire à une séance ; représenté, il compte pour le quorum ; parti, pour ce qui fut vu avant."""

    seance = models.ForeignKey(Seance, models.CASCADE, verbose_name="séance", related_name="presences")
    membre = models.ForeignKey(MembreInstance, models.PROTECT, verbose_name="membre", related_name="+")
    etat = models.CharField("état", max_length=12, choices=EtatPresence, default=EtatPresence.ATTENDU)
    represente_par = models.ForeignKey(
        MembreInstance, models.PROTECT, verbose_name="représenté par", null=True, related_name="+"
    )
    parti_le = models.DateTimeField("parti le", null=True)

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
                | models.Q(etat="parti")
                | (~models.Q(etat__in=["represente", "parti"]) & models.Q(represente_par=None)),
                violation_error_message="Dites quel suppléant représente ce membre.",
            ),
            models.CheckConstraint(
                name="presence_partie_a_une_heure",
                condition=models.Q(etat="parti", parti_le__isnull=False)
                | (~models.Q(etat="parti") & models.Q(parti_le=None)),
                violation_error_message="Un membre parti avant la fin dit à quelle heure.",
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
    PARTAGE = "partage", "Voix partagées"


class DossierSeance(PublicModel):
    """Dossier d'une personne à l'ordre du jour d'une séance (D15, F037)."""

    seance = models.ForeignKey(Seance, models.PROTECT, verbose_name="séance", related_name="dossiers")
    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="dossiers_seance"
    )
    theme = models.ForeignKey(ThemeInstance, models.PROTECT, verbose_name="thème", related_name="+")
    nature = models.CharField("nature", max_length=16, choices=NatureInstance, default=NatureInstance.ORIENTATION)
    rang = models.PositiveSmallIntegerField("rang")
    etat = models.CharField("état", max_length=10, choices=EtatDossierSeance, default=EtatDossierSeance.INSCRIT)
    pieces = models.JSONField("pièces, telles qu'à la convocation", default=list)
    avis = models.CharField("avis de la séance", max_length=12, choices=AvisSeance, blank=True)
    motif = models.CharField("pourquoi ajourner, retirer ou revoir", max_length=500, blank=True)
    examine_par = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="décision saisie par", null=True, related_name="+"
    )
    examine_le = models.DateTimeField("examiné le", null=True)
    siegeaient = models.JSONField("qui siégeait à l'examen", default=dict)
    preside_par = models.ForeignKey(
        MembreInstance, models.PROTECT, verbose_name="examiné sous la présidence de", null=True, related_name="+"
    )
    sorti_le = models.DateField("sorti de l'ordre du jour le", null=True)
    passage_a = models.TimeField("heure de passage", null=True)
    convoquee_le = models.DateField("personne convoquée le", null=True)
    convocation = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="lettre de convocation", null=True, related_name="+"
    )
    entendue_le = models.DateField("personne entendue le", null=True)
    assistee_par = models.CharField("assistée par", max_length=160, blank=True)
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
                fields=["personne", "nature"],
                name="dossier_dans_une_seule_seance",
                condition=models.Q(etat__in=["inscrit", "examine"]),
                violation_error_message="Cette personne est déjà à l'ordre du jour d'une séance de cette nature.",
            ),
            models.UniqueConstraint(
                fields=["seance", "passage_a"],
                name="dossier_seance_une_personne_a_la_fois",
                condition=models.Q(etat__in=["inscrit", "examine"], passage_a__isnull=False),
                violation_error_message="Une autre personne passe déjà à cette heure.",
            ),
            models.CheckConstraint(
                name="dossier_seance_convoquee_a_une_heure",
                condition=models.Q(convoquee_le=None) | models.Q(passage_a__isnull=False, convocation__isnull=False),
                violation_error_message="Une personne convoquée a une heure de passage et une lettre.",
            ),
            models.CheckConstraint(
                name="dossier_seance_orientation_sans_audition",
                condition=models.Q(nature="avis")
                | models.Q(passage_a=None, convoquee_le=None, entendue_le=None, assistee_par=""),
                violation_error_message="On n'entend la personne que devant une instance qui donne un avis.",
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

"""Qui accompagne qui, qui est référent, et jusqu'à quand l'accompagnement est dû (R27, R41)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel


class NatureAccompagnement(models.TextChoices):
    REFERENCE = "reference", "Référent unique"
    SUIVI = "suivi", "Autre suivi"


class Accompagnement(PublicModel):
    """Suivi d'une personne par un organisme : c'est lui qui ouvre le dossier au partenaire.

    Plusieurs suivis coexistent ; celui du référent unique les coordonne (R45, F044).
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="accompagnements"
    )
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent", null=True, related_name="+")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    nature = models.CharField("nature", max_length=10, choices=NatureAccompagnement, default=NatureAccompagnement.SUIVI)
    objet = models.CharField("objet du suivi", max_length=120, blank=True)
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "accompagnement"
        ordering = ("personne_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="accompagnement_sans_chevauchement",
                expressions=[
                    ("personne", RangeOperators.EQUAL),
                    ("organisme", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet organisme accompagne déjà cette personne à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} par {self.organisme_id}"


class MotifFinDesignation(models.TextChoices):
    PASSATION = "passation", "Passation à un autre référent"
    REORIENTATION = "reorientation", "Nouvelle orientation"
    DEMENAGEMENT = "demenagement", "Déménagement"
    DEPART = "depart", "Départ ou absence du référent"
    FIN = "fin", "Fin de l'accompagnement"
    FUSION = "fusion", "Dossier réuni avec un autre"


class MoyenInformation(models.TextChoices):
    """Comment la personne a appris le nom de son référent."""

    LETTRE = "lettre", "Lettre"
    ENTRETIEN = "entretien", "Entretien"
    TELEPHONE = "telephone", "Téléphone"
    COURRIEL = "courriel", "Courriel"


class DesignationReferent(PublicModel):
    """Référent unique d'une personne, pendant une période : la base en interdit deux à la même date (F040).

    Le référent est un agent qui se sert de Jalon, ou un professionnel extérieur nommé avec ses coordonnées
    (conseiller de l'opérateur de l'emploi, par exemple).
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="designations_referent"
    )
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    agent = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="référent", null=True, related_name="designations"
    )
    nom_externe = models.CharField("référent extérieur", max_length=120, blank=True)
    contact_externe = models.CharField("coordonnées du référent extérieur", max_length=200, blank=True)
    decision = models.ForeignKey(
        "orientations.DecisionOrientation",
        models.PROTECT,
        verbose_name="décision",
        null=True,
        related_name="designations",
    )
    choisi_par_la_personne = models.BooleanField("choisi par la personne, déjà suivie (R14)", default=False)
    depassement = models.BooleanField("au-delà de la charge maximale", default=False)
    motif_depassement = models.CharField("pourquoi dépasser la charge", max_length=300, blank=True)
    designe_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="désigné par", null=True, related_name="+"
    )
    motif_fin = models.CharField("motif de fin", max_length=16, choices=MotifFinDesignation, blank=True)
    note_transmission = models.TextField("note de transmission", max_length=2000, blank=True)
    prevenue_le = models.DateField("personne prévenue le", null=True)
    moyen_prevenue = models.CharField(
        "comment la personne a été prévenue", max_length=12, choices=MoyenInformation, blank=True
    )
    lettre = models.UUIDField("lettre à la personne", null=True)
    periode = DateRangeField("période")
    created_at = models.DateTimeField("enregistrée le", db_default=Now())

    class Meta:
        verbose_name = "désignation du référent"
        ordering = ("personne_id", "periode", "id")
        indexes = [
            models.Index(fields=["agent"], name="designation_en_cours", condition=models.Q(periode__endswith=None)),
        ]
        constraints = [
            ExclusionConstraint(
                name="referent_unique_a_une_date",
                expressions=[("personne", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Cette personne a déjà un référent à ces dates : terminez d'abord ce suivi.",
            ),
            models.CheckConstraint(
                name="referent_nomme",
                condition=(models.Q(agent__isnull=False, nom_externe=""))
                | (models.Q(agent=None) & ~models.Q(nom_externe="")),
                violation_error_message="Un référent est un agent de Jalon ou un professionnel nommé, pas les deux.",
            ),
            models.CheckConstraint(
                name="referent_depassement_motive",
                condition=models.Q(depassement=False) | ~models.Q(motif_depassement=""),
                violation_error_message="Dites pourquoi nommer ce référent au-delà de sa charge maximale.",
            ),
            models.CheckConstraint(
                name="referent_personne_prevenue",
                condition=models.Q(prevenue_le=None, moyen_prevenue="")
                | (models.Q(prevenue_le__isnull=False) & ~models.Q(moyen_prevenue="")),
                violation_error_message="Dites quand et comment la personne a été prévenue.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} : {self.agent_id or self.nom_externe}"

    @property
    def nom(self) -> str:
        """Nom à montrer, que le référent soit dans Jalon ou non."""
        return str(self.agent) if self.agent is not None else self.nom_externe


class DesignationCorrespondant(PublicModel):
    """Correspondant d'une personne : l'agent du département qui appuie le référent et suit tout le parcours (L262-30)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="designations_correspondant"
    )
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="correspondant", related_name="+")
    designe_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="désigné par", null=True, related_name="+"
    )
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "désignation du correspondant"
        ordering = ("personne_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="correspondant_unique_a_une_date",
                expressions=[("personne", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Cette personne a déjà un correspondant à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} : {self.agent_id}"


class AvisReferent(PublicModel):
    """Ce qu'un référent doit savoir d'une désignation : une personne lui arrive, ou le quitte (R44).

    Le texte est écrit une fois pour toutes : celui qui n'a plus le dossier sait encore qui l'a repris.
    """

    agent = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="référent prévenu", related_name="+")
    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="+")
    arrive = models.BooleanField("la personne lui arrive")
    texte = models.CharField("avis", max_length=300)
    lu_le = models.DateTimeField("lu le", null=True)
    created_at = models.DateTimeField("envoyé le", db_default=Now())

    class Meta:
        verbose_name = "avis à un référent"
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["agent"], name="avis_referent_a_lire", condition=models.Q(lu_le=None))]

    def __str__(self) -> str:
        return f"Avis à {self.agent_id}"


class MotifAbsenceAgent(models.TextChoices):
    """Pourquoi un référent n'est pas là ; jamais rien de sa santé."""

    CONGES = "conges", "Congés"
    FORMATION = "formation", "Formation"
    AUTRE = "autre", "Autre absence"
    DEPART = "depart", "Départ du service"


class AbsenceAgent(PublicModel):
    """Temps où un référent n'est pas là, et le collègue qui répond à sa place sans devenir référent."""

    agent = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="référent absent", related_name="absences")
    remplacant = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="remplaçant", null=True, related_name="remplacements"
    )
    motif = models.CharField("motif", max_length=12, choices=MotifAbsenceAgent)
    enregistree_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="enregistrée par", related_name="+"
    )
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "absence d'un référent"
        ordering = ("-periode", "-id")
        constraints = [
            ExclusionConstraint(
                name="absence_agent_sans_chevauchement",
                expressions=[("agent", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Une absence est déjà notée à ces dates : terminez-la d'abord.",
            ),
            models.CheckConstraint(
                name="absence_remplace_par_un_autre",
                condition=models.Q(remplacant=None) | ~models.Q(remplacant=models.F("agent")),
                violation_error_message="Le remplaçant est un autre agent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} absent"


class TempsReferent(models.Model):
    """Part de son temps qu'un agent donne à l'accompagnement : sa charge maximale s'y rapporte (I18, en ETP)."""

    agent = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="référent", related_name="+")
    part = models.PositiveSmallIntegerField("part du temps (%)")
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "temps d'un référent"
        ordering = ("agent_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="temps_referent_sans_chevauchement",
                expressions=[("agent", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Un temps est déjà noté pour ce référent à ces dates.",
            ),
            models.CheckConstraint(
                name="temps_referent_entre_1_et_100",
                condition=models.Q(part__gte=1, part__lte=100),
                violation_error_message="La part du temps va de 1 à 100 %.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} : {self.part} %"


class RegleTransfert(models.TextChoices):
    UN_SEUL = "un_seul", "Tout à un seul"
    CHARGE = "charge", "Selon la place de chacun"
    COMMUNE = "commune", "Par commune, sans séparer les voisins"


class TransfertPortefeuille(PublicModel):
    """Portefeuille d'un référent réparti d'un seul acte entre ses collègues ; chaque personne a son résultat."""

    de = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="référent de départ", related_name="+")
    regle = models.CharField("règle", max_length=12, choices=RegleTransfert)
    motif = models.CharField("motif", max_length=300)
    fait_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="fait par", related_name="+")
    fait_le = models.DateTimeField("fait le", auto_now_add=True)
    jour = models.DateField("à compter du")
    defait_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="défait par", null=True, related_name="+"
    )
    defait_le = models.DateTimeField("défait le", null=True)

    class Meta:
        verbose_name = "transfert de portefeuille"
        ordering = ("-fait_le", "-id")

    def __str__(self) -> str:
        return f"Portefeuille de {self.de_id} le {self.jour}"


class LigneTransfert(models.Model):
    """Ce qu'un transfert a fait pour une personne : sa nouvelle désignation, ou pourquoi elle reste."""

    transfert = models.ForeignKey(
        TransfertPortefeuille, models.CASCADE, verbose_name="transfert", related_name="lignes"
    )
    ancienne = models.ForeignKey(
        DesignationReferent, models.CASCADE, verbose_name="désignation d'avant", related_name="+"
    )
    nouvelle = models.ForeignKey(
        DesignationReferent, models.CASCADE, verbose_name="désignation d'après", null=True, related_name="+"
    )
    raison = models.CharField("pourquoi la personne reste", max_length=300, blank=True)
    defaite = models.BooleanField("défaite", default=False)
    raison_gardee = models.CharField("pourquoi la ligne n'est pas défaite", max_length=300, blank=True)

    class Meta:
        verbose_name = "personne d'un transfert"
        ordering = ("transfert_id", "id")
        constraints = [
            models.CheckConstraint(
                name="ligne_transfert_faite_ou_expliquee",
                condition=models.Q(nouvelle__isnull=False, raison="")
                | (models.Q(nouvelle=None) & ~models.Q(raison="")),
                violation_error_message="Une personne qui reste à son référent dit pourquoi.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.transfert_id} : {self.ancienne_id}"


class FicheNavette(PublicModel):
    """Échange de coordination entre les professionnels qui suivent une personne (D17, R45, F044).

    Seuls la lisent son auteur, ceux à qui elle s'adresse et le référent unique, jamais tout un territoire. Les
    destinataires sont des clés et non des lignes : la sécurité par ligne les lit sans passer par une autre table.
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="fiches_navettes"
    )
    objet = models.CharField("objet", max_length=120)
    auteur = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="auteur", related_name="+")
    agents = ArrayField(models.BigIntegerField(), verbose_name="agents destinataires", default=list)
    organismes = ArrayField(models.BigIntegerField(), verbose_name="organismes destinataires", default=list)
    ouverte_le = models.DateTimeField("ouverte le", auto_now_add=True)
    close_le = models.DateTimeField("close le", null=True)
    close_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="close par", null=True, related_name="+"
    )

    class Meta:
        verbose_name = "fiche navette"
        ordering = ("-ouverte_le", "-id")
        indexes = [GinIndex(fields=["agents"], name="fiche_navette_agents")]
        constraints = [
            models.CheckConstraint(
                name="fiche_navette_adressee",
                condition=~models.Q(agents=[], organismes=[]),
                violation_error_message="Dites à qui cette fiche s'adresse.",
            )
        ]

    def __str__(self) -> str:
        return self.objet


class NatureMessage(models.TextChoices):
    QUESTION = "question", "Question"
    REPONSE = "reponse", "Réponse"
    INFORMATION = "information", "Information"
    ENTRETIEN = "entretien", "Entretien mené ensemble"


class MessageNavette(PublicModel):
    """Une question, une réponse, une information, ou le compte rendu d'un entretien mené ensemble."""

    fiche = models.ForeignKey(FicheNavette, models.CASCADE, verbose_name="fiche navette", related_name="messages")
    nature = models.CharField("nature", max_length=12, choices=NatureMessage)
    auteur = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="auteur", related_name="+")
    texte = models.TextField("texte", max_length=2000)
    entretien_le = models.DateField("entretien du", null=True)
    participants = models.CharField("avec", max_length=300, blank=True)
    ecrit_le = models.DateTimeField("écrit le", auto_now_add=True)

    class Meta:
        verbose_name = "message de fiche navette"
        ordering = ("ecrit_le", "id")
        constraints = [
            models.CheckConstraint(
                name="message_entretien_date",
                condition=models.Q(nature="entretien", entretien_le__isnull=False)
                | (~models.Q(nature="entretien") & models.Q(entretien_le=None, participants="")),
                violation_error_message="Un entretien mené ensemble a une date.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} du {self.ecrit_le:%d/%m/%Y}"


class EtatMaintien(models.TextChoices):
    EN_COURS = "en_cours", "Accompagnement maintenu"
    FIN_PROPOSEE = "fin_proposee", "Fin proposée"
    REPASSEE = "repassee", "Repassée sous le seuil"
    CLOS = "clos", "Clos"


class Maintien(PublicModel):
    """Six mois d'accompagnement dus après un passage au-dessus du seuil ; ensuite, la fin est proposée (R27, F011)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="maintiens"
    )
    debut = models.DateField("au-dessus du seuil depuis le")
    echeance = models.DateField("accompagnement dû jusqu'au")
    etat = models.CharField("état", max_length=12, choices=EtatMaintien, default=EtatMaintien.EN_COURS)
    clos_le = models.DateField("clos le", null=True)
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "maintien de l'accompagnement"
        ordering = ("echeance", "id")
        indexes = [
            models.Index(fields=["echeance"], name="maintien_echeance", condition=models.Q(etat="en_cours")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="maintien_un_seul_en_cours",
                condition=models.Q(etat__in=["en_cours", "fin_proposee"]),
                violation_error_message="Un maintien d'accompagnement court déjà pour cette personne.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} jusqu'au {self.echeance}"

"""Orienter : qui attend, ce qui est proposé, ce qui est décidé, ce qui est notifié, ce qui est demandé ensuite."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now

from jalon.referentiels.models import ValeurProfil
from jalon.socle.models import PublicModel


class MotifEntree(models.TextChoices):
    NOUVEL_ENTRANT = "nouvel_entrant", "Nouvel entrant"
    SOUS_LE_SEUIL = "sous_le_seuil", "Repassée sous le seuil"
    RETOUR = "retour", "Retour dans le dispositif"


class MotifSortie(models.TextChoices):
    PLUS_SOUMISE = "plus_soumise", "N'est plus soumise aux droits et devoirs"
    DROIT_CLOS = "droit_clos", "Droit clos"
    PARTIE = "partie", "A quitté le foyer"
    FUSION = "fusion", "Dossier réuni avec un autre"
    ORIENTEE = "orientee", "Orientée"


class Sphere(models.TextChoices):
    """Les deux sphères de la loi (L262-29), et la voie socio-professionnelle de 2025 (L5411-5-1)."""

    PROFESSIONNELLE = "professionnelle", "Professionnelle"
    SOCIOPROFESSIONNELLE = "socioprofessionnelle", "Socio-professionnelle"
    SOCIALE = "sociale", "Sociale"


class TypeOrientation(ValeurProfil):
    """Forme d'accompagnement que le département peut décider ; donnée du profil."""

    sphere = models.CharField("sphère", max_length=20, choices=Sphere)
    description = models.CharField("description", max_length=300)
    categories = ArrayField(models.CharField(max_length=20), verbose_name="catégories d'organismes", default=list)
    contrat = models.CharField("mot du contrat qui suit", max_length=60)
    delai_contrat = models.CharField("paramètre du délai du contrat", max_length=80)
    motif_exige = models.BooleanField("un motif est exigé", default=False)

    class Meta(ValeurProfil.Meta):
        verbose_name = "type d'orientation"


class Parcours(ValeurProfil):
    """Degré d'accompagnement (R28) ; donnée du profil."""

    description = models.CharField("description", max_length=300)

    class Meta(ValeurProfil.Meta):
        verbose_name = "parcours"


class MotifOrientation(ValeurProfil):
    """Raison qui fonde une orientation (R30) ; donnée du profil."""

    spheres = ArrayField(models.CharField(max_length=20), verbose_name="sphères", default=list)

    class Meta(ValeurProfil.Meta):
        verbose_name = "motif d'orientation"


class Accueil(models.Model):
    """Places d'un organisme pour un type d'orientation, et le public qu'il reçoit (sans nombre : sans limite)."""

    organisme = models.ForeignKey(
        "organismes.Organisme", models.CASCADE, verbose_name="organisme", related_name="accueils"
    )
    type = models.ForeignKey(TypeOrientation, models.PROTECT, verbose_name="type d'orientation", related_name="+")
    places = models.PositiveIntegerField("places", null=True)
    age_min = models.PositiveSmallIntegerField("âge minimal", null=True)
    age_max = models.PositiveSmallIntegerField("âge maximal", null=True)
    periode = DateRangeField("période")

    class Meta:
        verbose_name = "accueil"
        ordering = ("organisme_id", "type_id", "periode", "id")
        constraints = [
            ExclusionConstraint(
                name="accueil_sans_chevauchement",
                expressions=[
                    ("organisme", RangeOperators.EQUAL),
                    ("type", RangeOperators.EQUAL),
                    ("periode", RangeOperators.OVERLAPS),
                ],
                violation_error_message="Cet organisme a déjà un nombre de places pour ce type à ces dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisme_id} : {self.places or 'sans limite'}"


class AttenteOrientation(PublicModel):
    """Attente d'une personne dans la file d'orientation (R26, F011, R262-65-2)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="attentes_orientation"
    )
    dossier = models.ForeignKey("droits.DossierRsa", models.CASCADE, verbose_name="dossier RSA", related_name="+")
    motif = models.CharField("motif d'entrée", max_length=20, choices=MotifEntree)
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    service = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="service instructeur", null=True, related_name="+"
    )
    agent = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="agent chargé", null=True, related_name="+")
    entree_le = models.DateField("entrée le")
    echeance = models.DateField("à orienter avant le")
    sortie_le = models.DateField("sortie le", null=True)
    motif_sortie = models.CharField("motif de sortie", max_length=20, choices=MotifSortie, blank=True)
    created_at = models.DateTimeField("créée le", db_default=Now())

    class Meta:
        verbose_name = "attente d'orientation"
        ordering = ("echeance", "id")
        indexes = [
            models.Index(
                fields=["territoire", "echeance"], name="attente_territoire", condition=models.Q(sortie_le=None)
            ),
            models.Index(fields=["echeance", "id"], name="attente_echeance", condition=models.Q(sortie_le=None)),
            models.Index(fields=["agent"], name="attente_agent", condition=models.Q(sortie_le=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="attente_une_seule_en_cours",
                condition=models.Q(sortie_le=None),
                violation_error_message="Cette personne attend déjà une orientation.",
            ),
            models.CheckConstraint(
                name="attente_sortie_motivee",
                condition=models.Q(sortie_le=None, motif_sortie="")
                | (models.Q(sortie_le__isnull=False) & ~models.Q(motif_sortie="")),
                violation_error_message="Une sortie de la file a une date et un motif.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} depuis le {self.entree_le}"


class OrigineListe(models.TextChoices):
    PROFIL = "profil", "Donnée du profil"
    BROUILLON = "brouillon", "Brouillon d'une simulation"


class ListeCriteres(PublicModel):
    """Liste ordonnée de critères : celles du profil, et les brouillons qu'une simulation en tire (F032).

    Une seule est employée pour les avis. Un brouillon ne l'est jamais sans un acte : quelqu'un l'applique et dit
    pourquoi.
    """

    code = models.SlugField("code", max_length=60, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    origine = models.CharField("origine", max_length=10, choices=OrigineListe)
    contenu = models.JSONField("critères, dans la forme du profil")
    active = models.BooleanField("employée pour les avis", default=False)
    issue_de = models.ForeignKey("self", models.SET_NULL, verbose_name="tirée de", null=True, related_name="brouillons")
    auteur = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="auteur", null=True, related_name="+")
    modifiee_le = models.DateTimeField("modifiée le", auto_now=True)
    retiree_le = models.DateField("retirée le", null=True)

    class Meta:
        verbose_name = "liste de critères"
        ordering = ("-active", "origine", "-modifiee_le", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["active"],
                name="liste_criteres_une_seule_active",
                condition=models.Q(active=True),
                violation_error_message="Une autre liste de critères est déjà employée.",
            ),
            models.CheckConstraint(
                name="liste_criteres_active_non_retiree",
                condition=models.Q(active=False) | models.Q(retiree_le=None),
                violation_error_message="Une liste retirée ne peut pas être employée.",
            ),
        ]

    def __str__(self) -> str:
        return self.libelle


class PropositionOrientation(PublicModel):
    """Avis calculé, jamais une décision : la liste de critères employée, ce qu'elle a lu, ce qu'elle propose (F032).

    `evaluations` fige, critère par critère, le libellé, le résultat et les faits lus : l'avis reste explicable
    quand les faits ont changé.
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="propositions"
    )
    liste = models.CharField("liste de critères", max_length=60)
    critere = models.CharField("critère retenu", max_length=60, blank=True)
    type = models.ForeignKey(TypeOrientation, models.PROTECT, verbose_name="type proposé", null=True, related_name="+")
    parcours = models.ForeignKey(Parcours, models.PROTECT, verbose_name="parcours", null=True, related_name="+")
    motif = models.ForeignKey(MotifOrientation, models.PROTECT, verbose_name="motif", null=True, related_name="+")
    evaluations = models.JSONField("critères évalués", default=list)
    evaluee_le = models.DateTimeField("évaluée le", auto_now_add=True)

    class Meta:
        verbose_name = "proposition d'orientation"
        ordering = ("-evaluee_le", "-id")

    def __str__(self) -> str:
        return f"{self.personne_id} : {self.type_id or 'aucune'}"


class OrigineDecision(models.TextChoices):
    DIRECTE = "directe", "Décision directe"
    SEANCE = "seance", "Séance"
    CAMPAGNE = "campagne", "Campagne"
    REUNION = "reunion", "Réunion d'information"
    REORIENTATION = "reorientation", "Réorientation"


class DecisionOrientation(PublicModel):
    """Orientation décidée pour une personne ; elle vaut jusqu'à la suivante (R30, R32, F037)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="decisions_orientation"
    )
    dossier = models.ForeignKey(
        "droits.DossierRsa", models.CASCADE, verbose_name="dossier RSA", related_name="+", null=True
    )
    attente = models.ForeignKey(
        AttenteOrientation, models.PROTECT, verbose_name="attente close", null=True, related_name="decisions"
    )
    type = models.ForeignKey(TypeOrientation, models.PROTECT, verbose_name="type d'orientation", related_name="+")
    parcours = models.ForeignKey(Parcours, models.PROTECT, verbose_name="parcours", null=True, related_name="+")
    motif = models.ForeignKey(MotifOrientation, models.PROTECT, verbose_name="motif", null=True, related_name="+")
    precision = models.CharField("précision", max_length=500, blank=True)
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme d'accompagnement", related_name="+"
    )
    referent = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="référent nommé avec la décision", null=True, related_name="+"
    )
    correspondant = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="correspondant", null=True, related_name="+"
    )
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    origine = models.CharField("origine", max_length=16, choices=OrigineDecision)
    decidee_le = models.DateField("décidée le")
    decidee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="décidée par", related_name="+", null=True
    )
    proposition = models.ForeignKey(
        PropositionOrientation, models.SET_NULL, verbose_name="proposition", null=True, related_name="decisions"
    )
    motif_ecart = models.CharField("pourquoi la décision s'écarte de la proposition", max_length=500, blank=True)
    annulee_le = models.DateField("annulée le", null=True)
    annulee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="annulée par", related_name="+", null=True
    )
    motif_annulation = models.CharField("pourquoi l'annuler", max_length=300, blank=True)
    periode = DateRangeField("période")
    created_at = models.DateTimeField("enregistrée le", db_default=Now())

    class Meta:
        verbose_name = "décision d'orientation"
        ordering = ("personne_id", "periode", "id")
        indexes = [
            models.Index(fields=["territoire", "decidee_le"], name="decision_territoire"),
            models.Index(fields=["organisme", "type"], name="decision_organisme"),
        ]
        constraints = [
            ExclusionConstraint(
                name="decision_orientation_sans_chevauchement",
                expressions=[("personne", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                violation_error_message="Cette personne a déjà une orientation à ces dates.",
            ),
            models.UniqueConstraint(
                fields=["attente"],
                name="decision_une_seule_par_attente",
                condition=models.Q(annulee_le=None),
                violation_error_message="Cette attente a déjà reçu sa décision.",
            ),
            models.CheckConstraint(
                name="decision_annulation_motivee",
                condition=models.Q(annulee_le=None, motif_annulation="")
                | (models.Q(annulee_le__isnull=False, periode__isempty=True) & ~models.Q(motif_annulation="")),
                violation_error_message="Une décision annulée dit pourquoi, et ne vaut plus aucun jour.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} : {self.type_id} le {self.decidee_le}"


class ModeReception(models.TextChoices):
    """Moyens qui donnent date certaine à la réception (R5411-8-1 ; avant 2025, preuve de droit commun)."""

    RECOMMANDE = "recommande", "Lettre recommandée avec avis de réception"
    REMISE = "remise", "Remise en main propre, contre signature"
    COURRIEL = "courriel", "Courriel dont la personne a accusé réception"
    ENTRETIEN = "entretien", "Entretien dont le compte rendu est signé"


class NotificationOrientation(PublicModel):
    """Lettre qui apprend la décision à la personne, et sa copie à l'organisme (D11, R33, F039)."""

    decision = models.ForeignKey(
        DecisionOrientation, models.CASCADE, verbose_name="décision", related_name="notifications"
    )
    lettre = models.UUIDField("document de la lettre", null=True)
    copie = models.UUIDField("document de la copie à l'organisme", null=True)
    produite_le = models.DateField("produite le")
    produite_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="produite par", related_name="+")
    remplace = models.ForeignKey("self", models.PROTECT, verbose_name="remplace", null=True, related_name="remplacees")
    motif_remplacement = models.CharField("pourquoi une nouvelle lettre", max_length=300, blank=True)
    mode_reception = models.CharField("mode de réception", max_length=12, choices=ModeReception, blank=True)
    recue_le = models.DateField("reçue avec certitude le", null=True)
    preuve = models.CharField("preuve de la réception", max_length=200, blank=True)

    class Meta:
        verbose_name = "notification d'orientation"
        ordering = ("-produite_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["decision"],
                name="notification_une_seule_premiere",
                condition=models.Q(remplace=None),
                violation_error_message="Cette décision a déjà été notifiée : dites pourquoi en produire une nouvelle.",
            ),
            models.CheckConstraint(
                name="notification_reception_prouvee",
                condition=models.Q(recue_le=None, mode_reception="")
                | (models.Q(recue_le__isnull=False) & ~models.Q(mode_reception="")),
                violation_error_message="Une date de réception certaine va avec le moyen qui la prouve.",
            ),
        ]

    def __str__(self) -> str:
        return f"Notification de {self.decision_id} le {self.produite_le}"


class EtatReorientation(models.TextChoices):
    DEMANDEE = "demandee", "Demandée"
    TRANSMISE = "transmise", "Transmise pour avis"
    AVIS_RENDU = "avis_rendu", "Avis rendu"
    ACCEPTEE = "acceptee", "Acceptée"
    REFUSEE = "refusee", "Refusée"
    RETIREE = "retiree", "Retirée"


class AvisReorientation(models.TextChoices):
    FAVORABLE = "favorable", "Favorable"
    DEFAVORABLE = "defavorable", "Défavorable"


class DemandeReorientation(PublicModel):
    """Un référent demande que la personne change d'orientation ; le correspondant la porte (R63-R64, F042)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="demandes_reorientation"
    )
    decision = models.ForeignKey(
        DecisionOrientation, models.PROTECT, verbose_name="orientation en vigueur", related_name="reorientations"
    )
    etat = models.CharField("état", max_length=12, choices=EtatReorientation, default=EtatReorientation.DEMANDEE)
    type_souhaite = models.ForeignKey(
        TypeOrientation, models.PROTECT, verbose_name="orientation souhaitée", related_name="+"
    )
    organisme_souhaite = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme souhaité", null=True, related_name="+"
    )
    motif = models.ForeignKey(MotifOrientation, models.PROTECT, verbose_name="motif", null=True, related_name="+")
    argumentaire = models.TextField("pourquoi changer", max_length=2000)
    avis_personne = models.TextField("ce qu'en dit la personne", max_length=2000, blank=True)
    demandee_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="demandée par", related_name="+")
    demandee_le = models.DateField("demandée le")
    correspondant = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="correspondant", null=True, related_name="+"
    )
    avis = models.CharField("avis", max_length=12, choices=AvisReorientation, blank=True)
    avis_texte = models.TextField("motifs de l'avis", max_length=2000, blank=True)
    avis_le = models.DateField("avis rendu le", null=True)
    avis_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="avis rendu par", null=True, related_name="+"
    )
    decidee_le = models.DateField("décidée le", null=True)
    decidee_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="décidée par", null=True, related_name="+"
    )
    nouvelle_decision = models.OneToOneField(
        DecisionOrientation, models.PROTECT, verbose_name="nouvelle orientation", null=True, related_name="issue_de"
    )
    motif_refus = models.CharField("motif du refus", max_length=500, blank=True)

    class Meta:
        verbose_name = "demande de réorientation"
        ordering = ("-demandee_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="reorientation_une_seule_en_cours",
                condition=models.Q(etat__in=["demandee", "transmise", "avis_rendu"]),
                violation_error_message="Une demande de réorientation est déjà en cours pour cette personne.",
            ),
            models.CheckConstraint(
                name="reorientation_acceptee_decidee",
                condition=~models.Q(etat="acceptee") | models.Q(nouvelle_decision__isnull=False),
                violation_error_message="Une réorientation acceptée donne une nouvelle décision.",
            ),
            models.CheckConstraint(
                name="reorientation_refus_motive",
                condition=~models.Q(etat="refusee") | ~models.Q(motif_refus=""),
                violation_error_message="Un refus de réorientation se motive.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.personne_id} : {self.get_etat_display()}"

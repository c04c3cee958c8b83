"""La demande d'allocation, du premier contact à la liquidation (D10, R01 à R12, F017 à F022)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from jalon.socle.models import PublicModel


class ReglageInstruction(models.Model):
    """Ce que le profil dit de l'instruction (questions, pièces, aiguillage, lieux, charte) : une seule ligne."""

    unique = models.BooleanField("ligne unique", default=True, unique=True, editable=False)
    contenu = models.JSONField("contenu du profil")

    class Meta:
        verbose_name = "réglage de l'instruction"
        constraints = [
            models.CheckConstraint(
                name="reglage_instruction_ligne_unique",
                condition=models.Q(unique=True),
                violation_error_message="Le réglage de l'instruction n'a qu'une ligne.",
            )
        ]

    def __str__(self) -> str:
        return "Réglage de l'instruction"


class EtatDemande(models.TextChoices):
    DEPOSEE = "deposee", "Déposée"
    PIECES_ATTENDUES = "pieces_attendues", "Pièces attendues"
    INSTRUITE = "instruite", "Instruite"
    TRANSMISE = "transmise", "Transmise à l'organisme payeur"
    LIQUIDEE = "liquidee", "Liquidée"
    SANS_SUITE = "sans_suite", "Sans suite"

    @classmethod
    def ouverts(cls) -> tuple[str, ...]:
        return (cls.DEPOSEE, cls.PIECES_ATTENDUES, cls.INSTRUITE, cls.TRANSMISE)


class ResultatTest(models.TextChoices):
    NON_FAIT = "", "Test non fait"
    FAVORABLE = "favorable", "Rien ne s'oppose à la demande"
    RESERVE = "reserve", "À vérifier avec la personne"
    DEFAVORABLE = "defavorable", "Une condition semble manquer"


class DemandeInstruction(PublicModel):
    """Demande déposée par une personne auprès d'un organisme habilité, et ce qui lui est dû en retour.

    Le complément (information sur les droits et devoirs, données recueillies) est dû par le service dans le
    délai de R05, que la demande soit liquidée ou non.
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="demandes_instruction"
    )
    depot_le = models.DateField("déposée le")
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    recue_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="reçue par", related_name="+")
    situations = ArrayField(models.CharField(max_length=40), verbose_name="situations déclarées", default=list)
    reponses = models.JSONField("réponses au test d'éligibilité", default=list)
    resultat = models.CharField("résultat indicatif", max_length=12, choices=ResultatTest, blank=True)
    soumise = models.BooleanField("soumise aux droits et devoirs, à première vue", null=True)
    conseil = ArrayField(models.CharField(max_length=20), verbose_name="catégories proposées", default=list)
    ecart_motif = models.CharField("motif de l'écart à la proposition", max_length=120, blank=True)
    ecart_precision = models.CharField("précision sur l'écart", max_length=200, blank=True)
    etat = models.CharField("état", max_length=20, choices=EtatDemande, default=EtatDemande.DEPOSEE)
    echeance = models.DateField("complément dû le")
    information_le = models.DateField("informée de ses droits et devoirs le", null=True)
    information_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="informée par", null=True, related_name="+"
    )
    donnees_le = models.DateField("données recueillies le", null=True)
    donnees_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="recueillies par", null=True, related_name="+"
    )
    complement_le = models.DateField("complément fait le", null=True)
    instruite_le = models.DateField("instruite le", null=True)
    transmise_le = models.DateField("transmise le", null=True)
    caisse = models.CharField("organisme payeur", max_length=120, blank=True)
    numero_demande = models.CharField("numéro de demande donné par la caisse", max_length=22, blank=True)
    dossier = models.ForeignKey(
        "droits.DossierRsa", models.SET_NULL, verbose_name="dossier ouvert par la caisse", null=True, related_name="+"
    )
    liquidee_le = models.DateField("liquidée le", null=True)
    close_le = models.DateField("close le", null=True)
    motif_sans_suite = models.CharField("motif sans suite", max_length=120, blank=True)
    created_at = models.DateTimeField("saisie le", db_default=Now())

    class Meta:
        verbose_name = "demande d'allocation"
        ordering = ("-depot_le", "-id")
        indexes = [
            models.Index(fields=["organisme", "etat"], name="demande_organisme"),
            models.Index(
                fields=["echeance"],
                name="demande_a_completer",
                condition=models.Q(complement_le=None) & ~models.Q(etat="sans_suite"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["personne"],
                name="demande_une_seule_ouverte",
                condition=models.Q(close_le=None),
                violation_error_message="Cette personne a déjà une demande en cours.",
            ),
            models.CheckConstraint(
                name="demande_close_a_la_fin",
                condition=models.Q(close_le=None) & ~models.Q(etat__in=["liquidee", "sans_suite"])
                | models.Q(close_le__isnull=False, etat__in=["liquidee", "sans_suite"]),
                violation_error_message="Une demande est close quand elle est liquidée ou sans suite, et alors seulement.",
            ),
            models.CheckConstraint(
                name="demande_sans_suite_avec_motif",
                condition=~models.Q(etat="sans_suite") | ~models.Q(motif_sans_suite=""),
                violation_error_message="Une demande sans suite porte un motif.",
            ),
            models.CheckConstraint(
                name="demande_dates_apres_le_depot",
                condition=(models.Q(information_le=None) | models.Q(information_le__gte=models.F("depot_le")))
                & (models.Q(donnees_le=None) | models.Q(donnees_le__gte=models.F("depot_le")))
                & (models.Q(instruite_le=None) | models.Q(instruite_le__gte=models.F("depot_le")))
                & (models.Q(transmise_le=None) | models.Q(transmise_le__gte=models.F("depot_le")))
                & (models.Q(liquidee_le=None) | models.Q(liquidee_le__gte=models.F("depot_le"))),
                violation_error_message="Une étape ne peut pas précéder le dépôt de la demande.",
            ),
        ]

    def __str__(self) -> str:
        return f"Demande du {self.depot_le} ({self.get_etat_display()})"

    @property
    def ouverte(self) -> bool:
        return self.etat in EtatDemande.ouverts()

    @property
    def donnees_dues(self) -> bool:
        """R04 : l'appui à l'orientation n'est dû qu'aux personnes soumises ; dans le doute, il est dû."""
        return self.soumise is not False


class PieceDemandee(models.Model):
    """Pièce justificative demandée à la personne, et ce qu'elle est devenue."""

    demande = models.ForeignKey(DemandeInstruction, models.CASCADE, verbose_name="demande", related_name="pieces")
    code = models.CharField("code", max_length=40)
    libelle = models.CharField("pièce", max_length=120)
    demandee_le = models.DateField("demandée le")
    recue_le = models.DateField("reçue le", null=True)
    ecartee_le = models.DateField("inutile depuis le", null=True)

    class Meta:
        verbose_name = "pièce justificative"
        ordering = ("demande_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["demande", "code"],
                name="piece_demandee_une_fois",
                violation_error_message="Cette pièce est déjà demandée.",
            ),
            models.CheckConstraint(
                name="piece_recue_ou_ecartee",
                condition=models.Q(recue_le=None) | models.Q(ecartee_le=None),
                violation_error_message="Une pièce est reçue ou inutile, pas les deux.",
            ),
        ]

    def __str__(self) -> str:
        return self.libelle

    @property
    def manque(self) -> bool:
        return self.recue_le is None and self.ecartee_le is None


class SimulationDroit(models.Model):
    """Résultat d'une simulation faite ailleurs : Jalon le garde et ne calcule rien (F021, R03)."""

    demande = models.ForeignKey(DemandeInstruction, models.CASCADE, verbose_name="demande", related_name="simulations")
    faite_le = models.DateField("faite le")
    source = models.CharField("outil employé", max_length=120)
    hypothese = models.CharField("hypothèse de reprise d'activité", max_length=300)
    montant = models.DecimalField("droit mensuel simulé (euros)", max_digits=9, decimal_places=2)
    saisie_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="saisie par", related_name="+")

    class Meta:
        verbose_name = "simulation de droit"
        ordering = ("-faite_le", "-id")
        constraints = [
            models.CheckConstraint(
                name="simulation_montant_positif",
                condition=models.Q(montant__gte=0),
                violation_error_message="Le montant simulé ne peut pas être négatif.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.montant} € ({self.hypothese})"


class RetourDemande(models.Model):
    """L'organisme payeur renvoie une demande incomplète : mesure la fiabilité de l'instruction (R10)."""

    demande = models.ForeignKey(DemandeInstruction, models.CASCADE, verbose_name="demande", related_name="retours")
    retournee_le = models.DateField("renvoyée le")
    motif = models.CharField("ce qui manque", max_length=200)
    saisi_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="saisi par", related_name="+")

    class Meta:
        verbose_name = "retour de l'organisme payeur"
        ordering = ("-retournee_le", "-id")

    def __str__(self) -> str:
        return f"Renvoyée le {self.retournee_le}"


class BrouillonInstruction(models.Model):
    """Saisie en cours d'un agent, gardée à mesure : une coupure ne perd rien. Elle n'est visible que de lui."""

    agent = models.OneToOneField("agents.Agent", models.CASCADE, verbose_name="agent", related_name="+")
    contenu = models.JSONField("saisie", default=dict)
    garde_le = models.DateTimeField("gardé le", auto_now=True)

    class Meta:
        verbose_name = "brouillon de premier contact"

    def __str__(self) -> str:
        return f"Brouillon de {self.agent_id}"

    @property
    def champs(self) -> dict[str, Any]:
        return dict(self.contenu)

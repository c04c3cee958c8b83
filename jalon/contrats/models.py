"""Les contrats : leurs types et leurs rubriques (données du profil), leur écriture, leur circuit, leur bilan (R47-R59).

Une rubrique a sa forme, sa question et son aide ; ce qui s'y écrit est une ligne datée et signée de son auteur, la
personne comprise. Un contrat garde pour toujours la version de rédaction dans laquelle il a été écrit.
"""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeEndsWith
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from jalon.contrats.enums import (
    EtatContrat,
    EtatObjectif,
    Famille,
    ModeSignature,
    NatureBilan,
    QuiFait,
    Signataire,
    SuiteBilan,
    TypeChamp,
    etat_affiche,
)
from jalon.socle.models import PublicModel

# --- Données du profil


class ThemeContrat(models.Model):
    """Ce sur quoi porte un objectif ; les besoins se comptent par thème (R59, F055)."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    freins = ArrayField(models.CharField(max_length=60), verbose_name="freins de la grille", default=list)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "thème de contrat"
        ordering = ("ordre", "id")

    def __str__(self) -> str:
        return self.libelle


class CircuitContrat(models.Model):
    """Chemin d'un contrat, du brouillon à sa fin ; donnée du profil."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)

    class Meta:
        verbose_name = "circuit de contrat"
        ordering = ("id",)

    def __str__(self) -> str:
        return self.libelle


class TransitionContrat(models.Model):
    """Un acte permis par un circuit : d'où il part, où il mène, le droit qu'il demande. La table fait aussi les boutons."""

    circuit = models.ForeignKey(CircuitContrat, models.CASCADE, verbose_name="circuit", related_name="transitions")
    acte = models.CharField("acte", max_length=24)
    de = models.CharField("de", max_length=16, choices=EtatContrat)
    vers = models.CharField("vers", max_length=16, choices=EtatContrat)
    droit = models.CharField("droit demandé", max_length=40)
    libelle = models.CharField("bouton", max_length=120)
    motif_exige = models.BooleanField("un motif est exigé", default=False)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "transition d'un circuit"
        ordering = ("circuit_id", "ordre", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["circuit", "acte", "de"],
                name="transition_contrat_unique",
                violation_error_message="Cet acte part déjà de cet état dans ce circuit.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.de} → {self.vers}"


class TypeContrat(models.Model):
    """Sorte de contrat du département ; donnée du profil (D01-D06)."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    famille = models.CharField("famille", max_length=16, choices=Famille)
    mot = models.CharField("mot du département", max_length=60)
    description = models.CharField("description", max_length=300)
    circuit = models.ForeignKey(CircuitContrat, models.PROTECT, verbose_name="circuit", related_name="types")
    duree_minimum = models.PositiveSmallIntegerField("durée minimale (mois)")
    duree_maximum = models.PositiveSmallIntegerField("durée maximale (mois)")
    duree_habituelle = models.PositiveSmallIntegerField("durée habituelle (mois)")
    renouvellements = models.PositiveSmallIntegerField("renouvellements permis", null=True)
    tacite = models.BooleanField("se renouvelle sans acte à son terme", default=False)
    bilan_intermediaire = models.PositiveSmallIntegerField("mois avant le bilan d'étape", null=True)
    offres_raisonnables = models.BooleanField("les offres raisonnables refusées se comptent", default=False)
    reference_seule = models.BooleanField("écrit ailleurs", default=False)
    hors_allocation = models.BooleanField("pour qui ne reçoit pas l'allocation", default=False)
    delai_validation = models.CharField("paramètre du délai de validation", max_length=80)
    depuis = models.DateField("proposé depuis le")
    jusqu_au = models.DateField("proposé jusqu'au", null=True)
    source = models.CharField("source", max_length=300)
    ordre = models.PositiveSmallIntegerField("ordre", default=0)
    actif = models.BooleanField("actif", default=True)

    class Meta:
        verbose_name = "type de contrat"
        ordering = ("ordre", "id")

    def __str__(self) -> str:
        return self.libelle


class VersionContrat(models.Model):
    """Rédaction d'un type de contrat : ses rubriques, à partir d'une date. Un contrat garde la sienne."""

    type = models.ForeignKey(TypeContrat, models.PROTECT, verbose_name="type", related_name="versions")
    numero = models.PositiveSmallIntegerField("version")
    depuis = models.DateField("en vigueur à partir du")

    class Meta:
        verbose_name = "version d'un type de contrat"
        ordering = ("type_id", "-numero")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "numero"],
                name="version_contrat_numero_unique",
                violation_error_message="Cette version existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type_id}, version {self.numero}"


class SectionContrat(models.Model):
    """Partie d'un contrat : un titre, une aide, des rubriques."""

    version = models.ForeignKey(VersionContrat, models.CASCADE, verbose_name="version", related_name="sections")
    code = models.SlugField("code", max_length=40)
    titre = models.CharField("titre", max_length=120)
    aide = models.CharField("aide", max_length=300, blank=True)
    rang = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "section d'un contrat"
        ordering = ("version_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"],
                name="section_contrat_unique",
                violation_error_message="Cette section existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return self.titre


class ChampContrat(models.Model):
    """Rubrique : sa question, son aide, sa forme, et si la personne peut l'écrire elle-même (R54)."""

    section = models.ForeignKey(SectionContrat, models.CASCADE, verbose_name="section", related_name="champs")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("question", max_length=200)
    aide = models.CharField("aide", max_length=300, blank=True)
    type = models.CharField("forme", max_length=16, choices=TypeChamp)
    obligatoire = models.BooleanField("obligatoire", default=False)
    par_la_personne = models.BooleanField("la personne peut l'écrire", default=False)
    questions = ArrayField(models.CharField(max_length=40), verbose_name="questions préparatoires", default=list)
    rang = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "rubrique d'un contrat"
        ordering = ("section_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["section", "code"],
                name="champ_contrat_unique",
                violation_error_message="Cette rubrique existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


class ChoixChamp(models.Model):
    """Réponse possible à une rubrique à choix."""

    champ = models.ForeignKey(ChampContrat, models.CASCADE, verbose_name="rubrique", related_name="choix")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=120)
    rang = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "choix d'une rubrique"
        ordering = ("champ_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["champ", "code"],
                name="choix_champ_unique",
                violation_error_message="Ce choix existe déjà.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


# --- Le contrat


class Contrat(PublicModel):
    """Engagements datés d'une personne et du service, de leur écriture à leur fin (R47-R57, F047-F051).

    `periode` est vide de sens avant la validation (nulle) ; elle est coupée quand le contrat finit plus tôt.
    """

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="contrats")
    type = models.ForeignKey(TypeContrat, models.PROTECT, verbose_name="type", related_name="contrats")
    version = models.ForeignKey(
        VersionContrat, models.PROTECT, verbose_name="rédaction", related_name="contrats", null=True
    )
    reference_seule = models.BooleanField("écrit ailleurs", default=False)
    decision = models.ForeignKey(
        "orientations.DecisionOrientation",
        models.PROTECT,
        verbose_name="orientation",
        null=True,
        related_name="contrats",
    )
    organisme = models.ForeignKey("organismes.Organisme", models.PROTECT, verbose_name="organisme", related_name="+")
    referent = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="référent", null=True, related_name="contrats"
    )
    referent_externe = models.CharField("référent extérieur", max_length=120, blank=True)
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    precedent = models.OneToOneField(
        "self", models.RESTRICT, verbose_name="renouvelle le contrat", null=True, related_name="suivant"
    )
    tacite = models.BooleanField("renouvelé sans acte", default=False)
    etat = models.CharField("état", max_length=16, choices=EtatContrat, default=EtatContrat.BROUILLON)
    complexe = models.BooleanField("complexe : à lire en commun (R50)", default=False)
    raison_complexe = models.CharField("pourquoi il est complexe", max_length=300, blank=True)
    debut = models.DateField("commence le", null=True)
    duree = models.PositiveSmallIntegerField("durée en mois", null=True)
    periode = DateRangeField("période", null=True)
    document = models.ForeignKey(
        "documents.Document",
        models.PROTECT,
        verbose_name="texte exact soumis aux signatures",
        null=True,
        related_name="+",
    )
    reference_externe = models.CharField("référence extérieure", max_length=80, blank=True)
    ouvert_le = models.DateField("ouvert le")
    ouvert_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="ouvert par", null=True, related_name="+"
    )
    propose_le = models.DateField("proposé à la signature le", null=True)
    signe_le = models.DateField("signé par les deux le", null=True)
    recu_le = models.DateField("reçu le", null=True)
    valide_le = models.DateField("validé le", null=True)
    valide_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="validé par", null=True, related_name="+"
    )
    clos_le = models.DateField("clos le", null=True)
    motif_fin = models.CharField("motif de fin", max_length=300, blank=True)
    sans_reconduction_le = models.DateField("ne se renouvellera pas, dit le", null=True)
    modifie_le = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        verbose_name = "contrat"
        ordering = ("-ouvert_le", "-id")
        indexes = [
            models.Index(fields=["personne", "-ouvert_le"], name="contrat_personne"),
            models.Index(fields=["referent", "etat"], name="contrat_referent"),
            models.Index(fields=["etat", "signe_le"], name="contrat_etat_signe"),
            models.Index(fields=["territoire", "etat"], name="contrat_territoire"),
            # La liste des contrats rangés par échéance (F050) ne lit que sa page.
            models.Index(
                RangeEndsWith("periode"),
                "id",
                name="contrat_vivant_echeance",
                condition=models.Q(etat__in=["en_vigueur", "bilan"]),
            ),
            models.Index(RangeEndsWith("periode"), "id", name="contrat_echeance"),
        ]
        constraints = [
            ExclusionConstraint(
                name="contrat_un_seul_a_une_date",
                expressions=[("personne", RangeOperators.EQUAL), ("periode", RangeOperators.OVERLAPS)],
                condition=models.Q(reference_seule=False),
                violation_error_message="Cette personne a déjà un contrat à ces dates : terminez-le ou renouvelez-le.",
            ),
            models.UniqueConstraint(
                fields=["personne"],
                name="contrat_un_seul_en_preparation",
                condition=models.Q(
                    etat__in=["brouillon", "a_signer", "signe_personne", "signe", "recu", "en_lecture", "renvoye"],
                    reference_seule=False,
                ),
                violation_error_message="Un contrat est déjà en préparation pour cette personne : reprenez-le.",
            ),
            models.CheckConstraint(
                name="contrat_periode_des_la_vigueur",
                condition=models.Q(
                    etat__in=["en_vigueur", "bilan", "renouvele", "termine", "rompu"], periode__isnull=False
                )
                | (
                    ~models.Q(etat__in=["en_vigueur", "bilan", "renouvele", "termine", "rompu"])
                    & models.Q(periode__isnull=True)
                ),
                violation_error_message="Un contrat a une période dès qu'il est en vigueur, et pas avant.",
            ),
            models.CheckConstraint(
                name="contrat_rupture_motivee",
                condition=~models.Q(etat__in=["rompu", "abandonne"]) | ~models.Q(motif_fin=""),
                violation_error_message="Un contrat rompu ou abandonné dit pourquoi.",
            ),
            models.CheckConstraint(
                name="contrat_signe_date",
                condition=~models.Q(etat__in=["signe", "recu", "en_lecture"])
                | models.Q(signe_le__isnull=False, document__isnull=False),
                violation_error_message="Un contrat signé a sa date et son texte exact.",
            ),
            models.CheckConstraint(
                name="contrat_valide_date",
                condition=~models.Q(etat__in=["en_vigueur", "bilan"])
                | models.Q(reference_seule=True)
                | models.Q(valide_le__isnull=False, signe_le__isnull=False),
                violation_error_message="Un contrat en vigueur a été signé et validé.",
            ),
            models.CheckConstraint(
                name="contrat_clos_date",
                condition=~models.Q(etat__in=["renouvele", "termine", "rompu", "abandonne"])
                | models.Q(clos_le__isnull=False),
                violation_error_message="Un contrat clos a une date de fin.",
            ),
            models.CheckConstraint(
                name="contrat_texte_fige_avant_signature",
                condition=~models.Q(etat__in=["a_signer", "signe_personne", "signe", "recu", "en_lecture"])
                | models.Q(document__isnull=False, debut__isnull=False, duree__isnull=False, propose_le__isnull=False),
                violation_error_message="Un contrat à signer a son texte exact, son début et sa durée.",
            ),
            models.CheckConstraint(
                name="contrat_recu_apres_signature",
                condition=(~models.Q(etat__in=["recu", "en_lecture"]) | models.Q(recu_le__isnull=False))
                & (models.Q(recu_le=None) | models.Q(signe_le__isnull=False, recu_le__gte=models.F("signe_le"))),
                violation_error_message="Un contrat se reçoit une fois signé, et pas avant le jour de sa signature.",
            ),
            models.CheckConstraint(
                name="contrat_valide_apres_reception",
                condition=models.Q(valide_le=None)
                | models.Q(recu_le__isnull=False, valide_le__gte=models.F("recu_le")),
                violation_error_message="Un contrat se valide une fois reçu, et pas avant le jour de sa réception.",
            ),
            models.CheckConstraint(
                name="contrat_redige_ou_cite",
                condition=models.Q(reference_seule=True) | models.Q(version__isnull=False),
                violation_error_message="Un contrat écrit dans Jalon a sa rédaction.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} de {self.personne_id} ({self.get_etat_display()})"

    @property
    def etat_affiche(self) -> str:
        """Son état, en mots, tel que tout écran le montre ce jour."""
        fin = self.periode.upper if self.periode is not None else None
        return etat_affiche(self.etat, fin, timezone.localdate())


class PassageContrat(models.Model):
    """Un pas d'un contrat dans son circuit : quel acte, quand, par qui, pourquoi. Jamais récrit."""

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="passages")
    acte = models.CharField("acte", max_length=24)
    de = models.CharField("de", max_length=16, choices=EtatContrat)
    vers = models.CharField("vers", max_length=16, choices=EtatContrat)
    le = models.DateField("date du fait")
    par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="par", null=True, related_name="+")
    motif = models.CharField("motif", max_length=300, blank=True)
    note_le = models.DateTimeField("noté le", db_default=Now())

    class Meta:
        verbose_name = "passage d'un contrat"
        ordering = ("contrat_id", "id")
        triggers = [pgtrigger.Protect(name="passage_contrat_fige", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.de} → {self.vers}"


class ValeurChamp(models.Model):
    """Ce qui est écrit dans une rubrique ; `numero` avance à chaque écriture, deux auteurs ne s'effacent pas."""

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="valeurs")
    champ = models.ForeignKey(ChampContrat, models.PROTECT, verbose_name="rubrique", related_name="+")
    texte = models.TextField("texte", max_length=5_000, blank=True)
    nombre = models.DecimalField("nombre", max_digits=10, decimal_places=2, null=True)
    date = models.DateField("date", null=True)
    oui = models.BooleanField("oui", null=True)
    choix = ArrayField(models.CharField(max_length=40), verbose_name="choix", default=list)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    par_la_personne = models.BooleanField("écrit par la personne", default=False)
    ecrit_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="écrit par", null=True, related_name="+"
    )
    ecrit_le = models.DateTimeField("écrit le", auto_now=True)

    class Meta:
        verbose_name = "valeur d'une rubrique"
        ordering = ("contrat_id", "champ_id")
        constraints = [
            models.UniqueConstraint(
                fields=["contrat", "champ"],
                name="valeur_champ_une_par_rubrique",
                violation_error_message="Cette rubrique est déjà écrite.",
            ),
            models.CheckConstraint(
                name="valeur_champ_a_un_auteur",
                condition=models.Q(par_la_personne=True) | models.Q(ecrit_par__isnull=False),
                violation_error_message="Une rubrique écrite a un auteur.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contrat_id} : {self.champ_id}"


class EcritureRemplacee(models.Model):
    """Ce qui était écrit dans une rubrique avant qu'un autre auteur n'écrive à sa place : rien ne se perd (R54)."""

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="ecritures_remplacees")
    champ = models.ForeignKey(ChampContrat, models.PROTECT, verbose_name="rubrique", related_name="+")
    texte = models.TextField("ce qui était écrit")
    numero = models.PositiveIntegerField("numéro d'écriture")
    par_la_personne = models.BooleanField("écrit par la personne", default=False)
    ecrit_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="écrit par", null=True, related_name="+"
    )
    ecrit_le = models.DateTimeField("écrit le")
    remplacee_le = models.DateTimeField("remplacée le", db_default=Now())

    class Meta:
        verbose_name = "écriture remplacée"
        ordering = ("contrat_id", "champ_id", "-id")
        indexes = [models.Index(fields=["contrat", "champ"], name="ecriture_remplacee_champ")]
        triggers = [pgtrigger.Protect(name="ecriture_remplacee_figee", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.contrat_id} : {self.champ_id}, écriture {self.numero}"


class Objectif(PublicModel):
    """Ce que la personne vise ; il se poursuit d'un contrat à l'autre (R47, R57, F050)."""

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="objectifs")
    repris_de = models.OneToOneField(
        "self", models.SET_NULL, verbose_name="repris de", null=True, related_name="reprise"
    )
    theme = models.ForeignKey(ThemeContrat, models.PROTECT, verbose_name="thème", null=True, related_name="+")
    intitule = models.CharField("objectif", max_length=300)
    par_la_personne = models.BooleanField("proposé par la personne", default=False)
    etat = models.CharField("état", max_length=12, choices=EtatObjectif, default=EtatObjectif.A_FAIRE)
    echeance = models.DateField("pour le", null=True)
    atteint_le = models.DateField("atteint le", null=True)
    rang = models.PositiveSmallIntegerField("rang", default=0)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    cree_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="créé par", null=True, related_name="+")
    cree_le = models.DateTimeField("créé le", db_default=Now())
    modifie_le = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        verbose_name = "objectif"
        ordering = ("contrat_id", "rang", "id")
        constraints = [
            models.CheckConstraint(
                name="objectif_atteint_date",
                condition=~models.Q(etat="atteint") | models.Q(atteint_le__isnull=False),
                violation_error_message="Un objectif atteint a une date.",
            )
        ]

    def __str__(self) -> str:
        return self.intitule


class Etape(PublicModel):
    """Pas concret vers un objectif : qui le fait, pour quand, où il en est."""

    objectif = models.ForeignKey(Objectif, models.CASCADE, verbose_name="objectif", related_name="etapes")
    intitule = models.CharField("étape", max_length=300)
    qui = models.CharField("qui", max_length=12, choices=QuiFait, default=QuiFait.PERSONNE)
    precision = models.CharField("qui précisément", max_length=120, blank=True)
    echeance = models.DateField("pour le", null=True)
    etat = models.CharField("état", max_length=12, choices=EtatObjectif, default=EtatObjectif.A_FAIRE)
    faite_le = models.DateField("faite le", null=True)
    rang = models.PositiveSmallIntegerField("rang", default=0)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    modifie_le = models.DateTimeField("modifiée le", auto_now=True)

    class Meta:
        verbose_name = "étape"
        ordering = ("objectif_id", "rang", "id")
        constraints = [
            models.CheckConstraint(
                name="etape_faite_date",
                condition=~models.Q(etat="atteint") | models.Q(faite_le__isnull=False),
                violation_error_message="Une étape faite a une date.",
            )
        ]

    def __str__(self) -> str:
        return self.intitule


class Moyen(PublicModel):
    """Ce qui aide à franchir une étape : qui l'apporte, pour quand."""

    etape = models.ForeignKey(Etape, models.CASCADE, verbose_name="étape", related_name="moyens")
    intitule = models.CharField("moyen", max_length=300)
    qui = models.CharField("qui l'apporte", max_length=12, choices=QuiFait, default=QuiFait.REFERENT)
    precision = models.CharField("qui précisément", max_length=120, blank=True)
    echeance = models.DateField("pour le", null=True)
    etat = models.CharField("état", max_length=12, choices=EtatObjectif, default=EtatObjectif.A_FAIRE)
    rang = models.PositiveSmallIntegerField("rang", default=0)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)

    class Meta:
        verbose_name = "moyen"
        ordering = ("etape_id", "rang", "id")

    def __str__(self) -> str:
        return self.intitule


class SignatureContrat(PublicModel):
    """Une signature, datée, sur un texte exact : l'empreinte du PDF signé est gardée (F048).

    Un contrat repris après un renvoi perd ses signatures : elles restent, marquées sans effet.
    """

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="signatures")
    signataire = models.CharField("signataire", max_length=12, choices=Signataire)
    mode = models.CharField("mode", max_length=12, choices=ModeSignature)
    nom = models.CharField("nom écrit par le signataire", max_length=200)
    agent = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="agent", null=True, related_name="+")
    signee_le = models.DateField("signée le")
    document = models.ForeignKey("documents.Document", models.PROTECT, verbose_name="texte signé", related_name="+")
    empreinte = models.CharField("empreinte du texte signé", max_length=64)
    trace = models.TextField("tracé", max_length=40_000, blank=True)
    """Tracé de la signature à l'écran, en suite de points « M x y L x y … », dans une boîte de 600 × 200."""
    papier = models.ForeignKey(
        "documents.Document", models.PROTECT, verbose_name="papier numérisé", null=True, related_name="+"
    )
    sans_effet_le = models.DateField("sans effet depuis le", null=True)
    notee_le = models.DateTimeField("notée le", db_default=Now())

    class Meta:
        verbose_name = "signature"
        ordering = ("contrat_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["contrat", "signataire"],
                name="signature_une_par_signataire",
                condition=models.Q(sans_effet_le=None),
                violation_error_message="Ce signataire a déjà signé ce texte.",
            ),
            models.CheckConstraint(
                name="signature_papier_numerisee",
                condition=~models.Q(mode="papier") | models.Q(papier__isnull=False),
                violation_error_message="Une signature sur papier vient avec son papier numérisé.",
            ),
            models.CheckConstraint(
                name="signature_du_referent_par_un_agent",
                condition=~models.Q(signataire="referent") | models.Q(agent__isnull=False),
                violation_error_message="Le référent signe sous son nom d'agent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_signataire_display()} le {self.signee_le:%d/%m/%Y}"


class LectureContrat(PublicModel):
    """Lecture commune d'un contrat complexe : pourquoi, quel jour, qui a lu, ce que l'on en a pensé (R50, F053)."""

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="lectures")
    raison = models.CharField("pourquoi la demander", max_length=300)
    demandee_le = models.DateField("demandée le")
    demandee_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="demandée par", related_name="+")
    prevue_le = models.DateField("prévue le", null=True)
    rendue_le = models.DateField("faite le", null=True)
    presents = models.CharField("qui a lu", max_length=300, blank=True)
    avis = models.TextField("avis", max_length=5_000, blank=True)
    rendue_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="avis noté par", null=True, related_name="+"
    )

    class Meta:
        verbose_name = "lecture commune d'un contrat"
        ordering = ("contrat_id", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["contrat"],
                name="lecture_une_seule_en_cours",
                condition=models.Q(rendue_le=None),
                violation_error_message="Ce contrat attend déjà une lecture commune.",
            ),
            models.CheckConstraint(
                name="lecture_faite_avec_son_avis",
                condition=models.Q(rendue_le=None) | ~models.Q(avis=""),
                violation_error_message="Une lecture faite dit son avis.",
            ),
        ]

    def __str__(self) -> str:
        return f"lecture de {self.contrat_id}, demandée le {self.demandee_le:%d/%m/%Y}"


class BilanContrat(PublicModel):
    """Point fait sur un contrat, à mi-parcours ou à la fin, avec une nouvelle grille (R53, R55, F050).

    Clos, il ne change plus et son PDF est gardé.
    """

    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="bilans")
    nature = models.CharField("nature", max_length=16, choices=NatureBilan)
    date = models.DateField("fait le")
    grille_avant = models.ForeignKey(
        "diagnostics.Passation", models.PROTECT, verbose_name="grille d'avant", null=True, related_name="+"
    )
    grille_apres = models.ForeignKey(
        "diagnostics.Passation", models.PROTECT, verbose_name="grille du jour", null=True, related_name="+"
    )
    avance = models.TextField("ce qui a avancé", max_length=5_000, blank=True)
    reste = models.TextField("ce qui reste difficile", max_length=5_000, blank=True)
    dit_par_la_personne = models.TextField("ce qu'en dit la personne", max_length=5_000, blank=True)
    suite = models.CharField("suite", max_length=12, choices=SuiteBilan, blank=True)
    sans_grille = models.CharField("pourquoi pas de nouvelle grille", max_length=300, blank=True)
    numero = models.PositiveIntegerField("numéro d'écriture", default=1)
    auteur = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="auteur", related_name="+")
    clos_le = models.DateTimeField("clos le", null=True)
    document = models.ForeignKey("documents.Document", models.PROTECT, verbose_name="PDF", null=True, related_name="+")
    modifie_le = models.DateTimeField("modifié le", auto_now=True)

    class Meta:
        verbose_name = "bilan de contrat"
        ordering = ("contrat_id", "date", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["contrat"],
                name="bilan_un_seul_ouvert",
                condition=models.Q(clos_le=None),
                violation_error_message="Un bilan est déjà en cours d'écriture pour ce contrat : reprenez-le.",
            ),
            models.UniqueConstraint(
                fields=["contrat"],
                name="bilan_final_unique",
                condition=models.Q(nature="final"),
                violation_error_message="Ce contrat a déjà son bilan final.",
            ),
            models.CheckConstraint(
                name="bilan_clos_avec_sa_suite",
                condition=models.Q(clos_le=None) | ~models.Q(suite=""),
                violation_error_message="Un bilan clos dit la suite.",
            ),
            models.CheckConstraint(
                name="bilan_clos_avec_sa_grille",
                condition=models.Q(clos_le=None) | models.Q(grille_apres__isnull=False) | ~models.Q(sans_grille=""),
                violation_error_message="Un bilan clos a sa nouvelle grille, ou dit pourquoi il n'y en a pas.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_nature_display()} du {self.date:%d/%m/%Y}"


class OffreEmploi(PublicModel):
    """Offre raisonnable d'emploi proposée à une personne, et sa réponse ; deux refus au plus (R52, F052, L262-35)."""

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="offres_emploi"
    )
    contrat = models.ForeignKey(Contrat, models.CASCADE, verbose_name="contrat", related_name="offres")
    proposee_le = models.DateField("proposée le")
    poste = models.CharField("poste", max_length=200)
    employeur = models.CharField("employeur", max_length=200, blank=True)
    lieu = models.CharField("lieu", max_length=120, blank=True)
    reponse_le = models.DateField("réponse le", null=True)
    acceptee = models.BooleanField("acceptée", null=True)
    motif_refus = models.CharField("motif du refus, avec les mots de la personne", max_length=300, blank=True)
    legitime = models.BooleanField("refus légitime : ne compte pas", default=False)
    notee_par = models.ForeignKey("agents.Agent", models.RESTRICT, verbose_name="notée par", related_name="+")
    notee_le = models.DateTimeField("notée le", db_default=Now())

    class Meta:
        verbose_name = "offre d'emploi"
        ordering = ("-proposee_le", "-id")
        constraints = [
            models.CheckConstraint(
                name="offre_refus_motive",
                condition=~models.Q(acceptee=False) | ~models.Q(motif_refus=""),
                violation_error_message="Un refus se note avec ce qu'en dit la personne.",
            ),
            models.CheckConstraint(
                name="offre_reponse_datee",
                condition=models.Q(acceptee=None, reponse_le=None)
                | models.Q(acceptee__isnull=False, reponse_le__isnull=False),
                violation_error_message="Une réponse a une date.",
            ),
        ]

    def __str__(self) -> str:
        return self.poste

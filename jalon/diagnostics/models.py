"""Le recueil socioprofessionnel et ses révisions ; les grilles, leurs versions et ce qu'on y a répondu (D08, D09)."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from jalon.diagnostics.enums import (
    Anciennete,
    Disponibilite,
    Formation,
    GardeEnfant,
    Logement,
    Niveau,
    OriginePassation,
    ParcoursEnvisage,
    Permis,
    SituationEmploi,
    SourceRecueil,
    Suivi,
)
from jalon.personnes.models import Sexe
from jalon.socle.models import PublicModel

# --- Recueil socioprofessionnel


def _niveau(libelle: str) -> models.CharField[str, str]:
    return models.CharField(libelle, max_length=10, choices=Niveau, blank=True)


def _choix(libelle: str, choix: type[models.TextChoices]) -> models.CharField[str, str]:
    return models.CharField(libelle, max_length=20, choices=choix, blank=True)


def _texte(libelle: str) -> models.CharField[str, str]:
    return models.CharField(libelle, max_length=2_000, blank=True)


class ContenuRecueil(models.Model):
    """Les huit catégories de R262-104. Une case vide : la question n'a pas eu de réponse.

    Les contraintes sont des niveaux, jamais un diagnostic : aucune case n'attend de contenu de santé.
    """

    # Situation passée
    situation_passee = _texte("parcours jusqu'ici")
    dernier_emploi = models.CharField("dernier emploi", max_length=200, blank=True)
    anciennete = _choix("sans emploi depuis", Anciennete)
    # Difficultés déclarées
    contrainte_sante = _niveau("santé")
    contrainte_logement = _niveau("logement")
    contrainte_mobilite = _niveau("mobilité")
    contrainte_familiale = _niveau("garde d'enfant ou aide à un proche")
    contrainte_financiere = _niveau("finances")
    contrainte_numerique = _niveau("numérique")
    contrainte_administrative = _niveau("démarches administratives ou juridiques")
    contrainte_francais_calcul = _niveau("français et calcul")
    difficultes = _texte("difficultés, dans les mots de la personne")
    # Accompagnement en cours
    suivis = ArrayField(
        models.CharField(max_length=20, choices=Suivi), verbose_name="déjà accompagnée par", default=list, blank=True
    )
    suivis_precision = _texte("qui, et pour quoi")
    # Disponibilité, garde d'enfant, aide à un proche
    disponibilite = _choix("disponible pour travailler", Disponibilite)
    garde_enfant = _choix("garde d'enfant", GardeEnfant)
    aidant = models.BooleanField("aide un proche", null=True, blank=True)
    # Logement et charges
    logement = _choix("logement", Logement)
    loyer = models.DecimalField(
        "loyer ou remboursement par mois", max_digits=8, decimal_places=2, null=True, blank=True
    )
    charges = models.DecimalField("autres charges par mois", max_digits=8, decimal_places=2, null=True, blank=True)
    dettes = models.BooleanField("dettes ou retards de paiement", null=True, blank=True)
    # Formation et compétences
    formation = _choix("niveau de formation", Formation)
    diplomes = _texte("diplômes, titres, habilitations")
    competences = _texte("ce que la personne sait faire")
    # Emploi actuel et recherché
    situation_emploi = _choix("situation d'emploi", SituationEmploi)
    emploi_actuel = models.CharField("emploi actuel", max_length=200, blank=True)
    heures_semaine = models.PositiveSmallIntegerField("heures par semaine", null=True, blank=True)
    emploi_recherche = models.CharField("emploi recherché", max_length=200, blank=True)
    creation_activite = models.BooleanField("veut créer ou reprendre une activité", null=True, blank=True)
    # Mobilité
    permis = _choix("permis de conduire", Permis)
    vehicule = models.BooleanField("véhicule utilisable", null=True, blank=True)
    transports_commun = models.BooleanField("transports en commun accessibles", null=True, blank=True)
    distance_maximale = models.PositiveSmallIntegerField("distance possible (km)", null=True, blank=True)

    class Meta:
        abstract = True


RUBRIQUES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Situation passée", ("situation_passee", "dernier_emploi", "anciennete")),
    (
        "Difficultés déclarées",
        (
            "contrainte_sante",
            "contrainte_logement",
            "contrainte_mobilite",
            "contrainte_familiale",
            "contrainte_financiere",
            "contrainte_numerique",
            "contrainte_administrative",
            "contrainte_francais_calcul",
            "difficultes",
        ),
    ),
    ("Accompagnement en cours", ("suivis", "suivis_precision")),
    ("Disponibilité, garde d'enfant, aide à un proche", ("disponibilite", "garde_enfant", "aidant")),
    ("Logement et charges", ("logement", "loyer", "charges", "dettes")),
    ("Formation et compétences", ("formation", "diplomes", "competences")),
    (
        "Emploi actuel et emploi recherché",
        ("situation_emploi", "emploi_actuel", "heures_semaine", "emploi_recherche", "creation_activite"),
    ),
    ("Mobilité", ("permis", "vehicule", "transports_commun", "distance_maximale")),
)
"""Ordre et titres des rubriques, pour la saisie, la lecture et la comparaison (R262-104)."""

CHAMPS: tuple[str, ...] = tuple(champ for _, champs in RUBRIQUES for champ in champs)
CONTRAINTES: tuple[str, ...] = tuple(champ for champ in CHAMPS if champ.startswith("contrainte_"))


def intitule(champ: str) -> str:
    """Nom d'une case du recueil, tel que les écrans l'écrivent."""
    trouve = ContenuRecueil._meta.get_field(champ)
    assert isinstance(trouve, models.Field)
    return str(trouve.verbose_name)


class Recueil(PublicModel, ContenuRecueil):
    """Un recueil validé : l'original, ou une révision qui suit la précédente. Figé dès sa validation (D09)."""

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="recueils")
    precedent = models.OneToOneField(
        "self", models.RESTRICT, verbose_name="révision précédente", null=True, related_name="suivant"
    )
    repris_de = models.ForeignKey(
        "self", models.RESTRICT, verbose_name="repris de l'évaluation", null=True, related_name="reprises"
    )
    date_recueil = models.DateField("recueilli le")
    source = models.CharField("recueilli lors de", max_length=20, choices=SourceRecueil)
    auteur = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="auteur", related_name="+")
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme", null=True, related_name="+"
    )
    valide_le = models.DateTimeField("validé le", db_default=Now())

    class Meta:
        verbose_name = "recueil socioprofessionnel"
        ordering = ("-date_recueil", "-id")
        indexes = [models.Index(fields=["personne", "-date_recueil", "-id"], name="recueil_dernier")]
        constraints = [
            models.CheckConstraint(
                name="recueil_ne_se_suit_pas",
                condition=~models.Q(precedent=models.F("id")),
                violation_error_message="Une révision ne peut pas se suivre elle-même.",
            ),
        ]
        # Une fusion de dossiers change la personne ; rien d'autre ne bouge jamais.
        triggers = [pgtrigger.ReadOnly(name="recueil_fige", exclude=["personne"])]

    def __str__(self) -> str:
        return f"Recueil du {self.date_recueil:%d/%m/%Y}"


class BrouillonRecueil(PublicModel, ContenuRecueil):
    """Page en cours de saisie : une par auteur et par personne, gardée à chaque frappe, jamais montrée comme un fait."""

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="+")
    auteur = models.ForeignKey("agents.Agent", models.CASCADE, verbose_name="auteur", related_name="+")
    precedent = models.ForeignKey(
        Recueil, models.CASCADE, verbose_name="dernier recueil à l'ouverture", null=True, related_name="+"
    )
    repris_de = models.ForeignKey(
        Recueil, models.CASCADE, verbose_name="repris de l'évaluation", null=True, related_name="+"
    )
    date_recueil = models.DateField("recueilli le", null=True, blank=True)
    source = models.CharField("recueilli lors de", max_length=20, choices=SourceRecueil, blank=True)
    numero = models.PositiveIntegerField("numéro d'enregistrement", default=0)
    """Augmente à chaque enregistrement : deux pages ouvertes ne s'effacent pas l'une l'autre."""
    modifie_le = models.DateTimeField("modifié le", auto_now=True)
    ecarte_le = models.DateField("écarté le", null=True)

    class Meta:
        verbose_name = "brouillon de recueil"
        ordering = ("-modifie_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["personne", "auteur"],
                name="brouillon_recueil_un_par_auteur",
                condition=models.Q(ecarte_le=None),
                violation_error_message="Vous avez déjà un brouillon pour cette personne.",
            )
        ]

    def __str__(self) -> str:
        return f"Brouillon {self.public_id}"


# --- Grilles


class Grille(PublicModel):
    """Un questionnaire à échelons du département : l'échelle de distance à l'emploi, une grille de diagnostic (F033)."""

    code = models.SlugField("code", max_length=40, unique=True)
    libelle = models.CharField("libellé", max_length=120)
    rang = models.PositiveSmallIntegerField("rang", default=0)
    active = models.BooleanField("employée", default=True)

    class Meta:
        verbose_name = "grille"
        ordering = ("rang", "id")

    def __str__(self) -> str:
        return self.libelle


class VersionGrille(PublicModel):
    """Une rédaction d'une grille, datée. Une passation garde la sienne pour toujours."""

    grille = models.ForeignKey(Grille, models.PROTECT, verbose_name="grille", related_name="versions")
    numero = models.PositiveSmallIntegerField("version")
    du = models.DateField("en vigueur à partir du")
    source = models.CharField("source", max_length=300)

    class Meta:
        verbose_name = "version de grille"
        ordering = ("grille_id", "-du", "-numero")
        constraints = [
            models.UniqueConstraint(
                fields=["grille", "numero"],
                name="version_grille_numero_unique",
                violation_error_message="Cette grille a déjà une version de ce numéro.",
            ),
            models.UniqueConstraint(
                fields=["grille", "du"],
                name="version_grille_une_par_date",
                violation_error_message="Cette grille a déjà une version à partir de cette date.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grille_id}, version {self.numero}"


class Item(models.Model):
    """Une question de la grille."""

    version = models.ForeignKey(VersionGrille, models.CASCADE, verbose_name="version", related_name="items")
    rang = models.PositiveSmallIntegerField("rang")
    code = models.SlugField("code", max_length=40)
    libelle = models.CharField("libellé", max_length=120)
    question = models.CharField("question", max_length=300)
    poids = models.PositiveSmallIntegerField("poids", default=1)

    class Meta:
        verbose_name = "question de grille"
        ordering = ("version_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"],
                name="item_code_unique",
                violation_error_message="Cette version a déjà une question de ce code.",
            ),
            models.UniqueConstraint(
                fields=["version", "rang"],
                name="item_rang_unique",
                violation_error_message="Cette version a déjà une question à ce rang.",
            ),
        ]

    def __str__(self) -> str:
        return self.libelle


class Echelon(models.Model):
    """Une réponse possible ; le rang 1 est la plus proche de l'emploi."""

    item = models.ForeignKey(Item, models.CASCADE, verbose_name="question", related_name="echelons")
    rang = models.PositiveSmallIntegerField("rang")
    libelle = models.CharField("libellé", max_length=200)

    class Meta:
        verbose_name = "échelon"
        ordering = ("item_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["item", "rang"],
                name="echelon_rang_unique",
                violation_error_message="Cette question a déjà un échelon de ce rang.",
            ),
            models.UniqueConstraint(
                fields=["id", "item"],
                name="echelon_de_sa_question",
                violation_error_message="Cet échelon appartient à une autre question.",
            ),
            models.CheckConstraint(
                name="echelon_rang_positif",
                condition=models.Q(rang__gte=1),
                violation_error_message="Le premier échelon porte le rang 1.",
            ),
        ]

    def __str__(self) -> str:
        return self.libelle


class Frein(models.Model):
    """Échelons d'une question qui disent une même difficulté (I27) ; certains suggèrent la sphère sociale (R30)."""

    version = models.ForeignKey(VersionGrille, models.CASCADE, verbose_name="version", related_name="freins")
    rang = models.PositiveSmallIntegerField("rang")
    code = models.SlugField("code", max_length=60)
    libelle = models.CharField("libellé", max_length=120)
    item = models.ForeignKey(Item, models.CASCADE, verbose_name="question", related_name="freins")
    echelons = ArrayField(models.PositiveSmallIntegerField(), verbose_name="rangs")
    suggere_social = models.BooleanField("suggère la sphère sociale", default=False)
    source = models.CharField("source", max_length=300)

    class Meta:
        verbose_name = "frein"
        ordering = ("version_id", "rang")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"],
                name="frein_code_unique",
                violation_error_message="Cette version a déjà un frein de ce code.",
            )
        ]

    def __str__(self) -> str:
        return self.libelle


# --- Passations


class RepriseGrilles(PublicModel):
    """Un fichier de grilles versé d'un coup ; son empreinte empêche de le verser deux fois."""

    fichier = models.CharField("fichier", max_length=200)
    empreinte = models.CharField("empreinte", max_length=64)
    grille = models.ForeignKey(Grille, models.PROTECT, verbose_name="grille", related_name="+")
    lignes = models.PositiveIntegerField("passations versées")
    faite_par = models.ForeignKey("agents.Agent", models.PROTECT, verbose_name="versé par", null=True, related_name="+")
    faite_le = models.DateTimeField("versé le", db_default=Now())

    class Meta:
        verbose_name = "reprise de grilles"
        ordering = ("-faite_le", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["empreinte", "grille"],
                name="reprise_grilles_une_fois",
                violation_error_message="Ce fichier a déjà été versé.",
            )
        ]

    def __str__(self) -> str:
        return self.fichier


class Passation(PublicModel):
    """Une grille remplie, à une date. Sans personne, elle vient d'une étude : elle compte, et ne désigne personne.

    Territoire, âge et sexe sont ceux de la date : un déménagement ne récrit pas une étude (D08.9, I24-I28).
    """

    personne = models.ForeignKey(
        "personnes.Personne", models.CASCADE, verbose_name="personne", null=True, related_name="passations"
    )
    version = models.ForeignKey(VersionGrille, models.PROTECT, verbose_name="version", related_name="passations")
    date_passation = models.DateField("remplie le")
    territoire = models.ForeignKey(
        "organismes.Territoire", models.PROTECT, verbose_name="territoire", null=True, related_name="+"
    )
    sexe = models.CharField("sexe", max_length=1, choices=Sexe, blank=True)
    age = models.PositiveSmallIntegerField("âge", null=True)
    parcours_envisage = models.CharField("parcours envisagé", max_length=14, choices=ParcoursEnvisage, blank=True)
    convenue = models.BooleanField("convenue entre la personne et son interlocuteur", default=False)
    origine = models.CharField("remplie lors de", max_length=10, choices=OriginePassation)
    saisie_par = models.ForeignKey(
        "agents.Agent", models.PROTECT, verbose_name="saisie par", null=True, related_name="+"
    )
    organisme = models.ForeignKey(
        "organismes.Organisme", models.PROTECT, verbose_name="organisme", null=True, related_name="+"
    )
    reprise = models.ForeignKey(
        RepriseGrilles, models.PROTECT, verbose_name="reprise", null=True, related_name="passations"
    )
    saisie_le = models.DateTimeField("saisie le", db_default=Now())

    class Meta:
        verbose_name = "grille remplie"
        verbose_name_plural = "grilles remplies"
        ordering = ("-date_passation", "-id")
        indexes = [
            models.Index(
                fields=["personne", "-date_passation", "-id"],
                name="passation_derniere",
                condition=models.Q(personne__isnull=False),
            ),
            models.Index(fields=["version", "date_passation"], name="passation_version"),
        ]
        constraints = [
            models.CheckConstraint(
                name="passation_personne_ou_reprise",
                condition=models.Q(personne__isnull=False) | models.Q(reprise__isnull=False),
                violation_error_message="Une grille sans personne ne peut venir que d'un fichier d'étude.",
            ),
            models.CheckConstraint(
                name="passation_saisie_ou_reprise",
                condition=models.Q(origine=OriginePassation.REPRISE, reprise__isnull=False)
                | (~models.Q(origine=OriginePassation.REPRISE) & models.Q(reprise=None, saisie_par__isnull=False)),
                violation_error_message="Une grille est saisie par un agent, ou reprise d'un fichier.",
            ),
        ]
        triggers = [pgtrigger.ReadOnly(name="passation_figee", exclude=["personne"])]

    def __str__(self) -> str:
        return f"Grille du {self.date_passation:%d/%m/%Y}"


class Reponse(models.Model):
    """L'échelon retenu pour une question. Pas de ligne : la personne n'a pas souhaité répondre (F030)."""

    passation = models.ForeignKey(Passation, models.CASCADE, verbose_name="grille", related_name="reponses")
    item = models.ForeignKey(Item, models.PROTECT, verbose_name="question", related_name="+")
    echelon = models.ForeignKey(Echelon, models.PROTECT, verbose_name="échelon", related_name="+")

    class Meta:
        verbose_name = "réponse"
        ordering = ("passation_id", "item_id")
        constraints = [
            models.UniqueConstraint(
                fields=["passation", "item"],
                name="reponse_une_par_question",
                violation_error_message="Une question n'a qu'une réponse.",
            )
        ]
        triggers = [pgtrigger.ReadOnly(name="reponse_figee")]

    def __str__(self) -> str:
        return f"{self.item_id} : {self.echelon_id}"


def contenu(source: ContenuRecueil) -> dict[str, Any]:
    """Valeurs des rubriques, pour copier un recueil dans un brouillon et un brouillon dans un recueil."""
    return {champ: getattr(source, champ) for champ in CHAMPS}

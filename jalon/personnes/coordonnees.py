"""Comment joindre une personne : téléphone, courriel, adresse qu'elle donne elle-même, et ce qu'elle accepte."""

from __future__ import annotations

import phonenumbers
from django.db import models

from jalon.socle.errors import JalonError

PAYS_PAR_DEFAUT = "FR"


class CanalPrefere(models.TextChoices):
    COURRIER = "courrier", "Courrier"
    COURRIEL = "courriel", "Courriel"
    SMS = "sms", "SMS"
    TELEPHONE = "telephone", "Appel téléphonique"


def lire_telephone(texte: str) -> str:
    """Ramène un numéro à la forme internationale (`+33321000000`) ; vide si rien n'est écrit.

    Lève `JalonError` si ce n'est pas un numéro possible.
    """
    if not texte.strip():
        return ""
    try:
        numero = phonenumbers.parse(texte, PAYS_PAR_DEFAUT)
    except phonenumbers.NumberParseException:
        numero = None
    if numero is None or not phonenumbers.is_valid_number(numero):
        raise JalonError(
            "Ce numéro de téléphone n'existe pas : écrivez les dix chiffres, ou l'indicatif du pays précédé de +."
        )
    return str(phonenumbers.format_number(numero, phonenumbers.PhoneNumberFormat.E164))


def telephone_affiche(numero: str) -> str:
    """« 03 21 00 00 00 », ou la forme internationale d'un numéro étranger."""
    if not numero:
        return ""
    lu = phonenumbers.parse(numero, PAYS_PAR_DEFAUT)
    national = phonenumbers.region_code_for_number(lu) == PAYS_PAR_DEFAUT
    forme = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(lu, forme))


class Coordonnees(models.Model):
    """Ce que la personne a dit d'elle-même pour être jointe ; l'adresse du flux reste celle de son foyer.

    Un message ne part par SMS ou par courriel que si elle l'a accepté.
    """

    personne = models.OneToOneField(
        "personnes.Personne", models.CASCADE, verbose_name="personne", related_name="coordonnees"
    )
    telephone = models.CharField("téléphone", max_length=20, blank=True)
    courriel = models.EmailField("courriel", blank=True)
    prefere = models.CharField("moyen préféré", max_length=10, choices=CanalPrefere, default=CanalPrefere.COURRIER)
    accepte_sms = models.BooleanField("accepte les SMS", default=False)
    accepte_courriel = models.BooleanField("accepte les courriels", default=False)
    injoignable_telephone = models.BooleanField("ne peut pas être appelée", default=False)
    precision = models.CharField("précision utile pour la joindre", max_length=200, blank=True)
    complement = models.CharField("complément d'adresse", max_length=80, blank=True)
    voie = models.CharField("numéro et voie", max_length=120, blank=True)
    code_postal = models.CharField("code postal", max_length=5, blank=True)
    commune = models.ForeignKey(
        "referentiels.Commune", models.PROTECT, verbose_name="commune", null=True, blank=True, related_name="+"
    )
    mise_a_jour_le = models.DateTimeField("mises à jour le", auto_now=True)
    mise_a_jour_par = models.ForeignKey(
        "agents.Agent", models.RESTRICT, verbose_name="mises à jour par", null=True, related_name="+"
    )

    class Meta:
        verbose_name = "coordonnées"
        ordering = ("personne_id",)
        constraints = [
            models.CheckConstraint(
                name="coordonnees_telephone_international",
                condition=models.Q(telephone="") | models.Q(telephone__regex=r"^\+[1-9][0-9]{5,14}$"),
                violation_error_message="Le numéro de téléphone doit porter l'indicatif du pays.",
            ),
            models.CheckConstraint(
                name="coordonnees_sms_accepte_avec_un_numero",
                condition=models.Q(accepte_sms=False) | ~models.Q(telephone=""),
                violation_error_message="Un accord pour les SMS suppose un numéro de téléphone.",
            ),
            models.CheckConstraint(
                name="coordonnees_courriel_accepte_avec_une_adresse",
                condition=models.Q(accepte_courriel=False) | ~models.Q(courriel=""),
                violation_error_message="Un accord pour les courriels suppose une adresse électronique.",
            ),
            models.CheckConstraint(
                name="coordonnees_moyen_prefere_accepte",
                condition=(~models.Q(prefere="sms") | models.Q(accepte_sms=True))
                & (~models.Q(prefere="courriel") | models.Q(accepte_courriel=True))
                & (~models.Q(prefere="telephone") | ~models.Q(telephone="") & models.Q(injoignable_telephone=False)),
                violation_error_message="Le moyen préféré doit être l'un de ceux que la personne accepte.",
            ),
        ]

    def __str__(self) -> str:
        return f"Coordonnées de {self.personne_id}"

    @property
    def telephone_lisible(self) -> str:
        return telephone_affiche(self.telephone)

    @property
    def par_sms(self) -> bool:
        """Vrai si un SMS peut partir."""
        return self.accepte_sms and bool(self.telephone)

    @property
    def par_courriel(self) -> bool:
        """Vrai si un courriel peut partir."""
        return self.accepte_courriel and bool(self.courriel)

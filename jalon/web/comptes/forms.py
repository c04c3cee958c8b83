"""Formulaires des comptes : les nôtres, en français, sur ceux de django-allauth."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as compte
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from jalon.agents.authentification import adresse_de
from jalon.agents.verrouillage import ConnexionBloqueeError, noter_echec, ouvrir_essai

AIDE_MOT_DE_PASSE = (
    "Au moins 12 caractères. Le plus sûr est une phrase que vous seul pouvez inventer ; évitez votre nom et les "
    "mots de passe courants."
)


class HabilleMixin:
    """Donne à chaque champ la classe de Tabler qui lui va, et ôte les textes fantômes, illisibles à beaucoup."""

    LIBELLES: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for nom, champ in self.fields.items():  # type: ignore[attr-defined]
            champ.widget.attrs.pop("placeholder", None)
            if nom in self.LIBELLES:
                champ.label = self.LIBELLES[nom]
            if isinstance(champ.widget, forms.CheckboxInput):
                champ.widget.attrs["class"] = "form-check-input"
            elif isinstance(champ.widget, forms.Select):
                champ.widget.attrs["class"] = "form-select"
            elif not isinstance(champ.widget, forms.HiddenInput):
                champ.widget.attrs["class"] = "form-control"


class ConnexionForm(HabilleMixin, compte.LoginForm):
    LIBELLES = {"login": "Courriel professionnel", "password": "Mot de passe"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].help_text = format_html(
            '<a href="{}">Mot de passe oublié ?</a>', reverse("account_reset_password")
        )


class MotDePasseOublieForm(HabilleMixin, compte.ResetPasswordForm):
    LIBELLES = {"email": "Courriel professionnel"}


class _NouveauMixin(HabilleMixin):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = AIDE_MOT_DE_PASSE  # type: ignore[attr-defined]


class NouveauMotDePasseForm(_NouveauMixin, compte.ResetPasswordKeyForm):
    LIBELLES = {"password1": "Votre nouveau mot de passe", "password2": "Le même, une seconde fois"}


class ChangerMotDePasseForm(_NouveauMixin, compte.ChangePasswordForm):
    LIBELLES = {
        "oldpassword": "Votre mot de passe actuel",
        "password1": "Votre nouveau mot de passe",
        "password2": "Le même, une seconde fois",
    }

    def clean_oldpassword(self) -> str:
        """Passe par la porte protégée : une session volée ne sert pas à deviner le mot de passe sans compter."""
        actuel: str = self.cleaned_data["oldpassword"]
        adaptateur = compte.get_adapter()
        if not adaptateur.reauthenticate(self.user, actuel):
            raise adaptateur.validation_error("enter_current_password")
        return actuel


class VerifierMotDePasseForm(HabilleMixin, compte.ReauthenticateForm):
    LIBELLES = {"password": "Votre mot de passe"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class EssaiCompteMixin:
    """Un code faux compte comme un mot de passe faux : qui a volé l'un ne devine pas l'autre."""

    def _essayer(self, verifier: Any) -> Any:
        courriel, adresse = self.user.email, adresse_de(context.request)  # type: ignore[attr-defined]
        try:
            ouvrir_essai(courriel, adresse)
        except ConnexionBloqueeError as blocage:
            raise ValidationError(str(blocage), code="connexion_bloquee") from blocage
        try:
            return verifier()
        except ValidationError:
            noter_echec(courriel, adresse)
            raise


class _CodeMixin(EssaiCompteMixin, HabilleMixin):
    LIBELLES = {"code": "Code à six chiffres, ou l'un de vos codes de secours"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        return str(self._essayer(self._verifier_code))

    def _verifier_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        facteur: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if facteur.type == Authenticator.Type.TOTP:
            self._refuser_code_deja_servi(facteur, code)
        return code

    def _refuser_code_deja_servi(self, facteur: Authenticator, code: str) -> None:
        """Un code sert une fois. Le compteur est en base : la mémoire d'un seul processus ne suffirait pas."""
        secret = decrypt(facteur.data["secret"])
        lu = normalize_user_code(code)
        rang = next(r for r in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, r)) == lu)
        if rang <= facteur.data.get("dernier_rang", 0):
            raise ValidationError("Ce code a déjà servi. Attendez le suivant dans votre application.", code="rejoue")
        facteur.data["dernier_rang"] = rang
        facteur.save(update_fields=["data"])


class CodeForm(_CodeMixin, mfa.AuthenticateForm):
    pass


class VerifierCodeForm(_CodeMixin, mfa.ReauthenticateForm):
    pass


class _CleMixin(EssaiCompteMixin):
    def clean_credential(self) -> Any:
        return self._essayer(super().clean_credential)  # type: ignore[misc]


class CleForm(_CleMixin, webauthn.AuthenticateWebAuthnForm):
    pass


class VerifierCleForm(_CleMixin, webauthn.ReauthenticateWebAuthnForm):
    pass


class PoserApplicationForm(HabilleMixin, ActivateTOTPForm):
    LIBELLES = {"code": "Code à six chiffres affiché par l'application"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AjouterCleForm(HabilleMixin, webauthn.AddWebAuthnForm):
    LIBELLES = {"name": "Nom de cette clé"}


class NommerCleForm(HabilleMixin, webauthn.EditWebAuthnForm):
    LIBELLES = {"name": "Nom de cette clé"}

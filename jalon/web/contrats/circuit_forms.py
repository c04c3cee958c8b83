"""Formulaires des actes du circuit : des dates, une durée, un motif."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, TransitionContrat


def champ_date(libelle: str, *, aide: str = "", requis: bool = True) -> forms.DateField:
    return forms.DateField(
        label=libelle, help_text=aide, required=requis,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={"invalid": "Écrivez une date, comme 31/12/2026.", "required": "Donnez une date."},
    )  # fmt: skip


class ActeForm(forms.Form):
    """Un acte sans autre donnée que son motif, quand le circuit en veut un."""

    def __init__(self, contrat: Contrat, transition: TransitionContrat, donnees: Any = None) -> None:
        self.acte, self.contrat = transition.acte, contrat
        super().__init__(donnees, auto_id=f"{self.acte}-%s", initial=self.connu(contrat))
        if transition.motif_exige:
            self.fields["motif"] = forms.CharField(
                label=self.question(), max_length=300, widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
                help_text="La personne et le service le liront.",
                error_messages={"required": "Écrivez pourquoi : la personne et le service le liront."},
            )  # fmt: skip
        for nom, champ in self.fields.items():
            if champ.help_text:
                champ.widget.attrs["aria-describedby"] = f"{self[nom].auto_id}_helptext"

    def question(self) -> str:
        return {
            "renvoyer": "Ce qu'il faut changer", "soumettre_lecture": "Pourquoi le lire à plusieurs",
        }.get(self.acte, "Pourquoi")  # fmt: skip

    def connu(self, contrat: Contrat) -> dict[str, Any]:
        return {}


class ProposerForm(ActeForm):
    debut = champ_date("Commence le")
    duree = forms.IntegerField(
        label="Durée, en mois", widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"})
    )

    def __init__(self, contrat: Contrat, transition: TransitionContrat, donnees: Any = None) -> None:
        super().__init__(contrat, transition, donnees)
        type_ = contrat.type
        self.fields["duree"].widget.attrs |= {"min": type_.duree_minimum, "max": type_.duree_maximum}
        self.fields["duree"].help_text = f"De {type_.duree_minimum} à {type_.duree_maximum} mois."
        self.fields["duree"].widget.attrs["aria-describedby"] = f"{self['duree'].auto_id}_helptext"

    def connu(self, contrat: Contrat) -> dict[str, Any]:
        suite = contrat.precedent.periode.upper if contrat.precedent is not None and contrat.precedent.periode else None
        debut = contrat.debut or max(suite or date.min, timezone.localdate())
        return {"debut": debut, "duree": contrat.duree or contrat.type.duree_habituelle}


class RecevoirForm(ActeForm):
    le = champ_date("Reçu le")

    def connu(self, contrat: Contrat) -> dict[str, Any]:
        return {"le": timezone.localdate()}


class LectureForm(ActeForm):
    prevue_le = champ_date("Lecture prévue le", aide="Peut se donner plus tard.", requis=False)

    def connu(self, contrat: Contrat) -> dict[str, Any]:
        return {"motif": contrat.raison_complexe}


class ComplexiteForm(forms.Form):
    """Pourquoi ce contrat est à lire à plusieurs, dit pendant l'écriture."""

    raison = forms.CharField(
        label="Pourquoi le lire à plusieurs", max_length=300, help_text="Quelques mots : le service les lira.",
        widget=forms.Textarea(
            attrs={"class": "form-control", "rows": 2, "aria-describedby": "complexe-raison_helptext"}
        ),
        error_messages={"required": "Dites en quelques mots pourquoi ce contrat est complexe : le service le lira."},
    )  # fmt: skip

    def __init__(self, *args: Any, **champs: Any) -> None:
        super().__init__(*args, auto_id="complexe-%s", **champs)


class EnregistrerForm(ActeForm):
    reference = forms.CharField(
        label="Référence", max_length=80, required=False, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    accepte_le = champ_date("Accepté par la personne le")
    debut = champ_date("Commence le")
    duree = forms.IntegerField(label="Durée, en mois", widget=forms.NumberInput(attrs={"class": "form-control"}))
    referent_externe = forms.CharField(
        label="Conseiller qui le suit", max_length=120, required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )  # fmt: skip

    def connu(self, contrat: Contrat) -> dict[str, Any]:
        jour = timezone.localdate()
        return {
            "accepte_le": jour, "debut": jour, "duree": contrat.duree or contrat.type.duree_habituelle,
            "referent_externe": contrat.referent_externe,
        }  # fmt: skip


FORMULAIRES: dict[str, type[ActeForm]] = {
    "proposer_signature": ProposerForm,
    "recevoir": RecevoirForm,
    "soumettre_lecture": LectureForm,
    "enregistrer": EnregistrerForm,
}


class SignatureForm(forms.Form):
    """Signer à l'écran : le nom écrit vaut signature ; le tracé est facultatif."""

    nom = forms.CharField(
        label="Prénom et nom de qui signe", max_length=120,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": "Écrivez votre nom : il vaut signature, avec ou sans tracé."},
    )  # fmt: skip
    qualite = forms.CharField(
        label="Si vous signez pour la personne : à quel titre", max_length=60, required=False,
        help_text="Tutrice, représentant légal… Laissez vide si la personne signe elle-même.",
        widget=forms.TextInput(
            attrs={"class": "form-control", "autocomplete": "off", "aria-describedby": "id_qualite_helptext"}
        ),
    )  # fmt: skip
    trace = forms.CharField(required=False, max_length=40_000, widget=forms.HiddenInput(attrs={"data-trace": ""}))

    def __init__(self, *args: Any, referent: bool = False, **champs: Any) -> None:
        super().__init__(*args, **champs)
        if referent:
            del self.fields["qualite"]

    @property
    def nom_complet(self) -> str:
        """Le nom, et à quel titre on signe pour la personne."""
        nom, qualite = self.cleaned_data["nom"].strip(), self.cleaned_data.get("qualite", "").strip()
        return f"{nom} ({qualite})" if qualite else nom


class PapierForm(forms.Form):
    """La page signée à la main, numérisée ou photographiée."""

    papier = forms.FileField(
        label="La page signée", help_text="Un PDF ou une photo (JPEG, PNG), 5 Mo au plus.",
        widget=forms.FileInput(
            attrs={"class": "form-control", "accept": "application/pdf,image/jpeg,image/png",
                   "aria-describedby": "papier-papier_helptext"}
        ),
        error_messages={"required": "Choisissez le fichier de la page signée."},
    )  # fmt: skip
    nom = forms.CharField(
        label="Nom écrit par la personne", max_length=120, required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )  # fmt: skip
    le_personne = champ_date("Signé par la personne le", requis=False)
    le_referent = champ_date("Signé par le référent le", requis=False)

    def __init__(self, contrat: Contrat, *args: Any, **champs: Any) -> None:
        super().__init__(*args, auto_id="papier-%s", **champs)
        if contrat.etat == EtatContrat.SIGNE_PERSONNE:
            del self.fields["nom"], self.fields["le_personne"]
            self.fields["le_referent"].required = True
        else:
            self.fields["nom"].required = self.fields["le_personne"].required = True
            self.fields["le_referent"].help_text = "Laissez vide s'il n'a pas encore signé."
            self.fields["le_referent"].widget.attrs["aria-describedby"] = "papier-le_referent_helptext"


class AvisForm(forms.Form):
    """Ce que la lecture commune a pensé du contrat."""

    presents = forms.CharField(
        label="Qui a lu", max_length=300, required=False, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    avis = forms.CharField(
        label="Avis", max_length=5_000, widget=forms.Textarea(attrs={"class": "form-control", "rows": 5}),
        error_messages={"required": "Écrivez l'avis : le référent et la personne le liront."},
    )  # fmt: skip
    le = champ_date("Lu le")


class JourLectureForm(forms.Form):
    prevue_le = champ_date("Lecture prévue le")

"""Saisie du recueil et de la grille."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone

from jalon.diagnostics.enums import Niveau, OriginePassation, ParcoursEnvisage, Suivi
from jalon.diagnostics.models import CHAMPS, CONTRAINTES, RUBRIQUES, BrouillonRecueil, Item, Passation, VersionGrille

OUI_NON = (("", "Non renseigné"), ("oui", "Oui"), ("non", "Non"))
AIDES = {
    "difficultes": "Les mots de la personne. N’écrivez rien de médical : un niveau suffit.",
    "situation_passee": "Études, métiers, interruptions : ce qui compte pour la suite.",
    "suivis": "Cochez tous les organismes qui l’accompagnent déjà.",
    "competences": "Métiers appris, langues, gestes, logiciels, bénévolat.",
}


SANS_REPONSE = "sans"
"""Dit, et non oublié : une question laissée de côté par mégarde n'est pas un refus de répondre."""


def lire_rang(valeur: str) -> int | None:
    return None if valeur == SANS_REPONSE else int(valeur)


class OuiNonField(forms.TypedChoiceField):
    """Oui, non, ou pas de réponse."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=OUI_NON, coerce={"oui": True, "non": False}.__getitem__, empty_value=None, required=False, **options
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "oui", False: "non", None: ""}.get(value, value)


class RecueilForm(forms.ModelForm):  # type: ignore[type-arg]
    """Toutes les cases sont facultatives : une page à moitié remplie se garde."""

    class Meta:
        model = BrouillonRecueil
        fields = (*CHAMPS, "date_recueil", "source")

    suivis = forms.MultipleChoiceField(
        choices=Suivi, required=False, label="Déjà accompagnée par", widget=forms.CheckboxSelectMultiple
    )
    aidant = OuiNonField(label="Aide un proche")
    dettes = OuiNonField(label="Dettes ou retards de paiement")
    creation_activite = OuiNonField(label="Veut créer ou reprendre une activité")
    vehicule = OuiNonField(label="Véhicule utilisable")
    transports_commun = OuiNonField(label="Transports en commun accessibles")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for nom, champ in self.fields.items():
            champ.required = False
            champ.help_text = AIDES.get(nom, "")
            if champ.label:
                champ.label = champ.label[:1].upper() + champ.label[1:]
            if nom in CONTRAINTES:
                champ.choices = [*Niveau.choices, ("", "Non renseigné")]  # type: ignore[attr-defined]
                champ.widget = forms.RadioSelect(choices=champ.choices)  # type: ignore[attr-defined]
            elif isinstance(champ, forms.TypedChoiceField):
                vide = [("", "Non renseigné")]
                champ.choices = vide + [choix for choix in champ.choices if choix[0] != ""]  # type: ignore[misc,union-attr,index]
                champ.widget.attrs["class"] = "form-select"
            elif nom == "date_recueil":
                champ.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"})
            elif isinstance(champ, forms.CharField) and champ.max_length and champ.max_length > 500:
                champ.widget = forms.Textarea(attrs={"rows": 3, "class": "form-control", "maxlength": champ.max_length})
            elif nom != "suivis":
                champ.widget.attrs["class"] = "form-control"

    @property
    def rubriques(self) -> Iterator[tuple[str, list[BoundField], list[BoundField]]]:
        """Rubrique, contraintes à niveaux, autres cases."""
        for titre, noms in RUBRIQUES:
            yield (
                titre,
                [self[nom] for nom in noms if nom in CONTRAINTES],
                [self[nom] for nom in noms if nom not in CONTRAINTES],
            )

    @property
    def valides(self) -> dict[str, Any]:
        """Ce qui se lit, même si une autre case est fautive."""
        self.is_valid()
        return self.cleaned_data


class NumeroForm(forms.Form):
    """Ce que la page savait du brouillon et du dernier recueil quand elle a été ouverte."""

    numero = forms.IntegerField(min_value=0)
    malgre = forms.UUIDField(required=False)


class ChoixRecueilsForm(forms.Form):
    avant = forms.UUIDField()
    apres = forms.UUIDField(required=False)


class GrilleForm(forms.Form):
    """Une page, toutes les questions : un échelon par question, ou « ne souhaite pas répondre »."""

    jeton = forms.UUIDField(widget=forms.HiddenInput)
    date_passation = forms.DateField(
        label="Remplie le",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={
            "required": "Dites quel jour la grille a été remplie.",
            "invalid": "Écrivez la date comme 31/12/2026.",
        },
    )
    origine = forms.ChoiceField(
        label="À quelle occasion",
        choices=[choix for choix in OriginePassation.choices if choix[0] != OriginePassation.REPRISE],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    parcours_envisage = forms.ChoiceField(
        label="Parcours envisagé",
        choices=[("", "Pas encore d’avis"), *ParcoursEnvisage.choices],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    convenue = forms.BooleanField(
        label="La personne et moi sommes d’accord sur chaque échelon", required=False, widget=forms.CheckboxInput
    )

    def __init__(self, version: VersionGrille, precedente: Passation | None, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.version = version
        self.items: list[Item] = list(version.items.all())
        self.precedente = precedente
        self.fields["jeton"].initial = uuid4
        self.fields["date_passation"].initial = timezone.localdate
        for item in self.items:
            self.fields[f"item_{item.code}"] = forms.TypedChoiceField(
                choices=[(str(e.rang), e.libelle) for e in item.echelons.all()]
                + [(SANS_REPONSE, "Ne souhaite pas répondre")],
                coerce=lire_rang, label=item.libelle, widget=forms.RadioSelect,
                error_messages={
                    "required": "Choisissez un échelon, ou « Ne souhaite pas répondre ».",
                    "invalid_choice": "Choisissez l’un des échelons proposés.",
                },
            )  # fmt: skip

    @property
    def questions(self) -> Iterator[tuple[Item, BoundField, str]]:
        """Question, sa saisie, et l'échelon de la dernière fois, comme la saisie l'écrit."""
        anciens = (
            {r.item.code: str(r.echelon.rang) for r in self.precedente.reponses.all()}
            if self.precedente is not None
            else {}
        )
        for item in self.items:
            yield item, self[f"item_{item.code}"], anciens.get(item.code, "")

    @property
    def reponses(self) -> dict[str, int | None]:
        return {item.code: self.cleaned_data[f"item_{item.code}"] for item in self.items}

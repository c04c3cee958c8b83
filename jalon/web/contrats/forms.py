"""Saisie du plan d'un contrat, de son ouverture et de sa liste."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict

from jalon.agents.models import Agent
from jalon.contrats.enums import EtatObjectif, QuiFait
from jalon.contrats.models import Etape, Moyen, Objectif, ThemeContrat, TypeContrat
from jalon.contrats.objectifs import LONGUEUR_INTITULE
from jalon.organismes.models import Territoire

DATE_ILLISIBLE = "Écrivez la date comme 31/12/2026."


def _date(libelle: str) -> forms.DateField:
    return forms.DateField(
        label=libelle, required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={"invalid": DATE_ILLISIBLE},
    )  # fmt: skip


def _intitule(libelle: str, aide: str = "") -> forms.CharField:
    return forms.CharField(
        label=libelle, max_length=LONGUEUR_INTITULE, help_text=aide,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": "Écrivez quelques mots.", "max_length": "C’est trop long : gardez l’essentiel."},
    )  # fmt: skip


class ObjectifForm(forms.Form):
    """Ce que la personne vise."""

    intitule = _intitule("Objectif", "Un résultat que l’on pourra constater : « Passer le permis B ».")
    theme = forms.ModelChoiceField(
        ThemeContrat.objects.none(), label="Thème", required=False, empty_label="Sans thème", to_field_name="code",
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choisissez un des thèmes proposés."},
    )  # fmt: skip
    echeance = _date("Pour le")
    par_la_personne = forms.BooleanField(label="Ce sont les mots de la personne", required=False)

    def __init__(
        self, *args: Any, themes: list[ThemeContrat], objectif: Objectif | None = None, **options: Any
    ) -> None:
        if objectif is not None:
            options.setdefault("initial", {}).update(
                intitule=objectif.intitule, theme=objectif.theme.code if objectif.theme else "",
                echeance=objectif.echeance, par_la_personne=objectif.par_la_personne,
            )  # fmt: skip
        super().__init__(*args, **options)
        theme = self.fields["theme"]
        assert isinstance(theme, forms.ModelChoiceField)
        theme.queryset = ThemeContrat.objects.filter(actif=True).order_by("ordre", "pk")
        # Les thèmes sont lus une fois pour toute la page, et non par formulaire.
        theme.choices = [("", "Sans thème"), *((t.code, t.libelle) for t in themes)]
        if objectif is not None:
            del self.fields["par_la_personne"]


class ElementForm(forms.Form):
    """Une étape ou un moyen : quoi, qui, pour quand."""

    intitule = _intitule("Étape")
    qui = forms.ChoiceField(
        label="Qui", choices=QuiFait.choices, widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": "Choisissez qui s’en charge."},
    )  # fmt: skip
    precision = forms.CharField(
        label="Précisez", max_length=120, required=False, widget=forms.TextInput(attrs={"class": "form-control"}),
    )  # fmt: skip
    echeance = _date("Pour le")

    def __init__(self, *args: Any, moyen: bool = False, element: Etape | Moyen | None = None, **options: Any) -> None:
        if element is not None:
            options.setdefault("initial", {}).update(
                intitule=element.intitule, qui=element.qui, precision=element.precision, echeance=element.echeance
            )
        super().__init__(*args, **options)
        self.fields["intitule"].label = "Moyen" if moyen else "Étape"
        self.fields["qui"].initial = QuiFait.REFERENT if moyen else QuiFait.PERSONNE


class EtatForm(forms.Form):
    """Où cela en est."""

    etat = forms.ChoiceField(choices=EtatObjectif.choices)
    le = _date("Le")


class FiltresForm(forms.Form):
    """Facettes de la liste ; une valeur inconnue ne filtre rien."""

    etat = forms.CharField(required=False, max_length=24)
    type = forms.ModelChoiceField(TypeContrat.objects.all(), required=False, to_field_name="code")
    referent = forms.ModelChoiceField(Agent.objects.all(), required=False, to_field_name="public_id")
    territoire = forms.ModelChoiceField(Territoire.objects.all(), required=False, to_field_name="code")
    echeance = forms.IntegerField(required=False, min_value=0, max_value=1_000)
    valide_depuis = forms.IntegerField(required=False, min_value=0, max_value=1_000)
    retard = forms.BooleanField(required=False)
    q = forms.CharField(required=False, max_length=120, strip=True)


class ChoixForm(forms.Form):
    """Les contrats cochés, ou tous ceux du filtre."""

    tout = forms.BooleanField(required=False)

    def __init__(self, envoyes: QueryDict) -> None:
        super().__init__(envoyes)
        self.choisis: list[UUID] = []

    def clean(self) -> dict[str, Any]:
        lus: dict[str, Any] = super().clean() or {}
        for brut in self.data.getlist("choisis"):
            try:
                self.choisis.append(UUID(brut))
            except ValueError:
                raise forms.ValidationError("Une ligne choisie n’existe pas : rechargez la liste.") from None
        if not lus.get("tout") and not self.choisis:
            raise forms.ValidationError("Cochez au moins un contrat, ou tous ceux du filtre.")
        return lus

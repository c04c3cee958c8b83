"""Filtres et saisies des notifications. Les règles sont dans la pièce « orientations »."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.db.models import Model, QuerySet
from django.http import QueryDict

from jalon.organismes.models import Territoire
from jalon.orientations.models import ModeReception, TypeOrientation
from jalon.web.administration.forms import DateInput
from jalon.web.comptes.forms import HabilleMixin

M = TypeVar("M", bound=Model)


class FiltreForm(HabilleMixin, forms.Form):
    """Territoire et type d'orientation ; une valeur inconnue est ignorée, l'adresse a pu être recopiée."""

    territoire = forms.ModelChoiceField(
        Territoire.objects.order_by("ordre", "libelle", "pk"), label="Territoire", required=False,
        to_field_name="code", empty_label="Tous",
    )  # fmt: skip
    type = forms.ModelChoiceField(
        TypeOrientation.objects.order_by("ordre", "pk"), label="Type", required=False, to_field_name="code",
        empty_label="Tous",
    )  # fmt: skip

    @property
    def actif(self) -> bool:
        self.is_valid()
        return any(self.cleaned_data.get(nom) for nom in self.fields)

    def filtrer(self, lignes: QuerySet[M], prefixe: str = "") -> QuerySet[M]:
        self.is_valid()
        for nom in self.fields:
            if self.cleaned_data.get(nom):
                lignes = lignes.filter(**{f"{prefixe}{nom}": self.cleaned_data[nom]})
        return lignes


class ChoixForm(forms.Form):
    """Les décisions cochées, ou toutes celles du filtre."""

    tout = forms.BooleanField(required=False)

    def __init__(self, envoyes: QueryDict) -> None:
        super().__init__(envoyes)
        self.choisies: list[UUID] = []

    def clean(self) -> dict[str, Any]:
        lus: dict[str, Any] = super().clean() or {}
        for brut in self.data.getlist("choisies"):
            try:
                self.choisies.append(UUID(brut))
            except ValueError:
                raise forms.ValidationError("Une ligne choisie n’existe pas : rechargez la liste.") from None
        if not lus.get("tout") and not self.choisies:
            raise forms.ValidationError("Cochez au moins une personne, ou toutes celles du filtre.")
        return lus


class ProduireForm(HabilleMixin, forms.Form):
    motif_remplacement = forms.CharField(
        label="Pourquoi une nouvelle lettre", max_length=300, required=False,
        help_text="Adresse corrigée, lettre revenue, erreur dans la première…",
    )  # fmt: skip
    en_main_propre = forms.BooleanField(label="La lettre sera remise en main propre", required=False)


class ReceptionForm(HabilleMixin, forms.Form):
    mode = forms.ChoiceField(label="Ce qui prouve la réception", choices=[("", "Choisir…"), *ModeReception.choices])
    le = forms.DateField(label="Reçue le", widget=DateInput())
    preuve = forms.CharField(
        label="Référence de la preuve", max_length=200, help_text="Numéro de l’avis de réception, reçu signé le…"
    )
    motif_correction = forms.CharField(label="Pourquoi corriger la date", max_length=300, required=False)


class DepartForm(HabilleMixin, forms.Form):
    preuve = forms.CharField(
        label="Ce qui prouve le départ", max_length=200, help_text="Numéro du bordereau, bureau de poste et date."
    )

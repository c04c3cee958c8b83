"""Filtre de la file, choix de lignes, réponses aux tâches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import django_filters
from django import forms
from django.http import QueryDict

from jalon.agents.models import Agent
from jalon.organismes.models import Organisme
from jalon.orientations.models import AttenteOrientation
from jalon.orientations.querysets import AttenteOrientationQuerySet
from jalon.orientations.selectors import TRIS, Facette, condition
from jalon.socle.exports import ExportFormat
from jalon.socle.textes import normaliser


class FiltreFile(django_filters.FilterSet):  # type: ignore[misc]
    """Filtre de la file d'orientation : un filtre par facette, et la recherche par nom."""

    q = django_filters.CharFilter(method="filtrer_nom", max_length=120)

    class Meta:
        model = AttenteOrientation
        fields: Sequence[str] = ()

    def __init__(self, data: QueryDict, queryset: AttenteOrientationQuerySet, facettes: Sequence[Facette]) -> None:
        super().__init__(data, queryset=queryset)
        self.facettes = {facette.code: facette for facette in facettes}
        for facette in facettes:
            choix = [(c.code, c.libelle) for c in facette.choix]
            filtre = django_filters.MultipleChoiceFilter(
                field_name=facette.code, choices=choix, method="filtrer_facette", required=False
            )
            filtre.parent, filtre.model = self, AttenteOrientation
            self.filters[facette.code] = filtre

    def filtrer_nom(self, file: AttenteOrientationQuerySet, nom: str, valeur: str) -> AttenteOrientationQuerySet:
        for morceau in normaliser(valeur).split():
            file = file.filter(personne__cle_recherche__contains=morceau)
        return file

    def filtrer_facette(
        self, file: AttenteOrientationQuerySet, nom: str, valeurs: list[str]
    ) -> AttenteOrientationQuerySet:
        return file.filter(condition(self.facettes[nom], valeurs))

    @property
    def recherche(self) -> str:
        return str(self.form.cleaned_data.get("q") or "") if self.form.is_valid() or self.form.cleaned_data else ""

    @property
    def cherchees(self) -> AttenteOrientationQuerySet:
        """La file où ne joue que la recherche par nom : c'est elle que comptent les facettes."""
        return self.filtrer_nom(self.queryset, "q", self.recherche)

    @property
    def retenus(self) -> Mapping[str, Sequence[str]]:
        self.form.is_valid()
        return {code: self.form.cleaned_data.get(code) or [] for code in self.facettes}


class ChoixForm(forms.Form):
    """Lignes cochées, ou toutes celles du filtre ; `filtre` est la chaîne de requête de la liste."""

    choisies = forms.MultipleChoiceField(required=False)
    tout = forms.BooleanField(required=False)
    filtre = forms.CharField(required=False, max_length=2_000)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["choisies"] = forms.TypedMultipleChoiceField(
            required=False, coerce=forms.UUIDField().clean, choices=[(v, v) for v in data.getlist("choisies")]
        )

    def clean(self) -> dict[str, Any]:
        lus = super().clean() or {}
        if not lus.get("tout") and not lus.get("choisies"):
            raise forms.ValidationError(
                "Choisissez au moins une personne : cochez sa ligne, ou toutes celles du filtre."
            )
        return lus


class AffectationForm(ChoixForm):
    """À qui confier : un agent ou un service, dans une seule liste (`agent:<uuid>` ou `service:<uuid>`)."""

    def __init__(self, data: QueryDict, agents: Sequence[Agent], services: Sequence[Organisme]) -> None:
        super().__init__(data)
        self.cibles: dict[str, Agent | Organisme] = {f"agent:{a.public_id}": a for a in agents}
        self.cibles |= {f"service:{s.public_id}": s for s in services}
        self.fields["a_qui"] = forms.ChoiceField(
            choices=[(code, str(cible)) for code, cible in self.cibles.items()],
            error_messages={
                "required": "Choisissez à qui confier ces personnes.",
                "invalid_choice": "Cet agent ou ce service n’est pas de votre service ni de votre territoire.",
            },
        )

    @property
    def cible(self) -> dict[str, Any]:
        cible = self.cibles[self.cleaned_data["a_qui"]]
        return {"agent": cible} if isinstance(cible, Agent) else {"service": cible}


class ExportForm(forms.Form):
    format = forms.ChoiceField(choices=[(f.value, f.value.upper()) for f in ExportFormat])


class TriForm(forms.Form):
    tri = forms.ChoiceField(choices=[(tri, tri) for tri in TRIS])


class MotifForm(forms.Form):
    """Pourquoi : le dossier gardera ce motif."""

    motif = forms.CharField(
        max_length=500, error_messages={"required": "Dites en quelques mots pourquoi : le dossier le gardera."}
    )


class ProlongationForm(MotifForm):
    jusquau = forms.DateField(
        error_messages={
            "required": "Choisissez jusqu’à quelle date prolonger.",
            "invalid": "Écrivez la date comme 31/12/2026.",
        },
    )


def premiere_erreur(formulaire: forms.Form) -> str:
    """La première chose à corriger, en une phrase."""
    return str(next(iter(formulaire.errors.values()))[0])

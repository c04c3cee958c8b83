"""Formulaires des séances : ils lisent ce qui est saisi, les actes le jugent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.instances.models import (
    AvisSeance,
    Instance,
    MembreInstance,
    QualiteMembre,
    Seance,
    SensAvisDossier,
    ThemeInstance,
)
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix
from jalon.orientations.models import MotifOrientation, Parcours, TypeOrientation

CHAMP = {"class": "form-control"}
SELECT = {"class": "form-select"}


def premiere_erreur(formulaire: forms.BaseForm) -> str:
    """La première chose à corriger, avec le nom du champ."""
    for nom, erreurs in formulaire.errors.items():
        libelle = formulaire.fields[nom].label if nom in formulaire.fields else ""
        return f"{libelle} : {erreurs[0]}" if libelle else str(erreurs[0])
    return ""


class SeanceForm(forms.Form):
    """Date, heure et lieu d'une séance."""

    date = forms.DateField(
        label="Date", widget=forms.DateInput(attrs={**CHAMP, "type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "donnez la date.", "invalid": "cette date n’existe pas."},
    )  # fmt: skip
    heure = forms.TimeField(
        label="Heure", widget=forms.TimeInput(attrs={**CHAMP, "type": "time"}, format="%H:%M"),
        error_messages={"required": "donnez l’heure.", "invalid": "écrivez l’heure comme 9:30."},
    )  # fmt: skip
    lieu = forms.CharField(
        label="Lieu", max_length=200, widget=forms.TextInput(attrs=CHAMP),
        error_messages={"required": "dites où se tient la séance."},
    )  # fmt: skip


def agents_qui_siegent(instance: Instance) -> list[Agent]:
    """Agents dont un rôle siège ou préside, et qui voient le territoire de l'instance."""
    jour = timezone.localdate()
    connus = Agent.objects.filter(
        is_active=True, affectations__periode__contains=jour,
        affectations__profil__droits__overlap=["seances.sieger", "seances.presider"],
    ).distinct()  # fmt: skip
    retenus = []
    for agent in connus.order_by("nom", "prenom", "pk"):
        sien = Perimetre.de(agent)
        if sien.tout or instance.territoire_id in sien.territoires:
            retenus.append(agent)
    return retenus


class MembreForm(forms.Form):
    """Nommer un membre : un agent qui siège, ou quelqu'un que l'on nomme."""

    qualite = forms.ModelChoiceField(
        QualiteMembre.objects.none(), label="Au titre de", empty_label="Choisissez…",
        widget=forms.Select(attrs=SELECT), error_messages={"required": "choisissez une qualité."},
    )  # fmt: skip
    agent = forms.ChoiceField(label="Agent de Jalon", required=False, widget=forms.Select(attrs=SELECT))
    nom_externe = forms.CharField(
        label="Ou son nom, s’il n’a pas de compte", max_length=160, required=False, widget=forms.TextInput(attrs=CHAMP)
    )
    courriel_externe = forms.EmailField(
        label="Son courriel", required=False, widget=forms.EmailInput(attrs=CHAMP),
        error_messages={"invalid": "cette adresse n’en est pas une."},
    )  # fmt: skip
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Organisme", required=False, empty_label="Sans organisme",
        to_field_name="public_id", widget=forms.Select(attrs=SELECT),
    )  # fmt: skip
    supplee = forms.ModelChoiceField(
        MembreInstance.objects.none(), label="Suppléant de", required=False, empty_label="Titulaire",
        to_field_name="public_id", widget=forms.Select(attrs=SELECT),
    )  # fmt: skip

    def __init__(
        self, *args: Any, instance: Instance, agents: Sequence[Agent], membres: Sequence[MembreInstance], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        qualites = QualiteMembre.objects.filter(type=instance.type_id, actif=True).order_by("ordre", "pk")
        self.fields["qualite"].queryset = qualites  # type: ignore[attr-defined]
        categories = {c for qualite in qualites for c in qualite.categories}
        self.fields["organisme"].queryset = (  # type: ignore[attr-defined]
            Organisme.objects.filter(actif=True, type__categorie__in=categories).order_by("libelle", "pk")
        )
        titulaires = [m for m in membres if m.supplee_id is None]
        self.fields["supplee"].queryset = (  # type: ignore[attr-defined]
            MembreInstance.objects.filter(pk__in=[m.pk for m in titulaires])
            .select_related("agent")
            .order_by("qualite__ordre", "pk")
        )
        self.agents = {str(agent.public_id): agent for agent in agents}
        self.fields["agent"].choices = [  # type: ignore[attr-defined]
            ("", "Choisissez…"), *((cle, str(agent)) for cle, agent in self.agents.items())
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        donnees = super().clean() or {}
        if not donnees.get("agent") and not donnees.get("nom_externe", "").strip():
            raise forms.ValidationError("Choisissez un agent, ou écrivez le nom de qui siège.")
        donnees["agent"] = self.agents.get(donnees.get("agent") or "")
        return donnees


class DecisionForm(forms.Form):
    """Ce que la séance retient pour un dossier."""

    type = forms.ModelChoiceField(
        TypeOrientation.objects.filter(actif=True), to_field_name="code",
        error_messages={"required": "Choisissez un type d’orientation.", "invalid_choice": "Ce type n’existe pas."},
    )  # fmt: skip
    organisme = forms.ModelChoiceField(
        Organisme.objects.filter(actif=True).select_related("type"), to_field_name="public_id",
        error_messages={"required": "Choisissez une structure.", "invalid_choice": "Cette structure n’existe pas."},
    )  # fmt: skip
    motif = forms.ModelChoiceField(
        MotifOrientation.objects.filter(actif=True), to_field_name="code", required=False,
        error_messages={"invalid_choice": "Ce motif n’existe pas."},
    )  # fmt: skip
    parcours = forms.ModelChoiceField(
        Parcours.objects.filter(actif=True), to_field_name="code", required=False,
        error_messages={"invalid_choice": "Ce parcours n’existe pas."},
    )  # fmt: skip
    referent = forms.ModelChoiceField(
        Agent.objects.filter(is_active=True), to_field_name="public_id", required=False,
        error_messages={"invalid_choice": "Ce référent n’existe pas."},
    )  # fmt: skip
    correspondant = forms.ModelChoiceField(
        Agent.objects.filter(is_active=True), to_field_name="public_id", required=False,
        error_messages={"invalid_choice": "Ce correspondant n’existe pas."},
    )  # fmt: skip
    precision = forms.CharField(max_length=500, required=False)
    avis = forms.ChoiceField(choices=AvisSeance.choices)
    motif_ecart = forms.CharField(max_length=500, required=False)
    motif_depassement = forms.CharField(max_length=300, required=False)

    @property
    def choix(self) -> Choix:
        lu = self.cleaned_data
        return Choix(
            type=lu["type"], organisme=lu["organisme"], motif=lu["motif"], precision=lu["precision"],
            parcours=lu["parcours"], referent=lu["referent"], correspondant=lu["correspondant"],
        )  # fmt: skip


class AvisForm(forms.Form):
    """L'avis que la séance rend sur un dossier."""

    sens = forms.ChoiceField(
        choices=SensAvisDossier.choices,
        error_messages={
            "required": "Dites si l’avis est favorable, défavorable ou partagé.",
            "invalid_choice": "Cet avis n’existe pas.",
        },
    )  # fmt: skip
    vote = forms.ChoiceField(choices=AvisSeance.choices, error_messages={"required": "Dites comment la séance a voté."})
    texte = forms.CharField(max_length=2_000, required=False)
    regle = forms.CharField(max_length=40, required=False)
    taux = forms.IntegerField(
        label="Part retenue",
        min_value=1,
        max_value=100,
        required=False,
        error_messages={"invalid": "écrivez un nombre entier."},
    )
    duree = forms.IntegerField(
        label="Durée",
        min_value=1,
        max_value=36,
        required=False,
        error_messages={"invalid": "écrivez un nombre de mois."},
    )
    voix_pour = forms.IntegerField(label="Voix pour", min_value=0, max_value=99, required=False)
    voix_contre = forms.IntegerField(label="Voix contre", min_value=0, max_value=99, required=False)


class PointForm(forms.Form):
    """Un point à l'ordre du jour d'une instance générale."""

    theme = forms.ModelChoiceField(
        ThemeInstance.objects.none(), label="Thème", empty_label="Choisissez…", widget=forms.Select(attrs=SELECT),
        error_messages={"required": "choisissez un thème.", "invalid_choice": "ce thème n’existe pas."},
    )  # fmt: skip
    intitule = forms.CharField(
        label="Point", max_length=200, widget=forms.TextInput(attrs=CHAMP),
        error_messages={"required": "écrivez de quoi il s’agit, en quelques mots."},
    )  # fmt: skip
    expose = forms.CharField(
        label="À savoir avant la séance", max_length=2_000, required=False,
        widget=forms.Textarea(attrs={**CHAMP, "rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, seance: Seance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        themes = ThemeInstance.objects.filter(type=seance.instance.type_id, actif=True).order_by("ordre", "pk")
        self.fields["theme"].queryset = themes  # type: ignore[attr-defined]


class DecisionPointForm(forms.Form):
    """Ce qui est décidé sur un point, qui le porte, et pour quand."""

    decision = forms.CharField(label="Décision", max_length=2_000, required=False)
    responsable = forms.CharField(label="Qui la porte", max_length=160, required=False)
    echeance = forms.DateField(label="Pour le", required=False, error_messages={"invalid": "cette date n’existe pas."})


class PassagesForm(forms.Form):
    """Heures de passage des personnes à entendre."""

    premier = forms.TimeField(
        label="Première heure", widget=forms.TimeInput(attrs={**CHAMP, "type": "time"}, format="%H:%M"),
        error_messages={"required": "donnez la première heure.", "invalid": "écrivez l’heure comme 9:30."},
    )  # fmt: skip
    minutes = forms.IntegerField(
        label="Minutes par personne", widget=forms.NumberInput(attrs={**CHAMP, "min": 5, "max": 120}),
        error_messages={"required": "dites combien de minutes par personne.", "invalid": "écrivez un nombre entier."},
    )  # fmt: skip

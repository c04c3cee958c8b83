"""Formulaires de l'administration. Les règles sont dans les services : un formulaire ne fait que lire la saisie."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from jalon.agents.models import Agent, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.agents.selectors import agents_du_perimetre
from jalon.organismes.models import Organisme, Territoire
from jalon.traces.models import Acte, Lecture
from jalon.web.comptes.forms import HabilleMixin


class DateInput(forms.DateInput):
    """Calendrier du navigateur : il attend toujours l'année d'abord."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


class FiltreAgentsForm(HabilleMixin, forms.Form):
    q = forms.CharField(label="Nom ou courriel", required=False, max_length=100)
    role = forms.ModelChoiceField(
        ProfilHabilitation.objects.all(), label="Rôle", required=False, to_field_name="code", empty_label="Tous"
    )
    organisme = forms.ModelChoiceField(
        Organisme.objects.all(), label="Organisme", required=False, to_field_name="code", empty_label="Tous"
    )
    territoire = forms.ModelChoiceField(
        Territoire.objects.all(), label="Territoire", required=False, to_field_name="code", empty_label="Tous"
    )
    compte = forms.ChoiceField(
        label="Compte", required=False, choices=[("", "Ouverts"), ("fermes", "Fermés"), ("tous", "Tous")]
    )

    def filter(self, agents: QuerySet[Agent]) -> QuerySet[Agent]:
        """Une valeur de filtre inconnue est ignorée plutôt que refusée : l'adresse a pu être recopiée."""
        self.is_valid()
        lu = self.cleaned_data
        for mot in lu.get("q", "").split():
            agents = agents.filter(Q(nom__icontains=mot) | Q(prenom__icontains=mot) | Q(email__icontains=mot))
        if lu.get("compte", "") != "tous":
            agents = agents.filter(is_active=lu.get("compte", "") != "fermes")
        criteres = {
            champ: lu[nom]
            for nom, champ in (("role", "profil"), ("organisme", "organisme"), ("territoire", "territoire"))
            if lu.get(nom)
        }
        if criteres:
            en_cours = {f"affectations__{champ}": valeur for champ, valeur in criteres.items()}
            agents = agents.filter(affectations__periode__contains=timezone.localdate(), **en_cours).distinct()
        return agents


class AgentForm(HabilleMixin, forms.Form):
    prenom = forms.CharField(label="Prénom", max_length=80)
    nom = forms.CharField(label="Nom", max_length=80)
    email = forms.EmailField(
        label="Courriel professionnel", max_length=254,
        help_text="Il sert à se connecter ; le lien pour choisir le mot de passe y est envoyé.",
    )  # fmt: skip
    telephone = forms.CharField(label="Téléphone", max_length=20, required=False)


class AffectationForm(HabilleMixin, forms.Form):
    profil = forms.ModelChoiceField(
        ProfilHabilitation.objects.all(), label="Rôle", to_field_name="code", empty_label="Choisissez un rôle"
    )
    organisme = forms.ModelChoiceField(
        Organisme.objects.filter(actif=True), label="Organisme", to_field_name="code",
        empty_label="Choisissez un organisme",
    )  # fmt: skip
    territoire = forms.ModelChoiceField(
        Territoire.objects.all(), label="Territoire", required=False, to_field_name="code",
        empty_label="Sans objet, ou tous", help_text="À choisir pour un rôle qui s'exerce sur un territoire.",
    )  # fmt: skip
    du = forms.DateField(label="À partir du", widget=DateInput())
    au = forms.DateField(
        label="Jusqu'au", required=False, widget=DateInput(),
        help_text="Ce jour n'est pas compris. Laissez vide si la fin n'est pas connue.",
    )  # fmt: skip


class FinAffectationForm(HabilleMixin, forms.Form):
    au = forms.DateField(
        label="Le rôle prend fin le", widget=DateInput(), help_text="Ce jour-là, l'agent n'a déjà plus ces droits."
    )


class MotifForm(HabilleMixin, forms.Form):
    motif = forms.CharField(
        label="Pourquoi ?", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Dites comment vous avez reconnu l'agent : ce motif est inscrit au journal.",
    )  # fmt: skip


class FiltreJournalForm(HabilleMixin, forms.Form):
    """Filtres communs aux deux journaux ; le genre est l'acte dans l'un, la nature de lecture dans l'autre."""

    agent = forms.ModelChoiceField(
        Agent.objects.none(), label="Agent", required=False, to_field_name="public_id", empty_label="Tous"
    )
    genre = forms.ChoiceField(label="Genre", required=False)
    du = forms.DateField(label="Du", required=False, widget=DateInput())
    au = forms.DateField(label="Au (compris)", required=False, widget=DateInput())

    def __init__(self, *args: Any, perimetre: Perimetre, genres: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].queryset = agents_du_perimetre(perimetre)
        self.fields["genre"].choices = [("", "Tous"), *genres]

    def filter_actes(self, actes: QuerySet[Acte]) -> QuerySet[Acte]:
        self.is_valid()
        lu = self.cleaned_data
        if lu.get("agent"):
            actes = actes.filter(acteur=lu["agent"])
        if lu.get("genre"):
            actes = actes.filter(code__startswith=f"{lu['genre']}.")
        if lu.get("du"):
            actes = actes.filter(accompli_le__date__gte=lu["du"])
        if lu.get("au"):
            actes = actes.filter(accompli_le__date__lte=lu["au"])
        return actes

    def filter_lectures(self, lectures: QuerySet[Lecture]) -> QuerySet[Lecture]:
        self.is_valid()
        lu = self.cleaned_data
        if lu.get("agent"):
            lectures = lectures.filter(agent=lu["agent"])
        if lu.get("genre"):
            lectures = lectures.filter(nature=lu["genre"])
        if lu.get("du"):
            lectures = lectures.filter(lu_le__date__gte=lu["du"])
        if lu.get("au"):
            lectures = lectures.filter(lu_le__date__lte=lu["au"])
        return lectures

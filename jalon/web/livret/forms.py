"""Ce que la personne, ou un professionnel avec elle, écrit dans le livret. Les règles sont dans la pièce."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from jalon.passeport.competences import LONGUEURS
from jalon.passeport.models import Experience, ProfilCompetences
from jalon.web.administration.forms import DateInput
from jalon.web.comptes.forms import HabilleMixin

AIDES = {
    "accroche": "Le métier ou l’activité que vous cherchez, en une ligne.",
    "motivations": "Ce qui vous donne envie de travailler ou d’apprendre.",
    "savoir_faire": "Une chose par ligne. Par exemple : conduire un chariot, cuisiner pour vingt personnes.",
    "savoir_etre": "Une qualité par ligne. Par exemple : ponctuelle, à l’aise avec les enfants.",
    "transferables": "À la maison, en aidant un proche, dans une association.",
    "langues": "Par exemple : français, arabe, un peu d’anglais.",
    "permis": "Par exemple : permis B, habilitation électrique.",
}
LONGS = frozenset(champ for champ, longueur in LONGUEURS.items() if longueur > 200)


class CompetencesForm(HabilleMixin, forms.Form):
    """Le profil de compétences, avec le numéro d'écriture lu : deux auteurs ne s'effacent pas."""

    numero = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, data: Any, *, profil: ProfilCompetences, relu: bool = False) -> None:
        initial = {champ: getattr(profil, champ) for champ in LONGUEURS} | {"numero": profil.numero}
        if relu:
            # Le texte de l'autre vient d'être montré à côté : l'écriture suivante le sait.
            data = data.copy()
            data["numero"] = str(profil.numero)
        super().__init__(data, initial=initial)
        for champ, longueur in LONGUEURS.items():
            self.fields[champ] = forms.CharField(
                label=str(ProfilCompetences._meta.get_field(champ).verbose_name).capitalize(),
                help_text=AIDES[champ], required=False, max_length=longueur,
                widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"})
                if champ in LONGS
                else forms.TextInput(attrs={"class": "form-control"}),
            )  # fmt: skip

    @property
    def ecriture(self) -> dict[str, Any]:
        propres = dict(self.cleaned_data)
        return {"numero_lu": propres.pop("numero"), "valeurs": propres}


class ExperienceForm(HabilleMixin, forms.Form):
    """Un emploi, une formation, un engagement."""

    nature = forms.ChoiceField(label="C’est", choices=Experience.Nature)
    intitule = forms.CharField(label="Quoi", max_length=200, help_text="Par exemple : aide à domicile.")
    lieu = forms.CharField(label="Où", max_length=200, required=False, help_text="L’employeur, l’école, la ville.")
    annee_debut = forms.IntegerField(label="Année de début", required=False)
    annee_fin = forms.IntegerField(label="Année de fin", required=False, help_text="Vide si c’est encore en cours.")
    details = forms.CharField(
        label="Ce que vous y avez fait", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any, *, experience: Experience | None = None) -> None:
        champs = ("nature", "intitule", "lieu", "annee_debut", "annee_fin", "details")
        initial = {c: getattr(experience, c) for c in champs} if experience is not None else {}
        super().__init__(data, initial=initial)
        for champ in ("annee_debut", "annee_fin"):
            self.fields[champ].widget.attrs["inputmode"] = "numeric"


class DemarcheForm(HabilleMixin, forms.Form):
    """Ce que la personne a fait, quand, et ce que cela a donné."""

    intitule = forms.CharField(
        label="Ce que j’ai fait", max_length=300, help_text="Par exemple : appelé l’auto-école, déposé mon dossier."
    )
    faite_le = forms.DateField(label="Quand", widget=DateInput(), initial=timezone.localdate)
    resultat = forms.CharField(label="Ce que cela a donné", max_length=300, required=False)


class MotifForm(HabilleMixin, forms.Form):
    """Pourquoi fermer ou remplacer un accès."""

    motif = forms.CharField(label="Motif", max_length=300)

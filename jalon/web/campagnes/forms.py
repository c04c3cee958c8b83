"""Formulaires des campagnes. Les règles sont dans les services : un formulaire ne fait que lire la saisie."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst

from jalon.agents.perimetre import Perimetre
from jalon.echanges.campagnes.lecture import LIBELLES, OBLIGATOIRES
from jalon.echanges.campagnes.modeles import FormatListe, Population
from jalon.organismes.models import Organisme, Territoire
from jalon.orientations.models import MotifOrientation, Parcours, TypeOrientation
from jalon.referentiels.parametres import mot
from jalon.referentiels.profil.campagnes import ChampListe

CHAMP = {"class": "form-control"}
CHOIX = {"class": "form-select"}


class DepotForm(forms.Form):
    libelle = forms.CharField(
        label="Nom de la campagne", max_length=120, required=False, widget=forms.TextInput(attrs=CHAMP),
        help_text="Par exemple : « PLIE, reprise de novembre ». Sans nom, ce sera celui du fichier.",
    )  # fmt: skip
    format = forms.ModelChoiceField(
        FormatListe.objects.none(), label="De quelle liste s’agit-il ?", widget=forms.Select(attrs=CHOIX),
        error_messages={"required": "Dites de qui vient cette liste : Jalon saura où lire les noms."},
    )  # fmt: skip
    fichier = forms.FileField(
        label="Fichier", help_text="CSV ou classeur XLSX, avec une ligne d’en-têtes, 20 Mo et 60 000 lignes au plus.",
        widget=forms.FileInput(attrs={**CHAMP, "accept": ".csv,.txt,.xlsx"}), max_length=255,
        error_messages={"required": "Choisissez le fichier.", "empty": "Ce fichier est vide."},
    )  # fmt: skip
    population = forms.ChoiceField(
        label="À rapprocher de", choices=Population.choices, initial=Population.EN_ATTENTE,
        widget=forms.Select(attrs=CHOIX),
    )  # fmt: skip
    territoire = forms.ModelChoiceField(
        Territoire.objects.none(), required=False, widget=forms.Select(attrs=CHOIX), empty_label="Tout mon périmètre"
    )
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Organisme qui remet la liste", required=False, empty_label="Non précisé",
        widget=forms.Select(attrs=CHOIX),
    )  # fmt: skip
    objectif_le = forms.DateField(
        label="À finir avant le", required=False,
        widget=forms.DateInput(attrs={**CHAMP, "type": "date"}, format="%Y-%m-%d"),
        help_text="Facultatif : l’avancement se lira par rapport à cette date.",
    )  # fmt: skip

    def __init__(self, *args: Any, perimetre: Perimetre, **options: Any) -> None:
        super().__init__(*args, **options)
        territoires = Territoire.objects.order_by("ordre", "pk")
        if not perimetre.tout:
            territoires = territoires.filter(pk__in=perimetre.territoires)
        self.fields["format"].queryset = FormatListe.objects.filter(actif=True)
        self.fields["territoire"].queryset = territoires
        self.fields["territoire"].label = capfirst(mot("territoire").singulier)
        self.fields["organisme"].queryset = Organisme.objects.filter(actif=True)


class ColonnesForm(forms.Form):
    """Une liste déroulante par champ connu ; les en-têtes du fichier sont les choix."""

    retenir = forms.BooleanField(
        label="Reconnaître ces en-têtes la prochaine fois", required=False, initial=True,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )  # fmt: skip

    def __init__(self, *args: Any, entetes: tuple[str, ...], places: dict[str, int], **options: Any) -> None:
        super().__init__(*args, **options)
        choix = [("", "Pas dans cette liste")] + [
            (str(rang), entete or f"Colonne {rang + 1}") for rang, entete in enumerate(entetes)
        ]
        for champ, libelle in LIBELLES.items():
            self.fields[champ.value] = forms.ChoiceField(
                label=libelle + (" (indispensable)" if champ in OBLIGATOIRES else ""), choices=choix, required=False,
                initial=str(places.get(champ.value, "")), widget=forms.Select(attrs=CHOIX),
            )  # fmt: skip

    def places(self) -> dict[str, int]:
        return {c.value: int(self.cleaned_data[c.value]) for c in ChampListe if self.cleaned_data.get(c.value)}


class DecisionForm(forms.Form):
    """Une même orientation pour toutes les lignes sûres ou confirmées."""

    type = forms.ModelChoiceField(TypeOrientation.objects.none(), widget=forms.Select(attrs=CHOIX), empty_label=None)
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), widget=forms.Select(attrs=CHOIX),
        error_messages={"required": "Choisissez l’organisme qui accompagnera ces personnes."},
    )  # fmt: skip
    motif = forms.ModelChoiceField(
        MotifOrientation.objects.none(), label="Motif", required=False, empty_label="Sans motif",
        widget=forms.Select(attrs=CHOIX),
    )  # fmt: skip
    parcours = forms.ModelChoiceField(
        Parcours.objects.none(), required=False, empty_label="Non précisé", widget=forms.Select(attrs=CHOIX)
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["type"].queryset = TypeOrientation.objects.filter(actif=True)
        self.fields["type"].label = capfirst(mot("type_orientation").singulier)
        self.fields["organisme"].queryset = Organisme.objects.filter(actif=True, accueils__isnull=False).distinct()
        self.fields["organisme"].label = capfirst(mot("structure_accueil").singulier)
        self.fields["motif"].queryset = MotifOrientation.objects.filter(actif=True)
        self.fields["parcours"].queryset = Parcours.objects.filter(actif=True)
        self.fields["parcours"].label = capfirst(mot("parcours").singulier)
        if not self.fields["parcours"].queryset.exists():
            del self.fields["parcours"]

"""La saisie d'un texte de courrier. Les règles de la langue sont dans la pièce « documents »."""

from __future__ import annotations

from django import forms

from jalon.web.comptes.forms import HabilleMixin


class TexteForm(HabilleMixin, forms.Form):
    objet = forms.CharField(label="Objet", max_length=200, required=False)
    corps = forms.CharField(
        label="Texte", max_length=20_000, strip=False, widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"})
    )
    note = forms.CharField(
        label="Pourquoi ce changement",
        max_length=200,
        required=False,
        help_text="Vos collègues le liront dans l’historique.",
    )
    numero = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

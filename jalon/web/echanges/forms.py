"""Formulaires des imports. Les règles sont dans les services : un formulaire ne fait que lire la saisie."""

from __future__ import annotations

from django import forms


class DepotForm(forms.Form):
    fichier = forms.FileField(
        label="Fichier reçu de la CAF ou de la MSA",
        help_text="Tel que reçu, sans le convertir : .xml, .RCV, ou une archive .gz ou .zip qui n’en contient qu’un.",
        error_messages={
            "required": "Choisissez le fichier à importer.",
            "empty": "Ce fichier est vide : demandez-le à nouveau à la caisse.",
            "max_length": "Le nom de ce fichier est trop long : raccourcissez-le, puis recommencez.",
        },
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xml,.XML,.gz,.zip,.rcv,.RCV"}),
        max_length=255,
    )
    simulation = forms.BooleanField(
        label="Simuler d’abord, sans rien écrire",
        help_text="Jalon lit tout le fichier et montre ce qui changerait. Vous pourrez l’importer ensuite sans le "
        "déposer à nouveau.",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


class EcarterForm(forms.Form):
    motif = forms.CharField(
        label="Pourquoi écarter ce foyer ?",
        help_text="Ce motif reste au journal.",
        max_length=500,
        error_messages={"required": "Dites pourquoi ce foyer est écarté : le motif reste au journal."},
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )

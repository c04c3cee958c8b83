"""Saisie de l'entretien : la note en trois parts, un objectif ou une étape, le prochain rendez-vous."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone

from jalon.contrats.enums import QuiFait
from jalon.contrats.models import Contrat, Objectif
from jalon.rendezvous.models import Modalite, NoteEntretien, ObjetRendezVous
from jalon.rendezvous.rendez_vous import Creneau
from jalon.socle.errors import JalonError
from jalon.web.templatetags.jalon import date_heure

PARTS = ("faits", "dit_par_la_personne", "analyse", "suite")
AIDES = {
    "faits": "Ce qui s’est passé, ce qui est prouvé : dates, démarches, documents.",
    "dit_par_la_personne": "Ses mots, entre guillemets si vous pouvez.",
    "analyse": "Votre lecture, dite comme telle : « je pense que… ».",
    "suite": "Qui fait quoi, pour quand.",
}


def champ_date(**options: Any) -> forms.DateField:
    return forms.DateField(
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"), **options
    )


class NoteForm(forms.Form):
    """Les trois parts et la suite ; toutes facultatives, l'acte dit s'il n'y a rien."""

    date = champ_date(required=False, label="Date de l’échange")
    faits = forms.CharField(required=False, max_length=5_000, label="Les faits", help_text=AIDES["faits"])
    dit_par_la_personne = forms.CharField(
        required=False, max_length=5_000, label="Ce que la personne a dit", help_text=AIDES["dit_par_la_personne"]
    )
    analyse = forms.CharField(required=False, max_length=5_000, label="Ce que j’en pense", help_text=AIDES["analyse"])
    suite = forms.CharField(required=False, max_length=300, label="La suite convenue", help_text=AIDES["suite"])
    note = forms.UUIDField(required=False, widget=forms.HiddenInput)
    numero = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for nom in PARTS:
            lignes = {"rows": 4} if nom != "suite" else {"rows": 2}
            self.fields[nom].widget = forms.Textarea(
                attrs={
                    **lignes, "class": "form-control", "data-lexique": True, "maxlength": self.fields[nom].max_length,  # type: ignore[attr-defined]
                    "aria-describedby": f"aide-{nom} lexique-id_{nom}",
                }
            )  # fmt: skip

    @classmethod
    def de(cls, note: NoteEntretien | None, jour: date) -> NoteForm:
        """La note telle qu'elle est gardée, ou une page vide."""
        if note is None:
            return cls(initial={"date": jour})
        return cls(initial={"date": note.date, **{nom: getattr(note, nom) for nom in PARTS}})

    @property
    def textes(self) -> dict[str, str]:
        return {nom: self.cleaned_data[nom] for nom in PARTS}

    @property
    def vide(self) -> bool:
        return not any(self.textes.values())


class AjoutForm(forms.Form):
    """Un objectif nouveau, ou une étape d'un objectif du contrat qui s'écrit."""

    intitule = forms.CharField(
        required=False, max_length=300, label="Quoi",
        widget=forms.TextInput(attrs={"class": "form-control", "data-lexique": True}),
    )  # fmt: skip
    ou = forms.ChoiceField(required=False, label="C’est", widget=forms.Select(attrs={"class": "form-select"}))
    qui = forms.ChoiceField(
        required=False, choices=QuiFait, label="Qui s’en charge", widget=forms.Select(attrs={"class": "form-select"})
    )
    echeance = champ_date(required=False, label="Pour quand")

    def __init__(self, *args: Any, ouverts: Sequence[tuple[Contrat, list[Objectif]]] = (), **kwargs: Any) -> None:
        super().__init__(*args, prefix="ajout", **kwargs)
        choix = [("", "un nouvel objectif")]
        for _, objectifs in ouverts:
            choix += [(str(o.public_id), f"une étape de « {o.intitule[:60]} »") for o in objectifs]
        self.fields["ou"].choices = choix  # type: ignore[attr-defined]


class ProchainForm(forms.Form):
    """Le prochain rendez-vous : un créneau libre, ou une heure donnée."""

    objet = forms.ChoiceField(
        required=False, choices=ObjetRendezVous, label="Pour", initial=ObjetRendezVous.ENTRETIEN,
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip
    creneau = forms.ChoiceField(required=False, label="Créneaux libres", widget=forms.RadioSelect)
    jour = champ_date(required=False, label="Jour")
    heure = forms.TimeField(
        required=False, label="Heure", widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"})
    )
    duree = forms.IntegerField(
        required=False, label="Minutes", min_value=10, max_value=240, initial=45,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )  # fmt: skip
    modalite = forms.ChoiceField(
        required=False, choices=Modalite, label="Comment", widget=forms.Select(attrs={"class": "form-select"})
    )
    lieu = forms.CharField(
        required=False, max_length=300, label="Lieu", widget=forms.TextInput(attrs={"class": "form-control"})
    )

    def __init__(self, *args: Any, creneaux: Sequence[Creneau] = (), **kwargs: Any) -> None:
        super().__init__(*args, prefix="prochain", **kwargs)
        self.creneaux = {c.debut.isoformat(): c for c in creneaux}
        self.fields["creneau"].choices = [  # type: ignore[attr-defined]
            (cle, date_heure(c.debut)) for cle, c in self.creneaux.items()
        ]

    def par_jour(self) -> list[tuple[date, list[dict[str, object]]]]:
        """Les créneaux à cocher, jour par jour."""
        jours: dict[date, list[dict[str, object]]] = {}
        for bouton, creneau in zip(self["creneau"], self.creneaux.values(), strict=True):
            jours.setdefault(timezone.localdate(creneau.debut), []).append({"bouton": bouton, "debut": creneau.debut})
        return list(jours.items())

    @property
    def rempli(self) -> bool:
        """L'agent a choisi un créneau ou donné une heure."""
        return any(self.data.get(self.add_prefix(nom)) for nom in ("creneau", "jour", "heure"))

    def creneau_choisi(self, modele: Creneau) -> Creneau:
        """Le créneau coché ; sinon l'heure donnée, chez l'organisme et l'agent de `modele`. Lève `JalonError`."""
        if "creneau" in self.errors:
            raise JalonError("Ce créneau vient d’être pris : choisissez-en un autre, la liste est à jour.")
        if not self.is_valid():
            nom, fautes = next(iter(self.errors.items()))
            raise JalonError(f"{self.fields[nom].label} : {fautes[0]}")
        saisie = self.cleaned_data
        if saisie["creneau"]:
            return self.creneaux[saisie["creneau"]]
        if not (saisie["jour"] and saisie["heure"]):
            raise JalonError("Choisissez un créneau libre, ou donnez le jour et l’heure.")
        debut = timezone.make_aware(datetime.combine(saisie["jour"], saisie["heure"]))
        return Creneau(
            modele.organisme, debut, modele.agent, saisie["duree"] or modele.duree, saisie["modalite"] or modele.modalite,
            saisie["lieu"],
        )  # fmt: skip

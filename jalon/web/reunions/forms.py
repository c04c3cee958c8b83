"""Saisies du plan, de la feuille, des absences et des contacts. Les règles sont dans les services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.agents.selectors import agents_du_perimetre
from jalon.organismes.models import Organisme, Territoire
from jalon.rendezvous.models import (
    Modalite,
    MotifAbsence,
    MoyenContact,
    ProtocoleReunion,
    ResultatContact,
    Reunion,
)
from jalon.rendezvous.rendez_vous import Creneau
from jalon.rendezvous.selectors import protocoles_en_vigueur, territoires_du_plan
from jalon.rendezvous.services import Intervention, Seance
from jalon.web.administration.forms import DateInput
from jalon.web.comptes.forms import HabilleMixin


class HeureInput(forms.TimeInput):
    """Horloge du navigateur."""

    input_type = "time"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", **options)


class ReunionForm(HabilleMixin, forms.Form):
    """Où, quand, combien de places ; un champ par rôle du protocole choisi."""

    territoire = forms.ModelChoiceField(
        Territoire.objects.none(), label="Territoire", to_field_name="code", empty_label=None
    )
    date = forms.DateField(label="Date", widget=DateInput())
    debut = forms.TimeField(label="De", widget=HeureInput())
    fin = forms.TimeField(label="À", widget=HeureInput())
    lieu = forms.CharField(label="Lieu", max_length=120, help_text="Par exemple : Maison du Département, salle 2.")
    adresse = forms.CharField(label="Adresse du lieu", max_length=300, help_text="Elle figure sur les lettres.")
    acces = forms.CharField(
        label="Comment venir", max_length=300, required=False, help_text="Bus, parking, accès en fauteuil."
    )
    capacite = forms.IntegerField(label="Nombre de places", min_value=1, max_value=500)

    def __init__(
        self, data: Any, *, protocole: ProtocoleReunion, perimetre: Perimetre, reunion: Reunion | None = None
    ) -> None:
        initial: dict[str, Any] = {"capacite": protocole.capacite}
        if reunion is not None:
            initial |= {nom: getattr(reunion, nom) for nom in Seance.__dataclass_fields__}
        super().__init__(data, initial=initial)
        self.protocole = protocole
        if reunion is None:
            cles = [t.pk for t in territoires_du_plan(perimetre)]
            self.fields["territoire"].queryset = Territoire.objects.filter(pk__in=cles)  # type: ignore[attr-defined]
        else:
            del self.fields["territoire"]
        tenus = _roles_tenus(reunion)
        for role in protocole.roles:
            champ = forms.ModelMultipleChoiceField(
                Organisme.objects.filter(actif=True, type__categorie__in=role["categories"]),
                label=role["libelle"], to_field_name="code", required=False,
                initial=tenus.get(role["code"], []), widget=forms.SelectMultiple(attrs={"class": "form-select"}),
                help_text="Rôle facultatif du protocole." if role["facultatif"] else "Rôle prévu par le protocole.",
            )  # fmt: skip
            self.fields[f"role_{role['code']}"] = champ

    @property
    def seance(self) -> Seance:
        return Seance(**{nom: self.cleaned_data[nom] for nom in Seance.__dataclass_fields__})

    @property
    def interventions(self) -> list[Intervention]:
        return [
            Intervention(role["code"], organisme)
            for role in self.protocole.roles
            for organisme in self.cleaned_data[f"role_{role['code']}"]
        ]

    @property
    def champs_roles(self) -> list[forms.BoundField]:
        return [champ for champ in self if champ.name.startswith("role_")]

    @property
    def champs_seance(self) -> list[forms.BoundField]:
        return [champ for champ in self if not champ.name.startswith("role_")]


def _roles_tenus(reunion: Reunion | None) -> dict[str, list[str]]:
    tenus: dict[str, list[str]] = {}
    if reunion is not None:
        for intervenant in reunion.intervenants.select_related("organisme").order_by("pk"):
            tenus.setdefault(intervenant.role, []).append(intervenant.organisme.code)
    return tenus


def protocole_demande(code: str) -> ProtocoleReunion | None:
    """Le protocole de cette forme de réunion, à défaut le premier ; `None` si le profil n'en donne aucun."""
    proposes = protocoles_en_vigueur(timezone.localdate())
    return next((p for p in proposes if p.type.code == code), proposes[0] if proposes else None)


class MotifForm(forms.Form):
    """Pourquoi, en une phrase."""

    motif = forms.CharField(label="Pourquoi ?", max_length=300, required=False)


class ChoixPersonnesForm(forms.Form):
    """Personnes cochées."""

    choisies = forms.TypedMultipleChoiceField(
        coerce=forms.UUIDField().clean, error_messages={"required": "Cochez au moins une personne à inviter."}
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["choisies"].choices = [(v, v) for v in data.getlist("choisies")]  # type: ignore[attr-defined]


class PresenceForm(forms.Form):
    """Un état, et le motif d'une excuse."""

    etat = forms.CharField(max_length=12)
    motif = forms.ModelChoiceField(
        MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk"), to_field_name="code", required=False
    )
    precision = forms.CharField(max_length=500, required=False)


class ContactForm(HabilleMixin, forms.Form):
    """Un échange, ou une tentative."""

    date = forms.DateField(label="Date", widget=DateInput())
    moyen = forms.ChoiceField(label="Par", choices=MoyenContact.choices)
    resultat = forms.ChoiceField(label="Résultat", choices=ResultatContact.choices)
    resume = forms.CharField(
        label="Ce qui s’est dit", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Une phrase utile à la suite. Aucun détail médical.",
    )  # fmt: skip


class RendezVousForm(HabilleMixin, forms.Form):
    """Premier rendez-vous : avec qui, quand, où."""

    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Organisme", to_field_name="code", empty_label=None
    )
    agent = forms.ModelChoiceField(
        None, label="Professionnel", to_field_name="public_id", required=False, empty_label="Pas encore connu"
    )
    date = forms.DateField(label="Date", widget=DateInput())
    heure = forms.TimeField(label="Heure", widget=HeureInput())
    duree = forms.IntegerField(label="Durée en minutes", min_value=5, max_value=240, initial=45)
    modalite = forms.ChoiceField(label="Comment", choices=Modalite.choices)
    lieu = forms.CharField(label="Lieu", max_length=300, required=False)

    def __init__(self, data: Any, *, reunion: Reunion, perimetre: Perimetre, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        organismes = Organisme.objects.filter(actif=True, territoires=reunion.territoire)
        toutes = Organisme.objects.filter(actif=True, territoires__parent=None)
        cles = set(organismes.order_by("pk").values_list("pk", flat=True))
        cles |= set(toutes.order_by("pk").values_list("pk", flat=True))
        self.fields["organisme"].queryset = Organisme.objects.filter(pk__in=cles)  # type: ignore[attr-defined]
        self.fields["agent"].queryset = agents_du_perimetre(perimetre)  # type: ignore[attr-defined]

    @property
    def creneau(self) -> Creneau:
        lus = self.cleaned_data
        return Creneau(
            organisme=lus["organisme"], agent=lus["agent"], duree=lus["duree"], modalite=lus["modalite"],
            debut=timezone.make_aware(datetime.combine(lus["date"], lus["heure"])), lieu=lus["lieu"],
        )  # fmt: skip


class PreuveForm(forms.Form):
    """Un fichier ; son contenu est vérifié par le service, pas par son nom."""

    preuve = forms.FileField(error_messages={"required": "Choisissez un fichier : une photo ou un PDF."})

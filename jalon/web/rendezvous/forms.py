"""Saisies de l'agenda et des rendez-vous. Les règles sont dans les services."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone

from jalon.accompagnements.passations import referent_actuel
from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.models import EtatRendezVous, Modalite, ObjetRendezVous, PlageAgenda, RendezVous
from jalon.web.administration.forms import DateInput
from jalon.web.comptes.forms import HabilleMixin
from jalon.web.reunions.forms import HeureInput

ETATS_CONSTATES = (EtatRendezVous.HONORE, EtatRendezVous.EXCUSE, EtatRendezVous.MANQUE)


def organismes_de(perimetre: Perimetre, personne: Personne | None = None) -> list[Organisme]:
    """Les organismes de l'agent, et celui du référent de la personne."""
    trouves = {a.organisme_id: a.organisme for a in perimetre.affectations}
    designation = referent_actuel(personne) if personne is not None else None
    if designation is not None and designation.organisme is not None:
        trouves.setdefault(designation.organisme_id, designation.organisme)
    return list(trouves.values())


def agents_possibles(perimetre: Perimetre, personne: Personne) -> list[Agent]:
    """Soi d'abord, le référent de la personne, puis les collègues des mêmes organismes qui tiennent un agenda."""
    designation = referent_actuel(personne)
    jour = timezone.localdate()
    collegues = Agent.objects.filter(
        is_active=True,
        pk__in=Affectation.objects.filter(
            organisme__in=[o.pk for o in organismes_de(perimetre, personne)], periode__contains=jour,
            profil__droits__contains=["agenda.gerer"],
        ).order_by().values("agent_id"),
    ).order_by("nom", "prenom", "pk")  # fmt: skip
    moi = perimetre.agent if perimetre.peut("agenda.gerer") else None
    premiers = [moi, designation.agent if designation is not None else None]
    uniques = {agent.pk: agent for agent in [*premiers, *collegues] if agent is not None and agent.is_active}
    return list(uniques.values())


class PlageForm(HabilleMixin, forms.Form):
    """Un temps de chaque semaine ouvert aux rendez-vous."""

    jour = forms.TypedChoiceField(label="Jour", choices=PlageAgenda.Jour.choices, coerce=int)
    debut = forms.TimeField(label="De", widget=HeureInput())
    fin = forms.TimeField(label="À", widget=HeureInput())
    duree = forms.IntegerField(label="Durée d’un rendez-vous, en minutes", min_value=10, max_value=240, initial=45)
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Pour", to_field_name="public_id", empty_label=None
    )
    modalite = forms.ChoiceField(label="Comment", choices=Modalite.choices)
    lieu = forms.CharField(
        label="Lieu", max_length=300, required=False, help_text="Obligatoire sur place : la personne le lira."
    )
    du = forms.DateField(label="À partir du", widget=DateInput())
    au = forms.DateField(label="Jusqu’au", widget=DateInput(), required=False, help_text="Vide : sans fin prévue.")

    def __init__(self, data: Any, *, perimetre: Perimetre) -> None:
        super().__init__(data, initial={"du": timezone.localdate()})
        cles = [o.pk for o in organismes_de(perimetre)]
        self.fields["organisme"].queryset = Organisme.objects.filter(pk__in=cles)  # type: ignore[attr-defined]


class QuandForm(HabilleMixin, forms.Form):
    """Le jour, l'heure, le lieu : ce qui se choisit pour fixer comme pour reporter."""

    date = forms.DateField(label="Date", widget=DateInput())
    heure = forms.TimeField(label="Heure", widget=HeureInput())
    duree = forms.IntegerField(label="Durée en minutes", min_value=10, max_value=240, initial=45)
    modalite = forms.ChoiceField(label="Comment", choices=Modalite.choices)
    lieu = forms.CharField(label="Lieu", max_length=300, required=False, help_text="Obligatoire sur place.")
    adresse_visio = forms.URLField(
        label="Adresse de la visioconférence", max_length=300, required=False, assume_scheme="https"
    )

    def creneau(self, organisme: Organisme, agent: Agent | None) -> Creneau:
        lus = self.cleaned_data
        return Creneau(
            organisme=organisme, agent=agent, duree=lus["duree"], modalite=lus["modalite"], lieu=lus["lieu"],
            adresse_visio=lus["adresse_visio"],
            debut=timezone.make_aware(datetime.combine(lus["date"], lus["heure"])),
        )  # fmt: skip


class FixerForm(QuandForm):
    """Un rendez-vous, seul ou à plusieurs ; `convoquer` l'écrit aussi par lettre."""

    objet = forms.ChoiceField(label="Pour", choices=ObjetRendezVous.choices)
    agent = forms.ModelChoiceField(Agent.objects.none(), label="Avec", to_field_name="public_id", empty_label=None)
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Au titre de", to_field_name="public_id", empty_label=None
    )
    participants = forms.ModelMultipleChoiceField(
        Agent.objects.none(), label="Autres professionnels de Jalon", to_field_name="public_id", required=False,
        help_text="Leur agenda est pris aussi. Touche Ctrl pour en choisir plusieurs.",
    )  # fmt: skip
    externes = forms.CharField(
        label="Autres personnes présentes", required=False, max_length=600, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Un nom par ligne : médiatrice, éducateur, interprète…",
    )  # fmt: skip
    convoquer = forms.BooleanField(label="Envoyer une convocation écrite", required=False)

    field_order = (
        "objet", "agent", "organisme", "date", "heure", "duree", "modalite", "lieu", "adresse_visio", "participants",
        "externes", "convoquer",
    )  # fmt: skip

    def __init__(self, data: Any, *, perimetre: Perimetre, personne: Personne, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        agents = Agent.objects.filter(pk__in=[a.pk for a in agents_possibles(perimetre, personne)])
        self.fields["agent"].queryset = agents.order_by("nom", "prenom", "pk")  # type: ignore[attr-defined]
        self.fields["participants"].queryset = agents.order_by("nom", "prenom", "pk")  # type: ignore[attr-defined]
        cles = [o.pk for o in organismes_de(perimetre, personne)]
        self.fields["organisme"].queryset = Organisme.objects.filter(pk__in=cles)  # type: ignore[attr-defined]
        self.fields["convoquer"].widget.attrs["class"] = "form-check-input"

    @property
    def noms_externes(self) -> list[str]:
        return [ligne.strip() for ligne in self.cleaned_data["externes"].splitlines() if ligne.strip()]


class ReporterForm(QuandForm):
    """Une autre date, et pourquoi."""

    motif = forms.CharField(label="Pourquoi ce report ?", max_length=300, help_text="La personne le lira.")
    field_order = ("motif", "date", "heure", "duree", "modalite", "lieu", "adresse_visio")

    def __init__(self, data: Any, *, rendez_vous: RendezVous, initial: dict[str, Any]) -> None:
        repris = {n: getattr(rendez_vous, n) for n in ("duree", "modalite", "lieu", "adresse_visio")}
        super().__init__(data, initial={**repris, **initial})


class ProposerForm(HabilleMixin, forms.Form):
    """Avec qui, pour quoi, entre quelles dates la personne choisira."""

    objet = forms.ChoiceField(label="Pour", choices=ObjetRendezVous.choices)
    agent = forms.ModelChoiceField(Agent.objects.none(), label="Avec", to_field_name="public_id", empty_label=None)
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Au titre de", to_field_name="public_id", empty_label=None
    )
    du = forms.DateField(label="À partir du", widget=DateInput())
    au = forms.DateField(label="Au plus tard le", widget=DateInput())

    def __init__(self, data: Any, *, perimetre: Perimetre, personne: Personne, du: date, au: date) -> None:
        agents = agents_possibles(perimetre, personne)
        organismes = organismes_de(perimetre, personne)
        super().__init__(
            data,
            initial={
                "objet": ObjetRendezVous.ENTRETIEN, "du": du, "au": au,
                "agent": agents[0].public_id if agents else None,
                "organisme": organismes[0].public_id if organismes else None,
            },
        )  # fmt: skip
        self.fields["agent"].queryset = Agent.objects.filter(pk__in=[a.pk for a in agents])  # type: ignore[attr-defined]
        self.fields["organisme"].queryset = Organisme.objects.filter(  # type: ignore[attr-defined]
            pk__in=[o.pk for o in organismes]
        )


class ConstatForm(forms.Form):
    """Ce que le rendez-vous est devenu ; un motif pour une excuse."""

    etat = forms.ChoiceField(choices=[(e.value, e.label) for e in ETATS_CONSTATES])
    motif = forms.CharField(max_length=300, required=False)

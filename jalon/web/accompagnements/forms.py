"""Saisies du suivi : passer le relais, ouvrir un suivi, écrire une navette, noter une absence, transférer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from jalon.accompagnements.models import (
    MotifAbsenceAgent,
    MotifFinDesignation,
    MoyenInformation,
    NatureMessage,
    RegleTransfert,
)
from jalon.accompagnements.passations import RAISONS_DE_PASSER
from jalon.accompagnements.referents import Depassement
from jalon.agents.models import Agent
from jalon.organismes.models import Organisme

DATE_INVALIDE = "Écrivez la date comme 31/12/2026."


def premiere_erreur(formulaire: forms.Form) -> str:
    """La première chose à corriger, en une phrase."""
    return str(next(iter(formulaire.errors.values()))[0])


class DepassementForm(forms.Form):
    """Confirmation d'une charge dépassée : elle se motive."""

    confirme = forms.BooleanField(required=False)
    motif_depassement = forms.CharField(required=False, max_length=300)

    @property
    def depassement(self) -> Depassement:
        lus = self.cleaned_data
        return Depassement(bool(lus.get("confirme")), lus.get("motif_depassement") or "")


class RelaisForm(DepassementForm):
    """À qui confier la personne : un agent d'un organisme, ou un professionnel nommé d'un organisme.

    La cible est `organisme:agent` ou `organisme:` ; dans ce second cas, le nom du professionnel est exigé.
    """

    cible = forms.CharField(error_messages={"required": "Choisissez à qui confier cette personne."})
    nom_externe = forms.CharField(required=False, max_length=120)
    contact_externe = forms.CharField(required=False, max_length=200)
    motif_fin = forms.ChoiceField(
        required=False, choices=[(m.value, m.label) for m in MotifFinDesignation if m in RAISONS_DE_PASSER]
    )
    note = forms.CharField(required=False, max_length=2000)
    garder_suivi = forms.CharField(required=False, max_length=120)
    choisi = forms.BooleanField(required=False)
    attendue = forms.UUIDField(required=False)

    def __init__(self, data: QueryDict, organismes: Sequence[Organisme], agents: dict[int, list[Agent]]) -> None:
        super().__init__(data)
        self.cibles: dict[str, tuple[Organisme, Agent | None]] = {}
        for organisme in organismes:
            self.cibles[f"{organisme.public_id}:"] = (organisme, None)
            for agent in agents.get(organisme.pk, []):
                self.cibles[f"{organisme.public_id}:{agent.public_id}"] = (organisme, agent)

    def clean_cible(self) -> tuple[Organisme, Agent | None]:
        cible = self.cibles.get(self.cleaned_data["cible"])
        if cible is None:
            raise forms.ValidationError("Cet organisme ou cet agent ne peut pas accompagner cette personne.")
        return cible

    def clean(self) -> dict[str, Any]:
        lus = super().clean() or {}
        cible = lus.get("cible")
        if cible is not None and cible[1] is None and not (lus.get("nom_externe") or "").strip():
            raise forms.ValidationError(
                "Nommez le professionnel de cet organisme : la personne doit savoir qui appeler."
            )
        return lus


class PrevenueForm(forms.Form):
    moyen = forms.ChoiceField(
        choices=MoyenInformation.choices, error_messages={"required": "Dites comment la personne a été prévenue."}
    )
    le = forms.DateField(required=False, error_messages={"invalid": DATE_INVALIDE})


class SuiviForm(forms.Form):
    organisme = forms.UUIDField(
        error_messages={
            "required": "Choisissez l’organisme qui suit la personne.",
            "invalid": "Cet organisme n’existe pas.",
        }
    )
    objet = forms.CharField(
        max_length=120, error_messages={"required": "Dites pourquoi cet organisme suit la personne."}
    )


class MotifForm(forms.Form):
    motif = forms.CharField(max_length=300, error_messages={"required": "Dites en quelques mots pourquoi."})


class MessageForm(forms.Form):
    nature = forms.ChoiceField(choices=NatureMessage.choices)
    texte = forms.CharField(max_length=2000, error_messages={"required": "Écrivez votre message avant de l’envoyer."})
    entretien_le = forms.DateField(required=False, error_messages={"invalid": DATE_INVALIDE})
    participants = forms.CharField(required=False, max_length=300)

    @property
    def valeurs(self) -> dict[str, Any]:
        lus = self.cleaned_data
        return {**lus, "nature": NatureMessage(lus["nature"])}


class NavetteForm(MessageForm):
    """Une fiche, son objet et ses destinataires (`agent:<uuid>` ou `organisme:<uuid>`)."""

    objet = forms.CharField(max_length=120, error_messages={"required": "Donnez un objet à cette fiche."})

    def __init__(self, data: QueryDict, organismes: Sequence[Organisme], agents: Sequence[Agent]) -> None:
        super().__init__(data)
        self.possibles: dict[str, Agent | Organisme] = {f"agent:{a.public_id}": a for a in agents}
        self.possibles |= {f"organisme:{o.public_id}": o for o in organismes}
        self.fields["a"] = forms.MultipleChoiceField(
            choices=[(code, str(qui)) for code, qui in self.possibles.items()],
            error_messages={
                "required": "Dites à qui cette fiche s’adresse.",
                "invalid_choice": "Une fiche s’adresse à ceux qui suivent déjà cette personne.",
            },
        )

    @property
    def valeurs(self) -> dict[str, Any]:
        lus = dict(super().valeurs)
        choisis = [self.possibles[code] for code in lus.pop("a")]
        lus["agents"] = [qui for qui in choisis if isinstance(qui, Agent)]
        lus["organismes"] = [qui for qui in choisis if isinstance(qui, Organisme)]
        return lus


class AbsenceForm(forms.Form):
    """Une absence, du premier au dernier jour compris."""

    du = forms.DateField(error_messages={"required": "Donnez le premier jour d’absence.", "invalid": DATE_INVALIDE})
    au = forms.DateField(required=False, error_messages={"invalid": DATE_INVALIDE})
    motif = forms.ChoiceField(
        choices=MotifAbsenceAgent.choices, error_messages={"required": "Choisissez un motif d’absence."}
    )

    def __init__(self, data: QueryDict, remplacants: Sequence[Agent]) -> None:
        super().__init__(data)
        self.remplacants = {str(agent.public_id): agent for agent in remplacants}
        self.fields["remplacant"] = forms.ChoiceField(
            required=False, choices=[("", "Personne"), *((cle, str(a)) for cle, a in self.remplacants.items())],
            error_messages={"invalid_choice": "Le remplaçant est un collègue du même organisme."},
        )  # fmt: skip

    @property
    def valeurs(self) -> dict[str, Any]:
        lus = self.cleaned_data
        return {
            "du": lus["du"], "au": lus["au"], "motif": MotifAbsenceAgent(lus["motif"]),
            "remplacant": self.remplacants.get(lus["remplacant"]),
        }  # fmt: skip


class TempsForm(forms.Form):
    part = forms.IntegerField(
        min_value=1, max_value=100,
        error_messages={
            "required": "Donnez la part du temps, de 1 à 100 %.", "invalid": "Écrivez un nombre entier, de 1 à 100.",
            "min_value": "La part du temps va de 1 à 100 %.", "max_value": "La part du temps va de 1 à 100 %.",
        },
    )  # fmt: skip


class TransfertForm(DepassementForm):
    """À qui, selon quelle règle ; `motif` n'est exigé que pour transférer."""

    regle = forms.ChoiceField(choices=RegleTransfert.choices, required=False)
    motif = forms.CharField(required=False, max_length=300)
    attendues = forms.IntegerField(required=False, min_value=0)

    def __init__(self, data: QueryDict, collegues: Sequence[Agent]) -> None:
        super().__init__(data)
        self.collegues = {str(agent.public_id): agent for agent in collegues}
        self.fields["vers"] = forms.MultipleChoiceField(
            required=False, choices=[(cle, str(a)) for cle, a in self.collegues.items()],
            error_messages={"invalid_choice": "Choisissez des collègues du même organisme."},
        )  # fmt: skip

    @property
    def vers(self) -> list[Agent]:
        return [self.collegues[cle] for cle in self.cleaned_data.get("vers") or []]

    @property
    def regle_choisie(self) -> RegleTransfert:
        return RegleTransfert(self.cleaned_data.get("regle") or RegleTransfert.CHARGE)


def lire_date(texte: str) -> date | None:
    """Une date de l'adresse, ou rien."""
    try:
        return date.fromisoformat(texte)
    except ValueError:
        return None

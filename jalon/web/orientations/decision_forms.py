"""Ce que l'on remplit pour décider d'une orientation, et pour s'en reprendre."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict

from jalon.web.orientations.decision import EcranDecision

INVALIDE = "Ce choix n'est plus possible : rechargez la page pour voir ceux qui le sont."


class DecisionForm(forms.Form):
    """La décision. Ce qui a été tapé reste à l'écran quand elle est refusée."""

    precision = forms.CharField(required=False, max_length=500)
    motif_ecart = forms.CharField(required=False, max_length=500)
    choisi = forms.BooleanField(required=False)
    depassement = forms.BooleanField(required=False)
    motif_depassement = forms.CharField(required=False, max_length=300)
    attente = forms.UUIDField(required=False)
    proposition = forms.UUIDField(required=False)

    def __init__(self, data: QueryDict | None, ecran: EcranDecision) -> None:
        super().__init__(data, initial=ecran.initial())
        self.ecran = ecran
        self.fields["type"] = _choix(
            (t.code for t in ecran.types), "Choisissez une orientation : l'avis n'en tient pas lieu."
        )
        self.fields["organisme"] = _choix(ecran.organismes, "Choisissez l'organisme qui accompagnera la personne.")
        self.fields["motif"] = _choix(ecran.motifs, "")
        self.fields["parcours"] = _choix(ecran.parcours, "")
        self.fields["referent"] = _choix(ecran.agents, "")
        self.fields["correspondant"] = _choix(ecran.correspondants, "")

    def clean(self) -> dict[str, Any]:
        lus = super().clean() or {}
        if self.errors:
            return lus
        ecran = self.ecran
        if ecran.s_ecarte(lus["type"]) and not lus["motif_ecart"].strip():
            self.add_error(
                "motif_ecart",
                "Votre décision s'écarte de l'avis : dites pourquoi en quelques mots, l'équipe s'en servira pour revoir "
                "ses critères.",
            )
        if lus["choisi"] and ecran.organismes[lus["organisme"]].pk not in ecran.suivis_par:
            self.add_error(
                "choisi",
                "Cet organisme ne suit pas déjà la personne : retirez la coche, ou choisissez celui qui la suit.",
            )
        return lus

    def valeur(self, nom: str) -> str:
        """Ce que l'écran remontre : ce qui a été tapé, sinon ce qui est proposé."""
        valeur = self[nom].value()
        return "" if valeur in (None, False) else str(valeur)


def _choix(codes: Iterable[str], requis: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[(code, code) for code in codes], required=bool(requis),
        error_messages={"required": requis, "invalid_choice": INVALIDE},
    )  # fmt: skip

"""Formulaires du premier contact et de l'instruction. Les règles sont dans les services : ils ne font que lire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.droits import instruction
from jalon.organismes.models import Organisme
from jalon.personnes.coordonnees import CanalPrefere, Coordonnees, telephone_affiche
from jalon.personnes.creation import IdentiteSaisie
from jalon.personnes.models import Public, Sexe
from jalon.referentiels.models import Commune
from jalon.referentiels.parametres import profil
from jalon.referentiels.profil.instruction import Instruction
from jalon.socle.textes import normaliser
from jalon.web.administration.forms import DateInput
from jalon.web.comptes.forms import HabilleMixin

CODE_ENTRE_PARENTHESES = re.compile(r"\((\d[\dAB]\d{3})\)\s*$")


class CommuneField(forms.CharField):
    """Une commune écrite ou choisie : « Lens (62498) », « Lens », « 62300 » s'il ne désigne qu'elle."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, **options)
        self.widget.attrs.update({"list": "communes", "autocomplete": "off"})

    def clean(self, value: Any) -> Commune | None:
        texte = super().clean(value)
        if not texte:
            return None
        code = CODE_ENTRE_PARENTHESES.search(texte)
        if code:
            connue = Commune.objects.filter(code_insee=code.group(1)).first()
            if connue is not None:
                return connue
        nom = normaliser(CODE_ENTRE_PARENTHESES.sub("", texte))
        ici = communes_du_departement()
        trouvees = [c for c in ici if normaliser(c.nom) == nom or texte.strip() in c.codes_postaux]
        if len(trouvees) == 1:
            return trouvees[0]
        if trouvees:
            noms = ", ".join(f"{c.nom} ({c.code_insee})" for c in trouvees[:6])
            raise forms.ValidationError(f"Plusieurs communes répondent : {noms}. Choisissez-en une.")
        raise forms.ValidationError("Cette commune n'est pas connue : choisissez-la dans la liste.")


def communes_du_departement() -> list[Commune]:
    connu = profil()
    departements = connu.departements if connu else []
    return list(Commune.objects.filter(departement__in=departements).order_by("nom", "code_insee"))


def ecrire_commune(commune: Commune | None) -> str:
    return f"{commune.nom} ({commune.code_insee})" if commune else ""


class IdentiteForm(HabilleMixin, forms.Form):
    """Identité d'une personne que l'on ne connaît pas encore."""

    nom = forms.CharField(label="Nom d'usage", max_length=80)
    nom_naissance = forms.CharField(
        label="Nom de naissance", max_length=80, required=False, help_text="S'il diffère du nom d'usage."
    )
    prenom = forms.CharField(label="Prénom", max_length=80)
    prenom2 = forms.CharField(
        label="Autres prénoms", max_length=80, required=False,
        help_text="Tels que la caisse les a : ils aident à la reconnaître dans son fichier.",
    )  # fmt: skip
    date_naissance = forms.DateField(label="Date de naissance", widget=DateInput())
    sexe = forms.ChoiceField(label="Sexe à l'état civil", choices=[("", "Choisir"), *Sexe.choices])
    nir = forms.CharField(
        label="Numéro de sécurité sociale", max_length=21, required=False,
        help_text="S'il est sous vos yeux. Il est gardé chiffré et ne se réaffiche pas.",
    )  # fmt: skip

    def __init__(self, *args: Any, perimetre: Perimetre, **options: Any) -> None:
        super().__init__(*args, **options)
        if not perimetre.voit_nir:
            del self.fields["nir"]
        else:
            self.fields["nir"].widget = forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"})

    @property
    def identite(self) -> IdentiteSaisie:
        lu = self.cleaned_data
        prenoms = lu["prenom2"].split()
        return IdentiteSaisie(
            nom=lu["nom"], nom_naissance=lu["nom_naissance"], prenom=lu["prenom"],
            prenom2=" ".join(prenoms[:1]), prenom3=" ".join(prenoms[1:]), date_naissance=lu["date_naissance"],
            sexe=lu["sexe"], nir=lu.get("nir", ""),
        )  # fmt: skip


class JoindreForm(HabilleMixin, forms.Form):
    """Comment joindre la personne."""

    voie = forms.CharField(label="Numéro et voie", max_length=120, required=False)
    complement = forms.CharField(label="Complément d'adresse", max_length=80, required=False)
    code_postal = forms.RegexField(
        r"^\d{5}$", label="Code postal", required=False, error_messages={"invalid": "Cinq chiffres."}
    )
    commune = CommuneField(
        label="Commune", required=False, help_text="Celle où elle vit, ou celle de sa domiciliation."
    )
    telephone = forms.CharField(label="Téléphone", max_length=25, required=False)
    courriel = forms.EmailField(label="Courriel", required=False)
    accepte_sms = forms.BooleanField(label="Accepte de recevoir des SMS", required=False)
    accepte_courriel = forms.BooleanField(label="Accepte de recevoir des courriels", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["telephone"].widget.input_type = "tel"

    @property
    def valeurs(self) -> dict[str, Any]:
        return {nom: self.cleaned_data[nom] for nom in self.fields}


class CoordonneesForm(JoindreForm):
    """Toutes les coordonnées, sur la page qui leur est propre."""

    injoignable_telephone = forms.BooleanField(label="Ne peut pas être appelée", required=False)
    prefere = forms.ChoiceField(label="Moyen préféré", choices=CanalPrefere.choices)
    precision = forms.CharField(
        label="Précision utile", max_length=200, required=False,
        help_text="Par exemple : « appeler après 14 h ». Rien sur sa santé ni sur sa vie privée.",
    )  # fmt: skip

    @staticmethod
    def initiales(coordonnees: Coordonnees) -> dict[str, Any]:
        noms = (
            "voie", "complement", "code_postal", "courriel", "accepte_sms", "accepte_courriel",
            "injoignable_telephone", "prefere", "precision",
        )  # fmt: skip
        return {nom: getattr(coordonnees, nom) for nom in noms} | {
            "telephone": telephone_affiche(coordonnees.telephone), "commune": ecrire_commune(coordonnees.commune),
        }  # fmt: skip


class CreationForm(IdentiteForm):
    """Identité et public d'une personne suivie sans dossier RSA (F013)."""

    public = forms.ModelChoiceField(Public.objects.none(), label="Public", to_field_name="code", empty_label="Choisir")
    depuis = forms.DateField(label="En relève depuis", widget=DateInput(), required=False)
    commune = CommuneField(label="Commune", help_text="Celle où elle vit : elle donne son territoire.")

    field_order = (
        "nom", "nom_naissance", "prenom", "prenom2", "date_naissance", "sexe", "nir", "public", "depuis", "commune",
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["public"].queryset = Public.objects.filter(actif=True)


class PublicForm(HabilleMixin, forms.Form):
    public = forms.ModelChoiceField(Public.objects.none(), label="Public", to_field_name="code", empty_label="Choisir")
    depuis = forms.DateField(label="En relève depuis", widget=DateInput(), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["public"].queryset = Public.objects.filter(actif=True)


REPONSES = ((instruction.OUI, "Oui"), (instruction.NON, "Non"), (instruction.NE_SAIT_PAS, "Ne sait pas"))
SOUMISE = (("", "À déterminer"), ("oui", "Soumise"), ("non", "Non soumise"))


class DepotForm(HabilleMixin, forms.Form):
    """Le premier contact : dépôt, test, situations, pièces, information, simulation."""

    depot_le = forms.DateField(label="Date de dépôt", widget=DateInput())
    organisme = forms.ModelChoiceField(
        Organisme.objects.none(), label="Organisme qui reçoit la demande", to_field_name="code", empty_label="Choisir"
    )
    situations = forms.MultipleChoiceField(
        label="Situation du foyer", required=False, widget=forms.CheckboxSelectMultiple
    )
    ecart = forms.ChoiceField(label="Pourquoi un autre organisme que celui proposé", required=False)
    ecart_precision = forms.CharField(label="Précision", max_length=200, required=False)
    pieces = forms.MultipleChoiceField(label="Pièces déjà reçues", required=False)
    soumise = forms.ChoiceField(label="À première vue, la personne est", choices=SOUMISE, required=False)
    informee = forms.BooleanField(label="Je l'ai informée aujourd'hui de ses droits et de ses devoirs", required=False)
    simulation_source = forms.CharField(label="Outil employé", max_length=120, required=False)
    simulation_hypothese = forms.CharField(label="Hypothèse de reprise d'activité", max_length=300, required=False)
    simulation_montant = forms.DecimalField(
        label="Droit mensuel simulé (€)", max_digits=9, decimal_places=2, min_value=0, required=False
    )

    def __init__(self, *args: Any, donnees: Instruction, **options: Any) -> None:
        self.donnees = donnees
        super().__init__(*args, **options)
        jour = timezone.localdate()
        self.fields["depot_le"].initial = jour
        self.fields["depot_le"].widget.attrs["max"] = jour.isoformat()
        self.fields["organisme"].queryset = instruction.lieux_habilites(jour)
        self.fields["situations"].widget.attrs["class"] = "form-check-input"
        self.fields["situations"].choices = [(s.code, s.libelle) for s in donnees.situations]
        self.fields["pieces"].choices = [(p.code, p.libelle) for p in donnees.pieces]
        self.fields["ecart"].choices = [("", "Choisir"), *((m.code, m.libelle) for m in donnees.motifs_ecart)]
        for question in donnees.questions:
            self.fields[f"q_{question.code}"] = forms.ChoiceField(
                label=question.texte, help_text=question.aide or "", choices=REPONSES, required=False,
                widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        lu = super().clean() or {}
        simulation = [lu.get(f"simulation_{nom}") for nom in ("source", "hypothese", "montant")]
        if any(v not in (None, "") for v in simulation) and not all(v not in (None, "") for v in simulation):
            self.add_error("simulation_montant", "Une simulation demande l'outil, l'hypothèse et le montant.")
        return lu

    @property
    def reponses(self) -> dict[str, str]:
        """Réponses au test, valides ou non encore : elles servent aussi à l'avis montré pendant la saisie."""
        return {
            q.code: valeur
            for q in self.donnees.questions
            if (valeur := str(self[f"q_{q.code}"].value() or "")) in dict(REPONSES)
        }

    @property
    def situations_lues(self) -> list[str]:
        return [s for s in (self["situations"].value() or []) if s in {s.code for s in self.donnees.situations}]

    @property
    def rubriques(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        titres = {"residence": "Résidence", "age": "Âge", "ressources": "Ressources", "situation": "Situation"}
        for theme, titre in titres.items():
            champs = [self[f"q_{q.code}"] for q in self.donnees.questions if q.theme == theme]
            if champs:
                yield titre, champs


def lire_soumise(valeur: str) -> bool | None:
    return {"oui": True, "non": False}.get(valeur)


def sans_secret(envoye: QueryDict) -> dict[str, list[str]]:
    """Ce que le brouillon garde : tout ce qui est écrit, sauf le jeton et le numéro de sécurité sociale."""
    return {
        nom: envoye.getlist(nom) for nom in envoye if nom not in ("csrfmiddlewaretoken", "nir", "actualiser", "est")
    }


def relire(contenu: Mapping[str, list[str]]) -> QueryDict:
    lu = QueryDict(mutable=True)
    for nom, valeurs in contenu.items():
        lu.setlist(nom, [str(v) for v in valeurs])
    return lu


class LeForm(forms.Form):
    """Une date facultative : aujourd'hui si rien n'est écrit."""

    le = forms.DateField(required=False)


class SimulationForm(HabilleMixin, forms.Form):
    source = forms.CharField(label="Outil employé", max_length=120)
    hypothese = forms.CharField(label="Hypothèse de reprise d'activité", max_length=300)
    montant = forms.DecimalField(label="Droit mensuel simulé (€)", max_digits=9, decimal_places=2, min_value=0)
    faite_le = forms.DateField(label="Faite le", widget=DateInput(), required=False)

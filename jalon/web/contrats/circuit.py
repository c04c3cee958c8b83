"""Le circuit sur la page d'un contrat : le chemin et ses jours, les actes que l'agent peut faire, les signatures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.contrats.circuit import actes_permis
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, TransitionContrat
from jalon.contrats.validation import JoursEcoules, jours_ecoules
from jalon.referentiels.parametres import mot
from jalon.web.contrats.circuit_forms import FORMULAIRES, ActeForm, ComplexiteForm
from jalon.web.templatetags.jalon import date_courte, jours

AILLEURS = frozenset({"faire_bilan", "renouveler", "terminer", "rompre"})
"""Actes du suivi, que montre son propre bloc."""
SIGNATURES = frozenset({"signer_personne", "signer_referent"})
PRINCIPAUX = frozenset(
    {"proposer_signature", "signer_personne", "signer_referent", "recevoir", "rendre_lecture", "valider", "reprendre",
     "enregistrer"}
)  # fmt: skip
"""Ce qui fait avancer ; le reste se replie."""
ICONES = {
    "proposer_signature": "writing-sign", "signer_personne": "signature", "signer_referent": "signature",
    "recevoir": "inbox", "soumettre_lecture": "users-group", "rendre_lecture": "message-check", "valider": "circle-check",
    "renvoyer": "arrow-back-up", "reprendre": "pencil", "rouvrir": "pencil", "abandonner": "trash", "enregistrer": "check",
}  # fmt: skip


@dataclass(frozen=True)
class Bouton:
    """Un acte permis, prêt à l'affichage : un lien vers sa page, ou son formulaire."""

    acte: str
    libelle: str
    icone: str
    principal: bool
    page: str
    """Nom de l'adresse où l'acte se fait, vide s'il se fait ici."""
    form: ActeForm | None


@dataclass(frozen=True)
class Pas:
    texte: str
    etat: str
    detail: tuple[str, ...]


def contexte_circuit(contrat: Contrat, perimetre: Perimetre, refuse: ActeForm | None = None) -> dict[str, Any]:
    """Ce que le bloc `_circuit.html` montre ; `refuse` est le formulaire à corriger, tel que l'agent l'a rempli."""
    passages = list(contrat.passages.select_related("par").order_by("pk"))
    ecoules = jours_ecoules(contrat)
    boutons = _boutons(contrat, actes_permis(contrat, perimetre), refuse)
    return {
        "etapes": chemin(contrat, passages[-1].le if passages else contrat.ouvert_le),
        "principaux": [b for b in boutons if b.principal],
        "autres": [b for b in boutons if not b.principal],
        "refuse": refuse.acte if refuse is not None else "",
        "passages": passages,
        "jours": ecoules,
        "attente": _attente(contrat, ecoules),
        "signatures": list(contrat.signatures.select_related("agent", "papier").order_by("pk")),
        "lectures": list(contrat.lectures.select_related("demandee_par", "rendue_par").order_by("pk")),
        "document": contrat.document,
        "complexite": _complexite(contrat, perimetre),
    }


def _complexite(contrat: Contrat, perimetre: Perimetre) -> ComplexiteForm | None:
    """Le signalement du référent, tant qu'il peut encore le poser ou le retirer (R50)."""
    if contrat.etat != EtatContrat.BROUILLON or contrat.reference_seule or not perimetre.peut("contrat.rediger"):
        return None
    return ComplexiteForm(initial={"raison": contrat.raison_complexe})


def _boutons(contrat: Contrat, permis: dict[str, TransitionContrat], refuse: ActeForm | None) -> list[Bouton]:
    boutons = []
    signale = contrat.raison_complexe and "soumettre_lecture" in permis and not contrat.lectures.exists()
    principaux = PRINCIPAUX | {"soumettre_lecture"} if signale else PRINCIPAUX
    for acte, transition in permis.items():
        if acte in AILLEURS:
            continue
        page = "contrat_signer" if acte in SIGNATURES else "contrat_lecture" if acte == "rendre_lecture" else ""
        form: ActeForm | None = None
        if not page:
            form = refuse if refuse is not None and refuse.acte == acte else formulaire(contrat, transition)
        boutons.append(
            Bouton(acte, transition.libelle, ICONES.get(acte, "arrow-right"), acte in principaux, page, form)
        )
    return boutons


def formulaire(contrat: Contrat, transition: TransitionContrat, donnees: Any = None) -> ActeForm:
    """Le formulaire d'un acte, rempli de ce que l'on sait déjà."""
    classe = FORMULAIRES.get(transition.acte, ActeForm)
    return classe(contrat, transition, donnees)


def _attente(contrat: Contrat, ecoules: JoursEcoules) -> str:
    """De qui l'on attend le pas suivant."""
    referent = mot("referent").singulier
    match contrat.etat:
        case EtatContrat.BROUILLON:
            return "Le texte s'écrit encore, avec la personne."
        case EtatContrat.A_SIGNER:
            return "C'est à la personne de signer."
        case EtatContrat.SIGNE_PERSONNE:
            return f"C'est au {referent} de signer."
        case EtatContrat.SIGNE:
            return "Le service doit constater qu'il l'a reçu."
        case EtatContrat.RECU:
            return "Le service doit le valider, ou dire pourquoi il le renvoie."
        case EtatContrat.EN_LECTURE:
            return f"Le {mot('comite_lecture').singulier} doit donner son avis."
        case EtatContrat.RENVOYE:
            return f"C'est au {referent} de le reprendre."
        case EtatContrat.EN_VIGUEUR | EtatContrat.BILAN:
            return ""
    return ""


def chemin(contrat: Contrat, dernier_pas: date) -> list[Pas]:
    """Les étapes du contrat, faites, en cours et à venir, avec leurs dates et les jours d'attente."""
    jour = timezone.localdate()
    referent = mot("referent").singulier
    signees = {s.signataire: s.signee_le for s in contrat.signatures.order_by("pk") if s.sans_effet_le is None}
    if contrat.reference_seule:
        faits: list[tuple[str, date | None]] = [("Accepté par la personne", contrat.signe_le)]
    else:
        faits = [
            ("Écrit", contrat.propose_le),
            ("Signé par la personne", signees.get("personne")),
            (f"Signé par le {referent}", signees.get("referent")),
            ("Reçu", contrat.recu_le),
        ]
        if contrat.complexe:
            lecture = next((lu.rendue_le for lu in contrat.lectures.order_by("-pk")[:1]), None)
            if lecture is not None or contrat.valide_le is None:
                faits.append(("Lu en commun", lecture))
        faits.append(("Validé", contrat.valide_le))
    fin = contrat.periode.upper if contrat.periode is not None and not contrat.periode.isempty else None
    faits.append((_mot_de_fin(contrat), contrat.clos_le))
    arrete = contrat.etat == EtatContrat.ABANDONNE
    courant = next((rang for rang, (_, le) in enumerate(faits) if le is None), len(faits))
    pas = []
    for rang, (texte, le) in enumerate(faits):
        if le is not None:
            pas.append(Pas(texte, "fait", (f"le {date_courte(le)}",)))
        elif rang == courant and not arrete:
            depuis = (jour - dernier_pas).days
            detail = [f"depuis {jours(depuis)}" if depuis else "depuis aujourd'hui"]
            if rang == len(faits) - 1 and fin is not None:
                detail = [f"prévu le {date_courte(fin)}"]
            pas.append(Pas(texte, "courant", tuple(detail)))
        else:
            pas.append(Pas(texte, "a_venir", ()))
    return pas


def _mot_de_fin(contrat: Contrat) -> str:
    return {
        EtatContrat.RENOUVELE: "Renouvelé", EtatContrat.TERMINE: "Terminé", EtatContrat.ROMPU: "Rompu",
        EtatContrat.ABANDONNE: "Abandonné",
    }.get(EtatContrat(contrat.etat), "Bilan et suite")  # fmt: skip


def erreurs(form: forms.Form) -> str:
    """Première erreur d'un formulaire, en une phrase."""
    return next((str(e) for liste in form.errors.values() for e in liste), "Vérifiez ce que vous avez écrit.")

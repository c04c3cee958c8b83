"""Les rubriques d'un contrat en formulaire : ce que l'agent et la personne, par son lien, remplissent de la même façon.

Chaque rubrique porte le numéro d'écriture qu'elle a lu et l'empreinte de ce qui était affiché : une page envoyée en
entier n'écrit que ce que son auteur a changé.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse, QueryDict

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats import redaction
from jalon.contrats.appuis import Proposition
from jalon.contrats.enums import TypeChamp
from jalon.contrats.models import ChampContrat, Contrat, ValeurChamp
from jalon.contrats.redaction import (
    EcritureDepasseeError,
    MotsDeLaPersonneError,
    Rubrique,
    Saisie,
    SaisieIllisibleError,
    SectionEcrite,
    en_texte,
    lire_saisie,
    saisie_de,
)
from jalon.personnes.liens import SansCompte
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.templatetags.jalon import date_heure

MIEN, SIEN, DEUX = "mien", "sien", "deux"


@dataclass(frozen=True)
class Ecart:
    """Deux textes pour une rubrique : celui qu'on envoie, celui qui y est ; à qui écrit de trancher."""

    message: str
    mien: str
    sien: str
    auteur: str
    quand: str
    personne: bool
    reunissable: bool


@dataclass
class Case:
    """Une rubrique prête à l'affichage."""

    rubrique: Rubrique
    valeurs: list[str]
    numero: int
    origine: str
    propositions: list[Proposition] = field(default_factory=list)
    erreur: str = ""
    ecart: Ecart | None = None

    @property
    def champ(self) -> ChampContrat:
        return self.rubrique.champ

    @property
    def valeur(self) -> str:
        return self.valeurs[0] if self.valeurs else ""

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """Code, libellé, coché."""
        if self.champ.type == TypeChamp.OUI_NON:
            return [(code, code.capitalize(), code in self.valeurs) for code in ("oui", "non")]
        return [(choix.code, choix.libelle, choix.code in self.valeurs) for choix in self.champ.choix.all()]

    @property
    def multiple(self) -> bool:
        return self.champ.type == TypeChamp.CHOIX_MULTIPLE

    @property
    def auteur(self) -> str:
        """« écrit par la personne », « écrit par Paul Martin », et quand ; vide si rien n'est écrit."""
        valeur = self.rubrique.valeur
        return signature(valeur) if valeur is not None and self.rubrique.ecrite else ""


def signature(valeur: ValeurChamp) -> str:
    """Qui a écrit, et quand."""
    if valeur.ecrit_par is None:
        qui = "écrit par la personne"
    elif valeur.par_la_personne:
        qui = f"dit par la personne, noté par {valeur.ecrit_par}"
    else:
        qui = f"écrit par {valeur.ecrit_par}"
    return f"{qui}, le {date_heure(valeur.ecrit_le)}"


def valeurs_de(champ: ChampContrat, saisie: Saisie) -> list[str]:
    """Ce que les cases du formulaire montrent."""
    if saisie.choix:
        return list(saisie.choix)
    if saisie.nombre is not None:
        entier = saisie.nombre == saisie.nombre.to_integral_value()
        return [f"{saisie.nombre:.{0 if entier else 2}f}".replace(".", ",")]
    if saisie.date is not None:
        return [saisie.date.isoformat()]
    if saisie.oui is not None:
        return ["oui" if saisie.oui else "non"]
    return [saisie.texte] if saisie.texte else []


def empreinte(saisie: Saisie) -> str:
    """Ce qui était affiché, en court : envoyé tel quel, il n'est pas récrit."""
    return hashlib.sha256(repr(saisie).encode()).hexdigest()[:16]


def case_de(rubrique: Rubrique, offertes: Iterable[Proposition] = ()) -> Case:
    saisie = saisie_de(rubrique.valeur) if rubrique.valeur is not None else Saisie()
    return Case(
        rubrique, valeurs_de(rubrique.champ, saisie), rubrique.numero, empreinte(saisie),
        [offerte for offerte in offertes if offerte.texte not in rubrique.texte],
    )  # fmt: skip


@dataclass
class Page:
    """Les sections et leurs cases, après un envoi ou non."""

    sections: list[tuple[SectionEcrite, list[Case]]]
    ecrites: int = 0

    @property
    def cases(self) -> list[Case]:
        return [case for _, cases in self.sections for case in cases]

    @property
    def refusees(self) -> list[Case]:
        return [case for case in self.cases if case.erreur or case.ecart is not None]


@dataclass(frozen=True)
class Auteur:
    """Qui écrit : un agent et son périmètre, ou la personne, par son lien ou dans son livret."""

    agent: Agent | None = None
    perimetre: Perimetre | None = None
    lien: SansCompte | None = None

    def ecrire(
        self, contrat: Contrat, champ: ChampContrat, saisie: Saisie, numero: int, *, mots: bool, malgre: bool
    ) -> ValeurChamp:
        with transaction.atomic():
            return redaction.ecrire_champ(
                contrat, champ, saisie, acteur=self.agent, perimetre=self.perimetre, numero_lu=numero,
                dit_par_la_personne=mots, malgre_la_personne=malgre, lien=self.lien,
            )  # fmt: skip


def composer_page(sections: Iterable[SectionEcrite], propositions: dict[str, list[Proposition]]) -> Page:
    return Page([(s, [case_de(r, propositions.get(r.champ.code, ())) for r in s.rubriques]) for s in sections])


def enregistrer_page(contrat: Contrat, page: Page, envoi: QueryDict, auteur: Auteur) -> None:
    """Écrit chaque rubrique changée ; celles qui sont refusées gardent ce qui fut envoyé, avec la raison."""
    for case in page.cases:
        code = case.champ.code
        if f"n-{code}" in envoi:
            _enregistrer(contrat, page, case, envoi, auteur)


def _enregistrer(contrat: Contrat, page: Page, case: Case, envoi: QueryDict, auteur: Auteur) -> None:
    champ, code = case.champ, case.champ.code
    envoyees = [valeur for valeur in envoi.getlist(f"c-{code}") if valeur]
    choix = envoi.get(f"r-{code}", "")
    if choix == SIEN:
        return
    try:
        saisie = lire_saisie(champ, envoyees)
        mots = f"m-{code}" in envoi
        if empreinte(saisie) == envoi.get(f"o-{code}") and not choix and not _mots_changes(case, mots, auteur):
            return
        if choix == DEUX and case.rubrique.valeur is not None:
            saisie = redaction.reunir(champ, saisie_de(case.rubrique.valeur), saisie)
        ecrite = auteur.ecrire(
            contrat, champ, saisie, lire_numero(envoi.get(f"n-{code}")), mots=mots, malgre=choix in (MIEN, DEUX)
        )
    except EcritureDepasseeError as refus:
        case.ecart = ecart(champ, saisie, refus)
        case.valeurs, case.numero = envoyees, refus.actuelle.numero
    except SaisieIllisibleError as refus:
        case.erreur, case.valeurs = str(refus), envoyees
    else:
        page.ecrites += 1
        if ecrite.pk is not None:
            case.rubrique.valeur = ecrite
        case.valeurs, case.numero = valeurs_de(champ, saisie_de(ecrite)), ecrite.numero
        case.origine = empreinte(saisie_de(ecrite))


def _mots_changes(case: Case, mots: bool, auteur: Auteur) -> bool:
    """Cocher ou décocher « ce sont ses mots » sans toucher au texte est déjà une écriture, de l'auteur du texte."""
    valeur = case.rubrique.valeur
    return (
        auteur.agent is not None and case.champ.par_la_personne and valeur is not None
        and valeur.ecrit_par_id == auteur.agent.pk and valeur.par_la_personne != mots
    )  # fmt: skip


def ecart(champ: ChampContrat, mienne: Saisie, refus: EcritureDepasseeError) -> Ecart:
    """Les deux textes en regard."""
    return Ecart(
        str(refus), en_texte(champ, mienne), en_texte(champ, saisie_de(refus.actuelle)) or "(rien)",
        signature(refus.actuelle), date_heure(refus.actuelle.ecrit_le), isinstance(refus, MotsDeLaPersonneError),
        champ.type in (TypeChamp.TEXTE, TypeChamp.TEXTE_COURT, TypeChamp.CHOIX_MULTIPLE),
    )  # fmt: skip


def lire_numero(brut: str | None) -> int:
    """Numéro d'écriture lu ; zéro s'il manque, ce qui ne correspond qu'à une rubrique vide."""
    return int(brut) if brut is not None and brut.isascii() and brut.isdigit() and len(brut) < 9 else 0


def enregistrer_rubrique(request: HttpRequest, contrat: Contrat, champ: ChampContrat, auteur: Auteur) -> JsonResponse:
    """Garde une rubrique pendant la frappe ; un désaccord revient avec l'autre texte, jamais en silence."""
    envoi, choix = request.POST, request.POST.get("choix", "")
    actuelle = ValeurChamp.objects.filter(contrat=contrat, champ=champ).first()
    saisie = Saisie()
    try:
        saisie = lire_saisie(champ, envoi.getlist(f"c-{champ.code}"))
        if choix == SIEN and actuelle is not None:
            ecrite = actuelle
        else:
            if choix == DEUX and actuelle is not None:
                saisie = redaction.reunir(champ, saisie_de(actuelle), saisie)
            ecrite = auteur.ecrire(
                contrat, champ, saisie, lire_numero(envoi.get(f"n-{champ.code}")), mots=f"m-{champ.code}" in envoi,
                malgre=choix in (MIEN, DEUX),
            )  # fmt: skip
    except EcritureDepasseeError as refus:
        deux = ecart(champ, saisie, refus)
        return JsonResponse(
            {
                "message": deux.message, "mien": deux.mien, "sien": deux.sien, "auteur": deux.auteur,
                "personne": deux.personne, "reunissable": deux.reunissable, "numero": refus.actuelle.numero,
                "valeurs": valeurs_de(champ, saisie_de(refus.actuelle)),
            },
            status=409,
        )  # fmt: skip
    except SaisieIllisibleError as refus:
        return JsonResponse({"message": str(refus)}, status=422)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        return JsonResponse({"message": str(refus), "fini": True}, status=409)
    reponse: dict[str, Any] = {
        "numero": ecrite.numero, "origine": empreinte(saisie_de(ecrite)),
        "quand": heure(ecrite) if ecrite.pk is not None else "", "auteur": signature(ecrite) if ecrite.pk else "",
    }  # fmt: skip
    if choix in (SIEN, DEUX):
        reponse["valeurs"] = valeurs_de(champ, saisie_de(ecrite))
    return JsonResponse(reponse)


def heure(valeur: ValeurChamp) -> str:
    """« 10 h 42 »."""
    return date_heure(valeur.ecrit_le).rpartition(" à ")[2]

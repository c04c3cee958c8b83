"""Les actes d'une procédure et d'une sanction, depuis leur page : un envoi, un refus expliqué ou une page de plus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_time
from django.views.decorators.http import require_POST

from jalon.manquements import decisions, recours
from jalon.manquements.avertissement import constater_reception, envoyer_avertissement, renvoyer_avertissement
from jalon.manquements.avis import reputer_avis
from jalon.manquements.classement import classer
from jalon.manquements.constats import declarer_tort
from jalon.manquements.models import CanalObservation, Manquement, RecoursSanction
from jalon.manquements.observations import (
    joindre_piece,
    noter_audition,
    proposer_audition,
    recevoir_observation,
    reconnaitre_motif_legitime,
)
from jalon.rendezvous.models import MotifAbsence
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.web.manquements.page import Saisies, montrer, ouvrir
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_longue


@dataclass(frozen=True)
class Envoi:
    """Un envoi de la page : la procédure, la demande, et qui agit."""

    manquement: Manquement
    request: HttpRequest

    @property
    def qui(self) -> dict[str, Any]:
        return {"acteur": self.request.user, "perimetre": self.request.perimetre}  # type: ignore[attr-defined]

    def texte(self, nom: str) -> str:
        return self.request.POST.get(nom, "").strip()

    def coche(self, nom: str) -> bool:
        return self.request.POST.get(nom) == "oui"

    def date(self, nom: str) -> date:
        """Lève `JalonError` si la date manque ou ne se lit pas."""
        try:
            lue = parse_date(self.texte(nom))
        except ValueError:
            lue = None
        if lue is None:
            raise JalonError("Donnez la date, comme 31/12/2026.")
        return lue

    def heure(self, nom: str) -> time:
        """Lève `JalonError` si l'heure manque ou ne se lit pas."""
        try:
            lue = parse_time(self.texte(nom))
        except ValueError:
            lue = None
        if lue is None:
            raise JalonError("Donnez l’heure, comme 14:30.")
        return lue

    def adresse_du_lien(self, jeton: str) -> str:
        return self.request.build_absolute_uri(reverse("lien_manquement", args=[jeton]))

    def fichier(self, nom: str) -> bytes:
        depose = self.request.FILES.get(nom)
        return depose.read() if depose is not None else b""


Acte = Callable[[Envoi], str]


def _avertir(e: Envoi) -> str:
    envoyer_avertissement(e.manquement, adresse_du_lien=e.adresse_du_lien, **e.qui)
    return "La lettre est écrite : imprimez-la, ou ouvrez-la dans la frise. Notez sa réception dès que vous en avez la preuve."


def _renvoyer(e: Envoi) -> str:
    renvoyer_avertissement(e.manquement, adresse_du_lien=e.adresse_du_lien, **e.qui)
    return "La lettre est écrite de nouveau, à la nouvelle adresse. Le délai partira de sa réception."


def _reception(e: Envoi) -> str:
    tenu = constater_reception(
        e.manquement, recu_le=e.date("recu_le"), preuve=e.texte("preuve"), en_main_propre=e.coche("en_main_propre"),
        **e.qui,
    )  # fmt: skip
    return f"La réception est notée. La personne peut répondre jusqu’au {date_longue(tenu.observations_jusqu_au)}."


def _observation(e: Envoi) -> str:
    canal, motif = e.texte("canal"), _motif(e.texte("motif"))
    if canal not in (CanalObservation.PAPIER, CanalObservation.ORAL):
        raise JalonError("Dites comment la personne a répondu : par courrier, ou à l’oral.")
    observation = recevoir_observation(
        e.manquement, canal=canal, texte=e.texte("texte"), recue_le=e.date("recue_le"), relue=e.coche("relue"),
        motif=motif, demande_audition=e.coche("demande_audition"), assistee_par=e.texte("assistee_par"), **e.qui,
    )  # fmt: skip
    if contenu := e.fichier("preuve"):
        joindre_piece(
            e.manquement, contenu=contenu, libelle="Preuve donnée par la personne", observation=observation, **e.qui
        )
    return "La réponse de la personne est gardée. Elle ne se change plus."


def _motif(code: str) -> MotifAbsence | None:
    return MotifAbsence.objects.filter(code=code, actif=True).first() if code else None


def _piece(e: Envoi) -> str:
    contenu = e.fichier("fichier")
    if not contenu:
        raise JalonError("Choisissez un fichier : une photo ou un PDF.")
    joindre_piece(e.manquement, contenu=contenu, libelle=e.texte("libelle"), **e.qui)
    return "La pièce est jointe à la procédure."


def _legitime(e: Envoi) -> str:
    reconnaitre_motif_legitime(e.manquement, **e.qui)
    return "Le motif est reconnu légitime : il reste à classer la procédure."


def _proposer(e: Envoi) -> str:
    le = e.date("le")
    proposer_audition(e.manquement, le=le, heure=e.heure("heure"), lieu=e.texte("lieu"), **e.qui)
    return f"L’audition est proposée pour le {date_longue(le)} : sa lettre est au dossier."


def _audition(e: Envoi) -> str:
    noter_audition(e.manquement, entendue_le=e.date("entendue_le"), assistee_par=e.texte("assistee_par"), **e.qui)
    return "L’audition est notée."


def _tort(e: Envoi) -> str:
    declarer_tort(e.manquement, texte=e.texte("texte"), **e.qui)
    return "Le tort du service est noté. Aucune sanction n’est possible."


def _classer(e: Envoi) -> str:
    classer(e.manquement, motif=e.texte("motif"), precision=e.texte("precision"), **e.qui)
    return "La procédure est classée, sans sanction."


def _reputer(e: Envoi) -> str:
    reputer_avis(e.manquement, **e.qui)
    return "L’avis est réputé rendu : l’instance n’a pas répondu dans le délai."


def _notifier(e: Envoi) -> str:
    decisions.notifier_decision(e.manquement.decision, **e.qui)
    return "La décision est notifiée : la lettre est dans la frise. Elle dit comment la contester."


def _renvoyer_decision(e: Envoi) -> str:
    decisions.renvoyer_decision(e.manquement.decision, **e.qui)
    return "La lettre de décision est écrite de nouveau. Le délai de recours partira de sa réception."


def _reception_decision(e: Envoi) -> str:
    decisions.constater_reception_decision(
        e.manquement.decision, recu_le=e.date("recu_le"), motif_correction=e.texte("motif_correction"),
        en_main_propre=e.coche("en_main_propre"), **e.qui,
    )  # fmt: skip
    return "La réception est notée : le délai de recours part de ce jour."


def _lever(e: Envoi) -> str:
    decisions.lever_sanction(
        e.manquement.decision, le=e.date("le"), motif=e.texte("motif"), precision=e.texte("precision"), **e.qui
    )
    return "La sanction est levée. La caisse doit l’apprendre par la prochaine liste."


def _annuler(e: Envoi) -> str:
    decisions.annuler_sanction(e.manquement.decision, motif=e.texte("motif"), precision=e.texte("precision"), **e.qui)
    return "La sanction est annulée : elle n’aura valu aucun jour."


def _recours(e: Envoi) -> str:
    recu = recours.enregistrer_recours(
        e.manquement.decision, recu_le=e.date("recu_le"), arguments=e.texte("arguments"), **e.qui
    )
    tard = " Il est arrivé hors délai : il recevra quand même une réponse." if recu.hors_delai else ""
    return f"Le recours est enregistré. Réponse due avant le {date_longue(recu.echeance)}.{tard}"


def _repondre(e: Envoi) -> str:
    ouvert = RecoursSanction.objects.filter(decision=e.manquement.decision, issue="").order_by("pk").first()
    if ouvert is None:
        raise JalonError("Aucun recours n’attend de réponse : rechargez la page.")
    le = e.date("le") if e.texte("le") else None
    recours.decider_recours(ouvert, issue=e.texte("issue"), motivation=e.texte("motivation"), le=le, **e.qui)
    return "La réponse est donnée : sa lettre est dans la frise."


ACTES: dict[str, Acte] = {
    "avertir": _avertir, "renvoyer": _renvoyer, "reception": _reception, "observation": _observation, "piece": _piece,
    "legitime": _legitime, "proposer": _proposer, "audition": _audition, "tort": _tort, "classer": _classer, "reputer": _reputer,
}  # fmt: skip
"""Actes de la procédure ; chacun vérifie lui-même son droit et son état."""
ACTES_DECISION: dict[str, Acte] = {
    "notifier": _notifier, "renvoyer_decision": _renvoyer_decision, "reception_decision": _reception_decision,
    "lever": _lever, "annuler": _annuler, "recours": _recours, "repondre": _repondre,
}  # fmt: skip
"""Actes d'une sanction décidée."""


@require_POST
@exige("manquements.consulter", "dossier.consulter")
def agir(request: HttpRequest, public_id: UUID, acte: str) -> HttpResponse:
    """Accomplit l'acte que nomme l'adresse ; refusé, la page revient avec ce qui était rempli."""
    ouverte = ouvrir(request.perimetre, public_id)
    faire = ACTES.get(acte)
    if faire is None and getattr(ouverte, "decision", None) is not None:
        faire = ACTES_DECISION.get(acte)
    if faire is None:
        raise HorsPerimetreError("Cet acte n’existe pas ici : servez-vous des boutons de la page.")
    try:
        with transaction.atomic():
            dit = faire(Envoi(ouverte, request))
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        messages.error(request, str(refus))
        return montrer(request, ouvrir(request.perimetre, public_id), Saisies(acte, request.POST), statut=409)
    messages.success(request, dit)
    return redirect("manquement", public_id)

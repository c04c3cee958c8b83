"""La page d'une procédure : où elle en est, ce qui vient ensuite, ce qui est interdit, et chaque acte sous la main."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import retour_de
from jalon.manquements.avis import avis_repute_le
from jalon.manquements.classement import motifs_possibles
from jalon.manquements.constats import constater
from jalon.manquements.decisions import dernier_jour_du_recours
from jalon.manquements.models import (
    CanalObservation,
    EtatDecision,
    EtatManquement,
    IssueRecours,
    Manquement,
    MotifLevee,
    Observation,
    PieceManquement,
    RecoursSanction,
)
from jalon.manquements.observations import observations_lisibles, pieces_lisibles
from jalon.manquements.services import acceder_manquement
from jalon.rendezvous.models import MotifAbsence
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.manquements.frise import chemin, frise
from jalon.web.manquements.liste import badge
from jalon.web.manquements.suite import DECIDER, INSTRUIRE, SAISIR, interdits, suite
from jalon.web.socle.acces import exige


class Saisie(dict[str, str]):
    """Ce que l'agent avait écrit dans un formulaire refusé ; vide partout ailleurs."""

    def __missing__(self, cle: str) -> str:
        return ""


class Saisies:
    """Les formulaires de la page : celui qui vient d'être refusé garde ce qui y était écrit."""

    def __init__(self, acte: str = "", envoi: QueryDict | None = None) -> None:
        self.acte = acte
        self._ecrit = Saisie({cle: envoi.get(cle, "") for cle in envoi} if envoi is not None else {})

    def __getitem__(self, acte: str) -> Saisie:
        return self._ecrit if acte == self.acte else Saisie()


def ouvrir(perimetre: Perimetre, public_id: UUID, *, droit: str = "manquements.consulter") -> Manquement:
    """La procédure avec tout ce que montre sa page."""
    obtenue = acceder_manquement(perimetre, public_id, droit=droit)
    return (
        Manquement.objects.select_related(
            "personne", "motif", "regime_faits", "organisme", "territoire", "contrat__type", "contact__auteur",
            "prepare_par", "saisi_par", "avertissement", "classement", "avis", "decision__regle__regime",
            "decision__decidee_par", "decision__lettre", "decision__lettre_levee",
        )
        .prefetch_related(
            "faits", "constats", "observations",
            Prefetch("decision__recours", RecoursSanction.objects.select_related("lettre").order_by("recu_le", "pk")),
        )
        .get(pk=obtenue.pk)
    )  # fmt: skip


@require_safe
@exige("manquements.consulter", "dossier.consulter")
def manquement(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """La procédure ; son ouverture est notée."""
    ouverte = ouvrir(request.perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=ouverte.personne.public_id, ecran="procédure pour un manquement",
    )  # fmt: skip
    return montrer(request, ouverte)


def reponses(m: Manquement, perimetre: Perimetre) -> list[Observation]:
    """Ce que la personne a dit, avec ses preuves ; une raison de santé reste à qui en a le droit."""
    pieces = Prefetch("pieces", PieceManquement.objects.select_related("document").order_by("pk"))
    return list(observations_lisibles(m, perimetre).prefetch_related(pieces).order_by("recue_le", "pk"))


def montrer(
    request: HttpRequest, ouverte: Manquement, saisies: Saisies | None = None, *, statut: int = 200
) -> HttpResponse:
    """La page ; après un refus, le formulaire refusé est ouvert et garde ce qui y était écrit."""
    saisies = saisies or Saisies()
    reponse = render(
        request, "manquements/manquement.html", _contexte(request.perimetre, ouverte, saisies), status=statut
    )
    reponse["Cache-Control"] = "no-store"
    return reponse


def _contexte(perimetre: Perimetre, m: Manquement, saisies: Saisies) -> dict[str, Any]:
    jour = timezone.localdate()
    decision = getattr(m, "decision", None)
    ouverte = m.etat in EtatManquement.ouverts()
    recours = list(decision.recours.all()) if decision is not None else []
    lues = reponses(m, perimetre)
    repute = avis_repute_le(m, jour) if m.etat == EtatManquement.AVERTI else None
    en_cours = decision is not None and decision.etat == EtatDecision.NOTIFIEE
    # Tant que rien n'est décidé, la réponse se relit dans le dossier ; ensuite elle est celle que la procédure a gardée.
    constats = constater(m) if ouverte else list(m.constats.all())
    return {
        "manquement": m, "personne": m.personne, "decision": decision, "avis": getattr(m, "avis", None), "jour": jour,
        "badge": badge(m), "etapes": chemin(m), "faits": frise(m), "suite": suite(m, perimetre, jour),
        "interdits": interdits(m, jour) if m.etat != EtatManquement.PREPARE else [], "saisies": saisies,
        "refuse": saisies.acte, "constats": constats, "en_cause": any(c.efface for c in constats), "ouverte": ouverte,
        "observations": lues, "reservees": len(m.observations.all()) - len(lues),
        "pieces": list(pieces_lisibles(m, perimetre).filter(observation=None).order_by("pk")),
        "motifs_absence": list(MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk")),
        "canaux": [(c.value, c.label) for c in CanalObservation if c != CanalObservation.EN_LIGNE],
        "classements": [(c.value, c.label) for c in motifs_possibles(m, jour)] if ouverte else [],
        "levees": MotifLevee.choices, "issues": IssueRecours.choices,
        "instruit": perimetre.peut(INSTRUIRE), "decide": perimetre.peut(DECIDER),
        "ecoute": perimetre.peut(SAISIR) or perimetre.peut(INSTRUIRE),
        "suit": perimetre.peut(INSTRUIRE) or perimetre.peut(DECIDER),
        "avertie": m.etat in (EtatManquement.AVERTI, EtatManquement.AVIS_RENDU),
        "peut_decider": perimetre.peut(DECIDER) and m.etat in (EtatManquement.AVERTI, EtatManquement.AVIS_RENDU),
        "avis_repute": repute is not None and repute <= jour,
        "recours": recours, "recours_ouvert": next((r for r in recours if not r.issue), None),
        "dernier_recours": dernier_jour_du_recours(decision) if decision is not None else None,
        "retour_avertissement": retour_de(m.avertissement) if m.averti_recu_le is None else None,
        "retour_decision": retour_de(decision.lettre) if decision is not None and decision.recue_le is None else None,
        "peut_lever": en_cours and decision is not None and decision.periode is not None,
        "peut_annuler": decision is not None and decision.etat != EtatDecision.ANNULEE,
    }  # fmt: skip

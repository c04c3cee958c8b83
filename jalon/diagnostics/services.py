"""Actes sur le recueil : commencer, garder la page en cours, valider, abandonner (D09, R29, R40)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.models import CHAMPS, BrouillonRecueil, Recueil, contenu
from jalon.diagnostics.selectors import dernier_recueil
from jalon.droits.services import constater_recueil
from jalon.organismes.models import Organisme
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import EtatTache, Personne, Tache, TypeTache
from jalon.personnes.services import fermer_tache
from jalon.referentiels.parametres import mot
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT = "diagnostic.saisir"
PAGE_DEPASSEE = (
    "Cette page a été enregistrée depuis une autre fenêtre : rien n'a été écrasé. Rechargez la page pour voir ce qui "
    "est gardé, puis reportez ce que vous venez d'écrire."
)


class RecueilDepasseError(TransitionRefuseeError):
    """Un autre recueil a été validé depuis que la page est ouverte : il faut comparer avant de confirmer."""

    def __init__(self, message: str, dernier: Recueil) -> None:
        super().__init__(message)
        self.dernier = dernier


class PageDepasseeError(TransitionRefuseeError):
    """Le brouillon a été enregistré depuis une autre page : celle-ci n'écrase rien."""


@transaction.atomic
def commencer_recueil(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, reprendre: bool = False
) -> BrouillonRecueil:
    """Ouvre le brouillon de l'acteur, vide ou rempli de la dernière évaluation (R40), marqué de son origine.

    Un brouillon déjà ouvert est rendu tel quel : rien de ce qui est écrit ne se perd.
    """
    perimetre.exiger(DROIT)
    _verrouiller(personne)
    brouillon = _brouillon(personne, acteur)
    if brouillon is not None:
        return brouillon
    dernier = dernier_recueil(personne)
    if reprendre and dernier is None:
        raise JalonError("Cette personne n'a pas encore d'évaluation à reprendre : partez d'une page vide.")
    return BrouillonRecueil.objects.create(
        personne=personne,
        auteur=acteur,
        precedent=dernier,
        repris_de=dernier if reprendre else None,
        **(contenu(dernier) if reprendre and dernier else {}),
    )


@transaction.atomic
def enregistrer_brouillon(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, valeurs: Mapping[str, Any], numero: int
) -> BrouillonRecueil:
    """Garde la page en cours, même à moitié remplie. Lève `PageDepasseeError` si une autre page a enregistré depuis."""
    perimetre.exiger(DROIT)
    _verrouiller(personne)
    brouillon = _brouillon(personne, acteur)
    if brouillon is None:
        # La page s'est ouverte sans rien avant elle ; un recueil venu depuis se verra à la validation.
        brouillon = BrouillonRecueil(personne=personne, auteur=acteur)
    if brouillon.numero != numero:
        raise PageDepasseeError(PAGE_DEPASSEE)
    for champ in (*CHAMPS, "date_recueil", "source"):
        if champ in valeurs:
            setattr(brouillon, champ, valeurs[champ])
    brouillon.numero += 1
    brouillon.save()
    return brouillon


@transaction.atomic
def abandonner_brouillon(personne: Personne, *, acteur: Agent, perimetre: Perimetre) -> None:
    """Efface la page en cours de l'acteur ; les recueils validés restent."""
    perimetre.exiger(DROIT)
    _verrouiller(personne)
    BrouillonRecueil.objects.filter(personne=personne, auteur=acteur, ecarte_le=None).delete()


@transaction.atomic
def valider_recueil(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, numero: int, malgre: UUID | None = None
) -> Recueil:
    """Fige le brouillon de l'acteur, original ou révision de date, et ferme la tâche qui l'attendait (R26, R29).

    `malgre` : le recueil, validé entre-temps par quelqu'un d'autre, que l'acteur a vu et veut réviser à son tour.
    Lève `RecueilDepasseError` tant qu'il ne l'a pas vu, `PageDepasseeError` si une autre page a enregistré depuis.
    """
    perimetre.exiger(DROIT)
    _verrouiller(personne)
    brouillon = _brouillon(personne, acteur)
    if brouillon is None:
        raise TransitionRefuseeError("Il n'y a pas de page en cours à valider : elle l'a peut-être déjà été.")
    if brouillon.numero != numero:
        raise PageDepasseeError(PAGE_DEPASSEE)
    dernier = dernier_recueil(personne)
    if dernier is not None and dernier.pk != brouillon.precedent_id and dernier.public_id != malgre:
        raise RecueilDepasseError(
            f"{dernier.auteur} a validé un recueil le {timezone.localtime(dernier.valide_le):%d/%m/%Y} pendant que vous "
            "écriviez le vôtre. Votre page est gardée : comparez-les, puis validez à nouveau.",
            dernier,
        )
    date_recueil = _verifier(brouillon, dernier)
    recueil = Recueil.objects.create(
        personne=personne,
        precedent=dernier,
        repris_de_id=brouillon.repris_de_id,
        date_recueil=date_recueil,
        source=brouillon.source,
        auteur=acteur,
        organisme=organisme_de(perimetre),
        **contenu(brouillon),
    )
    brouillon.delete()
    nom = mot("diagnostic").singulier
    tracer(
        "diagnostics.recueil.valide", recueil, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id],
        resume=f"{nom[:1].upper()}{nom[1:]} {'révisé' if dernier else 'validé'}",
        donnees={"precedent": str(dernier.public_id)} if dernier else {},
    )  # fmt: skip
    _fermer_la_tache(personne, acteur=acteur, jour=timezone.localdate())
    # La demande déposée au guichet attendait ces données sous deux mois (R05, R12).
    constater_recueil(personne, acteur=acteur, perimetre=perimetre, le=date_recueil)
    return recueil


def _verifier(brouillon: BrouillonRecueil, dernier: Recueil | None) -> date:
    """Une page à figer a une date plausible, une source et au moins une réponse ; rend sa date."""
    if brouillon.date_recueil is None or not brouillon.source:
        raise JalonError("Dites quel jour et à quelle occasion vous avez recueilli ces éléments.")
    if brouillon.date_recueil > timezone.localdate():
        raise JalonError("Un recueil ne peut pas être daté de l'avenir : écrivez le jour où vous l'avez fait.")
    if dernier is not None and brouillon.date_recueil < dernier.date_recueil:
        raise JalonError(
            f"Le dernier recueil date du {dernier.date_recueil:%d/%m/%Y} : une révision ne peut pas le précéder. "
            "Vérifiez la date."
        )
    if all(valeur in ("", None, []) for valeur in contenu(brouillon).values()):
        raise JalonError("La page est vide : remplissez au moins une rubrique avant de valider.")
    return brouillon.date_recueil


def organisme_de(perimetre: Perimetre) -> Organisme | None:
    """Organisme au nom duquel l'agent écrit : celui de sa première affectation du jour."""
    return perimetre.affectations[0].organisme if perimetre.affectations else None


def _verrouiller(personne: Personne) -> None:
    """Un seul écrit à la fois dans le diagnostic d'une personne."""
    Personne.objects.select_for_update(of=("self",)).get(pk=personne.pk)


def _brouillon(personne: Personne, acteur: Agent) -> BrouillonRecueil | None:
    return BrouillonRecueil.objects.filter(personne=personne, auteur=acteur, ecarte_le=None).first()


def _fermer_la_tache(personne: Personne, *, acteur: Agent, jour: date) -> None:
    """La tâche de recueil est peut-être confiée à un service que l'acteur ne voit pas : le recueil la ferme quand même."""
    with effets_complets():
        tache = (
            Tache.objects.select_for_update(of=("self",))
            .select_related("personne")
            .filter(personne=personne, type=TypeTache.RECUEIL, etat=EtatTache.A_FAIRE)
            .first()
        )
        if tache is not None:
            fermer_tache(tache, acteur=acteur, etat=EtatTache.FAITE, motif="", jour=jour)

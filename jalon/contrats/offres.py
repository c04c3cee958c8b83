"""Offres raisonnables d'emploi proposées pendant un contrat, et leurs réponses (R52, F052 ; CASF L262-35, L262-37).

Compter n'est pas sanctionner : au nombre de refus que fixe la loi, l'écran dit ce qui est possible, et rien ne se
déclenche. Un refus légitime est noté, avec les mots de la personne, et ne compte pas.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, OffreEmploi
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import ParametreAbsentError, mot, nombre
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT: Final = "contrat.rediger"


@dataclass(frozen=True)
class ComptesOffres:
    """Où en sont les offres d'un contrat."""

    proposees: int
    refus: int
    """Refus qui comptent : les légitimes n'en sont pas."""
    legitimes: int
    maximum: int | None
    """Refus que la loi admet ; inconnu quand le département n'en fixe pas."""

    @property
    def atteint(self) -> bool:
        return self.maximum is not None and self.refus >= self.maximum

    @property
    def depasse(self) -> bool:
        return self.maximum is not None and self.refus > self.maximum

    @property
    def avertissement(self) -> str:
        """Ce que dit la loi, en clair ; vide tant que le nombre n'est pas atteint."""
        if not self.atteint:
            return ""
        equipe = mot("equipe")
        article = "l'" if equipe.singulier[:1].lower() in "aeiouyéèêh" else "la " if equipe.genre == "f" else "le "
        if self.depasse:
            return (
                f"{self.refus} refus comptés pour {self.maximum} admis. La loi permet alors de saisir {article}"
                f"{equipe.singulier}, qui entend la personne, avec qui elle veut à ses côtés (L262-37, L262-39). Rien n'est "
                "automatique : vérifiez d'abord que chaque offre convenait à sa situation, et parlez-en avec elle."
            )
        return (
            f"{self.refus} refus comptés : c'est le nombre que la loi admet (L262-35). Un refus de plus permettrait de "
            f"saisir {article}{equipe.singulier}, sans que rien ne soit automatique. Dites-le simplement à la personne, et "
            "cherchez avec elle ce qui bloque."
        )


def comptes(contrat: Contrat, jour: date | None = None) -> ComptesOffres:
    """Offres et refus de ce contrat ; le maximum est celui en vigueur ce jour."""
    lues = list(contrat.offres.order_by("pk").values_list("acceptee", "legitime"))
    try:
        maximum: int | None = int(nombre("emploi.offres_raisonnables_refusees_max", jour or timezone.localdate()))
    except ParametreAbsentError:
        maximum = None
    return ComptesOffres(
        proposees=len(lues), refus=sum(a is False and not legitime for a, legitime in lues),
        legitimes=sum(a is False and legitime for a, legitime in lues), maximum=maximum,
    )  # fmt: skip


def acceder_offre(perimetre: Perimetre, public_id: Any, *, droit: str = DROIT) -> OffreEmploi:
    """L'offre d'une personne que l'agent voit. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    offre = (
        OffreEmploi.objects.filter(filtre_perimetre(perimetre, "personne__"), public_id=public_id)
        .select_related("contrat__type", "personne")
        .first()
    )
    if offre is None:
        raise HorsPerimetreError(
            "Cette offre n'existe pas ou n'est pas dans votre périmètre : ouvrez-la par le contrat."
        )
    return offre


@transaction.atomic
def noter_offre(
    contrat: Contrat,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    proposee_le: date,
    poste: str,
    employeur: str = "",
    lieu: str = "",
) -> OffreEmploi:
    """Note une offre raisonnable proposée à la personne pendant son contrat.

    Lève `JalonError` (type sans décompte, poste absent, date hors du contrat), `TransitionRefuseeError` (contrat clos).
    """
    perimetre.exiger(DROIT)
    contrat = _contrat_ouvert(contrat)
    if not contrat.type.offres_raisonnables:
        raise JalonError(
            f"« {contrat.type.libelle} » ne compte pas les offres d'emploi : elles n'y ont pas leur place."
        )
    if not poste.strip():
        raise JalonError("Écrivez le poste proposé : la personne le retrouvera dans son dossier.")
    _date_possible(contrat, proposee_le)
    offre = OffreEmploi.objects.create(
        personne_id=contrat.personne_id, contrat=contrat, proposee_le=proposee_le, poste=poste.strip()[:200],
        employeur=employeur.strip()[:200], lieu=lieu.strip()[:120], notee_par=acteur,
    )  # fmt: skip
    _tracer("contrats.offre.notee", offre, contrat, acteur, perimetre, "Offre d'emploi proposée")
    return offre


@transaction.atomic
def noter_reponse(
    offre: OffreEmploi,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    acceptee: bool,
    reponse_le: date,
    motif_refus: str = "",
    legitime: bool = False,
) -> OffreEmploi:
    """Note la réponse de la personne, ou corrige celle qui était notée. Un refus garde ses mots ; légitime, il ne compte pas.

    Un refus au-delà du nombre admis se note comme les autres. Lève `JalonError` (motif absent, date impossible),
    `TransitionRefuseeError` (contrat clos), `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    contrat = _contrat_ouvert(offre.contrat)
    relue = OffreEmploi.objects.select_for_update(of=("self",)).get(pk=offre.pk)
    if reponse_le < relue.proposee_le:
        raise JalonError(
            f"L'offre a été proposée le {relue.proposee_le:%d/%m/%Y} : la réponse ne peut pas la précéder."
        )
    if reponse_le > timezone.localdate():
        raise JalonError("Une réponse ne se note pas d'avance : donnez le jour où la personne l'a dite.")
    if not acceptee and not motif_refus.strip():
        raise JalonError("Écrivez pourquoi la personne refuse, avec ses mots : sans cela le refus ne se note pas.")
    avant = "" if relue.acceptee is None else "acceptée" if relue.acceptee else "refusée"
    relue.acceptee, relue.reponse_le = acceptee, reponse_le
    relue.motif_refus = "" if acceptee else motif_refus.strip()[:300]
    relue.legitime = legitime and not acceptee
    relue.save(update_fields=["acceptee", "reponse_le", "motif_refus", "legitime"])
    dite = "acceptée" if acceptee else "refusée, refus légitime" if relue.legitime else "refusée"
    _tracer("contrats.offre.repondue", relue, contrat, acteur, perimetre, f"Offre d'emploi {dite}", de=avant, vers=dite)
    return relue


def _contrat_ouvert(contrat: Contrat) -> Contrat:
    tenu = Contrat.objects.select_for_update(of=("self",)).select_related("type", "personne").get(pk=contrat.pk)
    if tenu.etat not in EtatContrat.vivants():
        raise TransitionRefuseeError(
            f"Ce contrat est « {EtatContrat(tenu.etat).label.lower()} » : une offre se note pendant un contrat en vigueur."
        )
    return tenu


def _date_possible(contrat: Contrat, proposee_le: date) -> None:
    if proposee_le > timezone.localdate():
        raise JalonError("Une offre ne se note pas d'avance : donnez le jour où elle a été proposée.")
    if contrat.periode is not None and contrat.periode.lower is not None and proposee_le < contrat.periode.lower:
        raise JalonError(
            f"Ce contrat commence le {contrat.periode.lower:%d/%m/%Y} : une offre proposée avant ne s'y compte pas."
        )


def _tracer(
    verbe: str,
    offre: OffreEmploi,
    contrat: Contrat,
    acteur: Agent,
    perimetre: Perimetre,
    resume: str,
    *,
    de: str = "",
    vers: str = "",
) -> None:
    tracer(
        verbe, offre, acteur=acteur, organisme=perimetre.organisme_principal, personnes=[contrat.personne.public_id],
        de=de, vers=vers, resume=resume,
    )  # fmt: skip

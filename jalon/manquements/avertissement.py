"""Avertir la personne par écrit, et compter le délai de sa réponse depuis la réception (R61, R65, R262-69).

Le délai ne peut pas être raccourci : ni par le paramètre du département, ni par une date corrigée.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import constater_remise, exiger_arrivee, retour_de
from jalon.documents.models import Document
from jalon.manquements.constats import poser_constats
from jalon.manquements.lettres import lettre_avertissement
from jalon.manquements.models import Manquement, Regime
from jalon.manquements.services import INSTRUIRE, franchir, regime_du, verrouiller
from jalon.manquements.workflows import exiger_acte
from jalon.personnes.courriers import adresse_inchangee
from jalon.personnes.liens import LienPersonnel, UsageLien, creer_lien
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import JalonError, TransitionRefuseeError

PARAMETRE: Final = "sanction.delai_observations"
PREUVE_MAXIMALE: Final = 200


def dernier_jour_observations(recu_le: date, *regimes: Regime) -> date:
    """Dernier jour, compris, pour répondre : de quantième à quantième, au dernier jour du mois s'il n'y est pas.

    Le plus long de ce que demandent le département et la loi, au jour de la réception.
    """
    mois = max(int(nombre(PARAMETRE, recu_le)), *(regime.observations_mois for regime in regimes))
    return recu_le + relativedelta(months=mois)


@transaction.atomic
def envoyer_avertissement(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    adresse_du_lien: Callable[[str], str] | None = None,
    jour: date | None = None,
) -> Manquement:
    """Écrit à la personne ce qui lui est reproché, et ouvre la page où répondre. Réf. : R61, R262-69.

    `adresse_du_lien` rend l'adresse de cette page depuis son jeton. Refuse si le service est en cause (R62). Lève
    `CourrierIncompletError`, `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "avertir")
    _ecrire(manquement, acteur, adresse_du_lien, jour or timezone.localdate())
    return franchir(
        manquement, "avertir", acteur=acteur, perimetre=perimetre, champs=("averti_le", "avertissement"),
        resume="Avertissement écrit à la personne",
    )  # fmt: skip


@transaction.atomic
def renvoyer_avertissement(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    adresse_du_lien: Callable[[str], str] | None = None,
    jour: date | None = None,
) -> Manquement:
    """Écrit de nouveau l'avertissement que la poste a rendu ; le délai ne court que de la réception de cette lettre-ci.

    Refuse tant que l'adresse du dossier est celle d'où la première est revenue. La page en ligne de la première se
    ferme, celle de la nouvelle s'ouvre. Réf. : R61. Lève `CourrierIncompletError`, `JalonError`,
    `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "renvoyer")
    if manquement.averti_recu_le is not None:
        raise TransitionRefuseeError("La réception de cette lettre est prouvée : il n'y a rien à renvoyer.")
    exiger_revenue(manquement.personne, manquement.avertissement)
    _ecrire(manquement, acteur, adresse_du_lien, jour or timezone.localdate())
    return franchir(
        manquement, "renvoyer", acteur=acteur, perimetre=perimetre, champs=("averti_le", "avertissement"),
        resume="Avertissement écrit de nouveau : le premier est revenu",
    )  # fmt: skip


def _ecrire(manquement: Manquement, acteur: Agent, adresse_du_lien: Callable[[str], str] | None, jour: date) -> None:
    poser_constats(manquement)
    exiger_service_hors_de_cause(manquement)
    _, jeton = creer_lien(manquement.personne, acteur=acteur, usage=UsageLien.MANQUEMENT, objet=manquement.public_id)
    adresse = adresse_du_lien(jeton) if adresse_du_lien is not None else ""
    manquement.averti_le = jour
    manquement.avertissement = lettre_avertissement(manquement, acteur=acteur, jour=jour, adresse_lien=adresse)


def exiger_revenue(personne: Personne, lettre: Document | None) -> None:
    """Lève `TransitionRefuseeError` si la lettre n'est pas revenue, ou si elle repartirait à la même fausse adresse."""
    retour = retour_de(lettre)
    if retour is None:
        raise TransitionRefuseeError(
            "Aucun retour de cette lettre n'est noté. Si elle est revenue, notez-le d'abord dans les courriers de la "
            "personne."
        )
    if retour.perdu and adresse_inchangee(personne, retour.destinataire):
        raise TransitionRefuseeError(
            "L'adresse du dossier est encore celle d'où la lettre est revenue. Corrigez-la dans les coordonnées, ou "
            "remettez la lettre en main propre et notez sa réception."
        )


def exiger_service_hors_de_cause(manquement: Manquement) -> None:
    """Lève `TransitionRefuseeError` avec les torts posés qui effacent le reproche (R62)."""
    torts = list(manquement.constats.filter(efface=True).order_by("pk").values_list("phrase", flat=True))
    if torts:
        raise TransitionRefuseeError(
            f"Le service est en cause (R62) : {' '.join(torts)} Classez la procédure, rien ne peut être reproché."
        )


@transaction.atomic
def constater_reception(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    recu_le: date,
    preuve: str,
    en_main_propre: bool = False,
) -> Manquement:
    """Note la date certaine de réception et sa preuve ; le délai d'observations court de ce jour.

    Une correction peut l'allonger, jamais le raccourcir. Une lettre rendue par la poste n'est reçue que remise en main
    propre. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "constater_reception")
    preuve = " ".join(preuve.split())
    if not preuve:
        raise JalonError("Dites ce qui prouve la réception : numéro de l'accusé, remise contre signature…")
    if len(preuve) > PREUVE_MAXIMALE:
        raise JalonError(f"La preuve tient en {PREUVE_MAXIMALE} caractères : un numéro suffit.")
    if recu_le > timezone.localdate():
        raise JalonError("Une réception se note quand elle a eu lieu : choisissez aujourd'hui ou un jour passé.")
    if manquement.averti_le is not None and recu_le < manquement.averti_le:
        raise JalonError(
            f"La lettre est du {manquement.averti_le:%d/%m/%Y} : elle n'a pas pu être reçue avant ce jour."
        )
    exiger_arrivee(
        manquement.avertissement, recu_le, en_main_propre=en_main_propre, corrigee=manquement.averti_recu_le is not None
    )
    dernier = dernier_jour_observations(recu_le, regime_du(recu_le), manquement.regime_faits)
    annonce = manquement.observations_jusqu_au
    if annonce is not None and dernier < annonce:
        raise TransitionRefuseeError(
            f"La personne peut répondre jusqu'au {annonce:%d/%m/%Y} : ce délai ne se raccourcit pas."
        )
    manquement.averti_recu_le, manquement.preuve_reception = recu_le, preuve
    manquement.observations_jusqu_au = dernier
    _prolonger_le_lien(manquement, dernier)
    if manquement.avertissement is not None:
        constater_remise(manquement.avertissement, preuve=preuve)
    return franchir(
        manquement, "constater_reception", acteur=acteur, perimetre=perimetre,
        champs=("averti_recu_le", "preuve_reception", "observations_jusqu_au"),
        resume=f"Avertissement reçu le {recu_le:%d/%m/%Y}, réponse possible jusqu'au {dernier:%d/%m/%Y}", motif=preuve,
    )  # fmt: skip


def _prolonger_le_lien(manquement: Manquement, dernier: date) -> None:
    """La page où répondre reste ouverte jusqu'au bout du dernier jour."""
    fin = timezone.make_aware(datetime.combine(dernier + timedelta(days=1), time.min))
    LienPersonnel.objects.filter(
        objet=manquement.public_id, usage=UsageLien.MANQUEMENT, revoque_le=None, expire_le__lt=fin
    ).update(expire_le=fin)

"""Recevoir, lire en commun, valider ou renvoyer un contrat signé (R49, R50, F049, F053).

Un contrat signé attend sa validation : le service se donne un délai, compté depuis la signature et depuis la réception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.circuit import exiger_acte, franchir, verrouiller
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat, LectureContrat
from jalon.contrats.renouvellements import constater_renouvellement
from jalon.contrats.signatures import annuler_signatures, exiger_libre, periode_de
from jalon.personnes.fusion import contrainte_violee
from jalon.referentiels.parametres import nombre
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


@dataclass(frozen=True)
class JoursEcoules:
    """Où en est le délai de validation : les jours comptés depuis chaque date, et le dernier jour du délai."""

    depuis_signature: int | None
    depuis_reception: int | None
    total: int
    """Jours que le service se donne depuis la signature ; zéro tant que le délai ne court pas."""
    echeance: date | None
    depasse: bool
    court: bool
    """Le délai court encore : le contrat est signé, pas encore validé."""


def jours_ecoules(contrat: Contrat, jour: date | None = None) -> JoursEcoules:
    """Jours depuis la signature et la réception, arrêtés à la validation (R49). Le délai est celui du jour signé."""
    jour = jour or timezone.localdate()
    fin = contrat.valide_le or (min(jour, contrat.clos_le) if contrat.clos_le else jour)
    echeance = echeance_validation(contrat)
    return JoursEcoules(
        depuis_signature=(fin - contrat.signe_le).days if contrat.signe_le else None,
        depuis_reception=(fin - contrat.recu_le).days if contrat.recu_le else None,
        total=(echeance - contrat.signe_le).days if echeance and contrat.signe_le else 0,
        echeance=echeance,
        depasse=echeance is not None and fin > echeance,
        court=contrat.etat in EtatContrat.a_valider(),
    )


def echeance_validation(contrat: Contrat) -> date | None:
    """Dernier jour où valider dans le délai ; inconnu tant que le contrat n'est pas signé par les deux."""
    if contrat.signe_le is None or contrat.reference_seule:
        return None
    return contrat.signe_le + relativedelta(months=int(nombre(contrat.type.delai_validation, contrat.signe_le)))


# --- Recevoir, lire en commun


@transaction.atomic
def recevoir(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, le: date | None = None) -> Contrat:
    """Le service a reçu le contrat signé ce jour-là, jamais avant sa signature."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "recevoir", perimetre)
    le = le or timezone.localdate()
    if contrat.signe_le is not None and le < contrat.signe_le:
        raise JalonError(f"Ce contrat a été signé le {contrat.signe_le:%d/%m/%Y} : il n'a pas pu être reçu avant.")
    contrat.recu_le = le
    return franchir(contrat, "recevoir", acteur=acteur, perimetre=perimetre, le=le, champs=("recu_le",))


@transaction.atomic
def soumettre_lecture(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str, prevue_le: date | None = None
) -> Contrat:
    """Un contrat complexe se lit à plusieurs avant d'être validé (R50) ; `motif` dit pourquoi."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "soumettre_lecture", perimetre, motif)
    contrat.complexe = True
    franchir(contrat, "soumettre_lecture", acteur=acteur, perimetre=perimetre, motif=motif, champs=("complexe",))
    LectureContrat.objects.create(
        contrat=contrat, raison=motif.strip()[:300], demandee_le=timezone.localdate(), demandee_par=acteur,
        prevue_le=prevue_le,
    )  # fmt: skip
    return contrat


@transaction.atomic
def marquer_complexe(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, complexe: bool, raison: str = ""
) -> Contrat:
    """Pendant l'écriture, le référent signale un contrat à lire à plusieurs et dit pourquoi, ou s'en ravise (R50).

    Le service reste libre de le soumettre ou non à la lecture commune. Lève `JalonError` sans raison,
    `TransitionRefuseeError` une fois le texte arrêté, `DroitManquantError`.
    """
    perimetre.exiger("contrat.rediger")
    contrat = verrouiller(contrat)
    if contrat.etat != EtatContrat.BROUILLON:
        raise TransitionRefuseeError(
            "Ce contrat n'est plus en écriture : c'est au service de le soumettre à la lecture commune."
        )
    raison = raison.strip()[:300] if complexe else ""
    if complexe and not raison:
        raise JalonError("Dites en quelques mots pourquoi ce contrat est complexe : le service le lira.")
    contrat.complexe, contrat.raison_complexe = complexe, raison
    contrat.save(update_fields=["complexe", "raison_complexe", "modifie_le"])
    tracer(
        "contrats.contrat.complexe", contrat, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[contrat.personne.public_id], motif=raison,
        resume=f"{contrat.type.libelle} : {'signalé complexe' if complexe else 'plus signalé complexe'}",
    )  # fmt: skip
    return contrat


@transaction.atomic
def prevoir_lecture(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, prevue_le: date) -> LectureContrat:
    """Inscrit la lecture commune au jour où le comité se réunit ; un jour déjà passé est refusé."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "rendre_lecture", perimetre, "lecture")
    if prevue_le < timezone.localdate():
        raise JalonError("Ce jour est passé : choisissez la date du prochain comité.")
    lecture = _lecture_en_cours(contrat)
    lecture.prevue_le = prevue_le
    lecture.save(update_fields=["prevue_le"])
    return lecture


@transaction.atomic
def rendre_lecture(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str, presents: str = "", le: date | None = None
) -> Contrat:
    """Note l'avis de la lecture commune et qui a lu ; c'est un avis, la validation reste à faire."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "rendre_lecture", perimetre, motif)
    le = le or timezone.localdate()
    lecture = _lecture_en_cours(contrat)
    if le < lecture.demandee_le:
        raise JalonError(
            f"La lecture a été demandée le {lecture.demandee_le:%d/%m/%Y} : elle n'a pas pu avoir lieu avant."
        )
    franchir(contrat, "rendre_lecture", acteur=acteur, perimetre=perimetre, le=le, motif=motif)
    lecture.avis, lecture.presents = motif.strip()[:5_000], presents.strip()[:300]
    lecture.rendue_le, lecture.rendue_par = le, acteur
    lecture.save(update_fields=["avis", "presents", "rendue_le", "rendue_par"])
    return contrat


def _lecture_en_cours(contrat: Contrat) -> LectureContrat:
    lecture = contrat.lectures.select_for_update(of=("self",)).filter(rendue_le=None).order_by("pk").first()
    if lecture is None:
        raise TransitionRefuseeError("Aucune lecture commune n'est attendue pour ce contrat : rechargez la page.")
    return lecture


# --- Décider


@transaction.atomic
def valider(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, le: date | None = None) -> Contrat:
    """Met le contrat en vigueur, du jour convenu pour la durée convenue (R49).

    Le début signé tient, qu'il soit passé ou à venir : valider tard ne déplace pas les engagements pris. Un contrat qui
    serait déjà fini est refusé. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "valider", perimetre)
    le = le or timezone.localdate()
    if contrat.debut is None or contrat.duree is None:
        raise TransitionRefuseeError("Ce contrat n'a ni début ni durée : renvoyez-le au référent.")
    if contrat.recu_le is not None and le < contrat.recu_le:
        raise JalonError(f"Ce contrat a été reçu le {contrat.recu_le:%d/%m/%Y} : il n'a pas pu être validé avant.")
    periode = periode_de(contrat.debut, contrat.duree)
    if periode.upper <= le:
        raise JalonError(
            f"Ce contrat finit le {periode.upper - relativedelta(days=1):%d/%m/%Y} : il serait déjà terminé. "
            "Renvoyez-le au référent pour en changer les dates."
        )
    exiger_libre(contrat, contrat.debut, contrat.duree)
    contrat.periode, contrat.valide_le, contrat.valide_par = periode, le, acteur
    try:
        with transaction.atomic():
            constater_renouvellement(contrat, acteur=acteur, debut=contrat.debut)
            return franchir(
                contrat, "valider", acteur=acteur, perimetre=perimetre, le=le,
                champs=("periode", "valide_le", "valide_par"),
            )  # fmt: skip
    except IntegrityError as erreur:
        raise TransitionRefuseeError(contrainte_violee(erreur)) from erreur


@transaction.atomic
def renvoyer(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str) -> Contrat:
    """Rend le contrat au référent en disant pourquoi ; ses signatures tiennent tant qu'il n'est pas repris."""
    contrat = verrouiller(contrat)
    return franchir(contrat, "renvoyer", acteur=acteur, perimetre=perimetre, motif=motif)


@transaction.atomic
def reprendre(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre) -> Contrat:
    """Rouvre l'écriture d'un contrat renvoyé ; le texte va changer, les signatures sont donc à redonner."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "reprendre", perimetre)
    champs = annuler_signatures(contrat)
    return franchir(contrat, "reprendre", acteur=acteur, perimetre=perimetre, champs=champs)


@transaction.atomic
def abandonner(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str) -> Contrat:
    """Ferme un contrat qui n'ira pas plus loin, en disant pourquoi ; ce qui est écrit reste au dossier."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "abandonner", perimetre, motif)
    contrat.signatures.filter(sans_effet_le=None).update(sans_effet_le=timezone.localdate())
    contrat.motif_fin, contrat.clos_le = motif.strip()[:300], timezone.localdate()
    return franchir(
        contrat, "abandonner", acteur=acteur, perimetre=perimetre, motif=motif, champs=("motif_fin", "clos_le")
    )


@transaction.atomic
def enregistrer_reference(
    contrat: Contrat,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    reference: str,
    debut: date,
    duree: int,
    accepte_le: date,
    referent_externe: str = "",
) -> Contrat:
    """Enregistre un contrat écrit ailleurs (projet du service public de l'emploi) : ses dates et son acceptation (D05)."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "enregistrer", perimetre)
    if not contrat.reference_seule:
        raise TransitionRefuseeError("Ce contrat s'écrit dans Jalon : il se signe et se valide.")
    if accepte_le > timezone.localdate():
        raise JalonError("Une acceptation ne se note pas d'avance : donnez le jour où la personne a accepté.")
    if debut < accepte_le:
        raise JalonError("Il commence le jour où la personne l'accepte, ou après : vérifiez les deux dates.")
    type_ = contrat.type
    if not type_.duree_minimum <= duree <= type_.duree_maximum:
        raise JalonError(f"« {type_.libelle} » dure de {type_.duree_minimum} à {type_.duree_maximum} mois.")
    contrat.reference_externe, contrat.debut, contrat.duree = reference.strip()[:80], debut, duree
    contrat.signe_le, contrat.periode = accepte_le, periode_de(debut, duree)
    champs = ["reference_externe", "debut", "duree", "signe_le", "periode"]
    if referent_externe.strip():
        contrat.referent_externe = referent_externe.strip()[:120]
        champs.append("referent_externe")
    constater_renouvellement(contrat, acteur=acteur, debut=debut)
    return franchir(contrat, "enregistrer", acteur=acteur, perimetre=perimetre, le=accepte_le, champs=champs)


# --- En nombre


@dataclass(frozen=True)
class Resultat:
    """Ce qui est arrivé à un contrat d'une validation en nombre."""

    contrat: Contrat
    refus: str = ""


def valider_en_nombre(contrats: Sequence[Contrat], *, acteur: Agent, perimetre: Perimetre) -> list[Resultat]:
    """Valide chaque contrat pour lui-même : le refus de l'un n'arrête ni ne défait les autres."""
    perimetre.exiger("contrat.valider")
    resultats = []
    for contrat in contrats:
        try:
            with transaction.atomic():
                valide = valider(contrat, acteur=acteur, perimetre=perimetre)
        except DroitManquantError:
            raise
        except JalonError as refus:
            resultats.append(Resultat(contrat, str(refus)))
        else:
            resultats.append(Resultat(valide))
    return resultats

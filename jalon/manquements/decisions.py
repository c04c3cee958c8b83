"""Décider une sanction, la notifier, la lever, l'annuler : chaque refus dit d'un coup tout ce qui manque (R60-R65)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import constater_remise, exiger_arrivee
from jalon.documents.models import Envoi, EtatEnvoi
from jalon.manquements.avertissement import exiger_revenue
from jalon.manquements.constats import poser_constats
from jalon.manquements.legalite import Refus, debut_habituel, etablir_projet, periode_de, refus
from jalon.manquements.lettres import lettre_decision, lettre_levee
from jalon.manquements.models import (
    DecisionSanction,
    EtatDecision,
    EtatManquement,
    Manquement,
    MotifLevee,
    NatureSanction,
    RegleSanction,
)
from jalon.manquements.services import verrouiller
from jalon.personnes.fusion import contrainte_violee
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import ajouter_mois, mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT: Final = "sanction.decider"
DROITS_DE_SUITE: Final = ("manquement.instruire", DROIT)
"""Qui instruit la procédure ou décide la sanction peut la notifier et noter ce qui revient de la personne."""
CODE: Final = "manquements.sanction"


class SanctionRefuseeError(JalonError):
    """La sanction n'est pas légale ; `refus` dit chaque garantie qui manque."""

    def __init__(self, refus: Sequence[Refus]) -> None:
        self.refus = tuple(refus)
        super().__init__("Cette sanction ne peut pas être décidée. " + " ".join(r.phrase for r in self.refus))


# --- Obtenir


def decisions_du_perimetre(perimetre: Perimetre) -> QuerySet[DecisionSanction]:
    """Sanctions des personnes que l'agent voit."""
    return DecisionSanction.objects.filter(filtre_perimetre(perimetre, "personne__"))


def acceder_decision(
    perimetre: Perimetre, public_id: UUID, *, droit: str = "manquements.consulter"
) -> DecisionSanction:
    """La sanction et sa procédure. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    decision = (
        decisions_du_perimetre(perimetre)
        .select_related("personne", "regle__regime", "manquement__motif", "decidee_par", "levee_par")
        .filter(public_id=public_id)
        .first()
    )
    if decision is None:
        raise HorsPerimetreError(
            "Cette décision n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
            "ou demandez à votre responsable à qui ce dossier est confié."
        )
    return decision


def verrouiller_decision(decision: DecisionSanction) -> DecisionSanction:
    """La sanction à jour, tenue jusqu'à la fin de l'acte. Lève `HorsPerimetreError`."""
    verrouillee = (
        DecisionSanction.objects.select_for_update(of=("self",))
        .select_related("personne", "regle__regime", "manquement__motif")
        .filter(pk=decision.pk)
        .first()
    )
    if verrouillee is None:
        raise HorsPerimetreError("Cette décision n'est pas dans votre périmètre : demandez à qui elle est confiée.")
    return verrouillee


def exiger_suite(perimetre: Perimetre) -> None:
    """Lève `DroitManquantError` à qui n'instruit ni ne décide."""
    if not any(perimetre.peut(droit) for droit in DROITS_DE_SUITE):
        raise DroitManquantError("Votre rôle ne permet pas cet acte. Demandez à votre responsable qui peut le faire.")


# --- Décider


@transaction.atomic
def decider_sanction(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    regle: RegleSanction,
    taux: int | None = None,
    duree: int | None = None,
    montant: Decimal | None = None,
    debut: date | None = None,
    motivation: str,
    motif_ecart: str = "",
) -> DecisionSanction:
    """Décide une sanction ce jour, dans la grille du régime en vigueur. Sans `debut`, elle part du mois suivant.

    Les torts du service sont recalculés d'abord. Réf. : annexe 1 du droit, L262-37, R262-68, R60-R63.
    Lève `SanctionRefuseeError` (toutes les garanties qui manquent), `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    manquement = verrouiller(manquement)
    if manquement.etat not in (EtatManquement.AVERTI, EtatManquement.AVIS_RENDU):
        raise TransitionRefuseeError(_pas_a_decider(manquement))
    poser_constats(manquement)
    jour = timezone.localdate()
    projet = etablir_projet(
        manquement, regle=regle, taux=taux, duree=duree, montant=montant, debut=debut, jour=jour,
        motivation=motivation, motif_ecart=motif_ecart,
    )  # fmt: skip
    manquants = refus(projet)
    if manquants:
        raise SanctionRefuseeError(manquants)
    decision = DecisionSanction(**projet.colonnes(), decidee_par=acteur)
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError as erreur:
        raise SanctionRefuseeError([refus_de_la_base(erreur)]) from erreur
    de = manquement.etat
    manquement.etat, manquement.clos_le = EtatManquement.SANCTIONNE, jour
    manquement.numero += 1
    manquement.save(update_fields=["etat", "clos_le", "numero"])
    _tracer("decidee", decision, acteur, perimetre, de=de, motif=motif_ecart.strip())
    return decision


def refus_de_la_base(erreur: IntegrityError) -> Refus:
    """Le refus que PostgreSQL a prononcé : le nom de la contrainte, et sa phrase."""
    diag = getattr(erreur.__cause__, "diag", None)
    nom = str(getattr(diag, "constraint_name", "") or "")
    if nom == "sanction_fidele_au_dossier":
        return Refus(nom, f"{diag.message_primary} Rechargez la page : le dossier a pu changer." if diag else "")
    return Refus(nom, contrainte_violee(erreur))


def _pas_a_decider(manquement: Manquement) -> str:
    etat = f"Cette procédure est « {manquement.get_etat_display().lower()} »"
    if manquement.etat in (EtatManquement.PREPARE, EtatManquement.SAISI):
        return f"{etat} : la personne doit d'abord recevoir un {mot('avertissement').singulier}."
    return f"{etat} : il n'y a plus rien à y décider. Rechargez la page."


# --- Notifier


@transaction.atomic
def notifier_decision(decision: DecisionSanction, *, acteur: Agent, perimetre: Perimetre) -> DecisionSanction:
    """Écrit la lettre de décision, avec les voies de recours (R65) : la sanction vaut à partir de là.

    Une sanction qui aurait commencé avant sa lettre est retardée au mois suivant : elle ne vaut que pour l'avenir.
    Lève `TransitionRefuseeError`, `JalonError`, `DroitManquantError`.
    """
    exiger_suite(perimetre)
    decision = verrouiller_decision(decision)
    if decision.etat != EtatDecision.DECIDEE:
        raise TransitionRefuseeError(
            f"Cette décision est « {decision.get_etat_display().lower()} » : elle ne se notifie plus."
        )
    jour = timezone.localdate()
    decision.etat, decision.notifiee_le = EtatDecision.NOTIFIEE, jour
    if decision.debut is not None and decision.duree is not None and decision.debut < jour:
        decision.debut = debut_habituel(jour)
        decision.periode = periode_de(decision.debut, decision.duree)
    decision.lettre = lettre_decision(decision, acteur=acteur, jour=jour)
    _sauver(decision, "etat", "notifiee_le", "debut", "periode", "lettre")
    _tracer("notifiee", decision, acteur, perimetre, de=EtatDecision.DECIDEE)
    return decision


@transaction.atomic
def renvoyer_decision(decision: DecisionSanction, *, acteur: Agent, perimetre: Perimetre) -> DecisionSanction:
    """Écrit de nouveau la lettre de décision que la poste a rendue ; ce qui est décidé ne change pas.

    Le délai de recours ne court que de la réception de cette lettre-ci. Refuse tant que l'adresse est celle d'où la
    première est revenue. Lève `TransitionRefuseeError`, `JalonError`, `DroitManquantError`.
    """
    exiger_suite(perimetre)
    decision = verrouiller_decision(decision)
    if decision.etat != EtatDecision.NOTIFIEE or decision.recue_le is not None:
        raise TransitionRefuseeError(
            "Cette lettre est reçue, ou la décision ne s'applique plus : rien n'est à renvoyer."
        )
    exiger_revenue(decision.manquement.personne, decision.lettre)
    decision.lettre = lettre_decision(decision, acteur=acteur, jour=timezone.localdate())
    _sauver(decision, "lettre")
    _tracer("renvoyee", decision, acteur, perimetre, de=EtatDecision.NOTIFIEE)
    return decision


@transaction.atomic
def constater_reception_decision(
    decision: DecisionSanction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    recu_le: date,
    motif_correction: str = "",
    en_main_propre: bool = False,
) -> DecisionSanction:
    """Note le jour où la personne a reçu la décision : le délai de recours part de là, un recours déjà reçu compris.

    Une date déjà notée ne change qu'en disant pourquoi. Une lettre rendue par la poste n'est reçue que remise en main
    propre. Lève `JalonError`, `TransitionRefuseeError`.
    """
    exiger_suite(perimetre)
    decision = verrouiller_decision(decision)
    if decision.notifiee_le is None:
        raise TransitionRefuseeError("Cette décision n'est pas notifiée : écrivez d'abord sa lettre.")
    ecrite_le = _recrite_le(decision) or decision.notifiee_le
    if recu_le < ecrite_le:
        raise JalonError(f"La lettre est du {ecrite_le:%d/%m/%Y} : elle n'a pas pu être reçue avant.")
    if recu_le > timezone.localdate():
        raise JalonError("Une réception ne se note pas d'avance : donnez le jour où la lettre a été reçue.")
    avant = decision.recue_le
    exiger_arrivee(decision.lettre, recu_le, en_main_propre=en_main_propre, corrigee=avant is not None)
    if avant is not None and not motif_correction.strip():
        raise TransitionRefuseeError(
            f"La réception est déjà notée au {avant:%d/%m/%Y}. Pour corriger cette date, dites pourquoi : le délai de "
            "recours court peut-être déjà."
        )
    decision.recue_le = recu_le
    decision.save(update_fields=["recue_le"])
    if decision.lettre is not None:
        constater_remise(decision.lettre, preuve=f"Réception notée au {recu_le:%d/%m/%Y}")
    _tracer(
        "recue", decision, acteur, perimetre, de=str(avant or ""), vers=str(recu_le), motif=motif_correction.strip()
    )
    _recompter_le_recours_ouvert(decision, acteur, perimetre)
    return decision


def _recrite_le(decision: DecisionSanction) -> date | None:
    """Jour où la lettre a été écrite de nouveau, une première étant revenue ; `None` si c'est la première."""
    lettre = decision.lettre
    if lettre is None:
        return None
    perdues = Envoi.objects.filter(
        personne=lettre.personne, document__nature=lettre.nature, document__titre=lettre.titre, etat=EtatEnvoi.REVENU,
        document__lt=lettre.pk,
    )  # fmt: skip
    return timezone.localdate(lettre.cree_le) if perdues.exists() else None


def dernier_jour_du_recours(decision: DecisionSanction) -> date | None:
    """Dernier jour pour contester, compris ; `None` tant que la réception n'est pas prouvée : le délai ne court pas."""
    return None if decision.recue_le is None else ajouter_mois(decision.recue_le, "recours.delai")


def hors_delai(decision: DecisionSanction, recu_le: date) -> bool:
    """Un recours reçu ce jour-là vient-il après le dernier jour ?"""
    dernier = dernier_jour_du_recours(decision)
    return dernier is not None and recu_le > dernier


def _recompter_le_recours_ouvert(decision: DecisionSanction, acteur: Agent, perimetre: Perimetre) -> None:
    """Un recours sans réponse se juge sur la réception telle qu'elle est prouvée ; une réponse donnée reste."""
    recours = decision.recours.select_for_update(of=("self",)).filter(issue="").first()
    if recours is None or recours.hors_delai == hors_delai(decision, recours.recu_le):
        return
    recours.hors_delai = not recours.hors_delai
    recours.save(update_fields=["hors_delai"])
    dit = "hors délai" if recours.hors_delai else "dans le délai"
    tracer(
        "manquements.recours.recompte", recours, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[decision.personne.public_id],
        resume=f"Recours du {recours.recu_le:%d/%m/%Y} : {dit}, la réception étant du {decision.recue_le:%d/%m/%Y}",
    )  # fmt: skip


# --- Lever, annuler


@transaction.atomic
def lever_sanction(
    decision: DecisionSanction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    le: date,
    motif: str,
    precision: str = "",
    annoncer: bool = True,
) -> DecisionSanction:
    """Arrête la sanction ce jour-là : le premier jour où plus rien n'est retenu.

    Sous le régime plein emploi, elle s'arrête dès que la personne se met en règle (L262-37, I) : `le` est ce jour, même
    passé. Sous les autres, le président peut toujours l'arrêter. Un recours accueilli en partie l'arrête plus tôt encore,
    déjà levée ou finie. Sans `annoncer`, une autre lettre le dit déjà. Lève `JalonError`, `TransitionRefuseeError`.
    """
    perimetre.exiger(DROIT)
    decision = verrouiller_decision(decision)
    avancee = decision.etat == EtatDecision.LEVEE and motif == MotifLevee.RECOURS
    if decision.etat != EtatDecision.NOTIFIEE and not avancee:
        raise TransitionRefuseeError(
            "Cette décision n'est pas notifiée : annulez-la plutôt."
            if decision.etat == EtatDecision.DECIDEE
            else f"Cette décision est déjà « {decision.get_etat_display().lower()} »."
        )
    if decision.periode is None:
        raise TransitionRefuseeError("Une amende ne se lève pas : annulez-la si elle n'est plus due.")
    _verifier_motif(motif, precision)
    if le > timezone.localdate():
        raise JalonError("Une levée ne se date pas d'avance : donnez le jour où la personne s'est mise en règle.")
    if le < decision.decidee_le:
        raise JalonError(
            f"La décision est du {decision.decidee_le:%d/%m/%Y} : elle ne peut pas s'arrêter avant. Annulez-la si elle "
            "n'aurait pas dû être prise."
        )
    if decision.periode.isempty:
        raise TransitionRefuseeError("Cette sanction n'a valu aucun jour : il n'y a rien à rendre.")
    if le >= decision.periode.upper:
        raise TransitionRefuseeError(
            f"Cette sanction a fini le {decision.periode.upper - timedelta(days=1):%d/%m/%Y} : il n'y a rien à lever."
        )
    debut = decision.periode.lower
    decision.etat = EtatDecision.LEVEE
    decision.periode = DateRange(debut, le) if le > debut else DateRange(empty=True)
    return _arreter(decision, "levee", acteur, perimetre, le=le, motif=motif, precision=precision, annoncer=annoncer)


@transaction.atomic
def annuler_sanction(
    decision: DecisionSanction,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    motif: str,
    precision: str = "",
    annoncer: bool = True,
) -> DecisionSanction:
    """Efface la sanction : elle n'aura valu aucun jour, et ce qui a été retenu est dû à la personne.

    Une décision annulée ne se reprend pas : sanctionner encore demande une nouvelle procédure, avec ses garanties.
    Sans `annoncer`, une autre lettre le dit déjà à la personne.
    Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    decision = verrouiller_decision(decision)
    if decision.etat == EtatDecision.ANNULEE:
        raise TransitionRefuseeError("Cette décision est déjà annulée.")
    _verifier_motif(motif, precision)
    if decision.etat == EtatDecision.LEVEE:
        decision.levee_avant_le = decision.levee_le
    decision.etat = EtatDecision.ANNULEE
    if decision.periode is not None:
        decision.periode = DateRange(empty=True)
    return _arreter(
        decision, "annulee", acteur, perimetre, le=timezone.localdate(), motif=motif, precision=precision,
        annoncer=annoncer,
    )  # fmt: skip


def _verifier_motif(motif: str, precision: str) -> None:
    if motif not in MotifLevee.values:
        raise JalonError("Choisissez pourquoi la sanction s'arrête : la personne le lira.")
    if motif in (MotifLevee.ERREUR, MotifLevee.SERVICE, MotifLevee.SITUATION) and not precision.strip():
        raise JalonError("Précisez en une phrase ce qui s'est passé : la personne et vos collègues le liront.")


def _arreter(
    decision: DecisionSanction,
    quoi: str,
    acteur: Agent,
    perimetre: Perimetre,
    *,
    le: date,
    motif: str,
    precision: str,
    annoncer: bool,
) -> DecisionSanction:
    """Enregistre l'arrêt ; la personne reçoit une lettre si elle connaissait la sanction et que rien d'autre ne le dit."""
    decision.levee_le, decision.levee_par, decision.motif_levee = le, acteur, motif
    decision.precision_levee = precision.strip()[:500]
    champs = ["etat", "periode", "levee_le", "levee_avant_le", "levee_par", "motif_levee", "precision_levee"]
    if annoncer and decision.notifiee_le is not None:
        decision.lettre_levee = lettre_levee(decision, acteur=acteur, jour=timezone.localdate())
        champs.append("lettre_levee")
    _sauver(decision, *champs)
    _tracer(quoi, decision, acteur, perimetre, vers=str(le), motif=motif)
    return decision


def _sauver(decision: DecisionSanction, *champs: str) -> None:
    try:
        with transaction.atomic():
            decision.save(update_fields=champs)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(f"Rien n'a été changé. {refus_de_la_base(erreur).phrase}") from erreur


def _tracer(
    quoi: str, decision: DecisionSanction, acteur: Agent, perimetre: Perimetre, *, de: str = "", vers: str = "",
    motif: str = "",
) -> None:  # fmt: skip
    combien = f"{decision.montant} €" if decision.nature == NatureSanction.AMENDE else (
        f"{decision.taux} % pendant {decision.duree} mois"
    )  # fmt: skip
    tracer(
        f"{CODE}.{quoi}", decision, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[decision.personne.public_id], de=de, vers=vers or decision.etat, motif=motif[:500],
        donnees={"regle": decision.regle.code, "regime": decision.regle.regime.code},
        resume=f"{capfirst(mot('sanction').singulier)} {decision.get_etat_display().lower()} : "
        f"{decision.get_nature_display().lower()}, {combien}"[:300],
    )  # fmt: skip

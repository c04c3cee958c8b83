"""Préparer une saisine : le motif, les faits datés, le contact d'avant, puis saisir l'instance (R18, R60, R62, F057).

L'instance n'est saisie que d'un dossier complet, et jamais quand le service est lui-même en cause.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.models import Contrat
from jalon.manquements.constats import constater, poser_constats
from jalon.manquements.models import FaitManquement, Manquement, MotifManquement, PreuveAttendue
from jalon.manquements.services import SAISIR, est_soumise, franchir, regime_du, tracer_acte, verrouiller
from jalon.manquements.workflows import exiger_acte
from jalon.organismes.models import Organisme
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot
from jalon.rendezvous.contacts import exiger_contact_apres_absence
from jalon.rendezvous.models import (
    ContactIndividuel,
    EtatInvitation,
    EtatJustificatif,
    EtatRendezVous,
    Invitation,
    JustificatifAbsence,
    RendezVous,
    ResultatContact,
)
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError

EXPOSE_MAXIMAL: Final = 3_000
DESCRIPTION_MAXIMALE: Final = 500


class SaisineIncompleteError(TransitionRefuseeError):
    """L'instance ne peut pas encore être saisie ; `manques` dit tout ce qu'il y manque."""

    def __init__(self, phrases: list[str]) -> None:
        self.manques = tuple(phrases)
        super().__init__(f"La saisine n'est pas complète. {' '.join(phrases)}")


# --- Préparer


@transaction.atomic
def preparer_manquement(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, motif: MotifManquement, jour: date | None = None
) -> Manquement:
    """Ouvre une procédure en préparation : rien n'est encore reproché à la personne. Une seule à la fois. Réf. : R60.

    Dans un couple, chacun a la sienne. Lève `JalonError` (motif hors du régime du jour, personne non soumise),
    `TransitionRefuseeError` (une procédure est ouverte), `DroitManquantError`, `HorsPerimetreError`.
    """
    perimetre.exiger(SAISIR)
    jour = jour or timezone.localdate()
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk, fusionnee_dans=None).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    regime = regime_du(jour)
    if not motif.actif or regime.code not in motif.articles:
        raise JalonError(
            f"« {motif.libelle} » ne peut pas être reproché sous le régime {regime.libelle} : choisissez un autre motif."
        )
    _exiger_soumise(personne, jour)
    manquement = Manquement(
        personne=personne, motif=motif, regime_faits=regime, organisme=_organisme(personne, perimetre, jour),
        territoire_id=personne.territoire_id, prepare_par=acteur, prepare_le=jour,
    )  # fmt: skip
    try:
        with transaction.atomic():
            manquement.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            "Une procédure est déjà ouverte pour cette personne : complétez celle-là, rien n'a été ouvert de plus."
        ) from erreur
    tracer_acte(
        manquement, "prepare", acteur=acteur, perimetre=perimetre, resume=f"Saisine en préparation : {motif.libelle}"
    )
    return manquement


def _exiger_soumise(personne: Personne, jour: date) -> None:
    if not est_soumise(personne.pk, jour):
        raise JalonError(
            "Cette personne n'est pas soumise aux droits et devoirs : rien ne peut lui être reproché à ce titre."
        )


def _organisme(personne: Personne, perimetre: Perimetre, jour: date) -> Organisme:
    """Celui du référent, qui connaît la personne ; à défaut celui de l'agent."""
    designation = (
        DesignationReferent.objects.filter(personne=personne, periode__contains=jour)
        .select_related("organisme")
        .first()
    )
    if designation is not None:
        return designation.organisme
    if perimetre.affectations:
        return perimetre.affectations[0].organisme
    raise JalonError("Vous n'avez pas d'affectation aujourd'hui : demandez à votre administrateur.")


@transaction.atomic
def ecrire_expose(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, expose: str, numero_lu: int
) -> Manquement:
    """Écrit ce qui s'est passé. Refuse d'écraser ce qu'un collègue a écrit depuis `numero_lu`."""
    perimetre.exiger(SAISIR)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "ecrire_expose")
    if manquement.numero != numero_lu:
        raise TransitionRefuseeError(
            "Un collègue a changé cette saisine pendant que vous écriviez. Votre texte est gardé : relisez le sien, puis "
            "enregistrez."
        )
    expose = expose.strip()
    if len(expose) > EXPOSE_MAXIMAL:
        raise JalonError(f"L'exposé dépasse {EXPOSE_MAXIMAL} caractères : gardez les faits.")
    manquement.expose = expose
    return franchir(
        manquement, "ecrire_expose", acteur=acteur, perimetre=perimetre, champs=("expose",), resume="Exposé écrit"
    )


@transaction.atomic
def ajouter_fait(
    manquement: Manquement,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    date: date,
    description: str = "",
    rendez_vous: RendezVous | None = None,
    invitation: Invitation | None = None,
) -> FaitManquement:
    """Ajoute un fait daté. Une absence excusée ou justifiée n'en est pas un. Réf. : R18, R60.

    Avec un rendez-vous ou une réunion, la date est la sienne, et la description s'écrit seule si elle manque.
    """
    perimetre.exiger(SAISIR)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "ajouter_fait")
    if rendez_vous is not None and invitation is not None:
        raise JalonError("Un fait est un rendez-vous manqué ou une réunion manquée, pas les deux.")
    description = " ".join(description.split())
    if rendez_vous is not None:
        date, description = _absence_rendez_vous(manquement, rendez_vous, description)
    elif invitation is not None:
        date, description = _absence_reunion(manquement, invitation, description)
    if date > timezone.localdate():
        raise JalonError("Un fait a déjà eu lieu : choisissez aujourd'hui ou un jour passé.")
    if not description:
        raise JalonError("Dites en une phrase ce qui s'est passé ce jour-là : la personne la lira.")
    if len(description) > DESCRIPTION_MAXIMALE:
        raise JalonError(f"Un fait tient en {DESCRIPTION_MAXIMALE} caractères : le reste va dans l'exposé.")
    deja = manquement.faits.filter(date=date, rendez_vous=rendez_vous, invitation=invitation)
    if rendez_vous is None and invitation is None:
        deja = deja.filter(description=description)
    if deja.exists():
        raise JalonError(f"Ce fait du {date:%d/%m/%Y} est déjà dans la saisine.")
    fait = FaitManquement.objects.create(
        manquement=manquement, date=date, description=description, rendez_vous=rendez_vous, invitation=invitation
    )
    _suivre_les_faits(manquement)
    franchir(
        manquement, "ajouter_fait", acteur=acteur, perimetre=perimetre, champs=("regime_faits", "contrat"),
        resume=f"Fait du {date:%d/%m/%Y} ajouté",
    )  # fmt: skip
    return fait


def _absence_rendez_vous(manquement: Manquement, rendez_vous: RendezVous, description: str) -> tuple[date, str]:
    rendez_vous = RendezVous.objects.get(pk=rendez_vous.pk)
    jour = timezone.localdate(rendez_vous.debut)
    if rendez_vous.personne_id != manquement.personne_id:
        raise HorsPerimetreError("Ce rendez-vous est celui d'une autre personne : choisissez-en un de ce dossier.")
    if rendez_vous.etat != EtatRendezVous.MANQUE:
        raise JalonError(
            f"Le rendez-vous du {jour:%d/%m/%Y} est noté « {rendez_vous.get_etat_display().lower()} » : ce n'est pas une "
            "absence."
        )
    return jour, description or f"Absence au rendez-vous : {rendez_vous.get_objet_display().lower()}"


def _absence_reunion(manquement: Manquement, invitation: Invitation, description: str) -> tuple[date, str]:
    invitation = Invitation.objects.select_related("reunion").get(pk=invitation.pk)
    jour = invitation.reunion.date
    if invitation.personne_id != manquement.personne_id:
        raise HorsPerimetreError("Cette invitation est celle d'une autre personne : choisissez-en une de ce dossier.")
    acceptee = JustificatifAbsence.objects.filter(invitation=invitation, etat=EtatJustificatif.ACCEPTEE).exists()
    if acceptee or invitation.etat != EtatInvitation.ABSENTE:
        etat = "absence acceptée" if acceptee else invitation.get_etat_display().lower()
        raise JalonError(
            f"Pour la réunion du {jour:%d/%m/%Y}, la personne est notée « {etat} » : ce n'est pas un fait."
        )
    return jour, description or f"Absence à la {mot('reunion_information').singulier}"


@transaction.atomic
def retirer_fait(fait: FaitManquement, *, acteur: Agent, perimetre: Perimetre) -> Manquement:
    """Retire un fait, tant que la personne n'a pas été avertie ; une saisine faite garde au moins un fait."""
    perimetre.exiger(SAISIR)
    manquement = verrouiller(fait.manquement)
    exiger_acte(manquement.etat, "retirer_fait")
    if manquement.saisi_le is not None and not manquement.faits.exclude(pk=fait.pk).exists():
        raise TransitionRefuseeError("C'est le seul fait de la saisine : classez-la plutôt.")
    jour = fait.date
    manquement.faits.filter(pk=fait.pk).delete()
    _suivre_les_faits(manquement)
    franchir(
        manquement, "retirer_fait", acteur=acteur, perimetre=perimetre, champs=("regime_faits", "contrat"),
        resume=f"Fait du {jour:%d/%m/%Y} retiré",
    )  # fmt: skip
    if manquement.saisi_le is not None:
        poser_constats(manquement)
    return manquement


def _suivre_les_faits(manquement: Manquement) -> None:
    """Le régime et le contrat en cause sont ceux du premier fait."""
    premier = _premier_fait(manquement) or manquement.prepare_le
    manquement.regime_faits = regime_du(premier)
    manquement.contrat = None
    if manquement.motif.preuve == PreuveAttendue.CONTRAT:
        manquement.contrat = (
            Contrat.objects.filter(personne=manquement.personne_id, periode__contains=premier)
            .order_by("reference_seule", "-pk")
            .first()
        )


def _premier_fait(manquement: Manquement) -> date | None:
    return manquement.faits.order_by("date", "pk").values_list("date", flat=True).first()


@transaction.atomic
def choisir_contact(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, contact: ContactIndividuel
) -> Manquement:
    """Dit quel échange avec la personne a précédé la saisine. Une tentative sans réponse n'en est pas un. Réf. : R18."""
    perimetre.exiger(SAISIR)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "choisir_contact")
    if contact.personne_id != manquement.personne_id:
        raise HorsPerimetreError("Ce contact est celui d'une autre personne : choisissez-en un de ce dossier.")
    if contact.resultat != ResultatContact.JOINTE:
        raise JalonError(
            f"Le {contact.date:%d/%m/%Y}, la personne n'a pas été jointe : une saisine demande un échange qui a eu lieu."
        )
    manquement.contact = contact
    return franchir(
        manquement, "choisir_contact", acteur=acteur, perimetre=perimetre, champs=("contact",),
        resume=f"Contact du {contact.date:%d/%m/%Y} retenu",
    )  # fmt: skip


# --- Saisir


def manques(manquement: Manquement, jour: date | None = None) -> list[str]:
    """Tout ce qui empêche encore de saisir l'instance, en phrases ; vide si la saisine peut partir (F057)."""
    jour = jour or timezone.localdate()
    faits = list(manquement.faits.select_related("rendez_vous", "invitation").order_by("date", "pk"))
    phrases: list[str] = []
    if not est_soumise(manquement.personne_id, jour):
        phrases.append("Cette personne n'est pas soumise aux droits et devoirs aujourd'hui : classez la procédure.")
    if regime_du(jour).code not in manquement.motif.articles:
        phrases.append(f"Le motif « {manquement.motif.libelle} » n'existe plus dans le régime du jour.")
    regime = regime_du(faits[0].date) if faits and not manquement.motif.fraude else None
    if regime is not None and regime.code not in manquement.motif.articles:
        phrases.append(
            f"Le motif « {manquement.motif.libelle} » n'existait pas sous le régime {regime.libelle}, le "
            f"{faits[0].date:%d/%m/%Y} : retirez ce fait, ou classez et préparez une saisine pour un autre motif."
        )
    if not manquement.expose.strip():
        phrases.append("Écrivez ce qui s'est passé.")
    if not faits:
        phrases.append("Ajoutez au moins un fait daté.")
    else:
        phrases += _preuve_manquante(manquement, faits)
        phrases += _excuse_a_examiner(faits)
    phrases += _contact_manquant(manquement, faits[0].date if faits else None, jour)
    phrases += [constat.phrase for constat in constater(manquement) if constat.efface]
    return list(dict.fromkeys(phrases))


def _preuve_manquante(manquement: Manquement, faits: list[FaitManquement]) -> list[str]:
    motif, premier = manquement.motif, faits[0].date
    if motif.preuve == PreuveAttendue.RENDEZ_VOUS:
        libres = [fait for fait in faits if fait.rendez_vous_id is None and fait.invitation_id is None]
        return [
            f"Rattachez le fait du {fait.date:%d/%m/%Y} au rendez-vous ou à la réunion manqués, ou retirez-le."
            for fait in libres
        ]
    if motif.preuve == PreuveAttendue.CONTRAT and manquement.contrat is None:
        return [f"Aucun contrat n'était en vigueur le {premier:%d/%m/%Y} : il ne peut pas ne pas avoir été respecté."]
    if motif.preuve == PreuveAttendue.SANS_CONTRAT:
        en_cours = Contrat.objects.filter(personne=manquement.personne_id, periode__contains=premier).exists()
        if en_cours:
            return [f"Un contrat était en vigueur le {premier:%d/%m/%Y} : son absence ne peut pas être reprochée."]
    return []


def _excuse_a_examiner(faits: list[FaitManquement]) -> list[str]:
    attendent = set(
        JustificatifAbsence.objects.filter(
            invitation__in=[fait.invitation_id for fait in faits if fait.invitation_id],
            etat__in=EtatJustificatif.a_examiner(),
        )
        .order_by("pk")
        .values_list("invitation_id", flat=True)
    )
    return [
        f"La personne a donné une raison pour le {fait.date:%d/%m/%Y} : examinez-la d'abord."
        for fait in faits
        if fait.invitation_id in attendent
    ]


def _contact_manquant(manquement: Manquement, premier: date | None, jour: date) -> list[str]:
    """Un échange qui a eu lieu, après le premier fait et avant la saisine, et après chaque absence (R18)."""
    nom, contact = mot("contact_individuel").singulier, manquement.contact
    if contact is None or contact.resultat != ResultatContact.JOINTE:
        return [f"Choisissez le {nom} qui a eu lieu avec la personne : rien ne peut se faire avant."]
    if premier is not None and contact.date < premier:
        return [
            f"Le {nom} du {contact.date:%d/%m/%Y} précède le premier fait ({premier:%d/%m/%Y}) : il en faut un depuis."
        ]
    if contact.date > jour:
        return [f"Le {nom} du {contact.date:%d/%m/%Y} suivrait la saisine : il doit la précéder."]
    try:
        exiger_contact_apres_absence(manquement.personne, effectif=True)
    except TransitionRefuseeError as refus:
        return [str(refus)]
    return []


@transaction.atomic
def saisir_instance(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, jour: date | None = None
) -> Manquement:
    """Saisit l'instance d'une préparation complète. Réf. : R18, R60, R62, F057.

    Lève `SaisineIncompleteError` avec tout ce qui manque, torts du service compris ; `DroitManquantError`.
    """
    perimetre.exiger(SAISIR)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "saisir")
    jour = jour or timezone.localdate()
    phrases = manques(manquement, jour)
    if phrases:
        raise SaisineIncompleteError(phrases)
    poser_constats(manquement)
    manquement.saisi_par, manquement.saisi_le = acteur, jour
    return franchir(
        manquement, "saisir", acteur=acteur, perimetre=perimetre, champs=("saisi_par", "saisi_le"),
        resume=f"Saisine : {manquement.motif.libelle}",
    )  # fmt: skip

"""Ce que la personne répond : par courrier, en ligne ou à l'oral, seule ou avec qui elle veut (R61, F057).

Une observation gardée ne change plus. Une raison légitime se reconnaît avec sa preuve, quand le motif en demande une.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.documents.services import enregistrer_document
from jalon.manquements.constats import poser_constats
from jalon.manquements.lettres import lettre_audition
from jalon.manquements.models import CanalObservation, Manquement, Observation, PieceManquement
from jalon.manquements.services import INSTRUIRE, exiger_un_des_droits, franchir, tracer_acte, verrouiller
from jalon.manquements.workflows import exiger_acte
from jalon.personnes.fusion import effets_complets
from jalon.personnes.liens import LienPersonnel, UsageLien
from jalon.rendezvous.justificatifs import reconnaitre
from jalon.rendezvous.models import MotifAbsence
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError

TEXTE_MAXIMAL: Final = 5_000
PIECES_MAXIMALES: Final = 10
NATURE_PIECE: Final = "piece_manquement"


@contextmanager
def _acte_de(
    manquement: Manquement, acteur: Agent | None, perimetre: Perimetre | None, lien: LienPersonnel | None
) -> Iterator[None]:
    """Un agent agit selon ses droits ; la personne, par le lien de cette procédure ou dans son livret."""
    if acteur is not None:
        if perimetre is None:
            raise HorsPerimetreError("Vous n'avez pas d'affectation aujourd'hui : demandez à votre administrateur.")
        exiger_un_des_droits(perimetre)
        with transaction.atomic():
            yield
        return
    if lien is not None and (
        not lien.ouvert or lien.usage != UsageLien.MANQUEMENT or lien.objet != manquement.public_id
    ):
        raise HorsPerimetreError("Ce lien n'ouvre pas cette page. Appelez le service dont le numéro est sur la lettre.")
    # Le lien n'ouvre que cette procédure : ce que l'acte écrit au dossier s'accomplit en entier.
    with transaction.atomic(), effets_complets():
        yield


def recevoir_observation(
    manquement: Manquement,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    canal: str,
    texte: str,
    recue_le: date,
    relue: bool = False,
    motif: MotifAbsence | None = None,
    demande_audition: bool = False,
    assistee_par: str = "",
    lien: LienPersonnel | None = None,
) -> Observation:
    """Garde une réponse de la personne, même après le délai, tant que rien n'est décidé.

    Sans `acteur`, c'est la personne, en ligne. Demander à être entendu, sans rien dire de plus, n'est pas encore une
    réponse : le délai court toujours. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    with _acte_de(manquement, acteur, perimetre, lien):
        manquement = verrouiller(manquement)
        exiger_acte(manquement.etat, "recevoir_observation")
        texte = texte.strip()
        _verifier(manquement, acteur, canal, texte, recue_le, relue, motif, demande_audition)
        observation = Observation.objects.create(
            manquement=manquement, canal=canal, recue_le=recue_le, texte=texte,
            relue=relue or canal == CanalObservation.EN_LIGNE, motif=motif, demande_audition=demande_audition,
            assistee_par=assistee_par.strip()[:160], saisie_par=acteur,
        )  # fmt: skip
        if texte or motif is not None:
            manquement.reponse_le = min(filter(None, (manquement.reponse_le, recue_le)))
        manquement.demande_audition |= demande_audition
        manquement.assistee_par = observation.assistee_par or manquement.assistee_par
        poser_constats(manquement)
        franchir(
            manquement, "recevoir_observation", acteur=acteur, perimetre=perimetre,
            champs=("reponse_le", "demande_audition", "assistee_par"),
            resume=f"Réponse de la personne : {observation.get_canal_display().lower()}"
            + (", elle demande à être entendue" if demande_audition else ""),
        )  # fmt: skip
        return observation


def _verifier(
    manquement: Manquement,
    acteur: Agent | None,
    canal: str,
    texte: str,
    recue_le: date,
    relue: bool,
    motif: MotifAbsence | None,
    demande_audition: bool,
) -> None:
    if canal not in CanalObservation.values or (canal == CanalObservation.EN_LIGNE) != (acteur is None):
        raise JalonError("Dites comment la personne a répondu : par courrier ou à l'oral.")
    if not texte and motif is None and not demande_audition:
        raise JalonError("Écrivez votre réponse, choisissez une raison, ou demandez à vous expliquer de vive voix.")
    if len(texte) > TEXTE_MAXIMAL:
        raise JalonError(f"La réponse dépasse {TEXTE_MAXIMAL} caractères : joignez le reste en pièce.")
    if canal == CanalObservation.ORAL and not relue:
        raise JalonError("Relisez cette réponse avec la personne avant de la garder : ce sont ses mots.")
    if motif is not None and not motif.actif:
        raise JalonError("Ce motif n'est plus proposé : choisissez-en un autre.")
    if recue_le > timezone.localdate():
        raise JalonError("Une réponse se note quand elle est reçue : choisissez aujourd'hui ou un jour passé.")
    if manquement.averti_le is not None and recue_le < manquement.averti_le:
        raise JalonError(
            f"La personne a été avertie le {manquement.averti_le:%d/%m/%Y} : sa réponse ne peut pas être d'avant."
        )


def joindre_piece(
    manquement: Manquement,
    *,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    contenu: bytes,
    libelle: str,
    observation: Observation | None = None,
    lien: LienPersonnel | None = None,
) -> PieceManquement:
    """Joint un fichier (PDF ou photo) à la procédure : preuve donnée par la personne, ou pièce du service."""
    with _acte_de(manquement, acteur, perimetre, lien):
        manquement = verrouiller(manquement)
        exiger_acte(manquement.etat, "joindre_piece")
        libelle = " ".join(libelle.split())[:160]
        if not libelle:
            raise JalonError("Dites ce qu'est cette pièce : « certificat », « attestation »…")
        if observation is not None and observation.manquement_id != manquement.pk:
            raise HorsPerimetreError("Cette réponse est celle d'une autre procédure : rechargez la page.")
        if manquement.pieces.count() >= PIECES_MAXIMALES:
            raise JalonError(f"{PIECES_MAXIMALES} pièces sont déjà jointes : apportez les autres au service.")
        type_mime = reconnaitre(contenu)
        document = enregistrer_document(
            contenu, acteur=acteur, nature=NATURE_PIECE, titre=libelle, type_mime=type_mime,
            personne=manquement.personne.public_id,
        )  # fmt: skip
        piece = PieceManquement.objects.create(
            manquement=manquement, observation=observation, libelle=libelle, document=document
        )
        tracer_acte(manquement, "piece", acteur=acteur, perimetre=perimetre, resume="Pièce jointe à la procédure")
        return piece


@transaction.atomic
def reconnaitre_motif_legitime(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, observation: Observation | None = None
) -> Manquement:
    """Reconnaît la raison donnée par la personne : plus rien ne peut lui être reproché, la procédure se classe.

    Sans `observation`, la dernière qui donne un motif. Un motif à preuve attend sa pièce. Lève `JalonError`,
    `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "reconnaitre_motif")
    if observation is None:
        donnees = manquement.observations.filter(motif__isnull=False).order_by("-recue_le", "-pk")
        observation = donnees.select_related("motif").first()
    if observation is None or observation.manquement_id != manquement.pk or observation.motif is None:
        raise JalonError("La personne n'a donné aucune raison de la liste : notez d'abord sa réponse et son motif.")
    if manquement.motif_legitime:
        raise TransitionRefuseeError("Le motif est déjà reconnu : il reste à classer la procédure.")
    if observation.motif.preuve_exigee and not observation.pieces.exists():
        attendue = f" ({observation.motif.aide})" if observation.motif.aide else ""
        raise JalonError(f"Ce motif demande une preuve{attendue} : joignez-la à la réponse de la personne.")
    manquement.motif_legitime = True
    return franchir(
        manquement, "reconnaitre_motif", acteur=acteur, perimetre=perimetre, champs=("motif_legitime",),
        resume="Motif légitime reconnu",
    )  # fmt: skip


# --- Être entendue


@transaction.atomic
def proposer_audition(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, le: date, heure: time, lieu: str
) -> Document:
    """Convoque la personne pour l'entendre, avec qui elle veut ; rend la lettre. Réf. : R61."""
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "proposer_audition")
    jour = timezone.localdate()
    if le <= jour:
        raise JalonError("Une audition se propose pour un jour à venir : la personne doit pouvoir s'y préparer.")
    if not lieu.strip():
        raise JalonError("Dites où la personne sera entendue.")
    lettre = lettre_audition(manquement, acteur=acteur, jour=jour, seance_le=le, heure=heure, lieu=lieu.strip())
    noter_proposition(manquement, acteur=acteur, perimetre=perimetre, le=le)
    return lettre


@transaction.atomic
def noter_proposition(manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, le: date) -> Manquement:
    """Garde le jour proposé pour entendre la personne ; la lettre est écrite par qui convoque."""
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    manquement.audition_proposee_le = le
    return franchir(
        manquement, "proposer_audition", acteur=acteur, perimetre=perimetre, champs=("audition_proposee_le",),
        resume=f"Audition proposée pour le {le:%d/%m/%Y}",
    )  # fmt: skip


@transaction.atomic
def noter_audition(
    manquement: Manquement, *, acteur: Agent, perimetre: Perimetre, entendue_le: date, assistee_par: str = ""
) -> Manquement:
    """Note que la personne a été entendue, et par qui elle était assistée. Réf. : R61."""
    perimetre.exiger(INSTRUIRE)
    manquement = verrouiller(manquement)
    exiger_acte(manquement.etat, "noter_audition")
    if entendue_le > timezone.localdate():
        raise JalonError("Une audition se note quand elle a eu lieu : choisissez aujourd'hui ou un jour passé.")
    if manquement.averti_le is not None and entendue_le < manquement.averti_le:
        raise JalonError(
            f"La personne a été avertie le {manquement.averti_le:%d/%m/%Y} : elle n'a pas pu être entendue avant."
        )
    manquement.entendue_le = entendue_le
    manquement.assistee_par = assistee_par.strip()[:160] or manquement.assistee_par
    return franchir(
        manquement, "noter_audition", acteur=acteur, perimetre=perimetre, champs=("entendue_le", "assistee_par"),
        resume=f"Personne entendue le {entendue_le:%d/%m/%Y}" + (", assistée" if manquement.assistee_par else ""),
    )  # fmt: skip


# --- Lire


def observations_lisibles(manquement: Manquement, perimetre: Perimetre) -> QuerySet[Observation]:
    """Réponses que cet agent peut lire : une raison de santé ne l'est que par qui en a le droit."""
    return manquement.observations.filter(_lisible(perimetre, "motif__")).select_related("motif", "saisie_par")


def pieces_lisibles(manquement: Manquement, perimetre: Perimetre) -> QuerySet[PieceManquement]:
    """Pièces que cet agent peut ouvrir, hors preuves d'une raison de santé qu'il ne lit pas."""
    return manquement.pieces.filter(_lisible(perimetre, "observation__motif__")).select_related("document")


def document_lisible(document: Document, perimetre: Perimetre) -> bool:
    """Cet agent peut ouvrir ce document : ce n'est pas la preuve d'une raison de santé qu'il ne lit pas (R77)."""
    joint_a = PieceManquement.objects.filter(document=document)
    return not joint_a.exists() or joint_a.filter(_lisible(perimetre, "observation__motif__")).exists()


def _lisible(perimetre: Perimetre, motif: str) -> Q:
    return Q() if perimetre.voit_sante else Q(**{f"{motif}pk__isnull": True}) | Q(**{f"{motif}sante": False})

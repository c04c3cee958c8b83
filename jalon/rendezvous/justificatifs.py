"""Une absence annoncée, son motif et sa preuve : la personne peut les donner, un agent les examine (D12, F026)."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.liens import LienPersonnel
from jalon.rendezvous.contacts import retirer_tache_de_contact
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatJustificatif,
    EtatReunion,
    Invitation,
    JustificatifAbsence,
    MotifAbsence,
    OrigineSaisie,
    PreuveAbsence,
)
from jalon.rendezvous.workflows import exiger_invitation, exiger_justificatif
from jalon.socle.errors import JalonError
from jalon.traces.services import tracer

TAILLE_MAXIMALE = 5 * 1024 * 1024
PREUVES_MAXIMALES = 3
SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
"""Les seuls fichiers reçus, reconnus à leurs premiers octets et jamais à leur nom."""


def reconnaitre(contenu: bytes) -> str:
    """Type réel d'un fichier ; lève `JalonError` s'il n'est pas de ceux que l'on reçoit."""
    if not contenu:
        raise JalonError("Ce fichier est vide : choisissez-en un autre.")
    if len(contenu) > TAILLE_MAXIMALE:
        raise JalonError("Ce fichier dépasse 5 Mo : prenez une photo moins lourde ou un PDF.")
    for signature, type_mime in SIGNATURES:
        if contenu.startswith(signature):
            return type_mime
    raise JalonError("Ce fichier n'est ni un PDF ni une photo (JPEG ou PNG) : choisissez-en un autre.")


@transaction.atomic
def declarer_absence(
    invitation: Invitation,
    *,
    motif: MotifAbsence,
    precision: str = "",
    preuve: bytes = b"",
    acteur: Agent | None = None,
    perimetre: Perimetre | None = None,
    lien: LienPersonnel | None = None,
) -> JustificatifAbsence:
    """Annonce ou explique une absence ; la personne est excusée tant que personne n'a refusé son motif.

    Sans `acteur`, c'est la personne elle-même, par son lien ou dans son livret. Un motif sans preuve exigée, noté par
    un agent, est accepté du même geste : la parole suffit. Les autres restent à examiner.
    """
    if perimetre is not None:
        perimetre.exiger("reunions.gerer")
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("reunion").get(pk=invitation.pk)
    exiger_invitation(invitation.etat, "excuser")
    if invitation.reunion.etat == EtatReunion.ANNULEE:
        raise JalonError("Cette réunion est annulée : vous n'avez rien à faire.")
    if not motif.actif:
        raise JalonError("Ce motif n'est plus proposé : choisissez-en un autre.")
    origine = OrigineSaisie.AGENT if acteur is not None else OrigineSaisie.PERSONNE
    connu = JustificatifAbsence.objects.select_for_update(of=("self",)).filter(invitation=invitation).first()
    if connu is not None and acteur is None and connu.etat not in EtatJustificatif.a_examiner():
        raise JalonError(
            "Votre absence a déjà été examinée. Pour en parler, appelez le service dont le numéro est sur cette page."
        )
    justificatif = connu or JustificatifAbsence(invitation=invitation, personne_id=invitation.personne_id)
    justificatif.motif, justificatif.precision = motif, precision.strip()[:500]
    justificatif.origine, justificatif.etat = origine, EtatJustificatif.DECLAREE
    justificatif.motif_refus, justificatif.decide_par, justificatif.decide_le = "", None, None
    if acteur is not None and not motif.preuve_exigee:
        justificatif.etat, justificatif.decide_par, justificatif.decide_le = (
            EtatJustificatif.ACCEPTEE, acteur, timezone.now(),
        )  # fmt: skip
    elif justificatif.pk and justificatif.preuves.exists():
        justificatif.etat = EtatJustificatif.PREUVE_RECUE
    justificatif.save()
    if preuve:
        _garder(justificatif, preuve, origine)
    _excuser(invitation, acteur, perimetre, lien)
    tracer(
        "rendezvous.justificatif.declare", justificatif, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre else "",
        personnes=concernees(invitation, lien), vers=justificatif.etat,
        resume="Absence déclarée par la personne" if acteur is None else "Absence excusée",
    )  # fmt: skip
    return justificatif


def concernees(objet: Invitation | JustificatifAbsence, lien: LienPersonnel | None) -> list[UUID]:
    """Dossier à qui l'acte appartient ; par un lien, la personne n'est pas lisible et le lien la désigne."""
    return [lien.dossier if lien is not None else objet.personne.public_id]


def _excuser(
    invitation: Invitation, acteur: Agent | None, perimetre: Perimetre | None, lien: LienPersonnel | None
) -> None:
    if invitation.etat == EtatInvitation.EXCUSEE:
        return
    de = invitation.etat
    invitation.etat = EtatInvitation.EXCUSEE
    invitation.presence_notee_le, invitation.presence_notee_par = timezone.now(), acteur
    invitation.save(update_fields=["etat", "presence_notee_le", "presence_notee_par"])
    if de == EtatInvitation.ABSENTE and acteur is not None:
        retirer_tache_de_contact(invitation, acteur=acteur, motif="L'absence est excusée")
    tracer(
        "rendezvous.invitation.excusee", invitation, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre else "",
        personnes=concernees(invitation, lien), de=de, vers=EtatInvitation.EXCUSEE,
        resume=f"Excusée : {invitation.reunion}"[:300],
    )  # fmt: skip


@transaction.atomic
def joindre_preuve(
    justificatif: JustificatifAbsence,
    *,
    contenu: bytes,
    acteur: Agent | None = None,
    perimetre: Perimetre | None = None,
    lien: LienPersonnel | None = None,
) -> PreuveAbsence:
    """Ajoute un fichier à une absence encore à examiner. Sans `acteur`, la personne elle-même."""
    if perimetre is not None:
        perimetre.exiger("reunions.gerer")
    justificatif = JustificatifAbsence.objects.select_for_update(of=("self",)).get(pk=justificatif.pk)
    exiger_justificatif(justificatif.etat, "joindre_preuve")
    preuve = _garder(justificatif, contenu, OrigineSaisie.PERSONNE if acteur is None else OrigineSaisie.AGENT)
    tracer(
        "rendezvous.justificatif.preuve_recue", justificatif, acteur=acteur,
        organisme=perimetre.organisme_principal if perimetre else "", personnes=concernees(justificatif, lien),
        vers=EtatJustificatif.PREUVE_RECUE, resume="Preuve d'absence reçue",
    )  # fmt: skip
    return preuve


def _garder(justificatif: JustificatifAbsence, contenu: bytes, origine: OrigineSaisie) -> PreuveAbsence:
    type_mime = reconnaitre(contenu)
    if justificatif.preuves.count() >= PREUVES_MAXIMALES:
        raise JalonError(f"Vous avez déjà donné {PREUVES_MAXIMALES} fichiers : c'est le maximum.")
    try:
        with transaction.atomic():
            preuve = PreuveAbsence.objects.create(
                justificatif=justificatif, contenu=contenu, type=type_mime, taille=len(contenu), origine=origine,
                empreinte=hashlib.sha256(contenu).hexdigest(),
            )  # fmt: skip
    except IntegrityError as erreur:
        raise JalonError("Ce fichier a déjà été reçu : il n'est pas utile de le renvoyer.") from erreur
    if justificatif.etat == EtatJustificatif.DECLAREE:
        justificatif.etat = EtatJustificatif.PREUVE_RECUE
        justificatif.save(update_fields=["etat"])
    return preuve


@transaction.atomic
def accepter_absence(justificatif: JustificatifAbsence, *, acteur: Agent, perimetre: Perimetre) -> JustificatifAbsence:
    """Accepte le motif ; s'il exige une preuve, elle doit être là."""
    perimetre.exiger("reunions.gerer")
    justificatif = _verrouiller(justificatif, "accepter")
    if justificatif.motif.preuve_exigee and not justificatif.preuves.exists():
        raise JalonError(
            "Ce motif demande une preuve et aucune n'est arrivée : joignez-la, ou refusez en disant ce qui manque."
        )
    justificatif = _decider(justificatif, EtatJustificatif.ACCEPTEE, "", acteur=acteur, perimetre=perimetre)
    if justificatif.invitation is not None:
        retirer_tache_de_contact(justificatif.invitation, acteur=acteur, motif="L'absence est acceptée")
    return justificatif


@transaction.atomic
def refuser_absence(
    justificatif: JustificatifAbsence, *, acteur: Agent, perimetre: Perimetre, motif: str
) -> JustificatifAbsence:
    """Refuse en disant pourquoi. La réunion passée, la personne est absente ; sinon elle reste attendue."""
    from jalon.rendezvous.presences import poser_etat

    perimetre.exiger("reunions.gerer")
    if not motif.strip():
        raise JalonError("Dites pourquoi : la personne lira ce motif.")
    justificatif = _verrouiller(justificatif, "refuser")
    justificatif = _decider(justificatif, EtatJustificatif.REFUSEE, motif.strip(), acteur=acteur, perimetre=perimetre)
    invitation = justificatif.invitation
    if invitation is None or invitation.etat != EtatInvitation.EXCUSEE:
        return justificatif
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("personne", "reunion__territoire")
        .get(pk=invitation.pk)
    )
    passee = invitation.reunion.date < timezone.localdate() or invitation.reunion.etat == EtatReunion.TENUE
    if passee:
        poser_etat(invitation, EtatInvitation.ABSENTE, acteur=acteur, organisme=perimetre.organisme_principal)
    elif not _autre_invitation_en_cours(invitation):
        invitation.etat = EtatInvitation.CONVOQUEE if invitation.convoquee_le else EtatInvitation.INVITEE
        invitation.presence_notee_le = invitation.presence_notee_par = None
        invitation.save(update_fields=["etat", "presence_notee_le", "presence_notee_par"])
        tracer(
            "rendezvous.invitation.retablie", invitation, acteur=acteur, organisme=perimetre.organisme_principal,
            personnes=[invitation.personne.public_id], de=EtatInvitation.EXCUSEE, vers=invitation.etat,
            resume=f"De nouveau attendue : {invitation.reunion}"[:300],
        )  # fmt: skip
    return justificatif


def _autre_invitation_en_cours(invitation: Invitation) -> bool:
    return (
        Invitation.objects.filter(personne_id=invitation.personne_id, etat__in=EtatInvitation.attendues())
        .exclude(pk=invitation.pk)
        .exists()
    )


def _verrouiller(justificatif: JustificatifAbsence, acte: str) -> JustificatifAbsence:
    justificatif = (
        JustificatifAbsence.objects.select_for_update(of=("self",))
        .select_related("personne", "motif", "invitation")
        .get(pk=justificatif.pk)
    )
    exiger_justificatif(justificatif.etat, acte)
    return justificatif


def _decider(
    justificatif: JustificatifAbsence, etat: EtatJustificatif, motif: str, *, acteur: Agent, perimetre: Perimetre
) -> JustificatifAbsence:
    de = justificatif.etat
    justificatif.etat, justificatif.motif_refus = etat, motif
    justificatif.decide_par, justificatif.decide_le = acteur, timezone.now()
    justificatif.save(update_fields=["etat", "motif_refus", "decide_par", "decide_le"])
    tracer(
        f"rendezvous.justificatif.{etat}", justificatif, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[justificatif.personne.public_id], de=de, vers=etat, motif=motif,
        resume=f"{justificatif.get_etat_display()}",
    )  # fmt: skip
    return justificatif

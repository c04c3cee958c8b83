"""Tenir la feuille : présente, excusée, absente, venue sans invitation ; l'entretien du jour même (R16, R18, F027)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.rendezvous.contacts import ouvrir_tache_de_contact, retirer_tache_de_contact
from jalon.rendezvous.invitations import verrouiller_invitation
from jalon.rendezvous.justificatifs import declarer_absence
from jalon.rendezvous.models import (
    EtatInvitation,
    EtatReunion,
    Invitation,
    JustificatifAbsence,
    MotifAbsence,
    MotifInvitation,
    Reunion,
)
from jalon.rendezvous.services import a_commence, verrouiller_reunion
from jalon.rendezvous.workflows import exiger_invitation, exiger_reunion
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


@transaction.atomic
def noter_presence(
    invitation: Invitation,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    etat: str,
    motif: MotifAbsence | None = None,
    precision: str = "",
) -> Invitation:
    """Note d'un geste ; se corrige tant que la feuille n'est pas close.

    Une absence sans motif demande aussitôt au service de joindre la personne (R18) ; la corriger retire la demande.
    """
    perimetre.exiger("reunions.gerer")
    invitation = verrouiller_invitation(invitation)
    exiger_reunion(invitation.reunion.etat, "noter_presence")
    exiger_invitation(invitation.etat, "noter_presence")
    if etat not in EtatInvitation.comptees():
        raise JalonError("Choisissez « présente », « excusée » ou « absente ».")
    if etat != EtatInvitation.EXCUSEE and not a_commence(invitation.reunion):
        raise TransitionRefuseeError(
            f"La réunion est le {invitation.reunion.date:%d/%m/%Y} : la présence se note à partir de ce jour."
        )
    if etat == EtatInvitation.EXCUSEE:
        if invitation.etat == EtatInvitation.EXCUSEE and motif is None:
            return invitation
        if motif is None:
            raise JalonError("Une absence excusée a un motif : choisissez-le dans la liste.")
        declarer_absence(invitation, acteur=acteur, perimetre=perimetre, motif=motif, precision=precision)
        invitation.refresh_from_db()
        return invitation
    if etat == invitation.etat:
        return invitation
    poser_etat(invitation, etat, acteur=acteur, organisme=perimetre.organisme_principal)
    if etat == EtatInvitation.PRESENTE:
        _retirer_justificatif(invitation)
    return invitation


def poser_etat(invitation: Invitation, etat: str, *, acteur: Agent | None, organisme: str = "") -> None:
    """Écrit l'état d'une invitation verrouillée, et ce que le passage par « absente » demande."""
    de, maintenant = invitation.etat, timezone.now()
    invitation.etat = etat
    invitation.presence_notee_le, invitation.presence_notee_par = maintenant, acteur
    invitation.save(update_fields=["etat", "presence_notee_le", "presence_notee_par"])
    tracer(
        f"rendezvous.invitation.{etat}", invitation, acteur=acteur, organisme=organisme,
        personnes=[invitation.personne.public_id], de=de, vers=etat,
        resume=f"{invitation.get_etat_display()} : {invitation.reunion}"[:300],
    )  # fmt: skip
    if etat == EtatInvitation.ABSENTE:
        ouvrir_tache_de_contact(invitation, jour=timezone.localdate())
    elif de == EtatInvitation.ABSENTE:
        retirer_tache_de_contact(invitation, acteur=acteur, motif="L'absence a été corrigée")


def _retirer_justificatif(invitation: Invitation) -> None:
    """Elle est venue : l'absence annoncée n'a plus d'objet."""
    JustificatifAbsence.objects.filter(invitation=invitation).delete()


@transaction.atomic
def ajouter_presente(reunion: Reunion, *, acteur: Agent, perimetre: Perimetre, personne: Personne) -> Invitation:
    """Ajoute une personne venue sans invitation : on ne renvoie personne (R17). Son invitation ailleurs est levée."""
    perimetre.exiger("reunions.gerer")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "noter_presence")
    if not a_commence(reunion):
        raise TransitionRefuseeError(f"La réunion est le {reunion.date:%d/%m/%Y} : invitez plutôt cette personne.")
    personne = Personne.objects.select_for_update(of=("self",)).get(pk=personne.pk)
    deja = reunion.invitations.filter(personne=personne).exclude(etat=EtatInvitation.ANNULEE).first()
    if deja is not None:
        return noter_presence(deja, acteur=acteur, perimetre=perimetre, etat=EtatInvitation.PRESENTE)
    Invitation.objects.filter(personne=personne, etat__in=EtatInvitation.attendues()).update(
        etat=EtatInvitation.ANNULEE, close_le=timezone.localdate()
    )
    invitation = Invitation.objects.create(
        reunion=reunion, personne=personne, motif=MotifInvitation.LIBRE, etat=EtatInvitation.PRESENTE,
        invitee_le=timezone.localdate(), invitee_par=acteur, arrivee_sans_invitation=True,
        presence_notee_le=timezone.now(), presence_notee_par=acteur,
    )  # fmt: skip
    tracer(
        "rendezvous.invitation.presente", invitation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], vers=EtatInvitation.PRESENTE,
        resume=f"Venue sans invitation : {reunion}"[:300],
    )  # fmt: skip
    return invitation


@transaction.atomic
def clore_feuille(reunion: Reunion, *, acteur: Agent, perimetre: Perimetre, autres_absents: bool = False) -> Reunion:
    """Clôt la feuille : la réunion est tenue, chacun y a un état.

    Lève `TransitionRefuseeError` s'il reste des noms sans état, sauf si `autres_absents` les dit absents.
    """
    perimetre.exiger("reunions.gerer")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "clore")
    if not a_commence(reunion):
        raise TransitionRefuseeError(f"La réunion est le {reunion.date:%d/%m/%Y} : sa feuille se clôt ce jour-là.")
    restantes = list(
        Invitation.objects.select_for_update(of=("self",))
        .filter(reunion=reunion, etat__in=EtatInvitation.attendues())
        .select_related("personne", "reunion__territoire")
        .order_by("pk")
    )
    if restantes and not autres_absents:
        raise TransitionRefuseeError(
            f"{len(restantes)} personne(s) n'ont ni présence ni absence : notez-les, ou dites que les autres sont "
            "absentes."
        )
    for invitation in restantes:
        poser_etat(invitation, EtatInvitation.ABSENTE, acteur=acteur, organisme=perimetre.organisme_principal)
    de = reunion.etat
    reunion.etat, reunion.close_le = EtatReunion.TENUE, timezone.now()
    reunion.save(update_fields=["etat", "close_le"])
    tracer(
        "rendezvous.reunion.tenue", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
        de=de, vers=EtatReunion.TENUE, resume=f"{reunion} tenue, feuille close"[:300],
    )  # fmt: skip
    return reunion


@transaction.atomic
def rouvrir_feuille(reunion: Reunion, *, acteur: Agent, perimetre: Perimetre, motif: str) -> Reunion:
    """Rouvre une feuille close pour la corriger ; le journal garde pourquoi."""
    perimetre.exiger("reunions.gerer")
    if not motif.strip():
        raise JalonError("Dites en quelques mots ce qu'il faut corriger : le journal le gardera.")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "rouvrir")
    vers = EtatReunion.CONVOQUEE if reunion.convoquee_le is not None else EtatReunion.PLANIFIEE
    reunion.etat, reunion.close_le = vers, None
    reunion.save(update_fields=["etat", "close_le"])
    tracer(
        "rendezvous.reunion.rouverte", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
        de=EtatReunion.TENUE, vers=vers, motif=motif.strip(), resume=f"Feuille rouverte : {reunion}"[:300],
    )  # fmt: skip
    return reunion


@transaction.atomic
def noter_entretien(invitation: Invitation, *, acteur: Agent, perimetre: Perimetre) -> Invitation:
    """Note l'entretien individuel tenu le jour même, juste après la réunion (R20, F027)."""
    perimetre.exiger("reunions.gerer")
    invitation = verrouiller_invitation(invitation)
    exiger_invitation(invitation.etat, "tenir_entretien")
    if invitation.entretien_le is not None:
        return invitation
    invitation.entretien_le, invitation.entretien_par = timezone.now(), acteur
    invitation.save(update_fields=["entretien_le", "entretien_par"])
    tracer(
        "rendezvous.invitation.entretien_tenu", invitation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[invitation.personne.public_id],
        resume=f"Entretien individuel tenu après : {invitation.reunion}"[:300],
    )  # fmt: skip
    return invitation

"""Inviter et retirer d'une réunion (R15, R18, F024)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.liens import revoquer_liens
from jalon.personnes.models import Personne
from jalon.personnes.selectors import personnes_du_perimetre
from jalon.rendezvous.contacts import exiger_contact_apres_absence
from jalon.rendezvous.mobilisation import a_inviter
from jalon.rendezvous.models import EtatInvitation, Invitation, MotifInvitation, Reunion
from jalon.rendezvous.services import verrouiller_reunion
from jalon.rendezvous.workflows import exiger_invitation, exiger_reunion
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer


@dataclass(frozen=True)
class BilanInvitations:
    """Ce qu'une invitation en nombre a fait, et pourquoi des personnes ont été laissées de côté."""

    faites: list[Invitation] = field(default_factory=list)
    ecartees: dict[str, list[str]] = field(default_factory=dict)


@transaction.atomic
def inviter_personnes(
    reunion: Reunion, *, acteur: Agent, perimetre: Perimetre, personnes: Iterable[UUID]
) -> BilanInvitations:
    """Invite d'un seul acte ; qui a déjà une invitation, ou n'a pas été contacté après une absence, reste de côté.

    Le motif est celui de la liste calculée ; hors de cette liste, la personne est invitée à sa demande.
    """
    perimetre.exiger("reunions.gerer")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "inviter")
    jour = timezone.localdate()
    if reunion.date < jour:
        raise TransitionRefuseeError("Cette réunion est passée : invitez à une réunion à venir.")
    choisies = list(
        personnes_du_perimetre(perimetre)
        .filter(public_id__in=list(personnes))
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    if not choisies:
        raise JalonError("Choisissez au moins une personne à inviter.")
    places = reunion.capacite - _places_prises(reunion)
    ecartees: dict[str, list[str]] = defaultdict(list)
    retenues = [personne for personne in choisies if _peut_etre_invitee(personne, reunion, ecartees)]
    if len(retenues) > places:
        raise JalonError(
            f"Il reste {max(places, 0)} place(s) et vous invitez {len(retenues)} personnes : "
            "retirez-en, ou augmentez le nombre de places."
        )
    calculees = {
        a.personne.pk: a
        for a in a_inviter(
            perimetre, jour, territoire=reunion.territoire, limite=len(retenues) or 1,
            parmi=[personne.pk for personne in retenues],
        )
    }  # fmt: skip
    faites = []
    for personne in retenues:
        prevue = calculees.get(personne.pk)
        faites.append(
            Invitation(
                reunion=reunion, personne=personne, invitee_le=jour, invitee_par=acteur,
                motif=prevue.motif_invitation if prevue else MotifInvitation.LIBRE,
                echeance=prevue.echeance if prevue else None,
            )
        )  # fmt: skip
    Invitation.objects.bulk_create(faites)
    if faites:
        tracer(
            "rendezvous.invitation.creees", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
            personnes=[i.personne.public_id for i in faites], vers=EtatInvitation.INVITEE,
            resume=f"{len(faites)} personne(s) invitée(s) : {reunion}"[:300],
        )  # fmt: skip
    return BilanInvitations(faites, dict(ecartees))


def _places_prises(reunion: Reunion) -> int:
    return Invitation.objects.filter(
        reunion=reunion, etat__in=[*EtatInvitation.attendues(), EtatInvitation.PRESENTE]
    ).count()


def _peut_etre_invitee(personne: Personne, reunion: Reunion, ecartees: dict[str, list[str]]) -> bool:
    nom = f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"
    siennes = Invitation.objects.filter(personne=personne)
    autre = (
        siennes.filter(etat__in=EtatInvitation.attendues()).select_related("reunion").order_by("reunion__date").first()
    )
    if autre is not None:
        ou = "cette réunion" if autre.reunion_id == reunion.pk else f"la réunion du {autre.reunion.date:%d/%m/%Y}"
        ecartees[f"déjà invitée à {ou}"].append(nom)
        return False
    if siennes.filter(reunion=reunion).exclude(etat=EtatInvitation.ANNULEE).exists():
        ecartees["déjà sur la feuille de cette réunion"].append(nom)
        return False
    try:
        exiger_contact_apres_absence(personne)
    except TransitionRefuseeError:
        ecartees["absente sans avoir été contactée depuis : notez d’abord un contact"].append(nom)
        return False
    return True


@transaction.atomic
def retirer_invitation(invitation: Invitation, *, acteur: Agent, perimetre: Perimetre) -> Invitation:
    """Retire quelqu'un de la feuille avant la réunion ; son lien personnel se ferme."""
    perimetre.exiger("reunions.gerer")
    invitation = verrouiller_invitation(invitation)
    exiger_reunion(invitation.reunion.etat, "inviter")
    exiger_invitation(invitation.etat, "retirer")
    de = invitation.etat
    invitation.etat, invitation.close_le = EtatInvitation.ANNULEE, timezone.localdate()
    invitation.save(update_fields=["etat", "close_le"])
    revoquer_liens(invitation.public_id)
    tracer(
        "rendezvous.invitation.annulee", invitation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[invitation.personne.public_id], de=de, vers=EtatInvitation.ANNULEE,
        resume=f"Invitation retirée : {invitation.reunion}"[:300],
    )  # fmt: skip
    return invitation


def verrouiller_invitation(invitation: Invitation) -> Invitation:
    """L'invitation, seule à changer jusqu'à la fin de l'acte."""
    return (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("personne", "reunion__territoire", "reunion__protocole__type")
        .get(pk=invitation.pk)
    )

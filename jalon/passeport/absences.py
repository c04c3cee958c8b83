"""« Je ne peux pas venir » et « ajouter à mon agenda », depuis le livret (D12, F023, F026)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from jalon.passeport.livret import INTROUVABLE, Rencontre, rencontres
from jalon.passeport.titulaire import Titulaire
from jalon.personnes.fusion import effets_complets
from jalon.rendezvous.ical import composer, evenement_de_la_personne, evenement_de_la_reunion
from jalon.rendezvous.justificatifs import declarer_absence
from jalon.rendezvous.models import EtatRendezVous, Invitation, MotifAbsence, RendezVous
from jalon.rendezvous.rendez_vous import prevenir_de_son_absence
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError


def rencontre_de(titulaire: Titulaire, public_id: UUID) -> Rencontre:
    """Un de ses rendez-vous, ou une de ses réunions. Lève `HorsPerimetreError`."""
    trouvee = next((r for r in rencontres(titulaire) if r.public_id == public_id), None)
    if trouvee is None:
        raise HorsPerimetreError(INTROUVABLE)
    return trouvee


def motifs_demandes(titulaire: Titulaire, public_id: UUID) -> list[MotifAbsence]:
    """Raisons entre lesquelles choisir : une réunion en demande une, un rendez-vous n'en demande pas."""
    if not _invitations(titulaire).filter(public_id=public_id).exists():
        return []
    return list(MotifAbsence.objects.filter(actif=True).order_by("ordre", "pk"))


def prevenir(
    titulaire: Titulaire, public_id: UUID, *, mot: str = "", motif: MotifAbsence | None = None, preuve: bytes = b""
) -> None:
    """Dit qu'elle ne viendra pas, par le même acte que son lien personnel.

    Lève `HorsPerimetreError` (ce n'est pas le sien), `JalonError` (raison, fichier), `TransitionRefuseeError`.
    """
    rendez_vous = RendezVous.objects.filter(personne_id=titulaire.cle, public_id=public_id).first()
    if rendez_vous is not None:
        prevenir_de_son_absence(rendez_vous, dossier=titulaire.dossier, motif=mot)
        return
    if not rencontre_de(titulaire, public_id).prevenir:
        raise TransitionRefuseeError("Cette réunion n'attend plus de réponse. Appelez le service si besoin.")
    if motif is None:
        raise JalonError("Choisissez la raison qui convient le mieux.")
    # Ses justificatifs sont lus par le service, pas encore par elle : l'acte s'accomplit en entier.
    with transaction.atomic(), effets_complets():
        invitation = _invitations(titulaire).get(public_id=public_id)
        declarer_absence(invitation, motif=motif, precision=mot, preuve=preuve)


def agenda_de(titulaire: Titulaire, public_id: UUID) -> bytes:
    """La rencontre pour l'agenda de son téléphone. Lève `HorsPerimetreError` si elle n'a plus lieu."""
    rendez_vous = (
        RendezVous.objects.filter(personne_id=titulaire.cle, public_id=public_id, etat=EtatRendezVous.FIXE)
        .select_related("agent", "organisme")
        .first()
    )
    if rendez_vous is not None:
        return composer([evenement_de_la_personne(rendez_vous)])
    if rencontre_de(titulaire, public_id).etat:
        raise HorsPerimetreError(INTROUVABLE)
    return composer([evenement_de_la_reunion(_invitations(titulaire).get(public_id=public_id))])


def _invitations(titulaire: Titulaire) -> QuerySet[Invitation]:
    return Invitation.objects.filter(personne_id=titulaire.cle).select_related("reunion")

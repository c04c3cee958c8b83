"""La réunion d'une personne, pour l'agenda de son téléphone."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from jalon.rendezvous.ical import Evenement, composer
from jalon.rendezvous.models import Invitation
from jalon.rendezvous.services import fin_de


def composer_agenda(invitation: Invitation) -> bytes:
    """Fichier d'agenda d'une invitation ; ni nom ni lien n'y sont écrits."""
    reunion = invitation.reunion
    debut = timezone.make_aware(datetime.combine(reunion.date, reunion.debut))
    lieu = f"{reunion.lieu}, {reunion.adresse}"
    return composer(
        [Evenement(str(invitation.public_id), debut, fin_de(reunion), reunion.protocole.type.libelle, lieu)]
    )

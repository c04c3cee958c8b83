"""Un rendez-vous au format des agendas (iCalendar, RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone

from jalon.rendezvous.models import Invitation
from jalon.rendezvous.services import fin_de

OCTETS_LIGNE = 75


def composer_agenda(invitation: Invitation) -> str:
    """Fichier d'agenda d'une invitation."""
    reunion = invitation.reunion
    debut = timezone.make_aware(datetime.combine(reunion.date, reunion.debut))
    lignes = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Jalon//Reunions//FR",
        "BEGIN:VEVENT",
        f"UID:{invitation.public_id}@jalon",
        f"DTSTAMP:{_instant(timezone.now())}",
        f"DTSTART:{_instant(debut)}",
        f"DTEND:{_instant(fin_de(reunion))}",
        f"SUMMARY:{_proteger(reunion.protocole.type.libelle)}",
        f"LOCATION:{_proteger(f'{reunion.lieu}, {reunion.adresse}')}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "".join(f"{_plier(ligne)}\r\n" for ligne in lignes)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _proteger(texte: str) -> str:
    """Une valeur ne peut ni fermer sa ligne ni en ouvrir une autre."""
    propre = texte.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(propre.split())


def _plier(ligne: str) -> str:
    """Coupe une ligne trop longue, sans couper un caractère."""
    morceaux, courant = [], ""
    for signe in ligne:
        if len((courant + signe).encode()) > OCTETS_LIGNE - 1:
            morceaux.append(courant)
            courant = ""
        courant += signe
    return "\r\n ".join([*morceaux, courant])

"""La procédure ouverte à la personne dans son livret : la même page que par le lien de sa lettre (R61)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from jalon.manquements.models import EtatManquement, Manquement
from jalon.passeport.livret import INTROUVABLE
from jalon.passeport.titulaire import Titulaire
from jalon.socle.errors import HorsPerimetreError
from jalon.web.lien.manquement import Visite as VisiteManquement
from jalon.web.lien.manquement import page, procedures_connues
from jalon.web.livret.visite import Visite, par_visite


def procedures_ouvertes(titulaire: Titulaire) -> list[Manquement]:
    """Lettres auxquelles la personne peut répondre aujourd'hui."""
    ouvertes = procedures_connues().filter(
        personne_id=titulaire.cle, etat__in=(EtatManquement.AVERTI, EtatManquement.AVIS_RENDU)
    )
    return list(ouvertes.order_by("-averti_le", "-pk"))


@par_visite
def manquement(request: HttpRequest, visite: Visite, public_id: UUID) -> HttpResponse:
    """Une de ses procédures ; celle d'une autre est introuvable."""
    titulaire = visite.titulaire
    ouverte = procedures_connues().filter(public_id=public_id, personne_id=titulaire.cle).first()
    if ouverte is None:
        raise HorsPerimetreError(INTROUVABLE)
    autour: dict[str, Any] = {"visite": visite, "rubrique": "droits"}
    adresse = reverse("livret_manquement", args=[public_id])
    return page(request, VisiteManquement(ouverte, titulaire.prenom, adresse, "livret/manquement.html", autour=autour))

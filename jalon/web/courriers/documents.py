"""Remettre un document gardé à qui peut le lire ; l'ouverture du dossier est notée."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Document
from jalon.documents.services import lire_document
from jalon.manquements.observations import document_lisible
from jalon.organismes.models import Organisme
from jalon.personnes.selectors import acceder_personne
from jalon.socle.errors import HorsPerimetreError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.socle.acces import exige

INTROUVABLE = (
    "Ce document n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
    "ou demandez à votre responsable à qui ce dossier est confié."
)


def acceder_document(perimetre: Perimetre, public_id: UUID) -> Document:
    """Le document, si l'agent voit la personne qu'il nomme, s'il l'a produit, ou si son organisme le reçoit.

    Lève `DroitManquantError` ou `HorsPerimetreError`.
    """
    perimetre.exiger("dossier.consulter")
    document = Document.objects.filter(public_id=public_id).first()
    if document is None:
        raise HorsPerimetreError(INTROUVABLE)
    if document.personne is not None:
        acceder_personne(perimetre, document.personne)
        if not document_lisible(document, perimetre):
            raise HorsPerimetreError(INTROUVABLE)
        return document
    agent = perimetre.agent.pk if perimetre.agent is not None else None
    recu = Organisme.objects.filter(pk__in=perimetre.organismes, public_id=document.organisme).exists()
    if not (perimetre.tout or recu or document.cree_par_id == agent):
        raise HorsPerimetreError(INTROUVABLE)
    return document


@require_safe
@exige("dossier.consulter")
def telecharger(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Le fichier lui-même, à enregistrer."""
    perimetre: Perimetre = request.perimetre
    document = acceder_document(perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER if document.personne else Lecture.Nature.EXPORT, agent=request.user,
        organisme=perimetre.organisme_principal, personne=document.personne, ecran="document_telecharger",
    )  # fmt: skip
    reponse = HttpResponse(lire_document(document), content_type=document.type_mime)
    reponse["Content-Disposition"] = f'attachment; filename="{document.nom_fichier}"'
    reponse["Cache-Control"] = "no-store"
    return reponse

"""Les lettres écrites à une personne, et celles que la poste a rendues (F014, F058).

Une lettre revenue n'a rien appris à personne : aucun délai n'en court, et le service, non la personne, en répond.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import constater_retour
from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi, MotifRetour
from jalon.documents.perms import NATURES_DE_PROCEDURE, NATURES_POUR_LA_PERSONNE
from jalon.personnes.adresses import adresses_postales
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError
from jalon.traces.services import tracer

LIRE_LA_PROCEDURE: Final = "manquements.consulter"
DROITS: Final = ("suivi.ecrire", "notification.produire", "manquement.instruire")
"""Qui ouvre le courrier du service peut noter qu'un pli est revenu."""


def courriers_de(personne: Personne, perimetre: Perimetre) -> QuerySet[Document]:
    """Ses lettres, la dernière d'abord, avec leurs envois ; celles d'une procédure à qui a le droit de la lire."""
    natures = set(NATURES_POUR_LA_PERSONNE)
    if not perimetre.peut(LIRE_LA_PROCEDURE):
        natures -= set(NATURES_DE_PROCEDURE)
    return (
        Document.objects.filter(personne__in=_dossiers(personne), nature__in=natures)
        .prefetch_related(Prefetch("envois", Envoi.objects.order_by("pk")))
        .order_by("-cree_le", "-pk")
    )


def _dossiers(personne: Personne) -> QuerySet[Personne, UUID]:
    """Son dossier et ceux réunis dans le sien : les lettres d'avant les désignent encore."""
    siens = Personne.objects.filter(Q(pk=personne.pk) | Q(fusionnee_dans=personne)).order_by("pk")
    return siens.values_list("public_id", flat=True)


def peut_noter_un_retour(perimetre: Perimetre) -> bool:
    return any(perimetre.peut(droit) for droit in DROITS)


@transaction.atomic
def noter_retour(
    personne: Personne,
    envoi: Envoi,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    revenu_le: date,
    motif: str,
    presente_le: date | None = None,
    precision: str = "",
) -> Envoi:
    """Note qu'une lettre à cette personne est revenue, et pourquoi. Lève `JalonError`, `DroitManquantError`."""
    if not peut_noter_un_retour(perimetre):
        raise DroitManquantError("Votre rôle ne permet pas cet acte. Demandez à votre responsable qui peut le faire.")
    envoi = constater_retour(envoi, revenu_le=revenu_le, motif=motif, presente_le=presente_le, precision=precision)
    titre = envoi.document.titre if envoi.document is not None else envoi.objet
    tracer(
        "personnes.courrier.revenu", envoi, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], motif=precision,
        resume=f"Courrier revenu le {revenu_le:%d/%m/%Y} : {titre} ({MotifRetour(motif).label.lower()})"[:300],
    )  # fmt: skip
    return envoi


def adresse_inchangee(personne: Personne, destinataire: str) -> bool:
    """L'adresse du dossier est encore celle-là, d'où une lettre est revenue ; sans adresse, rien n'a changé."""
    adresse = adresses_postales([personne.pk])[personne.pk]
    return bool(adresse.defaut) or adresse.figure_dans(destinataire)


def lettres_perdues(personne: Personne) -> QuerySet[Envoi]:
    """Ce que la poste a rendu sans atteindre la personne, le dernier retour d'abord."""
    return (
        Envoi.objects.filter(personne__in=_dossiers(personne), canal=Canal.COURRIER, etat=EtatEnvoi.REVENU)
        .exclude(motif_retour__in=MotifRetour.presentes())
        .order_by("-revenu_le", "-pk")
    )


def adresse_a_verifier(personne: Personne) -> Envoi | None:
    """La dernière lettre perdue, tant que l'adresse de la personne n'a pas changé depuis."""
    perdue = lettres_perdues(personne).first()
    return perdue if perdue is not None and adresse_inchangee(personne, perdue.destinataire) else None

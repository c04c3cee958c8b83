"""La lettre qui apprend à la personne le nom de son nouveau référent (R44)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.composition import composer
from jalon.documents.ecriture import date_en_lettres
from jalon.documents.models import Document
from jalon.documents.services import enregistrer_document
from jalon.orientations.lettres import civilite, joindre_agent, nom_complet
from jalon.personnes.adresses import adresses_postales
from jalon.referentiels.parametres import mot
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

CODE_MODELE = "passation_referent"


@transaction.atomic
def ecrire_lettre(designation: DesignationReferent, *, acteur: Agent, perimetre: Perimetre) -> Document:
    """Écrit la lettre et la garde dans le dossier ; une seule par désignation.

    Lève `TransitionRefuseeError` si elle est déjà écrite, `JalonError` sans adresse où l'envoyer,
    `CourrierIncompletError` si le texte cite ce que l'on ignore, `DroitManquantError`.
    """
    if not perimetre.peut("suivi.ecrire"):
        perimetre.exiger("referent.designer")
    designation = (
        DesignationReferent.objects.select_for_update(of=("self",))
        .select_related("personne", "organisme", "agent")
        .get(pk=designation.pk)
    )
    if designation.lettre is not None:
        raise TransitionRefuseeError("La lettre est déjà écrite : elle est dans le dossier.")
    personne = designation.personne
    adresse = adresses_postales([personne.pk])[personne.pk]
    if adresse.defaut:
        raise JalonError(
            f"La lettre n'arriverait pas : {adresse.defaut}. Complétez les coordonnées de la personne, "
            "ou prévenez-la autrement."
        )
    precedente = (
        DesignationReferent.objects.filter(personne=personne, periode__fully_lt=designation.periode)
        .select_related("agent")
        .order_by("-periode", "-pk")
        .first()
    )
    octets, version = composer(
        CODE_MODELE,
        {
            "civilite": civilite(personne),
            "nom_complet": nom_complet(personne),
            "nouveau_referent": designation.nom,
            "coordonnees_referent": joindre_agent(designation.agent) or designation.contact_externe,
            "ancien_referent": precedente.nom if precedente is not None else "",
            "organisme": designation.organisme.libelle,
            "date_effet": date_en_lettres(designation.periode.lower),
        },
        timezone.localdate(),
        destinataire=(nom_complet(personne), *adresse.lignes),
    )
    document = enregistrer_document(
        octets, acteur=acteur, nature=CODE_MODELE, titre=f"Nouveau {mot('referent').singulier} : {designation.nom}",
        personne=personne.public_id, version=version,
    )  # fmt: skip
    designation.lettre = document.public_id
    designation.save(update_fields=["lettre"])
    tracer(
        "accompagnements.referent.lettre_ecrite", designation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Lettre : {document.titre}"[:300],
    )  # fmt: skip
    return document


def lettre_de(designation: DesignationReferent) -> Document:
    """La lettre d'une désignation déjà obtenue par le périmètre."""
    document = Document.objects.filter(public_id=designation.lettre).first() if designation.lettre else None
    if document is None:
        raise HorsPerimetreError("Cette lettre n'existe pas, ou n'est plus dans votre périmètre.")
    return document

"""Annuler une réunion, et le dire à chaque personne convoquée par les moyens de sa convocation (R18, D12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.composition import Composeur, Lettre
from jalon.documents.ecriture import date_en_lettres, heure_en_lettres
from jalon.documents.envois import envoyer
from jalon.documents.models import Canal
from jalon.documents.pdf import rendre_tranche
from jalon.documents.services import ADocumenter, enregistrer_document, enregistrer_documents
from jalon.personnes.liens import revoquer_liens
from jalon.personnes.models import Personne
from jalon.rendezvous.convocations import (
    adresses_postales,
    coordonnees_connues,
    moment,
    nom_complet,
    qui_appeler,
)
from jalon.rendezvous.messages import civilite, destinataire, en_texte
from jalon.rendezvous.models import EtatInvitation, EtatReunion, Invitation, Reunion
from jalon.rendezvous.services import fin_de, verrouiller_reunion
from jalon.rendezvous.workflows import exiger_reunion
from jalon.socle.errors import JalonError
from jalon.traces.services import tracer

CODE_COURRIER = "annulation_reunion"
NATURE = "annulation_reunion"


@dataclass(frozen=True)
class BilanAnnulation:
    """Qui a été prévenu, et par où ; qui ne pouvait l'être, et combien étaient invités sans convocation écrite."""

    prevenues: int
    courriels: int
    sms: int
    injoignables: list[str]
    """Convoquées dont on n'a ni adresse postale ni message accepté."""
    a_prevenir: int


def convoquees_a_prevenir(reunion: Reunion) -> QuerySet[Invitation]:
    """Personnes convoquées que l'annulation préviendra : aucune, une fois passée l'heure où l'on se quittait."""
    convoquees = Invitation.objects.filter(reunion=reunion, etat=EtatInvitation.CONVOQUEE)
    return convoquees.none() if fin_de(reunion) <= timezone.now() else convoquees


@transaction.atomic
def annuler_reunion(reunion: Reunion, *, acteur: Agent, perimetre: Perimetre, motif: str) -> BilanAnnulation:
    """Annule : personne n'est absent d'une réunion qui n'a pas eu lieu, chacun redevient à inviter.

    Qui a été convoqué est prévenu par les moyens de sa convocation, s'il les accepte encore ; la lettre, toujours.
    """
    perimetre.exiger("reunions.gerer")
    if not motif.strip():
        raise JalonError("Dites pourquoi la réunion est annulée : les personnes convoquées doivent le savoir.")
    reunion = verrouiller_reunion(reunion)
    exiger_reunion(reunion.etat, "annuler")
    de = reunion.etat
    touchees = list(
        Invitation.objects.select_for_update(of=("self",))
        .filter(reunion=reunion)
        .exclude(etat=EtatInvitation.ANNULEE)
        .select_related("personne", "personne__coordonnees")
        .order_by("personne__nom", "personne__prenom", "pk")
    )
    a_prevenir = set(convoquees_a_prevenir(reunion).order_by("pk").values_list("pk", flat=True))
    reunion.etat, reunion.motif_annulation = EtatReunion.ANNULEE, motif.strip()
    prevenues = [invitation for invitation in touchees if invitation.pk in a_prevenir]
    adresses = adresses_postales([invitation.personne for invitation in prevenues])
    messages = _prevenir(reunion, prevenues, adresses, acteur) if prevenues else []
    injoignables = [
        nom_complet(invitation.personne)
        for invitation, canaux in zip(prevenues, messages, strict=True)
        if not canaux and not adresses.get(invitation.personne_id)
    ]
    reunion.save(update_fields=["etat", "motif_annulation", "planche"])
    Invitation.objects.filter(pk__in=[i.pk for i in touchees]).update(
        etat=EtatInvitation.ANNULEE, close_le=timezone.localdate()
    )
    for invitation in touchees:
        revoquer_liens(invitation.public_id)
    tracer(
        "rendezvous.reunion.annulee", reunion, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[i.personne.public_id for i in touchees], de=de, vers=EtatReunion.ANNULEE, motif=motif.strip(),
        donnees={"prevenues": len(prevenues) - len(injoignables)}, resume=f"{reunion} annulée"[:300],
    )  # fmt: skip
    return BilanAnnulation(
        prevenues=len(prevenues) - len(injoignables), injoignables=injoignables,
        courriels=sum(Canal.COURRIEL in canaux for canaux in messages),
        sms=sum(Canal.SMS in canaux for canaux in messages),
        a_prevenir=sum(i.etat == EtatInvitation.INVITEE for i in touchees),
    )  # fmt: skip


def _prevenir(
    reunion: Reunion, prevenues: Sequence[Invitation], adresses: dict[int, list[str]], acteur: Agent
) -> list[list[str]]:
    """Écrit les lettres, leur planche à imprimer, et les messages ; rend pour chacune les canaux de ses messages."""
    composeur, jour = Composeur(), timezone.localdate()
    lettres = [_lettre(composeur, reunion, i.personne, adresses.get(i.personne_id, []), jour) for i in prevenues]
    seules, planche = rendre_tranche(composeur.papier, [lettre.charge for lettre in lettres])
    titre = f"Annulation de la réunion du {reunion.date:%d/%m/%Y}"
    documents = enregistrer_documents(
        [
            ADocumenter(octets, NATURE, titre, personne=i.personne.public_id, version=lettre.version)
            for i, lettre, octets in zip(prevenues, lettres, seules, strict=True)
        ],
        acteur=acteur,
    )
    reunion.planche = enregistrer_document(
        planche, acteur=acteur, nature=NATURE, titre=f"Lettres d'annulation à imprimer, {reunion}"[:200]
    )
    messages = []
    for invitation, lettre, document in zip(prevenues, lettres, documents, strict=True):
        objet = lettre.charge["objet"][:1].upper() + lettre.charge["objet"][1:]
        personne, connues = invitation.personne, coordonnees_connues(invitation.personne)
        canaux: list[str] = []
        commun: dict[str, Any] = {"acteur": acteur, "personne": personne.public_id}
        postal = "\n".join([nom_complet(personne), *adresses.get(personne.pk, [])])
        envoyer(canal=Canal.COURRIER, destinataire=postal, document=document, **commun)
        if connues is not None and connues.par_courriel and Canal.COURRIEL in invitation.canaux:
            envoyer(canal=Canal.COURRIEL, destinataire=connues.courriel, objet=objet, texte=en_texte(lettre), **commun)
            canaux.append(str(Canal.COURRIEL))
        if connues is not None and connues.par_sms and Canal.SMS in invitation.canaux:
            texte = f"{objet} : {moment(reunion)}, {reunion.lieu}. Ne vous déplacez pas : nous vous écrirons."
            envoyer(canal=Canal.SMS, destinataire=connues.telephone, texte=texte, **commun)
            canaux.append(str(Canal.SMS))
        messages.append(canaux)
    return messages


def _lettre(composeur: Composeur, reunion: Reunion, personne: Personne, adresse: Sequence[str], jour: date) -> Lettre:
    """Quoi, pourquoi, et qu'il n'y a rien à faire : le texte est du profil, le courriel le reprend."""
    return composeur.lettre(
        composeur.version(CODE_COURRIER),
        {
            "civilite": civilite(personne), "nom_complet": nom_complet(personne),
            "date_reunion": date_en_lettres(reunion.date, avec_jour=True),
            "heure_reunion": heure_en_lettres(reunion.debut.hour, reunion.debut.minute),
            "lieu": reunion.lieu, "adresse_lieu": reunion.adresse, "contact": qui_appeler(reunion),
            "motif": reunion.motif_annulation,
        },
        jour=jour, destinataire=destinataire(personne, list(adresse)),
    )  # fmt: skip

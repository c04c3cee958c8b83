"""Confier un message à une passerelle : une fois, jamais deux, et chaque essai gardé comme preuve."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi, MotifRetour, TentativeEnvoi
from jalon.documents.passerelles import EnvoiRefuseError, Message, PieceJointe, passerelle
from jalon.documents.services import lire_document
from jalon.socle.errors import JalonError, TransitionRefuseeError

TACHE_ENVOI: Final = "documents.envoyer"
ESSAIS: Final = 5
TEXTE_EFFACE: Final = "Message à code : son texte n'est pas gardé."
_COURRIEL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TELEPHONE: Final = re.compile(r"\+[1-9][0-9]{5,14}")


@transaction.atomic
def envoyer(
    *,
    acteur: models.Model | None,
    canal: str,
    destinataire: str,
    objet: str = "",
    texte: str = "",
    document: Document | None = None,
    joint: Document | None = None,
    personne: UUID | None = None,
    organisme: UUID | None = None,
    perime_le: datetime | None = None,
) -> Envoi:
    """Note l'envoi et le met en file dans la même transaction : si l'acte est défait, rien ne part.

    Un courrier postal n'a pas de passerelle : il attend d'être mis sous pli, puis `constater_depart`. L'accord de la
    personne pour le SMS ou le courriel est à vérifier par qui appelle. Un message qui porte un code a sa fin
    (`perime_le`) : il ne part plus après, et son texte est effacé. Lève `JalonError` si l'adresse n'en est pas une.
    """
    if canal == Canal.COURRIEL and not _COURRIEL.fullmatch(destinataire):
        raise JalonError(f"« {destinataire} » n'est pas une adresse électronique : corrigez-la avant d'envoyer.")
    if canal == Canal.SMS and not _TELEPHONE.fullmatch(destinataire):
        raise JalonError("Ce numéro de téléphone doit porter l'indicatif du pays (+33…) : corrigez-le avant d'envoyer.")
    if canal == Canal.COURRIER and document is None:
        raise JalonError("Un courrier postal a son document : produisez la lettre d'abord.")
    envoi = Envoi.objects.create(
        canal=canal, destinataire=destinataire[:500], objet=objet[:200], texte=texte, document=document,
        joint=joint, personne=personne, organisme=organisme, perime_le=perime_le,
        demande_par_id=acteur.pk if acteur is not None else None,
    )  # fmt: skip
    if canal != Canal.COURRIER:
        app.configure_task(TACHE_ENVOI).defer(identifiant=str(envoi.public_id))
    return envoi


def executer_envoi(identifiant: UUID) -> None:
    """Le travail de fond. Lève `EnvoiRefuseError` tant qu'un nouvel essai peut réussir.

    L'envoi passe à « confié » et s'écrit **avant** l'appel : si la machine s'arrête au milieu, nul ne sait si le message
    est parti, et il n'est pas renvoyé tout seul ; un agent le voit et tranche.
    """
    with transaction.atomic():
        envoi = (
            Envoi.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(public_id=identifiant, etat=EtatEnvoi.A_ENVOYER)
            .exclude(canal=Canal.COURRIER)
            .select_related("document", "joint")
            .first()
        )
        if envoi is None:
            return
        envoi.etat, envoi.tentatives = EtatEnvoi.EN_COURS, envoi.tentatives + 1
        envoi.save(update_fields=["etat", "tentatives"])
        essai = TentativeEnvoi.objects.create(envoi=envoi, rang=envoi.tentatives)
    if envoi.perime_le is not None and envoi.perime_le < timezone.now():
        _noter(envoi, essai, EtatEnvoi.ECHEC, "trop tard : ce message ne valait plus", reussie=False)
        return
    try:
        recu = passerelle(envoi.canal).envoyer(_message(envoi))
    except EnvoiRefuseError as refus:
        fini = refus.definitif or envoi.tentatives >= ESSAIS
        _noter(envoi, essai, EtatEnvoi.ECHEC if fini else EtatEnvoi.A_ENVOYER, str(refus), reussie=False)
        if not fini:
            raise
        return
    _noter(envoi, essai, EtatEnvoi.ENVOYE, recu.preuve, reussie=True)


def _message(envoi: Envoi) -> Message:
    pieces = tuple(
        PieceJointe(document.nom_fichier, document.type_mime, lire_document(document))
        for document in (envoi.document, envoi.joint)
        if document is not None
    )
    return Message(envoi.canal, envoi.destinataire, envoi.objet, envoi.texte, str(envoi.public_id), pieces)


@transaction.atomic
def _noter(envoi: Envoi, essai: TentativeEnvoi, etat: EtatEnvoi, preuve: str, *, reussie: bool) -> None:
    essai.reussie, essai.preuve = reussie, preuve[:300]
    essai.save(update_fields=["reussie", "preuve"])
    envoi.etat, envoi.preuve = etat, preuve[:300]
    if reussie:
        envoi.envoye_le = timezone.now()
    if envoi.perime_le is not None and etat != EtatEnvoi.A_ENVOYER:
        envoi.texte = TEXTE_EFFACE
    envoi.save(update_fields=["etat", "preuve", "envoye_le", "texte"])


@transaction.atomic
def constater_depart(envoi: Envoi, *, preuve: str) -> Envoi:
    """Un courrier postal est parti (remis à l'imprimeur, à la poste). Lève `TransitionRefuseeError`."""
    envoi = Envoi.objects.select_for_update(of=("self",)).get(pk=envoi.pk)
    if envoi.canal != Canal.COURRIER or envoi.etat != EtatEnvoi.A_ENVOYER:
        raise TransitionRefuseeError("Cet envoi est déjà parti : il n'y a rien à constater.")
    envoi.etat, envoi.preuve, envoi.envoye_le = EtatEnvoi.ENVOYE, preuve[:300], timezone.now()
    envoi.save(update_fields=["etat", "preuve", "envoye_le"])
    return envoi


def constater_remise(document: Document, *, preuve: str) -> None:
    """La personne a cette lettre, la preuve en est notée : son courrier ne peut plus revenir. Un retour noté reste."""
    maintenant = timezone.now()
    envois = Envoi.objects.filter(document=document).exclude(etat=EtatEnvoi.REVENU)
    envois.filter(envoye_le=None).update(envoye_le=maintenant)
    envois.update(etat=EtatEnvoi.REMIS, remis_le=maintenant, preuve=" ".join(preuve.split())[:300])


@transaction.atomic
def constater_retour(
    envoi: Envoi, *, revenu_le: date, motif: str, presente_le: date | None = None, precision: str = ""
) -> Envoi:
    """Un courrier est revenu : quel jour, et pourquoi. Jamais défait : une nouvelle lettre le remplace.

    Un pli non réclamé ou refusé dit quel jour il a été présenté. Lève `JalonError`, `TransitionRefuseeError`.
    """
    envoi = Envoi.objects.select_for_update(of=("self",)).get(pk=envoi.pk)
    if envoi.canal != Canal.COURRIER:
        raise JalonError("Seul un courrier postal revient : un message qui échoue se voit dans ses envois.")
    if envoi.etat == EtatEnvoi.REVENU:
        raise TransitionRefuseeError("Le retour de ce courrier est déjà noté.")
    if envoi.etat == EtatEnvoi.REMIS:
        raise TransitionRefuseeError("La réception de cette lettre est prouvée : elle n'a pas pu revenir.")
    if motif not in MotifRetour.values:
        raise JalonError("Dites pourquoi le courrier est revenu : c'est coché ou écrit sur le pli.")
    parti, precision = timezone.localdate(envoi.demande_le), " ".join(precision.split())
    if revenu_le > timezone.localdate():
        raise JalonError("Un retour se note quand le pli est là : choisissez aujourd'hui ou un jour passé.")
    if revenu_le < parti:
        raise JalonError(f"Ce courrier est du {parti:%d/%m/%Y} : il n'a pas pu revenir avant.")
    if motif in MotifRetour.presentes():
        if presente_le is None:
            raise JalonError("Donnez le jour où le facteur a présenté le pli : il est écrit dessus.")
        if not parti <= presente_le <= revenu_le:
            raise JalonError("Le pli a été présenté entre son départ et son retour : vérifiez ce jour.")
    else:
        presente_le = None
    if motif == MotifRetour.AUTRE and not precision:
        raise JalonError("Dites en quelques mots pourquoi ce courrier est revenu.")
    envoi.etat, envoi.revenu_le, envoi.motif_retour = EtatEnvoi.REVENU, revenu_le, motif
    envoi.presente_le, envoi.precision_retour = presente_le, precision[:200]
    envoi.save(update_fields=["etat", "revenu_le", "motif_retour", "presente_le", "precision_retour"])
    return envoi


def retour_de(document: Document | None) -> Envoi | None:
    """Le retour noté du dernier envoi postal de ce document ; `None` s'il n'est pas revenu."""
    if document is None:
        return None
    dernier = Envoi.objects.filter(document=document, canal=Canal.COURRIER).order_by("-pk").first()
    return dernier if dernier is not None and dernier.etat == EtatEnvoi.REVENU else None


def exiger_arrivee(
    document: Document | None, recu_le: date, *, en_main_propre: bool = False, corrigee: bool = False
) -> None:
    """Refuse de dire reçue une lettre que la poste a rendue. Lève `TransitionRefuseeError`, `JalonError`.

    Présentée sans être retirée, elle compte du jour de sa présentation, jamais d'un jour d'avant. Remise en main propre
    après son retour, elle compte de ce jour-là. `corrigee` : sa réception est déjà notée, et se corrige de même.
    """
    retour = retour_de(document)
    if retour is None or retour.revenu_le is None:
        return
    if en_main_propre or (corrigee and retour.perdu):
        if recu_le < retour.revenu_le:
            raise JalonError(f"Le pli est revenu le {retour.revenu_le:%d/%m/%Y} : il n'a pas pu être remis avant.")
        return
    if retour.perdu:
        raise TransitionRefuseeError(
            f"Cette lettre est revenue le {retour.revenu_le:%d/%m/%Y} sans atteindre la personne : elle n'a pas été "
            "reçue. Vérifiez l'adresse, puis écrivez de nouveau."
        )
    if retour.presente_le is not None and recu_le < retour.presente_le:
        raise JalonError(f"Le facteur a présenté cette lettre le {retour.presente_le:%d/%m/%Y} : pas avant ce jour.")

"""Notifier une orientation : produire la lettre, une à une ou en nombre, et constater qu'elle est reçue (R33, F039)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.composition import CourrierIncompletError
from jalon.documents.envois import constater_remise, envoyer, exiger_arrivee
from jalon.documents.lots import TrancheARefaireError, creer_lot, executer_lot, remettre_en_file
from jalon.documents.models import Canal, Document, Envoi, EtatEnvoi, LotDocuments
from jalon.documents.services import ADocumenter, enregistrer_document, enregistrer_documents
from jalon.orientations.lettres import (
    AdresseInsuffisanteError,
    Copie,
    Redaction,
    Redigee,
    nom_complet,
    pour_lettre,
)
from jalon.orientations.models import DecisionOrientation, ModeReception, NotificationOrientation
from jalon.personnes.adresses import adresses_postales
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import ajouter_mois, mot
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.textes import normaliser
from jalon.traces.services import tracer

DROIT: Final = "notification.produire"
NATURE: Final = "notification_orientation"
NATURE_COPIE: Final = "copie_notification"
CODE: Final = "orientations.notification.produite"
CODE_RECEPTION: Final = "orientations.notification.recue"
TACHE: Final = "orientations.notifier"
PAQUET: Final = 2_000
"""Décisions lues à la fois : dix mille ensemble prendraient deux cents mégaoctets."""


# --- Obtenir


def decisions_du_perimetre(perimetre: Perimetre) -> QuerySet[DecisionOrientation]:
    """Décisions des personnes que l'agent voit."""
    return DecisionOrientation.objects.filter(filtre_perimetre(perimetre, "personne__"))


def decisions_a_notifier(perimetre: Perimetre) -> QuerySet[DecisionOrientation]:
    """Orientations en vigueur que la personne ne connaît pas encore par écrit."""
    faites = NotificationOrientation.objects.filter(decision=OuterRef("pk"))
    return decisions_du_perimetre(perimetre).filter(
        ~Exists(faites), annulee_le=None, periode__endswith=None, periode__isempty=False
    )


def notifications_sans_reception(perimetre: Perimetre) -> QuerySet[NotificationOrientation]:
    """Lettres parties dont rien ne prouve encore la réception : leur délai de contrat ne court pas."""
    return NotificationOrientation.objects.filter(
        filtre_perimetre(perimetre, "decision__personne__"),
        recue_le=None, remplacees=None, decision__annulee_le=None, decision__periode__endswith=None,
    )  # fmt: skip


def acceder_decision(perimetre: Perimetre, public_id: UUID, *, droit: str = DROIT) -> DecisionOrientation:
    """La décision, lue pour une lettre. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    decision = pour_lettre(decisions_du_perimetre(perimetre)).filter(public_id=public_id).first()
    if decision is None:
        raise HorsPerimetreError(
            "Cette décision n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
            "ou demandez à votre responsable à qui ce dossier est confié."
        )
    return decision


def acceder_notification(perimetre: Perimetre, public_id: UUID, *, droit: str = DROIT) -> NotificationOrientation:
    """La notification et sa décision. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(droit)
    notification = (
        NotificationOrientation.objects.filter(filtre_perimetre(perimetre, "decision__personne__"))
        .select_related("decision__personne", "decision__type", "decision__organisme", "produite_par")
        .filter(public_id=public_id)
        .first()
    )
    if notification is None:
        raise HorsPerimetreError(
            "Cette notification n'existe pas ou n'est pas dans votre périmètre. Vérifiez le lien, "
            "ou demandez à votre responsable à qui ce dossier est confié."
        )
    return notification


def acceder_lot(perimetre: Perimetre, public_id: UUID) -> LotDocuments:
    """Un lot de notifications, pour qui l'a demandé (ou qui voit tout). Mêmes refus."""
    perimetre.exiger(DROIT)
    lots = LotDocuments.objects.filter(nature=NATURE).select_related("planche", "demande_par")
    if not perimetre.tout:
        lots = lots.filter(demande_par=perimetre.agent)
    lot = lots.filter(public_id=public_id).first()
    if lot is None:
        raise HorsPerimetreError("Ce lot n'existe pas, ou un collègue l'a demandé : partez de la liste à notifier.")
    return lot


# --- Une lettre


@transaction.atomic
def produire_notification(
    decision: DecisionOrientation,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    jour: date | None = None,
    motif_remplacement: str = "",
    en_main_propre: bool = False,
) -> NotificationOrientation:
    """Produit la lettre et sa copie à l'organisme, et les met au dossier. Réf. : D11, R33, F039.

    Sans l'un des cinq éléments (type d'orientation, type de contrat, délai, sanctions, recours), rien n'est produit.
    Une décision déjà notifiée ne l'est pas deux fois sans dire pourquoi. Lève `CourrierIncompletError`,
    `AdresseInsuffisanteError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    jour = jour or timezone.localdate()
    DecisionOrientation.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    decision = pour_lettre(DecisionOrientation.objects.filter(pk=decision.pk)).get()
    _verifier_en_vigueur(decision)
    precedente = decision.notifications.order_by("-produite_le", "-pk").first()
    motif = motif_remplacement.strip()
    if precedente is not None and not motif:
        raise TransitionRefuseeError(
            f"Cette décision a déjà été notifiée le {precedente.produite_le:%d/%m/%Y} : dites pourquoi produire une "
            "nouvelle lettre."
        )
    redaction = Redaction(jour)
    adresse = adresses_postales([decision.personne_id])[decision.personne_id]
    redigee = redaction.rediger(decision, adresse, en_main_propre=en_main_propre)
    lettre = enregistrer_document(
        redaction.composeur.rendre(redigee.lettre), acteur=acteur, nature=NATURE, titre=_titre(decision),
        personne=decision.personne.public_id, version=redigee.lettre.version,
    )  # fmt: skip
    a_garder = redaction.copie(decision.organisme, [decision])
    copie = _garder_copie(
        a_garder, redaction.composeur.rendre(a_garder.lettre), acteur=acteur, personne=decision.personne.public_id
    )
    notification = NotificationOrientation(
        decision=decision, lettre=lettre.public_id, copie=copie.public_id, produite_le=jour, produite_par=acteur,
        remplace=precedente, motif_remplacement=motif,
    )  # fmt: skip
    try:
        with transaction.atomic():
            notification.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            "Un collègue vient de notifier cette décision : rechargez la page pour voir sa lettre."
        ) from erreur
    if not en_main_propre:
        envoyer(
            acteur=acteur, canal=Canal.COURRIER, destinataire=" — ".join(redigee.destinataire), objet=lettre.titre,
            document=lettre, personne=decision.personne.public_id,
        )  # fmt: skip
    tracer(
        CODE, notification, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[decision.personne.public_id], motif=motif, resume=_titre(decision),
        donnees={"texte": redigee.lettre.version.numero, "en_main_propre": en_main_propre},
    )  # fmt: skip
    return notification


def apercu_notification(decision: DecisionOrientation, jour: date | None = None) -> bytes:
    """La lettre telle qu'elle serait produite ; rien n'est gardé. Mêmes refus que `produire_notification`."""
    _verifier_en_vigueur(decision)
    redaction = Redaction(jour or timezone.localdate())
    adresse = adresses_postales([decision.personne_id])[decision.personne_id]
    redigee = redaction.rediger(
        decision, adresse, en_main_propre=True, bandeau="Aperçu : cette lettre n’est pas partie"
    )
    return redaction.composeur.rendre(redigee.lettre)


def _verifier_en_vigueur(decision: DecisionOrientation) -> None:
    if decision.annulee_le is not None:
        raise TransitionRefuseeError(
            f"Cette décision a été annulée le {decision.annulee_le:%d/%m/%Y} : elle ne se notifie plus."
        )
    if decision.periode.isempty or decision.periode.upper is not None:
        raise TransitionRefuseeError("Une autre orientation a remplacé celle-ci : notifiez la plus récente.")


def _titre(decision: DecisionOrientation) -> str:
    libelle = mot("notification_orientation").singulier
    return f"{libelle[:1].upper()}{libelle[1:]} : {decision.type.libelle}, {decision.organisme.libelle}"[:200]


def _garder_copie(copie: Copie, octets: bytes, *, acteur: Agent, personne: UUID | None = None) -> Document:
    """Garde la copie et prévient l'organisme par courriel s'il en a un ; le courriel ne nomme personne."""
    organisme = copie.organisme
    document = enregistrer_document(
        octets, acteur=acteur, nature=NATURE_COPIE, titre=f"Copie pour {organisme.libelle}"[:200], personne=personne,
        organisme=organisme.public_id, version=copie.lettre.version,
    )  # fmt: skip
    if organisme.courriel:
        nombre = len(copie.decisions)
        qui = f"{nombre} personnes viennent d'être orientées" if nombre > 1 else "Une personne vient d'être orientée"
        envoyer(
            acteur=acteur, canal=Canal.COURRIEL, destinataire=organisme.courriel, organisme=organisme.public_id,
            objet=copie.lettre.objet,
            texte=f"{qui} vers votre organisme. La copie de la lettre et le nom du correspondant sont dans Jalon : "
            "connectez-vous pour les lire.",
        )  # fmt: skip
    return document


# --- En nombre


@transaction.atomic
def produire_notifications(
    decisions: QuerySet[DecisionOrientation], *, acteur: Agent, perimetre: Perimetre, jour: date | None = None
) -> LotDocuments:
    """Demande les lettres de ces décisions : un travail de fond les produit, triées pour l'imprimeur.

    Les décisions déjà notifiées sont laissées de côté, et celles dont l'adresse ne suffit pas sont listées, jamais
    oubliées en silence. Lève `JalonError` s'il ne reste rien à produire.
    """
    perimetre.exiger(DROIT)
    jour = jour or timezone.localdate()
    notifiables = decisions_a_notifier(perimetre).filter(pk__in=decisions.order_by().values("pk"))
    lues = notifiables.select_related("personne").order_by("pk").iterator(chunk_size=PAQUET)
    retenues, ecartes = [], []
    while paquet := list(islice(lues, PAQUET)):
        adresses = adresses_postales([decision.personne_id for decision in paquet])
        for decision in paquet:
            adresse = adresses[decision.personne_id]
            if adresse.defaut:
                ecartes.append(_ecart(decision, adresse.defaut))
            else:
                retenues.append((*adresse.rang, normaliser(decision.personne.nom), decision.pk))
    if not retenues:
        raise JalonError(
            f"Aucune lettre à produire : {ecartes[0]['raison']} pour {ecartes[0]['nom']}"
            + (f" et {len(ecartes) - 1} autres" if len(ecartes) > 1 else "")
            + ". Complétez les coordonnées, puis recommencez."
            if ecartes
            else "Aucune lettre à produire : ces décisions sont déjà notifiées, annulées ou remplacées."
        )
    s = "s" if len(retenues) > 1 else ""
    lot = creer_lot(
        acteur=acteur, nature=NATURE, titre=f"{len(retenues)} lettre{s} du {jour:%d/%m/%Y}",
        objets=[cle for *_, cle in sorted(retenues)], ecartes=ecartes, jour=jour,
    )  # fmt: skip
    tracer(
        "orientations.notifications.demandees", lot, acteur=acteur, organisme=perimetre.organisme_principal,
        donnees={"nombre": len(retenues), "ecartes": len(ecartes)}, resume=f"{lot.titre} demandée{s}",
    )  # fmt: skip
    _mettre_en_file(lot)
    return lot


@transaction.atomic
def reprendre_notifications(lot: LotDocuments, *, acteur: Agent, perimetre: Perimetre) -> LotDocuments:
    """Remet en file un lot coupé ; ce qui est fait n'est pas refait. Lève `TransitionRefuseeError`."""
    perimetre.exiger(DROIT)
    lot = remettre_en_file(lot)
    tracer(
        "orientations.notifications.reprises", lot, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"{lot.titre} : production reprise",
    )  # fmt: skip
    _mettre_en_file(lot)
    return lot


def _mettre_en_file(lot: LotDocuments) -> None:
    app.configure_task(TACHE).defer(identifiant=str(lot.public_id))


def _ecart(decision: DecisionOrientation, raison: str) -> dict[str, str]:
    return {
        "personne": str(decision.personne.public_id), "decision": str(decision.public_id),
        "nom": nom_complet(decision.personne), "raison": raison,
    }  # fmt: skip


def executer_notifications(identifiant: UUID) -> None:
    """Le travail de fond d'un lot, avec les droits du propriétaire."""
    lot = LotDocuments.objects.select_related("demande_par").filter(public_id=identifiant, nature=NATURE).first()
    if lot is not None:
        executer_lot(lot, FabriqueNotifications(lot))


class FabriqueNotifications:
    """Ce que la production en nombre demande au métier : rédiger, mettre au dossier, prévenir les organismes."""

    def __init__(self, lot: LotDocuments) -> None:
        self.lot = lot
        self.redaction = Redaction(lot.date_courrier)

    @property
    def papier(self) -> dict[str, Any]:
        return self.redaction.papier

    def preparer(self, objets: Sequence[int]) -> list[Redigee]:
        notifiees = NotificationOrientation.objects.filter(decision=OuterRef("pk"))
        en_vigueur = DecisionOrientation.objects.filter(
            ~Exists(notifiees), pk__in=objets, annulee_le=None, periode__endswith=None, periode__isempty=False
        )
        decisions = {decision.pk: decision for decision in pour_lettre(en_vigueur).order_by("pk")}
        adresses = adresses_postales([decision.personne_id for decision in decisions.values()])
        redigees = []
        for cle in objets:
            decision = decisions.get(cle)
            if decision is None:
                continue
            try:
                redigees.append(self.redaction.rediger(decision, adresses[decision.personne_id]))
            except (CourrierIncompletError, AdresseInsuffisanteError) as refus:
                self._ecarter(decision, str(refus))
        return redigees

    def _ecarter(self, decision: DecisionOrientation, raison: str) -> None:
        ecart = _ecart(decision, raison)
        if ecart not in self.lot.ecartes:
            self.lot.ecartes.append(ecart)
            self.lot.save(update_fields=["ecartes"])

    def ecrire(self, preparees: Sequence[Redigee], pdf: Sequence[bytes]) -> None:
        acteur = self.lot.demande_par
        cles = [redigee.decision.pk for redigee in preparees]
        verrouillees = DecisionOrientation.objects.select_for_update(of=("self",)).filter(
            pk__in=cles, annulee_le=None, periode__endswith=None
        )
        encore = set(verrouillees.order_by("pk").values_list("pk", flat=True))
        if len(encore) < len(cles) or NotificationOrientation.objects.filter(decision__in=cles).exists():
            raise TrancheARefaireError
        documents = enregistrer_documents(
            [
                ADocumenter(
                    octets, NATURE, _titre(redigee.decision), personne=redigee.decision.personne.public_id,
                    version=redigee.lettre.version,
                )
                for redigee, octets in zip(preparees, pdf, strict=True)
            ],
            acteur=acteur,
        )  # fmt: skip
        couples = list(zip(preparees, documents, strict=True))
        NotificationOrientation.objects.bulk_create(
            NotificationOrientation(
                decision=redigee.decision, lettre=document.public_id, produite_le=self.lot.date_courrier,
                produite_par=acteur,
            )
            for redigee, document in couples
        )  # fmt: skip
        Envoi.objects.bulk_create(
            Envoi(
                canal=Canal.COURRIER, destinataire=" — ".join(redigee.destinataire)[:500], objet=document.titre,
                document=document, lot=self.lot, personne=redigee.decision.personne.public_id, demande_par=acteur,
            )
            for redigee, document in couples
        )  # fmt: skip
        if couples:
            s = "s" if len(couples) > 1 else ""
            tracer(
                CODE, self.lot, acteur=acteur, resume=f"Notification produite avec {len(couples)} lettre{s} en nombre",
                personnes=[redigee.decision.personne.public_id for redigee in preparees],
            )  # fmt: skip

    def completer(self) -> Iterator[Copie]:
        """Une copie par organisme, qui nomme toutes les personnes que ce lot lui confie."""
        faites: defaultdict[int, list[int]] = defaultdict(list)
        for organisme, decision in self._decisions_faites().order_by("organisme_id").values_list("organisme_id", "pk"):
            faites[organisme].append(decision)
        for cles in faites.values():
            confiees = pour_lettre(DecisionOrientation.objects.filter(pk__in=cles))
            liste = list(confiees.order_by("personne__nom", "personne__prenom", "pk"))
            yield self.redaction.copie(liste[0].organisme, liste)

    def conclure(self, complements: Sequence[Copie], pdf: Sequence[bytes]) -> None:
        for copie, octets in zip(complements, pdf, strict=True):
            document = _garder_copie(copie, octets, acteur=self.lot.demande_par)
            NotificationOrientation.objects.filter(lettre__in=self._lettres(), decision__in=copie.decisions).update(
                copie=document.public_id
            )

    def _lettres(self) -> QuerySet[Document, Any]:
        return Document.objects.filter(envois__lot=self.lot).order_by().values("public_id")

    def _decisions_faites(self) -> QuerySet[DecisionOrientation]:
        return DecisionOrientation.objects.filter(notifications__lettre__in=self._lettres())


@transaction.atomic
def constater_depart_lot(lot: LotDocuments, *, acteur: Agent, perimetre: Perimetre, preuve: str) -> int:
    """Les lettres du lot sont parties (bordereau de l'imprimeur, dépôt à la poste) ; rend leur nombre."""
    perimetre.exiger(DROIT)
    if not preuve.strip():
        raise JalonError("Dites ce qui prouve le départ : numéro de bordereau, dépôt à la poste et sa date.")
    parties = Envoi.objects.filter(lot=lot, etat=EtatEnvoi.A_ENVOYER).update(
        etat=EtatEnvoi.ENVOYE, envoye_le=timezone.now(), preuve=preuve.strip()[:300]
    )
    if not parties:
        raise TransitionRefuseeError("Le départ de ces lettres est déjà noté.")
    tracer(
        "orientations.notifications.parties", lot, acteur=acteur, organisme=perimetre.organisme_principal,
        motif=preuve.strip(), donnees={"nombre": parties}, resume=f"{lot.titre} : départ noté",
    )  # fmt: skip
    return parties


# --- Réception


@transaction.atomic
def constater_reception(
    notification: NotificationOrientation,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    mode: str,
    le: date,
    preuve: str,
    motif_correction: str = "",
) -> NotificationOrientation:
    """Note le jour où la personne a reçu sa lettre, et ce qui le prouve : le délai du contrat part de là.

    Une date déjà notée ne change qu'en disant pourquoi. Lève `JalonError`, `TransitionRefuseeError`.
    """
    perimetre.exiger(DROIT)
    notification = (
        NotificationOrientation.objects.select_for_update(of=("self",))
        .select_related("decision__personne", "decision__type")
        .get(pk=notification.pk)
    )
    if mode not in ModeReception.values:
        raise JalonError("Choisissez comment la réception est prouvée : un envoi simple ne donne pas de date certaine.")
    if not preuve.strip():
        raise JalonError("Dites ce qui prouve la réception : numéro de l'avis, reçu signé, accusé du courriel.")
    if le < notification.produite_le:
        raise JalonError(f"La lettre est du {notification.produite_le:%d/%m/%Y} : elle n'a pas pu être reçue avant.")
    if le > timezone.localdate():
        raise JalonError("Une réception ne se note pas d'avance : donnez le jour où la lettre a été reçue.")
    avant = notification.recue_le
    if avant is not None and not motif_correction.strip():
        raise TransitionRefuseeError(
            f"La réception est déjà notée au {avant:%d/%m/%Y}. Pour corriger cette date, dites pourquoi : un délai "
            "court peut-être déjà."
        )
    lettre = Document.objects.filter(public_id=notification.lettre).first() if notification.lettre else None
    if mode not in (ModeReception.REMISE, ModeReception.ENTRETIEN):
        exiger_arrivee(lettre, le)
    notification.mode_reception, notification.recue_le, notification.preuve = mode, le, preuve.strip()[:200]
    notification.save(update_fields=["mode_reception", "recue_le", "preuve"])
    if lettre is not None:
        constater_remise(lettre, preuve=preuve)
    tracer(
        CODE_RECEPTION, notification, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[notification.decision.personne.public_id], de=str(avant or ""), vers=str(le),
        motif=motif_correction.strip(), donnees={"mode": mode, "preuve": preuve.strip()[:200]},
        resume=f"Notification reçue le {le:%d/%m/%Y} ({ModeReception(mode).label.lower()})"[:300],
    )  # fmt: skip
    return notification


def echeance_contrat(notification: NotificationOrientation) -> date | None:
    """Jour avant lequel le contrat est à conclure ; inconnu tant que la réception n'est pas certaine (L262-35, L262-36)."""
    if notification.recue_le is None:
        return None
    return ajouter_mois(notification.recue_le, notification.decision.type.delai_contrat)

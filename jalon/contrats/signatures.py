"""Signer un contrat : le texte se fige, la personne signe, puis le référent (F048).

Chaque signature garde sa date, son nom, sa façon et l'empreinte du texte exact, revérifiée au moment de signer. Un texte
repris perd ses signatures : elles restent lisibles, marquées sans effet.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.circuit import exiger_acte, franchir, verrouiller
from jalon.contrats.enums import ModeSignature, Signataire
from jalon.contrats.models import Contrat, SignatureContrat
from jalon.contrats.papier import NATURE, NATURE_PAPIER, Feuille, Papeterie, pour_papier
from jalon.contrats.redaction import manques
from jalon.documents.models import Document
from jalon.documents.services import enregistrer_document, lire_document
from jalon.personnes.codes import UsageCode, verifier_code
from jalon.personnes.fusion import effets_complets
from jalon.rendezvous.justificatifs import reconnaitre
from jalon.socle.errors import JalonError, TransitionRefuseeError

TRACE: Final = re.compile(r"(?:M \d{1,3} \d{1,3}(?: L \d{1,3} \d{1,3})+ ?)+")
TRACE_MAXIMALE: Final = 40_000
CADRE: Final = (600, 200)
"""Boîte du tracé, en points."""
ACTES: Final = {Signataire.PERSONNE: "signer_personne", Signataire.REFERENT: "signer_referent"}


class ContratIncompletError(JalonError):
    """Le contrat ne peut pas encore se signer ; `manques` dit tout ce qu'il y manque."""

    def __init__(self, phrases: list[str]) -> None:
        self.manques = tuple(phrases)
        super().__init__(f"Ce contrat ne peut pas encore se signer. {' '.join(phrases)}")


# --- Figer le texte


@transaction.atomic
def proposer_signature(
    contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, debut: date, duree: int, jour: date | None = None
) -> Contrat:
    """Fige le texte du contrat en un PDF et l'ouvre aux signatures. Réf. : R47, F048.

    Lève `ContratIncompletError` (rubriques ou objectif manquants), `JalonError` (dates), `TransitionRefuseeError`,
    `DroitManquantError`.
    """
    jour = jour or timezone.localdate()
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "proposer_signature", perimetre)
    exiger_complet(contrat, debut, duree)
    papeterie = Papeterie(jour)
    feuille = papeterie.feuille(pour_papier(Contrat.objects.filter(pk=contrat.pk)).get(), debut=debut, duree=duree)
    document = enregistrer_document(
        papeterie.rendre(feuille), acteur=acteur, nature=NATURE, titre=feuille.titre,
        personne=contrat.personne.public_id,
    )  # fmt: skip
    return figer(contrat, feuille, document, acteur=acteur, perimetre=perimetre, jour=jour)


def figer(
    contrat: Contrat, feuille: Feuille, document: Document, *, acteur: Agent, perimetre: Perimetre, jour: date
) -> Contrat:
    """Donne à un contrat verrouillé son texte exact et l'ouvre aux signatures."""
    contrat.document, contrat.propose_le = document, jour
    contrat.debut, contrat.duree = feuille.debut, feuille.duree
    return franchir(
        contrat, "proposer_signature", acteur=acteur, perimetre=perimetre, le=jour,
        champs=("document", "propose_le", "debut", "duree"),
    )  # fmt: skip


def exiger_complet(contrat: Contrat, debut: date, duree: int) -> None:
    """Ce qu'il faut avant de signer. Lève `ContratIncompletError` ou `JalonError`."""
    phrases = manques(contrat)
    if not any(objectif.etat != "abandonne" for objectif in contrat.objectifs.order_by("pk")):
        phrases = phrases or ["Écrivez au moins un objectif."]
    if phrases:
        raise ContratIncompletError(phrases)
    type_ = contrat.type
    if not type_.duree_minimum <= duree <= type_.duree_maximum:
        raise JalonError(
            f"« {type_.libelle} » dure de {type_.duree_minimum} à {type_.duree_maximum} mois : changez la durée."
        )
    if debut < contrat.ouvert_le:
        raise JalonError(
            f"Ce contrat a été commencé le {contrat.ouvert_le:%d/%m/%Y} : il ne peut pas débuter avant ce jour."
        )
    exiger_libre(contrat, debut, duree)


def periode_de(debut: date, duree: int) -> DateRange:
    """Du jour du début à celui de la fin, non comprise ; un mois qui n'a pas ce jour finit au dernier (31 janv. → 28)."""
    return DateRange(debut, debut + relativedelta(months=duree))


def exiger_libre(contrat: Contrat, debut: date, duree: int) -> None:
    """Aucun autre contrat ne couvre ces jours, sauf celui que l'on renouvelle. Lève `JalonError` en le nommant."""
    if contrat.reference_seule:
        return
    autre = (
        Contrat.objects.filter(
            personne_id=contrat.personne_id, reference_seule=False, periode__overlap=periode_de(debut, duree)
        )
        .exclude(pk__in=[contrat.pk, contrat.precedent_id or 0])
        .select_related("type")
        .order_by("pk")
        .first()
    )
    if autre is not None and autre.periode is not None:
        raise JalonError(
            f"Un contrat court déjà à ces dates (« {autre.type.libelle} », du {autre.periode.lower:%d/%m/%Y} au "
            f"{autre.periode.upper - relativedelta(days=1):%d/%m/%Y}) : commencez après, ou terminez-le."
        )


@transaction.atomic
def rouvrir(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre, motif: str = "") -> Contrat:
    """Reprend l'écriture : le texte proposé ne vaut plus, ni la signature déjà donnée."""
    contrat = verrouiller(contrat)
    exiger_acte(contrat, "rouvrir", perimetre, motif)
    champs = annuler_signatures(contrat)
    return franchir(contrat, "rouvrir", acteur=acteur, perimetre=perimetre, motif=motif, champs=champs)


def annuler_signatures(contrat: Contrat) -> tuple[str, ...]:
    """Retire leur effet aux signatures d'un contrat verrouillé et lui ôte son texte exact ; rend les colonnes changées."""
    contrat.signatures.filter(sans_effet_le=None).update(sans_effet_le=timezone.localdate())
    contrat.document = None
    contrat.propose_le = contrat.signe_le = contrat.recu_le = None
    return ("document", "propose_le", "signe_le", "recu_le")


# --- Signer


def signer(
    contrat: Contrat,
    *,
    signataire: Signataire | str,
    mode: ModeSignature | str,
    nom: str,
    le: date,
    acteur: Agent | None = None,
    perimetre: Perimetre | None = None,
    trace: str = "",
    papier: bytes = b"",
    papier_type: str = "",
    code: str = "",
) -> SignatureContrat:
    """Pose une signature sur le texte exact. Sans `acteur`, c'est la personne, par son lien et avec son code.

    Qui signe pour la personne (tuteur, représentant légal) écrit son propre nom et sa qualité dans `nom`. À l'écran, le
    référent signe lui-même ; sur papier, un collègue peut joindre la page numérisée. Lève `JalonError` (nom, date,
    tracé, fichier, code), `TransitionRefuseeError`, `DroitManquantError`.
    """
    signataire, mode = Signataire(signataire), ModeSignature(mode)
    if acteur is None or perimetre is None:
        if (signataire, mode) != (Signataire.PERSONNE, ModeSignature.DISTANCE):
            raise JalonError("Par un lien, seule la personne signe, avec son code.")
        _nom_propre(nom)
        # Hors de la transaction de l'acte : un essai manqué doit rester compté.
        verifier_code(contrat.personne_id, usage=UsageCode.SIGNATURE, code=code, objet=contrat.public_id)
        # Le lien n'ouvre que le contrat : ce que l'acte écrit au dossier s'accomplit en entier.
        with transaction.atomic(), effets_complets():
            return _poser(contrat, signataire, mode, nom, le, None, None, trace, None)
    if mode == ModeSignature.DISTANCE:
        raise JalonError("À distance, c'est la personne qui signe, par son lien ou dans son livret, avec son code.")
    with transaction.atomic():
        garde = None
        if mode == ModeSignature.PAPIER:
            garde = _garder_papier(contrat, papier, papier_type, acteur)
        return _poser(contrat, signataire, mode, nom, le, acteur, perimetre, trace, garde)


@transaction.atomic
def signer_sur_papier(
    contrat: Contrat,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    papier: bytes,
    nom: str,
    le_personne: date,
    le_referent: date | None = None,
) -> Contrat:
    """Joint la page signée à la main : la signature de la personne, et celle du référent si elle y est aussi.

    Mêmes refus que `signer`.
    """
    garde = _garder_papier(contrat, papier, "", acteur)
    mode = ModeSignature.PAPIER
    if contrat.etat != "signe_personne":
        _poser(contrat, Signataire.PERSONNE, mode, nom, le_personne, acteur, perimetre, "", garde)
    if le_referent is not None:
        referent = str(contrat.referent) if contrat.referent is not None else contrat.referent_externe or str(acteur)
        _poser(contrat, Signataire.REFERENT, mode, referent, le_referent, acteur, perimetre, "", garde)
    contrat.refresh_from_db()
    return contrat


def _garder_papier(contrat: Contrat, papier: bytes, type_annonce: str, acteur: Agent) -> Document:
    """Le papier numérisé, reconnu à son contenu et jamais à son nom."""
    type_mime = reconnaitre(papier)
    if type_annonce and type_annonce != type_mime:
        raise JalonError("Ce fichier n'est pas ce que dit son nom : choisissez un PDF ou une photo (JPEG ou PNG).")
    return enregistrer_document(
        papier, acteur=acteur, nature=NATURE_PAPIER, titre=f"{contrat.type.libelle}, page signée",
        personne=contrat.personne.public_id, type_mime=type_mime,
    )  # fmt: skip


def _poser(
    contrat: Contrat,
    signataire: Signataire,
    mode: ModeSignature,
    nom: str,
    le: date,
    acteur: Agent | None,
    perimetre: Perimetre | None,
    trace: str,
    garde: Document | None,
) -> SignatureContrat:
    contrat = verrouiller(contrat)
    acte = ACTES[signataire]
    exiger_acte(contrat, acte, perimetre)
    document = _texte_intact(contrat)
    nom = _nom_propre(nom)
    if contrat.propose_le is not None and le < contrat.propose_le:
        raise JalonError(
            f"Ce texte a été arrêté le {contrat.propose_le:%d/%m/%Y} : il n'a pas pu être signé avant ce jour."
        )
    agent = None
    if signataire == Signataire.REFERENT:
        agent = _agent_signataire(contrat, mode, acteur)
    signature = SignatureContrat(
        contrat=contrat, signataire=signataire, mode=mode, nom=nom, agent=agent, signee_le=le, document=document,
        empreinte=document.sha256, trace=_trace_propre(trace), papier=garde,
    )  # fmt: skip
    try:
        with transaction.atomic():
            signature.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError("Ce contrat porte déjà cette signature : rechargez la page.") from erreur
    champs: tuple[str, ...] = ()
    jours = list(contrat.signatures.filter(sans_effet_le=None).order_by("pk").values_list("signee_le", flat=True))
    if len(jours) == len(Signataire):
        contrat.signe_le = max(jours)
        champs = ("signe_le",)
    franchir(contrat, acte, acteur=acteur, perimetre=perimetre, le=le, champs=champs)
    return signature


def _nom_propre(nom: str) -> str:
    nom = " ".join(nom.replace("\x00", "").split())[:200]
    if not nom:
        raise JalonError("Écrivez votre nom : il vaut signature, avec ou sans tracé.")
    return nom


def _texte_intact(contrat: Contrat) -> Document:
    """Le texte proposé, dont l'empreinte est recalculée. Lève `JalonError` s'il a changé."""
    document = contrat.document
    if document is None:
        raise TransitionRefuseeError("Ce contrat n'a pas encore de texte à signer : proposez-le d'abord.")
    lire_document(document)
    return document


def _agent_signataire(contrat: Contrat, mode: ModeSignature, acteur: Agent | None) -> Any:
    """Le référent signe lui-même à l'écran ; sans référent nommé, c'est l'agent qui suit le contrat."""
    if contrat.referent_id is None or (acteur is not None and contrat.referent_id == acteur.pk):
        return acteur
    if mode == ModeSignature.PAPIER:
        return contrat.referent
    raise JalonError(
        f"C'est à {contrat.referent} de signer à l'écran. En son absence, joignez la page qu'il a signée sur papier."
    )


def _trace_propre(trace: str) -> str:
    """Tracé en suite de points, dans sa boîte. Lève `JalonError`."""
    trace = trace.strip()
    if not trace:
        return ""
    if len(trace) > TRACE_MAXIMALE or not TRACE.fullmatch(trace):
        raise JalonError("Ce tracé est illisible ou trop long : effacez-le et recommencez, ou écrivez votre nom.")
    nombres = [int(n) for n in re.findall(r"\d+", trace)]
    if max(nombres[::2]) > CADRE[0] or max(nombres[1::2]) > CADRE[1]:
        raise JalonError("Ce tracé sort de son cadre : effacez-le et recommencez, ou écrivez votre nom.")
    return trace

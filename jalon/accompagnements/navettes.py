"""La fiche navette : questions et réponses entre ceux qui suivent une personne, et eux seuls (D17, R45, F044)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from jalon.accompagnements.models import (
    AbsenceAgent,
    Accompagnement,
    DesignationCorrespondant,
    DesignationReferent,
    FicheNavette,
    MessageNavette,
    NatureMessage,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

RAPPEL_SANTE = (
    "N'écrivez rien sur la santé de la personne : ni maladie, ni traitement, ni suivi médical. "
    "Elle peut demander à lire cette fiche."
)


def fiches_lisibles(perimetre: Perimetre) -> QuerySet[FicheNavette]:
    """Fiches dont l'agent est l'auteur, le destinataire (lui ou son organisme), ou le référent unique.

    Le périmètre départemental n'ouvre rien de plus : la politique de la table dit la même chose.
    """
    if perimetre.agent is None:
        return FicheNavette.objects.none()
    jour = timezone.localdate()
    moi = perimetre.agent.pk
    remplace = AbsenceAgent.objects.filter(agent=OuterRef("agent"), remplacant=moi, periode__contains=jour)
    referent = DesignationReferent.objects.filter(
        Q(agent=moi) | Q(Exists(remplace)), personne=OuterRef("personne"), periode__contains=jour
    )
    return FicheNavette.objects.filter(
        filtre_perimetre(perimetre, "personne__"),
        Q(auteur=moi)
        | Q(agents__contains=[moi])
        | Q(organismes__overlap=sorted(perimetre.organismes))
        | Q(Exists(referent)),
    )


def acceder_navette(perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter") -> FicheNavette:
    """Rend la fiche à qui en a besoin ; pour tout autre agent, même du territoire, elle n'existe pas."""
    perimetre.exiger(droit)
    fiche = fiches_lisibles(perimetre).filter(public_id=public_id).select_related("personne", "auteur").first()
    if fiche is None:
        raise HorsPerimetreError("Cette fiche navette n'existe pas, ou ne vous est pas adressée.")
    return fiche


def destinataires_possibles(personne: Personne, *, sauf: Agent) -> tuple[list[Organisme], list[Agent]]:
    """Ceux qui suivent la personne : les organismes qui ont son dossier, son référent et son correspondant."""
    with effets_complets():
        return _destinataires(personne, sauf=sauf, jour=timezone.localdate())


def _destinataires(personne: Personne, *, sauf: Agent, jour: date) -> tuple[list[Organisme], list[Agent]]:
    suivis = Accompagnement.objects.filter(personne=personne, periode__contains=jour).order_by()
    organismes = list(Organisme.objects.filter(pk__in=suivis.values("organisme_id")).order_by("libelle", "pk"))
    nommes = (
        suivis.exclude(agent=None).values("agent_id"),
        DesignationReferent.objects.filter(personne=personne, periode__contains=jour)
        .exclude(agent=None)
        .order_by()
        .values("agent_id"),
        DesignationCorrespondant.objects.filter(personne=personne, periode__contains=jour)
        .order_by()
        .values("agent_id"),
    )
    condition = Q()
    for cles in nommes:
        condition |= Q(pk__in=cles)
    return organismes, list(Agent.objects.filter(condition).exclude(pk=sauf.pk).order_by("nom", "prenom", "pk"))


@transaction.atomic
def ouvrir_navette(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    objet: str,
    texte: str,
    agents: Sequence[Agent] = (),
    organismes: Sequence[Organisme] = (),
    nature: NatureMessage = NatureMessage.QUESTION,
    entretien_le: date | None = None,
    participants: str = "",
) -> FicheNavette:
    """Ouvre une fiche adressée à ceux qui suivent déjà la personne : elle n'ouvre le dossier à personne d'autre.

    Réf. : D17, R45, F044. Lève `JalonError`, `DroitManquantError`.
    """
    perimetre.exiger("suivi.ecrire")
    if not objet.strip():
        raise JalonError("Donnez un objet à cette fiche, en quelques mots.")
    if not agents and not organismes:
        raise JalonError("Dites à qui cette fiche s'adresse : cochez au moins un destinataire.")
    permis_organismes, permis_agents = destinataires_possibles(personne, sauf=acteur)
    intrus: list[object] = [
        *(a for a in agents if a not in permis_agents),
        *(o for o in organismes if o not in permis_organismes),
    ]
    if intrus:
        raise JalonError(
            f"{intrus[0]} ne suit pas cette personne : ouvrez d'abord son suivi, avec son objet, puis écrivez-lui."
        )
    fiche = FicheNavette.objects.create(
        personne=personne, objet=objet.strip()[:120], auteur=acteur, agents=sorted(a.pk for a in agents),
        organismes=sorted(o.pk for o in organismes),
    )  # fmt: skip
    ecrire_message(
        fiche, acteur=acteur, perimetre=perimetre, nature=nature, texte=texte, entretien_le=entretien_le,
        participants=participants,
    )  # fmt: skip
    tracer(
        "accompagnements.navette.ouverte", fiche, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume="Fiche navette ouverte",
    )  # fmt: skip
    return fiche


@transaction.atomic
def ecrire_message(
    fiche: FicheNavette,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    nature: NatureMessage,
    texte: str,
    entretien_le: date | None = None,
    participants: str = "",
) -> MessageNavette:
    """Ajoute une question, une réponse, une information ou le compte rendu d'un entretien mené ensemble.

    Ce qui est écrit le reste : un message ne se récrit pas.
    """
    perimetre.exiger("suivi.ecrire")
    fiche = FicheNavette.objects.select_for_update(of=("self",)).select_related("personne").get(pk=fiche.pk)
    if fiche.close_le is not None:
        raise TransitionRefuseeError("Cette fiche est close : ouvrez-en une autre pour continuer.")
    if not texte.strip():
        raise JalonError("Écrivez votre message avant de l'envoyer.")
    entretien = nature == NatureMessage.ENTRETIEN
    if entretien and entretien_le is None:
        raise JalonError("Donnez la date de l'entretien que vous avez mené ensemble.")
    if entretien_le is not None and entretien_le > timezone.localdate():
        raise JalonError("Le compte rendu s'écrit après l'entretien : sa date ne peut pas être à venir.")
    message = MessageNavette.objects.create(
        fiche=fiche, nature=nature, auteur=acteur, texte=texte.strip(), entretien_le=entretien_le if entretien else None,
        participants=participants.strip()[:300] if entretien else "",
    )  # fmt: skip
    tracer(
        "accompagnements.navette.message", message, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[fiche.personne.public_id], vers=nature, resume=f"Fiche navette : {nature.label.lower()}",
    )  # fmt: skip
    return message


@transaction.atomic
def clore_navette(fiche: FicheNavette, *, acteur: Agent, perimetre: Perimetre) -> FicheNavette:
    """La question est réglée : la fiche reste lisible, et ne reçoit plus de message."""
    perimetre.exiger("suivi.ecrire")
    fiche = FicheNavette.objects.select_for_update(of=("self",)).select_related("personne").get(pk=fiche.pk)
    if fiche.close_le is not None:
        raise TransitionRefuseeError("Cette fiche est déjà close.")
    fiche.close_le, fiche.close_par = timezone.now(), acteur
    fiche.save(update_fields=["close_le", "close_par"])
    tracer(
        "accompagnements.navette.close", fiche, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[fiche.personne.public_id], resume="Fiche navette close",
    )  # fmt: skip
    return fiche


def noms_des_destinataires(fiches: Iterable[FicheNavette]) -> dict[int, list[str]]:
    """À qui chaque fiche s'adresse, en clair et en deux lectures."""
    lues = list(fiches)
    agents = {a.pk: str(a) for a in Agent.objects.filter(pk__in={c for f in lues for c in f.agents}).order_by("pk")}
    organismes = {
        o.pk: o.libelle for o in Organisme.objects.filter(pk__in={c for f in lues for c in f.organismes}).order_by("pk")
    }
    return {
        fiche.pk: [
            *(agents[cle] for cle in fiche.agents if cle in agents),
            *(organismes[cle] for cle in fiche.organismes if cle in organismes),
        ]
        for fiche in lues
    }

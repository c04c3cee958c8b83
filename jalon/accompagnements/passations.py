"""Passer le relais : un nouveau référent, l'ancien libéré, chacun prévenu, en un seul acte (R14, R44, F040)."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from jalon.accompagnements.lettres import ecrire_lettre
from jalon.accompagnements.models import (
    Accompagnement,
    DesignationReferent,
    MotifFinDesignation,
    MoyenInformation,
    NatureAccompagnement,
)
from jalon.accompagnements.referents import SANS_DEPASSEMENT, Depassement, designer_referent
from jalon.accompagnements.suivis import suivis_de
from jalon.agents.models import Affectation, Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Habilitation, ObjetHabilitation, Organisme
from jalon.orientations.decisions import Choix, verifier_choix
from jalon.orientations.models import DecisionOrientation
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

EN_COURS = {"periode__endswith": None, "periode__isempty": False}
PORTEFEUILLE = "portefeuille.consulter"
RAISONS_DE_PASSER = (
    MotifFinDesignation.PASSATION,
    MotifFinDesignation.DEMENAGEMENT,
    MotifFinDesignation.DEPART,
)
"""Pourquoi un relais se passe ; une réorientation et une fin d'accompagnement ont leurs propres actes."""


def referent_actuel(personne: Personne) -> DesignationReferent | None:
    """Désignation en cours de cette personne."""
    return (
        DesignationReferent.objects.filter(personne=personne, **EN_COURS).select_related("agent", "organisme").first()
    )


def orientation_actuelle(personne: Personne) -> DecisionOrientation | None:
    """Orientation en vigueur de cette personne."""
    return (
        DecisionOrientation.objects.filter(personne=personne, **EN_COURS)
        .select_related("type", "motif", "organisme__type", "parcours")
        .first()
    )


def organismes_possibles(personne: Personne, jour: date) -> list[Organisme]:
    """Organismes habilités à être référents qui servent le territoire de la personne, ou la suivent déjà."""
    ici = Q(territoires=personne.territoire_id) | Q(territoires=None) if personne.territoire_id else Q()
    suit = Q(pk__in=[suivi.organisme_id for suivi in suivis_de(personne) if suivi.periode.upper is None])
    decision = orientation_actuelle(personne)
    admis = Q(type__categorie__in=decision.type.categories) if decision is not None else Q()
    habilites = Organisme.objects.filter(
        admis, ici | suit, actif=True, habilitation__objet=ObjetHabilitation.REFERENCE,
        habilitation__periode__contains=jour,
    )  # fmt: skip
    return list(habilites.select_related("type").distinct().order_by("libelle", "pk"))


def referents_possibles(organismes: list[Organisme], jour: date) -> dict[int, list[Agent]]:
    """Agents qui tiennent un portefeuille dans chacun de ces organismes."""
    par_organisme: dict[int, list[Agent]] = {organisme.pk: [] for organisme in organismes}
    lues = (
        Affectation.objects.filter(
            organisme__in=organismes, agent__is_active=True, periode__contains=jour,
            profil__droits__contains=[PORTEFEUILLE],
        )
        .select_related("agent")
        .order_by("agent__nom", "agent__prenom", "agent_id", "pk")
    )  # fmt: skip
    for affectation in lues:
        siens = par_organisme[affectation.organisme_id]
        if affectation.agent not in siens:
            siens.append(affectation.agent)
    return par_organisme


@transaction.atomic
def passer_le_relais(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    organisme: Organisme,
    agent: Agent | None = None,
    nom_externe: str = "",
    contact_externe: str = "",
    attendue: DesignationReferent | None = None,
    motif_fin: str = MotifFinDesignation.PASSATION,
    note: str = "",
    garder_suivi: str = "",
    choisi_par_la_personne: bool = False,
    depassement: Depassement = SANS_DEPASSEMENT,
    jour: date | None = None,
) -> DesignationReferent:
    """Nomme le nouveau référent et libère l'ancien ; tout le reste du dossier demeure. Réf. : R14, R44, F040.

    `attendue` est la désignation que l'agent avait sous les yeux : si un collègue a passé le relais entre-temps,
    l'acte est refusé. La lettre à la personne est écrite avec l'acte, si l'on sait où l'envoyer. `garder_suivi` dit
    pourquoi l'organisme d'avant suit encore la personne ; sans lui, il n'ouvre plus le dossier. Le choix de
    l'organisme obéit à l'orientation en vigueur, comme une décision (R43).
    Lève `ChargeDepasseeError`, `JalonError`, `TransitionRefuseeError`, `DroitManquantError`, `HorsPerimetreError`.
    """
    perimetre.exiger("referent.designer")
    jour = jour or timezone.localdate()
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    actuelle = referent_actuel(personne)
    if (actuelle.pk if actuelle else None) != (attendue.pk if attendue else None):
        raise TransitionRefuseeError(
            f"Le {mot('referent').singulier} de cette personne a changé entre-temps : "
            f"{actuelle.nom if actuelle else 'il n’y en a plus'}. Rechargez la page avant de décider."
        )
    decision = orientation_actuelle(personne)
    _verifier_organisme(personne, organisme, agent, decision, jour)
    if (
        choisi_par_la_personne
        and not Accompagnement.objects.filter(personne=personne, organisme=organisme, **EN_COURS).exists()
    ):
        raise JalonError(
            f"{organisme} ne suit pas encore cette personne : elle choisit parmi les organismes qui la suivent déjà."
        )
    nouvelle = designer_referent(
        personne, acteur=acteur, perimetre=perimetre, organisme=organisme, agent=agent, nom_externe=nom_externe,
        contact_externe=contact_externe, decision=decision, choisi_par_la_personne=choisi_par_la_personne,
        motif_fin_precedent=motif_fin, depassement=depassement, jour=jour,
    )  # fmt: skip
    nouvelle.note_transmission = note.strip()
    nouvelle.save(update_fields=["note_transmission"])
    if garder_suivi.strip() and actuelle is not None and actuelle.organisme_id != organisme.pk:
        with effets_complets():
            Accompagnement.objects.create(
            personne=personne, organisme_id=actuelle.organisme_id, agent_id=actuelle.agent_id,
            territoire_id=personne.territoire_id, nature=NatureAccompagnement.SUIVI,
            objet=garder_suivi.strip()[:120], periode=DateRange(jour, None),
        )  # fmt: skip
    with suppress(JalonError), transaction.atomic():
        # Sans adresse, l'acte vaut quand même : le dossier rappelle que la personne reste à prévenir.
        ecrire_lettre(nouvelle, acteur=acteur, perimetre=perimetre)
        nouvelle.refresh_from_db(fields=["lettre"])
    return nouvelle


def _verifier_organisme(
    personne: Personne, organisme: Organisme, agent: Agent | None, decision: DecisionOrientation | None, jour: date
) -> None:
    if decision is not None:
        verifier_choix(
            Choix(type=decision.type, organisme=organisme, motif=decision.motif, referent=agent), personne, jour
        )
        return
    if not Habilitation.objects.filter(
        organisme=organisme, objet=ObjetHabilitation.REFERENCE, periode__contains=jour
    ).exists():
        raise JalonError(f"{organisme} n'est pas habilité à être {mot('referent').singulier} : choisissez-en un autre.")


@transaction.atomic
def dire_prevenue(
    designation: DesignationReferent,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    moyen: MoyenInformation,
    le: date | None = None,
) -> DesignationReferent:
    """Note comment la personne a appris le nom de son référent (R44 : elle aussi doit le savoir)."""
    perimetre.exiger("suivi.ecrire")
    le = le or timezone.localdate()
    designation = DesignationReferent.objects.select_for_update(of=("self",)).get(pk=designation.pk)
    if designation.prevenue_le is not None:
        raise TransitionRefuseeError(
            f"La personne a été prévenue le {designation.prevenue_le:%d/%m/%Y} : rien n'a été changé."
        )
    if le > timezone.localdate():
        raise JalonError("Donnez le jour où la personne a été prévenue : il ne peut pas être à venir.")
    designation.prevenue_le, designation.moyen_prevenue = le, moyen
    designation.save(update_fields=["prevenue_le", "moyen_prevenue"])
    personne = Personne.objects.get(pk=designation.personne_id)
    tracer(
        "accompagnements.referent.personne_prevenue", designation, acteur=acteur,
        organisme=perimetre.organisme_principal, personnes=[personne.public_id], vers=moyen,
        resume=f"Personne prévenue de son référent ({moyen.label.lower()})",
    )  # fmt: skip
    return designation

"""Décider d'une orientation : l'acte lui-même, et ce qu'il refuse (R30, R33, R43, F037, F038, F043)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.droits.models import DossierRsa
from jalon.organismes.models import CategorieOrganisme, Habilitation, ObjetHabilitation, Organisme
from jalon.orientations.models import (
    Accueil,
    AttenteOrientation,
    DecisionOrientation,
    DemandeReorientation,
    EtatReorientation,
    MotifOrientation,
    MotifSortie,
    OrigineDecision,
    Parcours,
    PropositionOrientation,
    Sphere,
    TypeOrientation,
)
from jalon.orientations.reorientations import verrouiller_acceptation
from jalon.personnes.identite import age_revolu
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

CODE = "orientations.decision.prise"


@dataclass(frozen=True)
class Choix:
    """Ce que l'on décide pour une personne."""

    type: TypeOrientation
    organisme: Organisme
    motif: MotifOrientation | None = None
    precision: str = ""
    parcours: Parcours | None = None
    referent: Agent | None = None
    correspondant: Agent | None = None


def verifier_choix(choix: Choix, personne: Personne, jour: date) -> None:
    """Refuse un choix que la règle ou la convention n'admet pas. Lève `JalonError`.

    Le motif est exigé quand le type le dit (R30) et appartient à sa sphère ; l'organisme est d'une catégorie que le
    type admet (mission locale : orientation sociale seulement, R43, F043) ; s'il déclare un public, la personne en est.
    """
    if not choix.type.actif:
        raise JalonError(f"« {choix.type.libelle} » n'est plus employé : choisissez un autre type.")
    if choix.type.motif_exige and choix.motif is None:
        raise JalonError(
            f"« {choix.type.libelle} » demande un motif : dites ce qui arrête un temps la recherche d'emploi, "
            "la personne le lira dans sa lettre."
        )
    if choix.motif is not None and choix.type.sphere not in choix.motif.spheres:
        raise JalonError(
            f"Le motif « {choix.motif.libelle} » ne fonde pas « {choix.type.libelle} » : changez l'un ou l'autre."
        )
    categorie = choix.organisme.type.categorie
    if categorie == CategorieOrganisme.MISSION_LOCALE and choix.type.sphere == Sphere.PROFESSIONNELLE:
        raise JalonError(
            "Une mission locale n'accompagne que sous une orientation sociale : choisissez un autre organisme, "
            "ou un autre type."
        )
    if not choix.organisme.actif or categorie not in choix.type.categories:
        raise JalonError(
            f"{choix.organisme} n'accompagne pas sous « {choix.type.libelle} » : choisissez un autre organisme."
        )
    if not Habilitation.objects.filter(
        organisme=choix.organisme, objet=ObjetHabilitation.REFERENCE, periode__contains=jour
    ).exists():
        raise JalonError(
            f"{choix.organisme} n'est pas habilité à être {mot('referent').singulier} à cette date : "
            "choisissez un autre organisme."
        )
    accueil = Accueil.objects.filter(organisme=choix.organisme, type=choix.type, periode__contains=jour).first()
    age = age_revolu(personne.date_naissance, jour)
    if accueil is not None and (
        (accueil.age_min is not None and age < accueil.age_min)
        or (accueil.age_max is not None and age > accueil.age_max)
    ):
        bornes = f"jusqu'à {accueil.age_max} ans" if accueil.age_max is not None else f"dès {accueil.age_min} ans"
        raise JalonError(
            f"{choix.organisme} reçoit {bornes} et la personne a {age} ans : choisissez un autre organisme."
        )
    if choix.referent is not None and not travaille_a(choix.referent, choix.organisme):
        raise JalonError(
            f"{choix.referent} ne travaille pas à {choix.organisme} : choisissez un {mot('referent').singulier} de cet "
            "organisme, ou laissez l'organisme le nommer."
        )


def travaille_a(agent: Agent, organisme: Organisme) -> bool:
    """L'agent a aujourd'hui une affectation dans cet organisme ; un agent désactivé n'en a plus."""
    return organisme.pk in {affectation.organisme_id for affectation in Perimetre.de(agent).affectations}


def s_ecarte(proposition: PropositionOrientation | None, choix: Choix) -> bool:
    """La décision n'est pas celle que l'avis proposait (I29)."""
    return proposition is not None and proposition.type_id is not None and proposition.type_id != choix.type.pk


@transaction.atomic
def decider_orientation(
    personne: Personne,
    *,
    acteur: Agent | None,
    perimetre: Perimetre,
    choix: Choix,
    origine: str = OrigineDecision.DIRECTE,
    proposition: PropositionOrientation | None = None,
    motif_ecart: str = "",
    demande: DemandeReorientation | None = None,
    attendue: AttenteOrientation | None = None,
    jour: date | None = None,
) -> DecisionOrientation:
    """Décide, clôt l'attente, remplace l'orientation précédente. Réf. : R30, R32, F037, F038.

    `attendue` est l'attente que l'agent avait sous les yeux : si un collègue a décidé entre-temps, elle n'est plus
    ouverte et l'acte est refusé plutôt que d'écraser sa décision. Sans attente ni demande de réorientation, une
    personne déjà orientée ne l'est pas deux fois. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("orientation.decider")
    aujourdhui = timezone.localdate()
    jour = jour or aujourdhui
    if jour > aujourdhui:
        raise JalonError("Une décision ne se date pas d'avance : donnez le jour où elle est prise.")
    personne = _verrouiller(personne)
    attente = (
        AttenteOrientation.objects.select_for_update(of=("self",))
        .filter(personne=personne, sortie_le=None)
        .select_related("dossier")
        .first()
    )
    if attendue is not None and (attente is None or attente.pk != attendue.pk):
        raise TransitionRefuseeError(_deja_decidee(personne))
    if demande is not None:
        demande = verrouiller_acceptation(demande)
    verifier_choix(choix, personne, jour)
    precedente = (
        DecisionOrientation.objects.select_for_update(of=("self",))
        .filter(personne=personne, periode__endswith=None, periode__isempty=False)
        .first()
    )
    if precedente is not None and attente is None and demande is None:
        raise TransitionRefuseeError(_deja_decidee(personne))
    if precedente is not None:
        if precedente.periode.lower >= jour:
            raise TransitionRefuseeError(
                f"Une orientation a déjà été décidée le {precedente.decidee_le:%d/%m/%Y} : la nouvelle doit être "
                "plus récente d'un jour au moins."
            )
        precedente.periode = DateRange(precedente.periode.lower, jour)
        precedente.save(update_fields=["periode"])
    decision = DecisionOrientation(
        personne=personne, dossier=attente.dossier if attente else _dossier(precedente), attente=attente,
        type=choix.type, parcours=choix.parcours, motif=choix.motif, precision=choix.precision.strip(),
        organisme=choix.organisme, referent=choix.referent, correspondant=choix.correspondant,
        territoire_id=personne.territoire_id, origine=origine, decidee_le=jour, decidee_par=acteur,
        proposition=proposition, motif_ecart=motif_ecart.strip(), periode=DateRange(jour, None),
    )  # fmt: skip
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(_deja_decidee(personne)) from erreur
    if attente is not None:
        attente.sortie_le, attente.motif_sortie = jour, MotifSortie.ORIENTEE
        attente.save(update_fields=["sortie_le", "motif_sortie"])
    if demande is not None:
        demande.etat, demande.nouvelle_decision = EtatReorientation.ACCEPTEE, decision
        demande.decidee_le, demande.decidee_par = jour, acteur
        demande.save(update_fields=["etat", "nouvelle_decision", "decidee_le", "decidee_par"])
    tracer(
        CODE, decision, acteur=acteur, organisme=perimetre.organisme_principal, personnes=[personne.public_id],
        de=precedente.type.code if precedente else "", vers=choix.type.code, motif=motif_ecart.strip(),
        donnees={"origine": str(origine), "ecart": s_ecarte(proposition, choix)},
        resume=f"{choix.type.libelle} : {choix.organisme}"[:300],
    )  # fmt: skip
    return decision


def _verrouiller(personne: Personne) -> Personne:
    verrouillee = Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first()
    if verrouillee is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    return verrouillee


def _dossier(precedente: DecisionOrientation | None) -> DossierRsa | None:
    return precedente.dossier if precedente is not None else None


def _deja_decidee(personne: Personne) -> str:
    prise = (
        DecisionOrientation.objects.filter(personne=personne, annulee_le=None)
        .select_related("type", "organisme", "decidee_par")
        .order_by("-decidee_le", "-pk")
        .first()
    )
    if prise is None:
        return "Cette personne n'attend plus d'orientation : rechargez la page pour voir son dossier à jour."
    par = f" par {prise.decidee_par}" if prise.decidee_par is not None else ""
    return (
        f"Cette personne est déjà orientée depuis le {prise.decidee_le:%d/%m/%Y}{par} : {prise.type.libelle}, "
        f"{prise.organisme}. Rien n'a été changé ; pour en changer, demandez une {mot('reorientation').singulier}."
    )


# --- Se reprendre avant la lettre

CODE_ANNULATION = "orientations.decision.annulee"


def empechement_annulation(decision: DecisionOrientation) -> str:
    """Pourquoi cette décision ne peut plus s'annuler ; vide si elle le peut encore. Ouvre aussi le bouton."""
    if decision.annulee_le is not None:
        return f"Cette décision est déjà annulée depuis le {decision.annulee_le:%d/%m/%Y}."
    if decision.notifications.exists():
        return (
            f"Cette décision est notifiée : la personne la connaît. Pour en changer, demandez une "
            f"{mot('reorientation').singulier}."
        )
    if decision.periode.isempty or decision.periode.upper is not None:
        return "Une décision plus récente a remplacé celle-ci : c'est elle qu'il faut revoir."
    return ""


@transaction.atomic
def annuler_decision(
    decision: DecisionOrientation, *, acteur: Agent, perimetre: Perimetre, motif: str
) -> DecisionOrientation:
    """Annule une décision que personne n'a encore notifiée : l'attente se rouvre avec son échéance d'origine.

    L'orientation qu'elle remplaçait vaut de nouveau, et la demande de réorientation qu'elle acceptait attend de
    nouveau une décision. Les référents relèvent de `jalon.accompagnements.annulations`. Réf. : F037.
    Lève `TransitionRefuseeError`, `JalonError`, `DroitManquantError`.
    """
    perimetre.exiger("orientation.decider")
    if not motif.strip():
        raise JalonError("Dites pourquoi annuler : vos collègues liront ce motif.")
    personne = _verrouiller(decision.personne)
    decision = (
        DecisionOrientation.objects.select_for_update(of=("self",))
        .select_related("type", "organisme", "attente")
        .get(pk=decision.pk)
    )
    empechement = empechement_annulation(decision)
    if empechement:
        raise TransitionRefuseeError(empechement)
    debut = decision.periode.lower
    decision.annulee_le, decision.annulee_par = timezone.localdate(), acteur
    decision.motif_annulation, decision.periode = motif.strip()[:300], DateRange(empty=True)
    decision.save(update_fields=["annulee_le", "annulee_par", "motif_annulation", "periode"])
    remplacee = (
        DecisionOrientation.objects.select_for_update(of=("self",))
        .filter(personne=personne, periode__endswith=debut, annulee_le=None)
        .first()
    )
    if remplacee is not None:
        remplacee.periode = DateRange(remplacee.periode.lower, None)
        remplacee.save(update_fields=["periode"])
    attente = decision.attente
    if attente is not None and not AttenteOrientation.objects.filter(personne=personne, sortie_le=None).exists():
        attente.sortie_le, attente.motif_sortie = None, ""
        attente.save(update_fields=["sortie_le", "motif_sortie"])
    demande = DemandeReorientation.objects.select_for_update(of=("self",)).filter(nouvelle_decision=decision).first()
    if demande is not None:
        demande.etat = EtatReorientation.AVIS_RENDU if demande.avis else EtatReorientation.TRANSMISE
        demande.nouvelle_decision = demande.decidee_le = demande.decidee_par = None
        demande.save(update_fields=["etat", "nouvelle_decision", "decidee_le", "decidee_par"])
    tracer(
        CODE_ANNULATION, decision, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], de=decision.type.code, vers=remplacee.type.code if remplacee else "",
        motif=motif.strip(), donnees={"attente_rouverte": attente is not None},
        resume=f"Décision annulée avant notification : {decision.type.libelle}, {decision.organisme}"[:300],
    )  # fmt: skip
    return decision

"""Nommer le référent unique et le correspondant, d'un même acte que la décision (R14, R41, F040, F041)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.accompagnements.charge import charge_maximale, charge_referent
from jalon.accompagnements.models import (
    Accompagnement,
    AvisReferent,
    DesignationCorrespondant,
    DesignationReferent,
    MotifFinDesignation,
    NatureAccompagnement,
)
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.decisions import Choix, decider_orientation, travaille_a
from jalon.orientations.models import (
    AttenteOrientation,
    DecisionOrientation,
    DemandeReorientation,
    OrigineDecision,
    PropositionOrientation,
)
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.referentiels.parametres import mot, vrai
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

__all__ = [
    "SANS_DEPASSEMENT",
    "ChargeDepasseeError",
    "Depassement",
    "charge_referent",
    "designer_correspondant",
    "designer_referent",
    "liberer_referent",
    "orienter_personne",
    "ouvrir_accompagnement",
]


class ChargeDepasseeError(JalonError):
    """Le référent est à sa charge maximale : l'acte attend une confirmation motivée, ou est refusé."""

    def __init__(self, message: str, *, bloquant: bool) -> None:
        super().__init__(message)
        self.bloquant = bloquant


@dataclass(frozen=True)
class Depassement:
    """Ce que l'agent répond quand le référent est à sa charge maximale."""

    confirme: bool = False
    motif: str = ""


SANS_DEPASSEMENT = Depassement()


@transaction.atomic
def designer_referent(
    personne: Personne,
    *,
    acteur: Agent | None,
    perimetre: Perimetre,
    organisme: Organisme,
    agent: Agent | None = None,
    nom_externe: str = "",
    contact_externe: str = "",
    decision: DecisionOrientation | None = None,
    choisi_par_la_personne: bool = False,
    motif_fin_precedent: str = MotifFinDesignation.PASSATION,
    depassement: Depassement = SANS_DEPASSEMENT,
    jour: date | None = None,
) -> DesignationReferent:
    """Nomme le référent unique ; celui d'avant est libéré le même jour. Réf. : R14, R41, R44, F040, F041.

    La ligne de l'agent est verrouillée avant de compter : deux actes ne prennent pas la même dernière place.
    Au-delà de `referent.charge_maximale`, le profil bloque ou demande une confirmation motivée, jamais rien en
    silence. Lève `ChargeDepasseeError`, `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    perimetre.exiger("referent.designer")
    jour = jour or timezone.localdate()
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    depasse = False
    if agent is not None:
        _verifier_agent(agent, organisme)
        depasse = _verifier_charge(personne, agent, jour, depassement)
    elif not nom_externe.strip():
        raise JalonError(f"Nommez le {mot('referent').singulier} : la personne doit savoir qui appeler.")
    precedente = (
        DesignationReferent.objects.select_for_update(of=("self",))
        .filter(personne=personne, periode__endswith=None, periode__isempty=False)
        .select_related("agent", "organisme")
        .first()
    )
    if precedente is not None:
        if agent is not None and precedente.agent_id == agent.pk and precedente.organisme_id == organisme.pk:
            raise TransitionRefuseeError(f"{agent} est déjà le {mot('referent').singulier} de cette personne.")
        liberer_referent(precedente, motif_fin=motif_fin_precedent, jour=jour)
        _prevenir_qui_part(precedente, personne, suite=f"{agent or nom_externe.strip()}, {organisme}", acteur=acteur)
    designation = DesignationReferent(
        personne=personne, organisme=organisme, agent=agent, nom_externe=nom_externe.strip(),
        contact_externe=contact_externe.strip(), decision=decision, choisi_par_la_personne=choisi_par_la_personne,
        depassement=depasse, motif_depassement=depassement.motif.strip() if depasse else "", designe_par=acteur,
        periode=DateRange(jour, None),
    )  # fmt: skip
    try:
        with transaction.atomic():
            designation.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(
            f"Un {mot('referent').singulier} vient d'être nommé pour cette personne : rechargez la page."
        ) from erreur
    ouvrir_accompagnement(personne, organisme, agent=agent, jour=jour)
    if agent is not None and agent != acteur:
        AvisReferent.objects.create(
            agent=agent, personne=personne, arrive=True,
            texte=f"Vous êtes le {mot('referent').singulier} de {_nom(personne)} depuis le {jour:%d/%m/%Y}."[:300],
        )  # fmt: skip
    tracer(
        "accompagnements.referent.designe", designation, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], de=precedente.nom[:40] if precedente else "", vers=designation.nom[:40],
        motif=designation.motif_depassement, donnees={"depassement": depasse},
        resume=f"Référent : {designation.nom}, {organisme}"[:300],
    )  # fmt: skip
    return designation


def _nom(personne: Personne) -> str:
    return f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"


def _prevenir_qui_part(
    designation: DesignationReferent, personne: Personne, *, suite: str, acteur: Agent | None
) -> None:
    if designation.agent_id is None or (acteur is not None and designation.agent_id == acteur.pk):
        return
    AvisReferent.objects.create(
        agent_id=designation.agent_id, personne=personne, arrive=False,
        texte=f"{_nom(personne)} n'est plus dans votre {mot('portefeuille').singulier}. La suite : {suite}."[:300],
    )  # fmt: skip


def _verifier_agent(agent: Agent, organisme: Organisme) -> None:
    if not travaille_a(agent, organisme):
        raise JalonError(f"{agent} ne travaille pas à {organisme} : choisissez quelqu'un de cet organisme.")


def _verifier_charge(personne: Personne, agent: Agent, jour: date, depassement: Depassement) -> bool:
    """Vrai si la désignation dépasse la charge et que c'est admis ; lève sinon."""
    Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    maximum = charge_maximale(agent, jour)
    charge = charge_referent(agent, jour, sauf=personne)
    if charge < maximum:
        return False
    suivies = "une personne" if charge == 1 else f"{charge} personnes"
    constat = f"{agent} accompagne déjà {suivies}, pour une charge maximale de {maximum}"
    if vrai("referent.depassement_bloquant", jour):
        raise ChargeDepasseeError(f"{constat} : choisissez quelqu'un d'autre.", bloquant=True)
    if not depassement.confirme or not depassement.motif.strip():
        raise ChargeDepasseeError(
            f"{constat}. Choisissez quelqu'un d'autre, ou confirmez en disant pourquoi.", bloquant=False
        )
    return True


def liberer_referent(designation: DesignationReferent, *, motif_fin: str, jour: date) -> None:
    """Termine une désignation déjà verrouillée, et l'accompagnement de référence qui va avec."""
    debut = designation.periode.lower
    designation.periode = DateRange(debut, jour) if debut < jour else DateRange(empty=True)
    designation.motif_fin = motif_fin
    designation.save(update_fields=["periode", "motif_fin"])
    # Le suivi d'une personne qui a déménagé reste noté sur son ancien territoire : l'agent ne le lirait pas.
    with effets_complets():
        _fermer_le_dossier(designation, jour)


def _fermer_le_dossier(designation: DesignationReferent, jour: date) -> None:
    for accompagnement in Accompagnement.objects.select_for_update(of=("self",)).filter(
        personne_id=designation.personne_id, organisme_id=designation.organisme_id,
        nature=NatureAccompagnement.REFERENCE, periode__endswith=None, periode__isempty=False,
    ).order_by("pk"):  # fmt: skip
        ouvert = accompagnement.periode.lower
        accompagnement.periode = DateRange(ouvert, jour) if ouvert < jour else DateRange(empty=True)
        accompagnement.save(update_fields=["periode"])


def ouvrir_accompagnement(
    personne: Personne, organisme: Organisme, *, agent: Agent | None, jour: date
) -> Accompagnement:
    """Ouvre le dossier à l'organisme du référent ; un suivi qu'il tenait déjà devient celui du référent."""
    with effets_complets():
        return _ouvrir(personne, organisme, agent=agent, jour=jour)


def _ouvrir(personne: Personne, organisme: Organisme, *, agent: Agent | None, jour: date) -> Accompagnement:
    en_cours = (
        Accompagnement.objects.select_for_update(of=("self",))
        .filter(personne=personne, organisme=organisme, periode__endswith=None, periode__isempty=False)
        .first()
    )
    if en_cours is not None:
        en_cours.nature, en_cours.agent = NatureAccompagnement.REFERENCE, agent
        en_cours.save(update_fields=["nature", "agent"])
        return en_cours
    return Accompagnement.objects.create(
        personne=personne, organisme=organisme, agent=agent, territoire_id=personne.territoire_id,
        nature=NatureAccompagnement.REFERENCE, periode=DateRange(jour, None),
    )  # fmt: skip


@transaction.atomic
def designer_correspondant(
    personne: Personne, *, acteur: Agent | None, perimetre: Perimetre, agent: Agent, jour: date | None = None
) -> DesignationCorrespondant:
    """Nomme le correspondant de la personne ; le précédent est libéré le même jour (L262-30)."""
    perimetre.exiger("referent.designer")
    jour = jour or timezone.localdate()
    actuel = (
        DesignationCorrespondant.objects.select_for_update(of=("self",))
        .filter(personne=personne, periode__endswith=None, periode__isempty=False)
        .first()
    )
    if actuel is not None and actuel.agent_id == agent.pk:
        return actuel
    if actuel is not None:
        debut = actuel.periode.lower
        actuel.periode = DateRange(debut, jour) if debut < jour else DateRange(empty=True)
        actuel.save(update_fields=["periode"])
    nouveau = DesignationCorrespondant.objects.create(
        personne=personne, agent=agent, designe_par=acteur, periode=DateRange(jour, None)
    )
    tracer(
        "accompagnements.correspondant.designe", nouveau, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Correspondant : {agent}"[:300],
    )  # fmt: skip
    return nouveau


def _tient_deja(personne: Personne, choix: Choix) -> bool:
    """Le référent choisi est déjà celui de la personne : la décision le garde, sans nouvelle désignation."""
    return DesignationReferent.objects.filter(
        personne=personne, organisme=choix.organisme, agent=choix.referent, periode__endswith=None,
        periode__isempty=False,
    ).exists()  # fmt: skip


@transaction.atomic
def orienter_personne(
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
    choisi_par_la_personne: bool = False,
    depassement: Depassement = SANS_DEPASSEMENT,
    jour: date | None = None,
) -> DecisionOrientation:
    """Décide, ouvre le dossier à l'organisme, nomme le référent et le correspondant choisis : tout, ou rien.

    Sans référent nommé, l'organisme reçoit le dossier et doit en nommer un ; le référent d'une orientation
    remplacée est libéré. Mêmes refus que `decider_orientation` et `designer_referent`.
    """
    jour = jour or timezone.localdate()
    decision = decider_orientation(
        personne, acteur=acteur, perimetre=perimetre, choix=choix, origine=origine, proposition=proposition,
        motif_ecart=motif_ecart, demande=demande, attendue=attendue, jour=jour,
    )  # fmt: skip
    if choix.referent is not None and not _tient_deja(personne, choix):
        designer_referent(
            personne, acteur=acteur, perimetre=perimetre, organisme=choix.organisme, agent=choix.referent,
            decision=decision, choisi_par_la_personne=choisi_par_la_personne,
            motif_fin_precedent=MotifFinDesignation.REORIENTATION, depassement=depassement, jour=jour,
        )  # fmt: skip
    else:
        ancien = (
            DesignationReferent.objects.select_for_update(of=("self",))
            .filter(personne=personne, periode__endswith=None, periode__isempty=False)
            .exclude(organisme=choix.organisme)
            .first()
        )
        if ancien is not None:
            liberer_referent(ancien, motif_fin=MotifFinDesignation.REORIENTATION, jour=jour)
            _prevenir_qui_part(ancien, personne, suite=f"{choix.organisme}", acteur=acteur)
        tenu = DesignationReferent.objects.filter(
            personne=personne, periode__endswith=None, periode__isempty=False
        ).first()
        ouvrir_accompagnement(personne, choix.organisme, agent=tenu.agent if tenu is not None else None, jour=jour)
    if choix.correspondant is not None:
        designer_correspondant(personne, acteur=acteur, perimetre=perimetre, agent=choix.correspondant, jour=jour)
    return decision

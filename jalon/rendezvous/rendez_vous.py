"""Fixer un rendez-vous, le tenir, l'excuser, le reporter, l'annuler (R16, R18, D12, F023).

Le temps de chaque agent présent est pris et rendu dans la même transaction : deux rendez-vous ne se prennent jamais
sur le même temps. Une absence n'est jamais une sanction : elle demande d'abord un contact (R18).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.rendezvous.agenda import Creneau, deja_pris, liberer, occuper
from jalon.rendezvous.contacts import demander_contact_apres_rendez_vous, oublier_contact_apres_rendez_vous
from jalon.rendezvous.messages import prevenir
from jalon.rendezvous.models import (
    EtatRendezVous,
    Invitation,
    ObjetRendezVous,
    ParticipantRendezVous,
    PriseRendezVous,
    PropositionRendezVous,
    RendezVous,
)
from jalon.rendezvous.workflows import exiger_rendez_vous
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

__all__ = [
    "Creneau",
    "acceder_rendez_vous",
    "annuler_rendez_vous",
    "constater_rendez_vous",
    "fixer_rendez_vous",
    "poser",
    "prevenir_de_son_absence",
    "rendez_vous_de_la_personne",
    "reporter_rendez_vous",
    "verrouiller_rendez_vous",
]

HORIZON = timedelta(days=366)
SANS_DIRE_POURQUOI = "La personne a prévenu, sans dire pourquoi"


def exiger_un_des_droits(perimetre: Perimetre) -> None:
    """Qui suit la personne et qui tient les réunions peuvent l'un et l'autre fixer et changer un rendez-vous."""
    if not perimetre.peut("suivi.ecrire"):
        perimetre.exiger("reunions.gerer")


# --- Obtenir


def acceder_rendez_vous(perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter") -> RendezVous:
    """Rend le rendez-vous si l'agent a ce droit et que la personne est dans son périmètre."""
    perimetre.exiger(droit)
    rendez_vous = (
        RendezVous.objects.filter(filtre_perimetre(perimetre, "personne__"), public_id=public_id)
        .select_related("personne__territoire", "organisme", "agent", "remplace", "lettre", "constate_par", "fixe_par")
        .first()
    )
    if rendez_vous is None:
        raise HorsPerimetreError(
            "Ce rendez-vous n'existe pas ou la personne n'est pas dans votre périmètre. Revenez à votre agenda."
        )
    return rendez_vous


def rendez_vous_de_la_personne(personne: Personne) -> list[RendezVous]:
    """Tous les rendez-vous d'une personne, le plus récent d'abord, en deux lectures."""
    return list(
        RendezVous.objects.filter(personne=personne)
        .select_related("organisme", "agent", "remplace")
        .prefetch_related("participants__agent")
        .order_by("-debut", "-pk")
    )


def verrouiller_rendez_vous(rendez_vous: RendezVous) -> RendezVous:
    """Le rendez-vous, seul à changer jusqu'à la fin de l'acte."""
    return (
        RendezVous.objects.select_for_update(of=("self",))
        .select_related("personne", "organisme", "agent")
        .get(pk=rendez_vous.pk)
    )


# --- Fixer


@transaction.atomic
def fixer_rendez_vous(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    creneau: Creneau,
    objet: str = ObjetRendezVous.PREMIER,
    invitation: Invitation | None = None,
    prise: str = PriseRendezVous.ENSEMBLE,
    participants: Sequence[Agent] = (),
    externes: Sequence[str] = (),
    remplace: RendezVous | None = None,
) -> RendezVous:
    """Fixe un rendez-vous, seul ou à plusieurs ; refuse une date passée et un agent déjà pris sur ce temps.

    Une invitation à choisir un créneau qui attendait chez le même agent est retirée : elle a sa réponse.
    """
    exiger_un_des_droits(perimetre)
    rendez_vous = RendezVous(
        personne=personne, objet=objet, invitation=invitation, prise=prise, remplace=remplace, fixe_par=acteur,
        **vars(creneau),
    )  # fmt: skip
    poser(rendez_vous, participants, externes)
    if creneau.agent is not None:
        PropositionRendezVous.objects.filter(
            personne=personne, agent=creneau.agent, etat=PropositionRendezVous.Etat.OUVERTE
        ).update(etat=PropositionRendezVous.Etat.RETIREE, close_le=timezone.localdate())
    tracer(
        "rendezvous.rendez_vous.fixe", rendez_vous, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], vers=EtatRendezVous.FIXE,
        resume=f"{_dire(rendez_vous)}, {creneau.organisme}"[:300],
    )  # fmt: skip
    return rendez_vous


def poser(rendez_vous: RendezVous, participants: Iterable[Agent] = (), externes: Iterable[str] = ()) -> None:
    """Enregistre le rendez-vous et prend le temps de chacun. Lève `JalonError` ; rien n'est alors gardé."""
    maintenant = timezone.now()
    if rendez_vous.debut <= maintenant:
        raise JalonError("Ce rendez-vous est dans le passé : choisissez une date à venir.")
    if rendez_vous.debut > maintenant + HORIZON:
        raise JalonError("Ce rendez-vous est dans plus d'un an : vérifiez l'année.")
    rendez_vous.lieu = rendez_vous.lieu.strip()
    _valider(rendez_vous)
    autres = {a.pk: a for a in participants if rendez_vous.agent is None or a.pk != rendez_vous.agent.pk}
    with transaction.atomic():
        try:
            with transaction.atomic():
                rendez_vous.save()
        except IntegrityError as erreur:
            raise deja_pris(rendez_vous.agent, rendez_vous.debut) from erreur
        ParticipantRendezVous.objects.bulk_create(
            [ParticipantRendezVous(rendez_vous=rendez_vous, agent=a) for a in autres.values()]
            + [ParticipantRendezVous(rendez_vous=rendez_vous, nom=n.strip()[:200]) for n in externes if n.strip()]
        )
        occuper(rendez_vous, [*([rendez_vous.agent] if rendez_vous.agent is not None else []), *autres.values()])


def _valider(rendez_vous: RendezVous) -> None:
    """Champs et contraintes. La personne n'est pas relue : par son lien, elle n'est pas lisible, elle est désignée."""
    facultatifs = [c.name for c in rendez_vous._meta.fields if c.null and getattr(rendez_vous, c.attname) is None]
    try:
        rendez_vous.full_clean(exclude=[*facultatifs, "personne"])
    except ValidationError as erreur:
        raise JalonError(" ".join(erreur.messages)) from erreur


def _dire(rendez_vous: RendezVous) -> str:
    return f"{rendez_vous.get_objet_display()} fixé au {timezone.localtime(rendez_vous.debut):%d/%m/%Y à %H:%M}"


# --- Ce qu'il devient


@transaction.atomic
def constater_rendez_vous(
    rendez_vous: RendezVous, *, acteur: Agent, perimetre: Perimetre, etat: str, motif: str = ""
) -> RendezVous:
    """Honoré, excusé ou non venu ; une erreur se corrige de même.

    « Non venu » demande un contact individuel avec la personne, rien de plus : ce n'est pas une sanction (R18). Une
    excuse dit pourquoi et rend le temps. Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    exiger_un_des_droits(perimetre)
    if etat not in (EtatRendezVous.HONORE, EtatRendezVous.EXCUSE, EtatRendezVous.MANQUE):
        raise JalonError("Choisissez « honoré », « excusé » ou « non venu ».")
    rendez_vous = verrouiller_rendez_vous(rendez_vous)
    exiger_rendez_vous(rendez_vous.etat, "excuser" if etat == EtatRendezVous.EXCUSE else "constater")
    maintenant = timezone.now()
    if etat == EtatRendezVous.HONORE and timezone.localdate(rendez_vous.debut) > timezone.localdate():
        raise JalonError("Ce rendez-vous n'a pas encore eu lieu : notez sa tenue le jour même, ou après.")
    if etat == EtatRendezVous.MANQUE and rendez_vous.debut > maintenant:
        raise JalonError("Ce rendez-vous n'a pas encore commencé : une absence se note après l'heure prévue.")
    if etat == EtatRendezVous.EXCUSE and not motif.strip():
        raise JalonError("Dites pourquoi la personne est excusée : un mot suffit.")
    if etat == rendez_vous.etat:
        return rendez_vous
    de = rendez_vous.etat
    rendez_vous.etat, rendez_vous.motif = etat, motif.strip()[:300]
    rendez_vous.constate_le, rendez_vous.constate_par = maintenant, acteur
    rendez_vous.save(update_fields=["etat", "motif", "constate_le", "constate_par"])
    if etat == EtatRendezVous.EXCUSE:
        liberer(rendez_vous)
    if etat == EtatRendezVous.MANQUE:
        demander_contact_apres_rendez_vous(rendez_vous, jour=timezone.localdate())
    elif de == EtatRendezVous.MANQUE:
        oublier_contact_apres_rendez_vous(rendez_vous, acteur=acteur, motif="L'absence a été corrigée")
    tracer(
        f"rendezvous.rendez_vous.{etat}", rendez_vous, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[rendez_vous.personne.public_id], de=de, vers=etat, motif=rendez_vous.motif,
        resume=f"Rendez-vous du {timezone.localtime(rendez_vous.debut):%d/%m/%Y} : "
        f"{rendez_vous.get_etat_display().lower()}",
    )  # fmt: skip
    return rendez_vous


@transaction.atomic
def prevenir_de_son_absence(rendez_vous: RendezVous, *, dossier: UUID, motif: str = "") -> RendezVous:
    """La personne prévient elle-même qu'elle ne viendra pas : elle est excusée, et le temps est rendu.

    Ce qui lui a été envoyé reste : la convocation garde sa preuve. L'invitation où elle avait choisi ce créneau se
    rouvre ; une excuse qu'aucun autre rendez-vous ne suit se lit à l'accueil du référent. Lève
    `TransitionRefuseeError` si l'heure est passée ou si le rendez-vous ne tient plus.
    """
    # L'invitation d'abord, comme par son lien : deux gestes ensemble s'attendent dans le même ordre.
    proposition = PropositionRendezVous.objects.select_for_update(of=("self",)).filter(rendez_vous=rendez_vous).first()
    # Sans la personne : dans son livret ou par son lien, sa fiche n'est pas lisible.
    tenu = RendezVous.objects.select_for_update(of=("self",)).get(pk=rendez_vous.pk)
    if tenu.etat != EtatRendezVous.FIXE or tenu.debut <= timezone.now():
        raise TransitionRefuseeError(
            "Ce rendez-vous ne s'annule plus ici. Appelez le service : son numéro est sur la page."
        )
    tenu.etat, tenu.motif = EtatRendezVous.EXCUSE, motif.strip()[:300] or SANS_DIRE_POURQUOI
    tenu.constate_le = timezone.now()
    tenu.save(update_fields=["etat", "motif", "constate_le"])
    liberer(tenu)
    if proposition is not None:
        _rouvrir(proposition)
    tracer(
        "rendezvous.rendez_vous.excuse", tenu, acteur=None, personnes=[dossier], de=EtatRendezVous.FIXE,
        vers=EtatRendezVous.EXCUSE, motif=tenu.motif, resume="La personne a prévenu qu'elle ne viendrait pas",
    )  # fmt: skip
    return tenu


def _rouvrir(proposition: PropositionRendezVous) -> None:
    """L'invitation attend de nouveau un choix ; une plus récente, si elle attend déjà, la remplace."""
    etats = PropositionRendezVous.Etat
    proposition.rendez_vous, proposition.etat, proposition.close_le = None, etats.OUVERTE, None
    try:
        with transaction.atomic():
            proposition.save(update_fields=["rendez_vous", "etat", "close_le"])
    except IntegrityError:
        proposition.etat, proposition.close_le = etats.RETIREE, timezone.localdate()
        proposition.save(update_fields=["rendez_vous", "etat", "close_le"])


@transaction.atomic
def annuler_rendez_vous(rendez_vous: RendezVous, *, acteur: Agent, perimetre: Perimetre, motif: str) -> RendezVous:
    """Le service annule un rendez-vous à venir, en disant pourquoi, et prévient la personne ; ce n'est pas son absence."""
    exiger_un_des_droits(perimetre)
    if not motif.strip():
        raise JalonError("Dites pourquoi ce rendez-vous est annulé : la personne le demandera.")
    rendez_vous = verrouiller_rendez_vous(rendez_vous)
    exiger_rendez_vous(rendez_vous.etat, "annuler")
    rendez_vous.etat, rendez_vous.motif = EtatRendezVous.ANNULE, motif.strip()[:300]
    rendez_vous.save(update_fields=["etat", "motif"])
    liberer(rendez_vous)
    prevenir(rendez_vous, acteur=acteur)
    tracer(
        "rendezvous.rendez_vous.annule", rendez_vous, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[rendez_vous.personne.public_id], de=EtatRendezVous.FIXE, vers=EtatRendezVous.ANNULE,
        motif=rendez_vous.motif, resume="Rendez-vous annulé",
    )  # fmt: skip
    return rendez_vous


@transaction.atomic
def reporter_rendez_vous(
    rendez_vous: RendezVous, *, acteur: Agent, perimetre: Perimetre, creneau: Creneau, motif: str
) -> RendezVous:
    """Remplace un rendez-vous fixé par un autre, qui garde l'objet et les participants ; prévient ; rend le nouveau.

    L'ancien temps est rendu d'abord : on peut reporter d'un quart d'heure.
    """
    exiger_un_des_droits(perimetre)
    if not motif.strip():
        raise JalonError("Dites pourquoi ce rendez-vous est reporté : la personne le demandera.")
    ancien = verrouiller_rendez_vous(rendez_vous)
    exiger_rendez_vous(ancien.etat, "reporter")
    ancien.etat, ancien.motif = EtatRendezVous.REPORTE, motif.strip()[:300]
    ancien.save(update_fields=["etat", "motif"])
    liberer(ancien)
    presents = list(ancien.participants.select_related("agent").order_by("pk"))
    nouveau = fixer_rendez_vous(
        ancien.personne, acteur=acteur, perimetre=perimetre, creneau=creneau, objet=ancien.objet,
        prise=PriseRendezVous.ENSEMBLE, participants=[p.agent for p in presents if p.agent is not None],
        externes=[p.nom for p in presents if p.nom], remplace=ancien,
    )  # fmt: skip
    PropositionRendezVous.objects.filter(rendez_vous=ancien).update(rendez_vous=nouveau)
    prevenir(ancien, acteur=acteur, nouveau=nouveau)
    tracer(
        "rendezvous.rendez_vous.reporte", ancien, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[ancien.personne.public_id], de=EtatRendezVous.FIXE, vers=EtatRendezVous.REPORTE, motif=ancien.motif,
        resume=f"Rendez-vous reporté au {timezone.localtime(nouveau.debut):%d/%m/%Y à %H:%M}",
    )  # fmt: skip
    return nouveau

"""Joindre une personne après une absence : rien d'autre ne peut se faire avant (R18, F026)."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import ServiceInstructeur
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import EtatTache, Personne, Tache, TypeTache
from jalon.personnes.services import fermer_tache
from jalon.referentiels.parametres import mot, nombre
from jalon.rendezvous.models import (
    ContactIndividuel,
    EtatInvitation,
    EtatRendezVous,
    Invitation,
    MoyenContact,
    RendezVous,
    ResultatContact,
)
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

ANCIENNETE_SAISIE = timedelta(days=366)
"""Un contact se note au plus un an après : au-delà, la date est presque sûrement une faute de frappe."""


def contact_suffisant(*, effectif: bool = False) -> Q:
    """Condition, sur une invitation, « la personne a été contactée depuis cette absence » (R18).

    Une tentative sans réponse ne vaut pas contact ; assez de tentatives permettent d'inviter de nouveau, jamais
    d'aller plus loin : `effectif` n'admet que l'échange qui a eu lieu.
    """
    return _contact_depuis("reunion__date", effectif=effectif)


def rendez_vous_sans_contact(personne: Personne, *, effectif: bool = False) -> QuerySet[RendezVous]:
    """Rendez-vous où la personne n'est pas venue, sans contact avec elle depuis (R18)."""
    return RendezVous.objects.filter(
        ~_contact_depuis("debut__date", effectif=effectif), personne=personne, etat=EtatRendezVous.MANQUE
    )


def _contact_depuis(jour_absence: str, *, effectif: bool) -> Q:
    depuis = ContactIndividuel.objects.filter(personne=OuterRef("personne"), date__gte=OuterRef(jour_absence))
    jointe = Exists(depuis.filter(resultat=ResultatContact.JOINTE))
    if effectif:
        return Q(jointe)
    seuil = int(nombre("contact.tentatives_suffisantes", timezone.localdate()))
    tentatives = Coalesce(
        Subquery(depuis.order_by().values("personne").annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
        Value(0),
    )
    return Q(jointe) | Q(GreaterThanOrEqual(tentatives, seuil))


def exiger_contact_apres_absence(personne: Personne, *, effectif: bool = False) -> None:
    """Refuse toute suite tant qu'une absence n'a été suivie d'aucun contact individuel.

    Une nouvelle invitation admet des tentatives répétées ; une procédure demande `effectif=True` : l'échange a eu
    lieu. Réf. : R18, [000] III.2.
    """
    absence = (
        Invitation.objects.filter(personne=personne, etat=EtatInvitation.ABSENTE)
        .filter(~contact_suffisant(effectif=effectif))
        .select_related("reunion")
        .order_by("-reunion__date", "-pk")
        .first()
    )
    if absence is not None:
        nom = f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"
        raise TransitionRefuseeError(
            f"{nom} : absence du {absence.reunion.date:%d/%m/%Y}, sans contact depuis. "
            f"Notez d'abord un {mot('contact_individuel').singulier}, rien d'autre ne peut se faire avant."
        )
    manque = rendez_vous_sans_contact(personne, effectif=True).order_by("-debut", "-pk").first() if effectif else None
    if manque is not None:
        raise TransitionRefuseeError(
            f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)} : absence au rendez-vous du "
            f"{timezone.localtime(manque.debut):%d/%m/%Y}, sans contact depuis. Notez d'abord un "
            f"{mot('contact_individuel').singulier}, rien d'autre ne peut se faire avant."
        )


@transaction.atomic
def noter_contact(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    jour: date,
    moyen: str,
    resultat: str,
    resume: str = "",
) -> ContactIndividuel:
    """Note un échange ou une tentative ; un échange qui a eu lieu répond à la tâche née de l'absence (R18)."""
    _exiger_un_des_droits(perimetre)
    aujourdhui = timezone.localdate()
    if jour > aujourdhui:
        raise JalonError("Un contact se note quand il a eu lieu : choisissez aujourd'hui ou un jour passé.")
    if jour < aujourdhui - ANCIENNETE_SAISIE:
        raise JalonError("Cette date est trop ancienne : vérifiez l'année.")
    if moyen not in MoyenContact.values or resultat not in ResultatContact.values:
        raise JalonError("Choisissez le moyen et le résultat du contact dans les listes.")
    if resultat == ResultatContact.JOINTE and not resume.strip():
        raise JalonError("Dites en une phrase ce qui s'est dit : vos collègues s'appuieront dessus.")
    absence = (
        Invitation.objects.filter(personne=personne, etat=EtatInvitation.ABSENTE, reunion__date__lte=jour)
        .order_by("-reunion__date", "-pk")
        .first()
    )
    contact = ContactIndividuel.objects.create(
        personne=personne, invitation=absence, date=jour, moyen=moyen, resultat=resultat, resume=resume.strip(),
        auteur=acteur, organisme=perimetre.organisme_principal,
    )  # fmt: skip
    tracer(
        "rendezvous.contact_individuel.note", contact, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], vers=resultat,
        resume=f"Contact individuel : {contact.get_moyen_display().lower()}, "
        f"{contact.get_resultat_display().lower()}"[:300],
    )  # fmt: skip
    if not _contact_attendu(personne):
        _fermer_la_tache(personne, acteur=acteur, etat=EtatTache.FAITE, motif="Contact individuel noté")
    return contact


def _exiger_un_des_droits(perimetre: Perimetre) -> None:
    """Qui tient les réunions et qui suit la personne peuvent l'un et l'autre la joindre."""
    if not perimetre.peut("suivi.ecrire"):
        perimetre.exiger("reunions.gerer")


def ouvrir_tache_de_contact(invitation: Invitation, *, jour: date) -> None:
    """Demande au service du territoire de joindre la personne dans le délai du département."""
    if invitation.personne.taches.filter(type=TypeTache.CONTACT_ABSENCE, etat=EtatTache.A_FAIRE).exists():
        return
    territoire = invitation.personne.territoire_id or invitation.reunion.territoire_id
    service = invitation.reunion.organisateur_id or (
        ServiceInstructeur.objects.filter(territoire_id=territoire).values_list("organisme_id", flat=True).first()
    )
    Tache.objects.create(
        type=TypeTache.CONTACT_ABSENCE, personne_id=invitation.personne_id, organisme_id=service,
        territoire_id=territoire, ouverte_le=jour,
        echeance=jour + timedelta(days=int(nombre("contact.delai_apres_absence", jour))),
    )  # fmt: skip


def retirer_tache_de_contact(invitation: Invitation, *, acteur: Agent | None, motif: str) -> None:
    """L'absence a été corrigée : la tâche n'a plus d'objet, sauf si une autre absence la demande."""
    if not _contact_attendu(invitation.personne, sauf=invitation):
        _fermer_la_tache(invitation.personne, acteur=acteur, etat=EtatTache.SANS_OBJET, motif=motif)


def demander_contact_apres_rendez_vous(rendez_vous: RendezVous, *, jour: date) -> None:
    """Demande à l'agent qui attendait la personne de la joindre ; ce n'est pas une sanction (R18)."""
    if rendez_vous.personne.taches.filter(type=TypeTache.CONTACT_ABSENCE, etat=EtatTache.A_FAIRE).exists():
        return
    with effets_complets():
        Tache.objects.create(
            type=TypeTache.CONTACT_ABSENCE, personne_id=rendez_vous.personne_id, organisme_id=rendez_vous.organisme_id,
            agent_id=rendez_vous.agent_id, territoire_id=rendez_vous.personne.territoire_id, ouverte_le=jour,
            echeance=jour + timedelta(days=int(nombre("contact.delai_apres_absence", jour))),
        )  # fmt: skip


def oublier_contact_apres_rendez_vous(rendez_vous: RendezVous, *, acteur: Agent, motif: str) -> None:
    """L'absence a été corrigée : la tâche n'a plus d'objet, sauf si une autre absence la demande."""
    if not _contact_attendu(rendez_vous.personne):
        _fermer_la_tache(rendez_vous.personne, acteur=acteur, etat=EtatTache.SANS_OBJET, motif=motif)


def _contact_attendu(personne: Personne, *, sauf: Invitation | None = None) -> bool:
    """Une absence, à une réunion ou à un rendez-vous, n'a encore été suivie d'aucun contact."""
    absences = Invitation.objects.filter(~contact_suffisant(), personne=personne, etat=EtatInvitation.ABSENTE)
    if sauf is not None:
        absences = absences.exclude(pk=sauf.pk)
    return absences.exists() or rendez_vous_sans_contact(personne).exists()


def _fermer_la_tache(personne: Personne, *, acteur: Agent | None, etat: EtatTache, motif: str) -> None:
    tache = (
        Tache.objects.select_for_update(of=("self",))
        .select_related("personne")
        .filter(personne=personne, type=TypeTache.CONTACT_ABSENCE, etat=EtatTache.A_FAIRE)
        .first()
    )
    if tache is not None:
        fermer_tache(tache, acteur=acteur, etat=etat, motif=motif, jour=timezone.localdate())

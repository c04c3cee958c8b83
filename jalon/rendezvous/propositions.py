"""Inviter une personne à choisir elle-même son créneau, par un lien personnel et sans compte (D12, F023).

Sans courriel ni SMS accepté, une lettre porte l'adresse de la page et le numéro à appeler.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.agents.selectors import agents_du_perimetre
from jalon.documents.composition import Composeur
from jalon.documents.ecriture import date_en_lettres
from jalon.documents.models import Canal
from jalon.organismes.models import Organisme
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.liens import LienPersonnel, UsageLien, creer_lien, revoquer_liens
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.agenda import Creneau, creneaux_libres
from jalon.rendezvous.convocations import adresses_postales, nom_complet
from jalon.rendezvous.messages import (
    BilanMessages,
    but,
    canaux_acceptes,
    civilite,
    destinataire,
    ecrire,
    poster,
    qui_joindre,
)
from jalon.rendezvous.models import EtatRendezVous, PriseRendezVous, PropositionRendezVous, RendezVous
from jalon.rendezvous.rendez_vous import exiger_un_des_droits, poser, prevenir_de_son_absence
from jalon.rendezvous.services import valider
from jalon.socle.errors import HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

CODE_COURRIER = "invitation_rendez_vous"
NATURE = "invitation_rendez_vous"
Etat = PropositionRendezVous.Etat
AdresseDuLien = Callable[[str], str]
"""Adresse complète de la page ouverte par un jeton ; l'écran la connaît, pas la pièce."""


# --- Obtenir


def acceder_proposition(
    perimetre: Perimetre, public_id: UUID, *, droit: str = "dossier.consulter"
) -> PropositionRendezVous:
    """Rend l'invitation à choisir si l'agent a ce droit et que la personne est dans son périmètre."""
    perimetre.exiger(droit)
    proposition = (
        PropositionRendezVous.objects.filter(filtre_perimetre(perimetre, "personne__"), public_id=public_id)
        .select_related("personne", "agent", "organisme", "rendez_vous")
        .first()
    )
    if proposition is None:
        raise HorsPerimetreError("Cette invitation n'existe pas ou la personne n'est pas dans votre périmètre.")
    return proposition


def en_attente(perimetre: Perimetre, *, agent: Agent | None = None) -> QuerySet[PropositionRendezVous]:
    """Invitations sans créneau choisi ; d'abord celles où la personne a dit qu'aucun ne convenait."""
    lignes = PropositionRendezVous.objects.filter(filtre_perimetre(perimetre, "personne__"), etat=Etat.OUVERTE)
    if agent is not None:
        lignes = lignes.filter(agent=agent)
    return lignes.select_related("personne", "agent", "organisme").order_by("sans_choix_le", "proposee_le", "pk")


def dernier_jour_possible(jour: date) -> date:
    """Jusqu'où l'on propose des créneaux à partir d'un jour."""
    return jour + timedelta(days=int(nombre("rendezvous.horizon_creneaux", jour)))


def creneaux_proposes(proposition: PropositionRendezVous) -> list[Creneau]:
    """Ce que la personne peut encore prendre."""
    return creneaux_libres(
        proposition.agent, du=max(proposition.du, timezone.localdate()), au=proposition.au,
        organisme=proposition.organisme,
    )  # fmt: skip


# --- Inviter


@transaction.atomic
def proposer_creneaux(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    agent: Agent,
    organisme: Organisme,
    objet: str,
    du: date,
    au: date,
    adresse_du_lien: AdresseDuLien,
) -> tuple[PropositionRendezVous, BilanMessages]:
    """Envoie à la personne le lien où choisir un créneau, entre deux dates comprises.

    Lève `JalonError` s'il n'y a pas de créneau libre, si une invitation attend déjà, ou si un message vient de partir :
    le refus dit alors quand il sera possible d'écrire de nouveau.
    """
    exiger_un_des_droits(perimetre)
    if not agents_du_perimetre(perimetre).filter(pk=agent.pk).exists():
        raise HorsPerimetreError("Cet agent n'est pas dans votre périmètre : choisissez-le dans la liste.")
    jour = timezone.localdate()
    limite = dernier_jour_possible(jour)
    if du < jour:
        raise JalonError("La première date est passée : choisissez aujourd'hui ou un jour à venir.")
    if au > limite:
        raise JalonError(f"Les créneaux se proposent jusqu'au {limite:%d/%m/%Y} : choisissez une date plus proche.")
    proposition = PropositionRendezVous(
        personne=personne, agent=agent, organisme=organisme, objet=objet, du=du, au=au, proposee_par=acteur
    )
    valider(proposition)
    if not creneaux_libres(agent, du=du, au=au, organisme=organisme):
        raise JalonError(
            f"{agent} n'a aucun créneau libre du {du:%d/%m} au {au:%d/%m} pour {organisme} : ouvrez des plages dans son "
            "agenda, ou changez les dates."
        )
    proposition.save()
    bilan = _inviter(proposition, acteur=acteur, adresse_du_lien=adresse_du_lien)
    tracer(
        "rendezvous.proposition.envoyee", proposition, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], vers=Etat.OUVERTE,
        resume=f"Invitation à choisir un rendez-vous avec {agent}. {bilan.dit}"[:300],
    )  # fmt: skip
    return proposition, bilan


@transaction.atomic
def relancer_proposition(
    proposition: PropositionRendezVous, *, acteur: Agent, perimetre: Perimetre, adresse_du_lien: AdresseDuLien
) -> BilanMessages:
    """Écrit de nouveau à la personne, avec un nouveau lien ; l'ancien ne marche plus."""
    exiger_un_des_droits(perimetre)
    proposition = _verrouiller(proposition, avec_personne=True)
    _exiger_ouverte(proposition)
    if not creneaux_proposes(proposition):
        raise JalonError("Il ne reste aucun créneau à proposer : retirez cette invitation et faites-en une autre.")
    bilan = _inviter(proposition, acteur=acteur, adresse_du_lien=adresse_du_lien)
    proposition.relancee_le = timezone.now()
    proposition.save(update_fields=["relancee_le"])
    tracer(
        "rendezvous.proposition.relancee", proposition, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[proposition.personne.public_id], resume=f"Relance. {bilan.dit}"[:300],
    )  # fmt: skip
    return bilan


@transaction.atomic
def retirer_proposition(
    proposition: PropositionRendezVous, *, acteur: Agent, perimetre: Perimetre
) -> PropositionRendezVous:
    """Retire une invitation sans réponse ; son lien se ferme."""
    exiger_un_des_droits(perimetre)
    proposition = _verrouiller(proposition, avec_personne=True)
    _exiger_ouverte(proposition)
    proposition.etat, proposition.close_le = Etat.RETIREE, timezone.localdate()
    proposition.save(update_fields=["etat", "close_le"])
    revoquer_liens(proposition.public_id)
    tracer(
        "rendezvous.proposition.retiree", proposition, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[proposition.personne.public_id], de=Etat.OUVERTE, vers=Etat.RETIREE,
        resume="Invitation à choisir un rendez-vous retirée",
    )  # fmt: skip
    return proposition


def _verrouiller(proposition: PropositionRendezVous, *, avec_personne: bool = False) -> PropositionRendezVous:
    """L'invitation, seule à changer jusqu'à la fin de l'acte. Par son lien, la personne n'est pas lisible."""
    liees = ["agent", "organisme", *(["personne"] if avec_personne else [])]
    return (
        PropositionRendezVous.objects.select_for_update(of=("self",)).select_related(*liees).get(pk=proposition.pk)
    )  # fmt: skip


def _exiger_ouverte(proposition: PropositionRendezVous) -> None:
    if proposition.etat != Etat.OUVERTE:
        raise TransitionRefuseeError(
            f"Cette invitation est « {proposition.get_etat_display().lower()} » : rechargez la page pour voir la suite."
        )


def _inviter(proposition: PropositionRendezVous, *, acteur: Agent, adresse_du_lien: AdresseDuLien) -> BilanMessages:
    personne = proposition.personne
    _, jeton = creer_lien(personne, acteur=acteur, usage=UsageLien.RENDEZ_VOUS, objet=proposition.public_id)
    lien = adresse_du_lien(jeton)
    contact = qui_joindre(proposition.organisme, proposition.agent)
    pour, limite = but(proposition.objet), date_en_lettres(proposition.au, avec_jour=True)
    acceptes = canaux_acceptes(Coordonnees.objects.filter(personne=personne).first())
    if acceptes:
        bilan = ecrire(
            personne, acteur=acteur, objet="Choisissez votre rendez-vous",
            courriel=(
                f"Bonjour {nom_propre(personne.prenom)},\n\nNous vous proposons un rendez-vous avec {proposition.agent}, "
                f"pour {pour}.\n\nChoisissez le jour et l'heure avant le {limite} : {lien}\n\nAucune date ne vous convient ? "
                f"Dites-le sur la même page, ou appelez-nous : {contact}"
            ),
            sms=f"Choisissez votre rendez-vous avec {proposition.agent} avant le {limite} : {lien} Ou appelez : {contact}",
        )  # fmt: skip
        if not bilan.canaux:
            premier = min(bilan.retenus.values())
            raise JalonError(
                f"Un message est déjà parti à {nom_complet(personne)}. Vous pourrez lui écrire de nouveau à partir du "
                f"{timezone.localtime(premier):%d/%m/%Y à %H:%M}."
            )
        return bilan
    composeur = Composeur()
    adresse = adresses_postales([personne]).get(personne.pk, [])
    lettre = composeur.lettre(
        composeur.version(CODE_COURRIER),
        {
            "civilite": civilite(personne), "nom_complet": nom_complet(personne), "agent": str(proposition.agent),
            "objet_rendez_vous": pour, "date_limite": limite, "lien_rendez_vous": lien, "contact": contact,
        },
        jour=timezone.localdate(), destinataire=destinataire(personne, adresse),
    )  # fmt: skip
    poster(
        personne, lettre.charge, acteur=acteur, nature=NATURE, titre="Invitation à choisir un rendez-vous",
        composeur=composeur, version=lettre.version,
    )  # fmt: skip
    return BilanMessages(canaux=[str(Canal.COURRIER)], sans_adresse=not adresse)


# --- Ce que la personne fait par son lien


@transaction.atomic
def choisir_creneau(proposition: PropositionRendezVous, *, debut: datetime, lien: LienPersonnel) -> RendezVous:
    """La personne prend un créneau libre ; s'il vient d'être pris, elle en choisit un autre."""
    proposition = _verrouiller(proposition)
    _exiger_ouverte(proposition)
    creneau = next((c for c in creneaux_proposes(proposition) if c.debut == debut), None)
    if creneau is None:
        raise JalonError("Ce créneau vient d'être pris. Choisissez-en un autre dans la liste.")
    rendez_vous = RendezVous(
        personne_id=proposition.personne_id, objet=proposition.objet, prise=PriseRendezVous.INVITATION, **vars(creneau)
    )
    try:
        poser(rendez_vous)
    except JalonError as erreur:
        raise JalonError("Ce créneau vient d'être pris. Choisissez-en un autre dans la liste.") from erreur
    proposition.etat, proposition.rendez_vous, proposition.sans_choix_le = Etat.PRISE, rendez_vous, None
    proposition.save(update_fields=["etat", "rendez_vous", "sans_choix_le"])
    tracer(
        "rendezvous.rendez_vous.choisi", rendez_vous, acteur=None, personnes=[lien.dossier], vers=EtatRendezVous.FIXE,
        resume=f"Rendez-vous choisi par la personne : {timezone.localtime(debut):%d/%m/%Y à %H:%M}",
    )  # fmt: skip
    return rendez_vous


@transaction.atomic
def dire_aucun_creneau(proposition: PropositionRendezVous, *, mot: str, lien: LienPersonnel) -> PropositionRendezVous:
    """La personne dit qu'aucun créneau ne lui convient : le référent le lit en tête de ses invitations."""
    proposition = _verrouiller(proposition)
    _exiger_ouverte(proposition)
    proposition.sans_choix_le, proposition.mot_de_la_personne = timezone.now(), mot.strip()[:300]
    proposition.save(update_fields=["sans_choix_le", "mot_de_la_personne"])
    tracer(
        "rendezvous.proposition.sans_choix", proposition, acteur=None, personnes=[lien.dossier],
        resume="Aucun créneau ne convient, dit la personne",
    )  # fmt: skip
    return proposition


@transaction.atomic
def rendre_creneau(proposition: PropositionRendezVous, *, motif: str, lien: LienPersonnel) -> PropositionRendezVous:
    """La personne prévient qu'elle ne viendra pas : elle est excusée, et peut choisir une autre date.

    Lève `JalonError` si elle ne dit pas pourquoi, ou si l'heure est passée.
    """
    proposition = _verrouiller(proposition)
    rendez_vous = proposition.rendez_vous
    if rendez_vous is None:
        raise TransitionRefuseeError("Ce rendez-vous n'est plus pris : choisissez une autre date sur cette page.")
    if not motif.strip():
        raise JalonError("Dites-nous en un mot pourquoi : cela nous aide à vous proposer une autre date.")
    prevenir_de_son_absence(rendez_vous, dossier=lien.dossier, motif=motif)
    proposition.refresh_from_db(fields=["rendez_vous", "etat", "close_le"])
    return proposition

"""Convoquer par écrit à un rendez-vous fixé, et le rappeler avant sa date (D12, R18)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.documents.composition import Composeur
from jalon.documents.ecriture import date_en_lettres, heure_en_lettres
from jalon.documents.models import Canal
from jalon.referentiels.parametres import nombre
from jalon.rendezvous.convocations import adresses_postales, nom_complet
from jalon.rendezvous.messages import (
    BilanMessages,
    avec_qui,
    but,
    civilite,
    destinataire,
    ecrire,
    moment,
    ou_et_comment,
    poster,
    qui_joindre,
)
from jalon.rendezvous.models import EtatRendezVous, PriseRendezVous, RendezVous
from jalon.rendezvous.rendez_vous import exiger_un_des_droits, verrouiller_rendez_vous
from jalon.rendezvous.workflows import exiger_rendez_vous
from jalon.socle.errors import TransitionRefuseeError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

CODE_COURRIER = "convocation_rendez_vous"
MENTION = "mention_absence"
NATURE = "convocation_rendez_vous"


@transaction.atomic
def convoquer_rendez_vous(
    rendez_vous: RendezVous, *, acteur: Agent, perimetre: Perimetre
) -> tuple[RendezVous, BilanMessages]:
    """Écrit la convocation d'un rendez-vous fixé : la lettre, gardée en PDF, et un message à qui l'accepte.

    La lettre dit où, quand, pourquoi, avec qui venir, qui appeler, et les conséquences d'une absence. Une fois partie,
    elle ne repart pas : on reporte le rendez-vous, ou on l'annule. Lève `TransitionRefuseeError`.
    """
    exiger_un_des_droits(perimetre)
    rendez_vous = verrouiller_rendez_vous(rendez_vous)
    exiger_rendez_vous(rendez_vous.etat, "convoquer")
    if rendez_vous.debut <= timezone.now():
        raise TransitionRefuseeError("Ce rendez-vous est passé : il n'y a plus personne à convoquer.")
    if rendez_vous.convoque_le is not None:
        raise TransitionRefuseeError(
            f"La convocation est déjà partie le {timezone.localtime(rendez_vous.convoque_le):%d/%m/%Y} : pour changer la "
            "date, reportez le rendez-vous."
        )
    personne, jour = rendez_vous.personne, timezone.localdate()
    composeur = Composeur()
    adresse = adresses_postales([personne]).get(personne.pk, [])
    local = timezone.localtime(rendez_vous.debut)
    contact = qui_joindre(rendez_vous.organisme, rendez_vous.agent)
    lettre = composeur.lettre(
        composeur.version(CODE_COURRIER),
        {
            "civilite": civilite(personne),
            "nom_complet": nom_complet(personne),
            "date_rendez_vous": date_en_lettres(local.date(), avec_jour=True),
            "heure_rendez_vous": heure_en_lettres(local.hour, local.minute),
            "objet_rendez_vous": but(rendez_vous.objet),
            "agent": avec_qui(rendez_vous),
            "lieu": ou_et_comment(rendez_vous),
            "duree": f"{rendez_vous.duree} minutes",
            "contact": contact,
            "consequences_absence": composeur.mention(MENTION, {}),
        },
        jour=jour,
        destinataire=destinataire(personne, adresse),
    )
    rendez_vous.lettre = poster(
        personne, lettre.charge, acteur=acteur, nature=NATURE, titre=f"Convocation du {local:%d/%m/%Y}",
        composeur=composeur, version=lettre.version,
    )  # fmt: skip
    rendez_vous.convoque_le, rendez_vous.prise = timezone.now(), PriseRendezVous.CONVOCATION
    rendez_vous.save(update_fields=["lettre", "convoque_le", "prise"])
    quand = moment(rendez_vous.debut)
    bilan = ecrire(
        personne, acteur=acteur, objet="Votre convocation à un rendez-vous",
        courriel=(
            f"Bonjour {nom_propre(personne.prenom)},\n\nVoici votre convocation à un rendez-vous {quand} avec "
            f"{avec_qui(rendez_vous)}, {ou_et_comment(rendez_vous)}. Il sert à {but(rendez_vous.objet)}.\n\nVous pouvez venir "
            "avec la personne de votre choix. Une lettre vous dit tout.\n\nVous ne pouvez pas venir ? Prévenez-nous : "
            f"{contact}"
        ),
        sms=f"Rendez-vous {quand}, {ou_et_comment(rendez_vous)}. Empêché ? {contact}",
    )  # fmt: skip
    bilan.canaux.insert(0, str(Canal.COURRIER))
    bilan.sans_adresse = not adresse
    tracer(
        "rendezvous.rendez_vous.convoque", rendez_vous, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Convocation écrite au rendez-vous du {local:%d/%m/%Y à %H:%M}",
    )  # fmt: skip
    return rendez_vous, bilan


# --- Rappels


def a_rappeler(maintenant: datetime) -> list[int]:
    """Rendez-vous dont l'heure approche, jamais rappelés, de personnes qui acceptent au moins un message."""
    limite = maintenant + timedelta(days=int(nombre("rendezvous.rappel_avant", timezone.localdate(maintenant))))
    joignables = Q(personne__coordonnees__accepte_sms=True) | Q(personne__coordonnees__accepte_courriel=True)
    return list(
        RendezVous.objects.filter(
            joignables, etat=EtatRendezVous.FIXE, rappele_le=None, debut__gt=maintenant, debut__lte=limite
        )
        .order_by("debut", "pk")
        .values_list("pk", flat=True)
    )


def rappeler_les_rendez_vous() -> int:
    """Envoie les rappels dus ; rend leur nombre. Qui vient de recevoir un message l'aura au passage suivant."""
    return sum(_rappeler(cle) for cle in a_rappeler(timezone.now()))


@transaction.atomic
def _rappeler(cle: int) -> bool:
    rendez_vous = (
        RendezVous.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(pk=cle, etat=EtatRendezVous.FIXE, rappele_le=None)
        .select_related("personne", "organisme", "agent")
        .first()
    )
    if rendez_vous is None:
        return False
    personne, quand = rendez_vous.personne, moment(rendez_vous.debut)
    contact = qui_joindre(rendez_vous.organisme, rendez_vous.agent)
    bilan = ecrire(
        personne, acteur=None, objet="Rappel de votre rendez-vous",
        courriel=(
            f"Bonjour {nom_propre(personne.prenom)},\n\nNous vous rappelons votre rendez-vous {quand} avec "
            f"{avec_qui(rendez_vous)}, {ou_et_comment(rendez_vous)}.\n\nUn empêchement ? Prévenez-nous : {contact}"
        ),
        sms=f"Rappel : rendez-vous {quand}, {ou_et_comment(rendez_vous)}. Empêché ? {contact}",
    )  # fmt: skip
    if not bilan.canaux:
        return False
    rendez_vous.rappele_le = timezone.now()
    rendez_vous.save(update_fields=["rappele_le"])
    tracer(
        "rendezvous.rendez_vous.rappele", rendez_vous, acteur=None, personnes=[personne.public_id],
        resume=f"Rappel du rendez-vous. {bilan.dit}"[:300],
    )  # fmt: skip
    return True

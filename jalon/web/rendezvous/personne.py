"""Les rendez-vous d'une personne, et la page d'un rendez-vous."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.agents.perimetre import Perimetre
from jalon.documents.models import Envoi
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne
from jalon.rendezvous.messages import ou_et_comment
from jalon.rendezvous.models import RendezVous
from jalon.rendezvous.propositions import en_attente
from jalon.rendezvous.rendez_vous import acceder_rendez_vous, rendez_vous_de_la_personne
from jalon.rendezvous.workflows import RENDEZ_VOUS
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.socle.acces import exige

ENVOIS_MONTRES = 20


def peut_agir(perimetre: Perimetre) -> bool:
    return perimetre.peut("suivi.ecrire") or perimetre.peut("reunions.gerer")


def noter_ouverture(request: HttpRequest, personne: Personne) -> None:
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=personne.public_id, ecran="rendez_vous",
    )  # fmt: skip


@require_safe
@exige("dossier.consulter")
def rendez_vous_personne(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """À venir, à noter, passés ; les invitations sans réponse ; la preuve de chaque envoi."""
    perimetre: Perimetre = request.perimetre
    personne = acceder_personne(perimetre, public_id)
    noter_ouverture(request, personne)
    tous = rendez_vous_de_la_personne(personne)
    maintenant = timezone.now()
    contexte = {
        "personne": personne,
        "a_venir": [r for r in reversed(tous) if r.etat == "fixe" and r.debut > maintenant],
        "a_noter": [r for r in tous if r.etat == "fixe" and r.debut <= maintenant],
        "passes": [r for r in tous if r.etat != "fixe"],
        "propositions": list(en_attente(perimetre).filter(personne=personne)),
        "envois": list(
            Envoi.objects.filter(personne=personne.public_id, perime_le=None)
            .select_related("document")
            .order_by("-demande_le", "-pk")[:ENVOIS_MONTRES]
        ),
        "peut_agir": peut_agir(perimetre),
    }
    reponse = render(request, "rendezvous/personne.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse


@require_safe
@exige("dossier.consulter")
def rendez_vous(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Un rendez-vous : où, quand, avec qui, ce qu'il devient."""
    perimetre: Perimetre = request.perimetre
    trouve = acceder_rendez_vous(perimetre, public_id)
    noter_ouverture(request, trouve.personne)
    maintenant = timezone.now()
    ouverts = {acte for acte, etats in RENDEZ_VOUS.items() if trouve.etat in etats} if peut_agir(perimetre) else set()
    contexte = {
        "rendez_vous": trouve,
        "personne": trouve.personne,
        "participants": list(trouve.participants.select_related("agent").order_by("pk")),
        "suivant": RendezVous.objects.filter(remplace=trouve).first(),
        "ou": ou_et_comment(trouve),
        "commence": trouve.debut <= maintenant,
        "du_jour": timezone.localdate(trouve.debut) <= timezone.localdate(),
        "peut_constater": "constater" in ouverts,
        "peut_excuser": "excuser" in ouverts,
        "peut_annuler": "annuler" in ouverts,
        "peut_reporter": "reporter" in ouverts,
        "peut_convoquer": "convoquer" in ouverts and trouve.convoque_le is None and trouve.debut > maintenant,
    }
    reponse = render(request, "rendezvous/rendez_vous.html", contexte)
    reponse["Cache-Control"] = "no-store"
    return reponse

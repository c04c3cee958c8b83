"""La page où une personne sans compte choisit son rendez-vous, le note dans son téléphone, ou dit qu'elle ne peut pas.

PostgreSQL n'ouvre à cette page que l'invitation désignée par le lien et les rendez-vous de la même personne ; du reste
de l'agenda, elle ne sait que ce qui est libre.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from jalon.personnes.liens import LienPersonnel, UsageLien, empreinte, lire_lien, noter_usage
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.ical import composer, evenement_de_la_personne
from jalon.rendezvous.messages import avec_qui, but, moment, ou_et_comment, qui_joindre
from jalon.rendezvous.models import EtatRendezVous, PropositionRendezVous
from jalon.rendezvous.propositions import choisir_creneau, creneaux_proposes, dire_aucun_creneau, rendre_creneau
from jalon.socle.errors import JalonError
from jalon.socle.rls import Reglages, set_context
from jalon.web.lien.views import LONGUEUR_JETON, Vue, ferme, sous_garde
from jalon.web.rendezvous.fixer import par_jour


@dataclass(frozen=True)
class Visite:
    """Ce que le lien ouvre."""

    jeton: str
    lien: LienPersonnel
    proposition: PropositionRendezVous

    @property
    def contexte(self) -> dict[str, Any]:
        proposition, pris = self.proposition, self.proposition.rendez_vous
        ouverte = proposition.etat == PropositionRendezVous.Etat.OUVERTE
        libres: list[Creneau] = creneaux_proposes(proposition) if ouverte else []
        return {
            "jeton": self.jeton,
            "prenom": self.lien.prenom,
            "proposition": proposition,
            "ouverte": ouverte,
            "but": but(proposition.objet),
            "jours": par_jour(libres),
            "contact": qui_joindre(proposition.organisme, proposition.agent),
            "pris": pris,
            "quand": moment(pris.debut) if pris is not None else "",
            "ou": ou_et_comment(pris) if pris is not None else "",
            "qui": avec_qui(pris) if pris is not None else "",
            "tient": pris is not None and pris.etat == EtatRendezVous.FIXE,
            "a_venir": pris is not None and pris.etat == EtatRendezVous.FIXE and pris.debut > timezone.now(),
        }


def par_lien_rendez_vous(vue: Callable[[HttpRequest, Visite], HttpResponse]) -> Vue:
    """Ouvre la vue à qui a le jeton d'une invitation à choisir."""

    @wraps(vue)
    def ouverte(request: HttpRequest, jeton: str) -> HttpResponse:
        set_context(Reglages(lien=empreinte(jeton[:LONGUEUR_JETON])))
        lien = lire_lien(jeton[:LONGUEUR_JETON], usage=UsageLien.RENDEZ_VOUS)
        proposition = None
        if lien is not None and lien.ouvert:
            proposition = (
                PropositionRendezVous.objects.filter(public_id=lien.objet)
                .select_related("agent", "organisme", "rendez_vous__agent", "rendez_vous__organisme")
                .first()
            )
        if lien is None or proposition is None:
            return ferme(request, connu=lien is not None)
        noter_usage(lien)
        return vue(request, Visite(jeton, lien, proposition))

    return sous_garde(ouverte)


@require_safe
@par_lien_rendez_vous
def accueil(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Les créneaux libres, jour par jour ; ou le rendez-vous, s'il est pris."""
    return render(request, "lien/rendez_vous.html", visite.contexte)


def _puis(request: HttpRequest, visite: Visite, acte: Callable[[], Any], dit: str) -> HttpResponse:
    try:
        acte()
    except JalonError as refus:
        messages.error(request, str(refus))
    else:
        messages.success(request, dit)
    return redirect("lien_rendez_vous", visite.jeton)


@require_POST
@par_lien_rendez_vous
def choisir(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Prend un créneau, d'un seul geste."""

    def acte() -> None:
        try:
            debut = parse_datetime(request.POST.get("debut", ""))
        except ValueError:
            debut = None
        if debut is None or timezone.is_naive(debut):
            raise JalonError("Choisissez une heure dans la liste.")
        choisir_creneau(visite.proposition, debut=debut, lien=visite.lien)

    return _puis(request, visite, acte, "C’est noté : votre rendez-vous est pris.")


@require_POST
@par_lien_rendez_vous
def aucun(request: HttpRequest, visite: Visite) -> HttpResponse:
    """« Aucun ne me convient »."""
    return _puis(
        request, visite,
        lambda: dire_aucun_creneau(visite.proposition, mot=request.POST.get("mot", ""), lien=visite.lien),
        "Merci de nous l’avoir dit. Le service va vous proposer autre chose.",
    )  # fmt: skip


@require_POST
@par_lien_rendez_vous
def rendre(request: HttpRequest, visite: Visite) -> HttpResponse:
    """« Je ne pourrai pas venir » : la personne est excusée, et peut choisir une autre date."""
    return _puis(
        request, visite,
        lambda: rendre_creneau(visite.proposition, motif=request.POST.get("motif", ""), lien=visite.lien),
        "Merci de nous avoir prévenus : ce rendez-vous est annulé, ce n’est pas une absence.",
    )  # fmt: skip


@require_safe
@par_lien_rendez_vous
def agenda(request: HttpRequest, visite: Visite) -> HttpResponse:
    """Le rendez-vous pour l'agenda du téléphone ; ni nom ni lien n'y sont écrits."""
    pris = visite.proposition.rendez_vous
    if pris is None or pris.etat != EtatRendezVous.FIXE:
        return redirect("lien_rendez_vous", visite.jeton)
    reponse = HttpResponse(composer([evenement_de_la_personne(pris)]), content_type="text/calendar; charset=utf-8")
    reponse["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return reponse

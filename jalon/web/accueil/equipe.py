"""La journée des référents, vue de qui les encadre : les mêmes chiffres, par référent ; chacun ouvre ses dossiers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.accompagnements.charge import referents_du_perimetre
from jalon.accompagnements.models import AbsenceAgent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats import selectors
from jalon.contrats.enums import EtatContrat
from jalon.contrats.services import contrats_du_perimetre
from jalon.referentiels.parametres import nombre
from jalon.web.accueil.chiffres import Chiffre
from jalon.web.accueil.referent import (
    adresse_contrats,
    chiffres_contrats,
    compter_contrats,
    comptes_de_contrats,
    en_sommeil,
    lire_suivis,
    premiere_alerte,
)
from jalon.web.socle.acces import exige

PAR_PAGE = 25
PRESSE = {"renvoyes": 3, "a_signer": 2, "echeance": 2, "a_ecrire": 1, "a_valider": 1}
"""Ce qui met un référent en haut de la liste."""


@dataclass(frozen=True)
class Case:
    """Un nombre et les dossiers qu'il ouvre."""

    colonne: str
    valeur: int
    url: str


@dataclass(frozen=True)
class LigneReferent:
    agent: Agent
    cases: list[Case]


@require_safe
@exige("charge.consulter", "contrats.consulter")
def equipe(request: HttpRequest) -> HttpResponse:
    """Où en sont les référents du périmètre : ce qui presse le plus d'abord."""
    perimetre: Perimetre = request.perimetre
    jour = timezone.localdate()
    comptes = _par_referent(perimetre, jour)
    agents = sorted(
        referents_du_perimetre(perimetre, jour).order_by("nom", "prenom", "pk"),
        key=lambda a: -sum(comptes.get(a.pk, {}).get(nom, 0) * poids for nom, poids in PRESSE.items()),
    )
    page = Paginator(agents, PAR_PAGE).get_page(request.GET.get("page"))
    contexte = {
        "page": page,
        "chiffres": [*chiffres_contrats(compter_contrats(perimetre, jour), jour), _sans_contrat(perimetre, jour)],
        "colonnes": _colonnes(jour),
        "lignes": _lignes(perimetre, list(page.object_list), comptes, jour),
    }
    return render(request, "accueil/equipe.html", contexte)


def _par_referent(perimetre: Perimetre, jour: date) -> dict[int, dict[str, int]]:
    """Contrats en cours du périmètre, par référent, en une lecture."""
    lus = (
        contrats_du_perimetre(perimetre)
        .filter(etat__in=EtatContrat.en_preparation() | EtatContrat.vivants(), referent__isnull=False)
        .order_by()
        .values("referent_id")
        .annotate(**comptes_de_contrats(jour))
    )
    return {ligne.pop("referent_id"): ligne for ligne in lus}


def _colonnes(jour: date) -> list[str]:
    return [
        "Personnes", "Sans contrat", "À écrire", "À signer", "Renvoyés", "Attendent la validation",
        f"Finissent sous {premiere_alerte(jour)} jours", f"Sans nouvelles depuis {int(nombre('referent.sommeil', jour))} jours",
    ]  # fmt: skip


def _lignes(
    perimetre: Perimetre, agents: list[Agent], comptes: dict[int, dict[str, int]], jour: date
) -> list[LigneReferent]:
    # La liste d'un référent montre aussi les personnes qu'il suit en remplacement.
    repond_pour: dict[int, set[int]] = {agent.pk: {agent.pk} for agent in agents}
    absences = AbsenceAgent.objects.filter(remplacant__in=list(repond_pour), periode__contains=jour)
    for remplacant, absent in absences.order_by("pk").values_list("remplacant_id", "agent_id"):
        repond_pour[remplacant].add(absent)
    suivis = lire_suivis(perimetre, sorted(set().union(*repond_pour.values())), jour)
    dorment = en_sommeil(suivis, jour)
    titres, lignes = _colonnes(jour), []
    for agent in agents:
        siens = [s for s in suivis if s.agent in repond_pour[agent.pk]]
        c = comptes.get(agent.pk, {})
        charge = reverse("charge_agent", args=[agent.public_id])
        valeurs = [
            (len(siens), charge),
            (sum(s.sans_contrat for s in siens), f"{charge}?filtre=sans_contrat"),
            (c.get("a_ecrire", 0), adresse_contrats(agent, etat=EtatContrat.BROUILLON.value)),
            (c.get("a_signer", 0), adresse_contrats(agent, etat="a_signer")),
            (c.get("renvoyes", 0), adresse_contrats(agent, etat=EtatContrat.RENVOYE.value)),
            (c.get("a_valider", 0), adresse_contrats(agent, etat="a_valider")),
            (c.get("echeance", 0), adresse_contrats(agent, echeance=premiere_alerte(jour))),
            (sum(dorment.get(pk, 0) for pk in repond_pour[agent.pk]), f"{charge}?filtre=sommeil"),
        ]
        lignes.append(LigneReferent(agent, [Case(t, v, u) for t, (v, u) in zip(titres, valeurs, strict=True)]))
    return lignes


def _sans_contrat(perimetre: Perimetre, jour: date) -> Chiffre:
    combien = selectors.sans_contrat(perimetre, jour).count()
    return Chiffre(
        "Suivies sans contrat", combien, reverse("sans_contrat"), "file-off",
        "ambre" if combien else "", "aucun ne les couvre aujourd’hui",
    )  # fmt: skip

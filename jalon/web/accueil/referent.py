"""La journée d'un référent : ses rendez-vous, ses contrats, les personnes qui attendent. Un nombre fixe de lectures.

Chaque chiffre compte exactement ce que montre la liste qu'il ouvre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from jalon.accompagnements.absences import absents_remplaces_par
from jalon.accompagnements.models import DesignationReferent
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.contrats.services import contrats_du_perimetre
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot, nombre
from jalon.rendezvous.models import EtatRendezVous, ParticipantRendezVous, PropositionRendezVous, RendezVous
from jalon.web.accueil.chiffres import Chiffre

RECENTS = timedelta(days=30)
"""Un contrat validé, ou un rendez-vous passé sans suite notée, se montre pendant ce temps."""
MONTRES = 5
MONTRES_AUJOURDHUI = 40
A_SIGNER = (EtatContrat.A_SIGNER, EtatContrat.SIGNE_PERSONNE)
SANS_REPONSE = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Suivi:
    """Une personne du portefeuille, réduite à ce que les chiffres demandent."""

    personne: UUID
    agent: int
    depuis: date
    sans_contrat: bool
    rendez_vous: bool


@dataclass(frozen=True, slots=True)
class Apercu:
    """Les premières lignes d'une liste, son nombre, et l'adresse où elle est entière."""

    lignes: Sequence[Any]
    total: int
    url: str


@dataclass(frozen=True, slots=True)
class JourneeReferent:
    """Ce qu'un référent voit en arrivant."""

    rendez_vous: Sequence[RendezVous]
    prochain: RendezVous | None
    contrats: Sequence[Chiffre]
    personnes: Sequence[Chiffre]
    a_noter: Apercu
    prevenus: Apercu
    valides: Sequence[Contrat]
    valides_url: str
    sans_reponse: Apercu


def journee_referent(perimetre: Perimetre, agent: Agent, jour: date) -> JourneeReferent:
    """La journée de cet agent ; autant de lectures pour une personne que pour cent vingt."""
    rendez_vous = rendez_vous_utiles(agent, jour)
    aujourdhui = [r for r in rendez_vous if timezone.localdate(r.debut) == jour]
    return JourneeReferent(
        rendez_vous=aujourdhui[:MONTRES_AUJOURDHUI],
        prochain=next(
            (r for r in rendez_vous if timezone.localdate(r.debut) > jour and r.etat == EtatRendezVous.FIXE), None
        ),
        a_noter=_apercu(passes_a_noter(rendez_vous, jour), "a_noter"),
        prevenus=_apercu(ont_prevenu(rendez_vous), "prevenus"),
        contrats=chiffres_contrats(compter_contrats(perimetre, jour, referent=agent), jour, referent=agent),
        personnes=_chiffres_personnes(perimetre, agent, jour),
        valides=valides_recemment(perimetre, agent, jour),
        valides_url=adresse_contrats(agent, valide_depuis=RECENTS.days),
        sans_reponse=_apercu(list(invitations_sans_reponse(agent)), "sans_reponse"),
    )


def _apercu(lignes: Sequence[Any], liste: str) -> Apercu:
    return Apercu(lignes[:MONTRES], len(lignes), f"{reverse('rendez_vous_a_suivre')}?liste={liste}")


def rendez_vous_utiles(agent: Agent, jour: date) -> list[RendezVous]:
    """Rendez-vous du jour, ceux qui restent à noter, les prochains, et ceux où l'on ne viendra pas, en une lecture."""
    maintenant = timezone.make_aware(datetime.combine(jour, time.min))
    passes = Q(debut__gte=maintenant - RECENTS, debut__lt=maintenant, etat=EtatRendezVous.FIXE)
    du_jour = Q(debut__gte=maintenant, debut__lt=maintenant + timedelta(days=1))
    a_venir = Q(debut__gte=maintenant + timedelta(days=1), debut__lt=maintenant + RECENTS, etat=EtatRendezVous.FIXE)
    suite = RendezVous.objects.filter(
        personne=OuterRef("personne_id"), etat=EtatRendezVous.FIXE, debut__gte=timezone.now()
    )
    prevenus = Q(
        etat=EtatRendezVous.EXCUSE, constate_par=None, debut__gte=maintenant - RECENTS, debut__lt=maintenant + RECENTS
    ) & ~Exists(suite)
    tenus = (
        RendezVous.objects.filter(Q(agent=agent) | Exists(_participe(agent)), passes | du_jour | a_venir | prevenus)
        .exclude(etat__in=(EtatRendezVous.ANNULE, EtatRendezVous.REPORTE))
        .select_related("personne")
        .order_by("debut", "pk")
    )
    return list(tenus)


def passes_a_noter(rendez_vous: Sequence[RendezVous], jour: date) -> list[RendezVous]:
    """Passés sans que leur tenue soit dite, le plus récent d'abord."""
    return [r for r in reversed(rendez_vous) if timezone.localdate(r.debut) < jour and r.etat == EtatRendezVous.FIXE]


def ont_prevenu(rendez_vous: Sequence[RendezVous]) -> list[RendezVous]:
    """Excusés par la personne elle-même ; un autre rendez-vous est à fixer, s'il ne l'est pas encore."""
    return [r for r in rendez_vous if r.etat == EtatRendezVous.EXCUSE and r.constate_par_id is None]


def _participe(agent: Agent) -> QuerySet[ParticipantRendezVous]:
    return ParticipantRendezVous.objects.filter(rendez_vous=OuterRef("pk"), agent=agent)


# --- Les contrats


def compter_contrats(perimetre: Perimetre, jour: date, *, referent: Agent | None = None) -> dict[str, int]:
    """Contrats par ce qu'ils attendent, en une lecture ; ceux d'un référent, ou de tout le périmètre."""
    contrats = contrats_du_perimetre(perimetre).filter(etat__in=EtatContrat.en_preparation() | EtatContrat.vivants())
    if referent is not None:
        contrats = contrats.filter(referent=referent)
    return contrats.order_by().aggregate(**comptes_de_contrats(jour))


def comptes_de_contrats(jour: date) -> dict[str, Count]:
    """Ce que l'on compte d'un ensemble de contrats ; l'échéance est celle de la liste des contrats."""
    limite = jour + timedelta(days=premiere_alerte(jour) + 1)
    return {
        "a_ecrire": Count("pk", filter=Q(etat=EtatContrat.BROUILLON)),
        "a_signer": Count("pk", filter=Q(etat__in=A_SIGNER)),
        "renvoyes": Count("pk", filter=Q(etat=EtatContrat.RENVOYE)),
        "a_valider": Count("pk", filter=Q(etat__in=EtatContrat.a_valider())),
        "echeance": Count("pk", filter=Q(etat__in=EtatContrat.vivants(), periode__endswith__lte=limite)),
    }


def premiere_alerte(jour: date) -> int:
    """Jours avant la fin d'un contrat où il faut y penser (R56)."""
    return int(nombre("contrat.alerte_premiere", jour))


def adresse_contrats(referent: Agent | None = None, **filtres: object) -> str:
    """La liste des contrats, filtrée."""
    demande = {cle: str(valeur) for cle, valeur in filtres.items()}
    if referent is not None:
        demande["referent"] = str(referent.public_id)
    return f"{reverse('contrats')}?{urlencode(demande)}"


def chiffres_contrats(comptes: dict[str, int], jour: date, *, referent: Agent | None = None) -> list[Chiffre]:
    """Les portes vers les contrats : ce qui revient et ce qui finit d'abord."""
    alerte = premiere_alerte(jour)
    return [
        Chiffre(
            "Renvoyés", comptes["renvoyes"],
            adresse_contrats(referent, etat=EtatContrat.RENVOYE.value), "arrow-back-up",
            "rouge" if comptes["renvoyes"] else "", "à reprendre avec la personne",
        ),
        Chiffre(
            "À signer", comptes["a_signer"], adresse_contrats(referent, etat="a_signer"), "writing-sign",
            "ambre" if comptes["a_signer"] else "",
        ),
        Chiffre("À écrire", comptes["a_ecrire"], adresse_contrats(referent, etat=EtatContrat.BROUILLON.value), "pencil"),
        Chiffre(
            "Attendent la validation", comptes["a_valider"], adresse_contrats(referent, etat="a_valider"), "hourglass",
            "", "c’est au service d’agir",
        ),
        Chiffre(
            f"Finissent sous {alerte} jours", comptes["echeance"], adresse_contrats(referent, echeance=alerte),
            "calendar-due", "ambre" if comptes["echeance"] else "", "bilan et suite à préparer",
        ),
    ]  # fmt: skip


def valides_recemment(perimetre: Perimetre, agent: Agent, jour: date) -> list[Contrat]:
    return list(
        contrats_du_perimetre(perimetre)
        .filter(referent=agent, etat__in=EtatContrat.vivants(), valide_le__gt=jour - RECENTS)
        .select_related("personne", "type")
        .order_by("-valide_le", "-pk")[:MONTRES]
    )


# --- Les personnes


def _chiffres_personnes(perimetre: Perimetre, agent: Agent, jour: date) -> list[Chiffre]:
    remplaces = [absence.agent_id for absence in absents_remplaces_par(agent, jour)]
    suivis = lire_suivis(perimetre, [agent.pk, *remplaces], jour)
    seuil = int(nombre("referent.sommeil", jour))
    dorment = sum(en_sommeil(suivis, jour).values())
    sans_contrat = sum(s.sans_contrat for s in suivis)
    portefeuille = mot("portefeuille").singulier
    return [
        Chiffre(f"{portefeuille[:1].upper()}{portefeuille[1:]}", len(suivis), reverse("portefeuille"), "briefcase"),
        Chiffre(
            "Sans contrat", sans_contrat, f"{reverse('portefeuille')}?filtre=sans_contrat", "file-off",
            "ambre" if sans_contrat else "", "ni en cours, ni en préparation",
        ),
        Chiffre(
            f"Sans nouvelles depuis {seuil} jours", dorment, f"{reverse('portefeuille')}?filtre=sommeil", "moon",
            "ambre" if dorment else "", "aucun rendez-vous fixé",
        ),
    ]  # fmt: skip


def lire_suivis(perimetre: Perimetre, agents: Sequence[int], jour: date) -> list[Suivi]:
    """Personnes dont ces agents sont le référent ce jour, avec ce que les chiffres demandent, en une lecture."""
    contrat = Contrat.objects.filter(
        Q(periode__contains=jour) | Q(etat__in=EtatContrat.en_preparation()), personne=OuterRef("personne_id")
    )
    attendu = RendezVous.objects.filter(
        personne=OuterRef("personne_id"), etat=EtatRendezVous.FIXE, debut__gte=timezone.now()
    )
    lignes = (
        DesignationReferent.objects.filter(
            filtre_perimetre(perimetre, "personne__"), agent__in=list(agents), periode__contains=jour,
            personne__fusionnee_dans=None,
        )
        .order_by("pk")
        .values_list("personne__public_id", "agent_id", "periode", Exists(contrat), Exists(attendu))
    )  # fmt: skip
    return [
        Suivi(personne, agent, periode.lower, not avec, rendez_vous)
        for personne, agent, periode, avec, rendez_vous in lignes
    ]


def en_sommeil(suivis: Sequence[Suivi], jour: date) -> dict[int, int]:
    """Par agent, les personnes pour qui rien ne s'est passé depuis `referent.sommeil`, et rien n'est fixé."""
    limite = jour - timedelta(days=int(nombre("referent.sommeil", jour)))
    candidates = [s for s in suivis if not s.rendez_vous and s.depuis < limite]
    comptes: dict[int, int] = {}
    vivantes = _avec_un_acte_depuis([s.personne for s in candidates], limite) if candidates else set()
    for suivi in candidates:
        if suivi.personne not in vivantes:
            comptes[suivi.agent] = comptes.get(suivi.agent, 0) + 1
    return comptes


def _avec_un_acte_depuis(personnes: list[UUID], limite: date) -> set[UUID]:
    """Celles que le journal nomme depuis ce jour : l'index des personnes du journal répond, une par une."""
    depuis = timezone.make_aware(datetime.combine(limite, time.min))
    with connection.cursor() as curseur:
        curseur.execute(
            "select p from unnest(%s::uuid[]) p where exists (select 1 from traces_acte a "
            "where a.personnes @> array[p] and a.accompli_le >= %s)",
            [personnes, depuis],
        )
        return {ligne[0] for ligne in curseur.fetchall()}


# --- Les invitations


def invitations_sans_reponse(agent: Agent) -> QuerySet[PropositionRendezVous]:
    """Invitations à choisir un créneau que la personne n'a pas encore prises, les plus anciennes d'abord."""
    return (
        PropositionRendezVous.objects.filter(
            agent=agent, etat=PropositionRendezVous.Etat.OUVERTE, proposee_le__gte=timezone.now() - SANS_REPONSE
        )
        .select_related("personne")
        .order_by("proposee_le", "pk")
    )

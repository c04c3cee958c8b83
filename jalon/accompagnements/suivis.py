"""Les autres professionnels qui suivent la personne ; le référent unique coordonne (R45, F044).

Qui ouvre le dossier sait qui d'autre suit la personne : la sécurité par ligne, qui ne montre à un organisme que son
propre suivi, est levée après que la personne a été obtenue par le périmètre.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from jalon.accompagnements.models import AbsenceAgent, Accompagnement, DesignationReferent, NatureAccompagnement
from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.personnes.fusion import effets_complets
from jalon.personnes.models import Personne
from jalon.personnes.selectors import filtre_perimetre
from jalon.referentiels.parametres import mot
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError, TransitionRefuseeError
from jalon.traces.services import tracer


def suivis_de(personne: Personne) -> list[Accompagnement]:
    """Tous les suivis de la personne, en cours puis passés."""
    with effets_complets():
        return list(
            Accompagnement.objects.filter(personne=personne, periode__isempty=False)
            .select_related("organisme", "agent")
            .order_by("-periode", "pk")
        )


def organismes_du_territoire(personne: Personne) -> list[Organisme]:
    """Organismes qui peuvent suivre la personne : ceux de son territoire, et ceux qui servent tout le département."""
    ici = Q(territoires=personne.territoire_id) | Q(territoires=None) if personne.territoire_id else Q()
    return list(Organisme.objects.filter(ici, actif=True).distinct().order_by("libelle", "pk"))


def peut_coordonner(perimetre: Perimetre, personne: Personne, jour: date) -> bool:
    """Ouvrir ou fermer le dossier à d'autres revient au référent unique (ou à son remplaçant) et au territoire."""
    if not perimetre.peut("suivi.ecrire") or perimetre.agent is None:
        return False
    if perimetre.tout or personne.territoire_id in perimetre.territoires:
        return True
    moi = perimetre.agent
    remplaces = AbsenceAgent.objects.filter(remplacant=moi, periode__contains=jour).order_by().values("agent_id")
    return DesignationReferent.objects.filter(
        Q(agent=moi) | Q(agent__in=remplaces), personne=personne, periode__contains=jour
    ).exists()


def _exiger_de_coordonner(perimetre: Perimetre, personne: Personne, jour: date) -> None:
    perimetre.exiger("suivi.ecrire")
    if not peut_coordonner(perimetre, personne, jour):
        raise DroitManquantError(
            f"Seul le {mot('referent').singulier} de cette personne, ou un agent de son territoire, règle qui la suit."
        )


@transaction.atomic
def ouvrir_suivi(
    personne: Personne,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    organisme: Organisme,
    objet: str,
    agent: Agent | None = None,
    jour: date | None = None,
) -> Accompagnement:
    """Ouvre le dossier à un organisme qui suit la personne pour un objet précis. Réf. : R45, F044.

    L'objet est exigé : un organisme ne voit un dossier que pour une raison que la personne peut lire.
    Lève `JalonError`, `TransitionRefuseeError`, `DroitManquantError`.
    """
    jour = jour or timezone.localdate()
    _exiger_de_coordonner(perimetre, personne, jour)
    if not objet.strip():
        raise JalonError("Dites pourquoi cet organisme suit la personne : elle pourra lire cette raison.")
    if not organisme.actif:
        raise JalonError(f"{organisme} n'est plus en activité : choisissez un autre organisme.")
    if agent is not None and organisme.pk not in {a.organisme_id for a in Perimetre.de(agent).affectations}:
        raise JalonError(f"{agent} ne travaille pas à {organisme} : choisissez quelqu'un de cet organisme.")
    if Personne.objects.select_for_update(of=("self",)).filter(pk=personne.pk).first() is None:
        raise HorsPerimetreError("Ce dossier n'est pas dans votre périmètre : demandez à qui il est confié.")
    suivi = Accompagnement(
        personne=personne, organisme=organisme, agent=agent, territoire_id=personne.territoire_id,
        nature=NatureAccompagnement.SUIVI, objet=objet.strip()[:120], periode=DateRange(jour, None),
    )  # fmt: skip
    try:
        with transaction.atomic(), effets_complets():
            suivi.save(force_insert=True)
    except IntegrityError as erreur:
        raise TransitionRefuseeError(f"{organisme} suit déjà cette personne : rien n'a été changé.") from erreur
    tracer(
        "accompagnements.suivi.ouvert", suivi, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Suivi par {organisme} : {suivi.objet}"[:300],
    )  # fmt: skip
    return suivi


def acceder_suivi(perimetre: Perimetre, public_id: UUID) -> Accompagnement:
    """Rend un suivi d'une personne du périmètre."""
    perimetre.exiger("suivi.ecrire")
    with effets_complets():
        suivi = (
            Accompagnement.objects.filter(filtre_perimetre(perimetre, "personne__"), public_id=public_id)
            .select_related("personne", "organisme")
            .first()
        )
    if suivi is None:
        raise HorsPerimetreError("Ce suivi n'existe pas ou n'est pas dans votre périmètre.")
    return suivi


@transaction.atomic
def clore_suivi(suivi: Accompagnement, *, acteur: Agent, perimetre: Perimetre, motif: str) -> Accompagnement:
    """Termine un suivi aujourd'hui compris ; demain, l'organisme n'ouvrira plus le dossier.

    L'accompagnement du référent unique ne se clôt pas ainsi : son relais se passe, ou l'orientation change.
    """
    perimetre.exiger("suivi.ecrire")
    if not motif.strip():
        raise JalonError("Dites en quelques mots pourquoi ce suivi finit.")
    with effets_complets():
        suivi = _verrouiller(suivi)
    if suivi.nature == NatureAccompagnement.REFERENCE:
        raise TransitionRefuseeError(
            f"{suivi.organisme} accompagne la personne comme {mot('referent').singulier} : passez d'abord le relais."
        )
    jour = timezone.localdate()
    if suivi.organisme_id not in perimetre.organismes:
        _exiger_de_coordonner(perimetre, suivi.personne, jour)
    if suivi.periode.isempty or suivi.periode.upper is not None:
        raise TransitionRefuseeError("Ce suivi est déjà terminé.")
    suivi.periode = DateRange(suivi.periode.lower, jour + timedelta(days=1))
    with effets_complets():
        suivi.save(update_fields=["periode"])
    tracer(
        "accompagnements.suivi.clos", suivi, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[suivi.personne.public_id], motif=motif.strip(), resume=f"Fin du suivi par {suivi.organisme}"[:300],
    )  # fmt: skip
    return suivi


def _verrouiller(suivi: Accompagnement) -> Accompagnement:
    return (
        Accompagnement.objects.select_for_update(of=("self",)).select_related("personne", "organisme").get(pk=suivi.pk)
    )

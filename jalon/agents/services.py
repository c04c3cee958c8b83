"""Actes sur les comptes d'agents : créer, affecter, mettre fin (F004)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Affectation, Agent, Portee, ProfilHabilitation
from jalon.organismes.models import Organisme, Territoire
from jalon.referentiels.profil import Profil
from jalon.socle.errors import JalonError
from jalon.traces.services import tracer


@transaction.atomic
def installer_roles(profil: Profil) -> None:
    """Pose les profils d'habilitation du département."""
    for role in profil.roles:
        ProfilHabilitation.objects.update_or_create(
            code=role.code,
            defaults={
                "libelle": role.libelle,
                "description": role.description,
                "portee": role.portee,
                "droits": sorted(str(droit) for droit in role.droits),
                "voit_nir": role.voit_nir,
                "voit_sante": role.voit_sante,
            },
        )


@transaction.atomic
def creer_agent(*, email: str, nom: str, prenom: str, acteur: Agent | None, mot_de_passe: str | None = None) -> Agent:
    """Crée un compte. Sans mot de passe, l'agent le choisira par le lien reçu par courriel."""
    if Agent.objects.filter(email__iexact=email).exists():
        raise JalonError(f"Un compte existe déjà pour {email} : ouvrez-le depuis la liste des agents.")
    agent = Agent.objects.create_user(email, mot_de_passe, nom=nom, prenom=prenom)
    tracer("agents.agent.cree", agent, acteur=acteur, resume=f"Compte de {agent} créé")
    return agent


@transaction.atomic
def affecter_agent(
    agent: Agent,
    *,
    acteur: Agent | None,
    profil: ProfilHabilitation,
    organisme: Organisme,
    territoire: Territoire | None = None,
    du: date | None = None,
    au: date | None = None,
) -> Affectation:
    """Donne un rôle à un agent dans un organisme, sur un territoire, à partir d'une date."""
    Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    debut = du or timezone.localdate()
    if au is not None and au <= debut:
        raise JalonError("La fin de l'affectation doit suivre son début : corrigez l'une des deux dates.")
    if profil.portee != Portee.TERRITOIRE and territoire is not None:
        raise JalonError(
            f"Le rôle « {profil.libelle} » ne se limite pas à un territoire : laissez le territoire vide."
        )
    chevauche = Affectation.objects.filter(
        agent=agent, profil=profil, organisme=organisme, territoire=territoire, periode__overlap=DateRange(debut, au)
    )
    if chevauche.exists():
        raise JalonError(f"{agent} tient déjà ce rôle à ces dates : mettez d'abord fin à l'affectation en cours.")
    affectation = Affectation.objects.create(
        agent=agent, profil=profil, organisme=organisme, territoire=territoire, periode=DateRange(debut, au)
    )
    tracer(
        "agents.affectation.ouverte", affectation, acteur=acteur,
        resume=f"{agent} : {profil.libelle}, {organisme.libelle}",
    )  # fmt: skip
    return affectation


@transaction.atomic
def terminer_affectation(affectation: Affectation, *, acteur: Agent, au: date | None = None) -> Affectation:
    """Met fin à une affectation (aujourd'hui par défaut) : l'agent perd aussitôt les droits qu'elle ouvrait."""
    affectation = Affectation.objects.select_for_update(of=("self",)).get(pk=affectation.pk)
    fin = au or timezone.localdate()
    if affectation.periode.upper is not None and affectation.periode.upper <= fin:
        raise JalonError("Cette affectation est déjà terminée.")
    debut = affectation.periode.lower
    affectation.periode = DateRange(debut, fin if debut is None or fin > debut else None, empty=bool(debut and fin <= debut))
    affectation.save(update_fields=["periode"])
    tracer("agents.affectation.close", affectation, acteur=acteur, resume="Affectation terminée")
    return affectation


@transaction.atomic
def desactiver_agent(agent: Agent, *, acteur: Agent) -> Agent:
    """Ferme un compte : il ne peut plus se connecter et ne voit plus rien ; ses actes restent à son nom."""
    agent = Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    if agent.pk == acteur.pk:
        raise JalonError("Vous ne pouvez pas fermer votre propre compte : demandez-le à un autre administrateur.")
    if not agent.is_active:
        raise JalonError("Ce compte est déjà fermé.")
    agent.is_active = False
    agent.save(update_fields=["is_active"])
    tracer("agents.agent.desactive", agent, acteur=acteur, resume=f"Compte de {agent} fermé")
    return agent

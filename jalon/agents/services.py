"""Actes sur les comptes d'agents : créer, affecter, mettre fin (F004).

`acteur=None` désigne l'installation elle-même (comptes du premier jour, démonstration). Un acteur doit avoir le
droit `agents.gerer`, et ne touche jamais à ses propres affectations.
"""

from __future__ import annotations

from datetime import date

from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from jalon.agents.models import Affectation, Agent, Portee, ProfilHabilitation
from jalon.agents.perimetre import Perimetre
from jalon.agents.sessions import fermer_sessions
from jalon.agents.verrouillage import lever_compteurs
from jalon.organismes.models import CategorieOrganisme, Organisme, Territoire
from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.vocabulaire import DROITS_SUR_LES_PERSONNES
from jalon.socle.errors import JalonError
from jalon.traces.services import tracer

DROIT = "agents.gerer"


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


def _ouvrir_acte(acteur: Agent | None) -> str:
    """Met les actes d'habilitation en file, vérifie le droit de l'acteur, et rend son organisme du moment.

    Le verrou vient avant le droit : deux administrateurs qui se retirent l'un l'autre passent l'un après l'autre,
    et le second n'a plus le droit d'agir.
    """
    with connection.cursor() as curseur:
        curseur.execute("select pg_advisory_xact_lock(hashtext('jalon.habilitations'))")
    if acteur is None:
        return ""
    perimetre = Perimetre.de(Agent.objects.get(pk=acteur.pk))
    perimetre.exiger(DROIT)
    return perimetre.organisme_principal


def _refuser_soi_meme(agent: Agent, acteur: Agent | None, phrase: str) -> None:
    if acteur is not None and agent.pk == acteur.pk:
        raise JalonError(f"{phrase} Demandez-le à un autre administrateur : personne ne règle ses propres accès.")


def _verifier_administrateur_restant() -> None:
    reste = Affectation.objects.filter(
        agent__is_active=True, profil__droits__contains=[DROIT], periode__contains=timezone.localdate()
    )
    if not reste.exists():
        raise JalonError(
            "Il ne resterait plus aucun administrateur : donnez d'abord ce rôle à un autre agent, puis recommencez."
        )


@transaction.atomic
def creer_agent(
    *,
    email: str,
    nom: str,
    prenom: str,
    acteur: Agent | None,
    mot_de_passe: str | None = None,
    telephone: str = "",
) -> Agent:
    """Crée un compte. Sans mot de passe, l'agent le choisira par le lien reçu par courriel."""
    organisme = _ouvrir_acte(acteur)
    if Agent.objects.filter(email__iexact=email).exists():
        raise JalonError(f"Un compte existe déjà pour {email} : ouvrez-le depuis la liste des agents.")
    agent = Agent.objects.create_user(email, mot_de_passe, nom=nom, prenom=prenom, telephone=telephone)
    tracer("agents.agent.cree", agent, acteur=acteur, organisme=organisme, resume=f"Compte de {agent} créé")
    return agent


def _verifier_combinaison(profil: ProfilHabilitation, organisme: Organisme, territoire: Territoire | None) -> None:
    """Un rôle, un organisme et un territoire ne vont pas tous ensemble : dit ce qui ne va pas, et que choisir."""
    departement = organisme.type.categorie == CategorieOrganisme.DEPARTEMENT
    if not organisme.actif:
        raise JalonError(f"« {organisme.libelle} » n'est plus en activité : choisissez un autre organisme.")
    if profil.portee != Portee.TERRITOIRE and territoire is not None:
        raise JalonError(f"Le rôle « {profil.libelle} » ne se limite pas à un territoire : laissez le territoire vide.")
    if profil.portee == Portee.DEPARTEMENT and not departement and DROITS_SUR_LES_PERSONNES & set(profil.droits):
        raise JalonError(
            f"Le rôle « {profil.libelle} » ouvre les dossiers de tout le département : il ne se donne qu'à un agent "
            f"du Département, et « {organisme.libelle} » est un partenaire. Choisissez un rôle de partenaire."
        )
    if profil.portee == Portee.TERRITOIRE and territoire is None and not departement:
        raise JalonError(
            f"Sans territoire, le rôle « {profil.libelle} » verrait tout le département : choisissez le territoire "
            f"où « {organisme.libelle} » intervient."
        )


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
    organisme_acteur = _ouvrir_acte(acteur)
    _refuser_soi_meme(agent, acteur, "Vous ne pouvez pas vous donner un rôle.")
    agent = Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    if not agent.is_active:
        raise JalonError(f"Le compte de {agent} est fermé : rouvrez-le avant de lui donner un rôle.")
    debut = du or timezone.localdate()
    if au is not None and au <= debut:
        raise JalonError("La fin de l'affectation doit suivre son début : corrigez l'une des deux dates.")
    _verifier_combinaison(profil, organisme, territoire)
    chevauche = Affectation.objects.filter(
        agent=agent, profil=profil, organisme=organisme, territoire=territoire, periode__overlap=DateRange(debut, au)
    )
    if chevauche.exists():
        raise JalonError(f"{agent} tient déjà ce rôle à ces dates : mettez d'abord fin à l'affectation en cours.")
    affectation = Affectation.objects.create(
        agent=agent, profil=profil, organisme=organisme, territoire=territoire, periode=DateRange(debut, au)
    )
    tracer(
        "agents.affectation.ouverte", affectation, acteur=acteur, organisme=organisme_acteur,
        resume=f"{agent} : {profil.libelle}, {organisme.libelle}",
    )  # fmt: skip
    return affectation


@transaction.atomic
def terminer_affectation(affectation: Affectation, *, acteur: Agent, au: date | None = None) -> Affectation:
    """Met fin à une affectation (aujourd'hui par défaut) : l'agent perd aussitôt les droits qu'elle ouvrait."""
    organisme = _ouvrir_acte(acteur)
    affectation = (
        Affectation.objects.select_for_update(of=("self",))
        .select_related("agent", "profil", "organisme")
        .get(pk=affectation.pk)
    )
    _refuser_soi_meme(affectation.agent, acteur, "Vous ne pouvez pas mettre fin à votre propre rôle.")
    fin = au or timezone.localdate()
    debut = affectation.periode.lower
    if affectation.periode.isempty or (affectation.periode.upper is not None and affectation.periode.upper <= fin):
        raise JalonError("Cette affectation est déjà terminée.")
    if fin < timezone.localdate():
        raise JalonError("Un rôle ne se termine pas dans le passé : choisissez aujourd'hui ou une date à venir.")
    if debut is not None and fin <= debut:
        affectation.periode = DateRange(empty=True)
    else:
        affectation.periode = DateRange(debut, fin)
    affectation.save(update_fields=["periode"])
    _verifier_administrateur_restant()
    tracer(
        "agents.affectation.close", affectation, acteur=acteur, organisme=organisme,
        resume=f"{affectation.agent} n'est plus {affectation.profil.libelle} ({affectation.organisme.libelle})",
    )  # fmt: skip
    return affectation


@transaction.atomic
def desactiver_agent(agent: Agent, *, acteur: Agent) -> Agent:
    """Ferme un compte : ses connexions s'arrêtent et il ne voit plus rien ; ses actes restent à son nom."""
    organisme = _ouvrir_acte(acteur)
    agent = Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    _refuser_soi_meme(agent, acteur, "Vous ne pouvez pas fermer votre propre compte.")
    if not agent.is_active:
        raise JalonError("Ce compte est déjà fermé.")
    agent.is_active = False
    agent.save(update_fields=["is_active"])
    fermer_sessions(agent)
    _verifier_administrateur_restant()
    tracer(
        "agents.agent.desactive", agent, acteur=acteur, organisme=organisme, de="ouvert", vers="ferme",
        resume=f"Compte de {agent} fermé",
    )  # fmt: skip
    return agent


@transaction.atomic
def rouvrir_agent(agent: Agent, *, acteur: Agent) -> Agent:
    """Rouvre un compte fermé ; l'agent retrouve les affectations qui courent encore."""
    organisme = _ouvrir_acte(acteur)
    agent = Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    if agent.is_active:
        raise JalonError("Ce compte est déjà ouvert.")
    agent.is_active = True
    agent.save(update_fields=["is_active"])
    tracer(
        "agents.agent.rouvert", agent, acteur=acteur, organisme=organisme, de="ferme", vers="ouvert",
        resume=f"Compte de {agent} rouvert",
    )  # fmt: skip
    return agent


@transaction.atomic
def reinitialiser_second_facteur(agent: Agent, *, acteur: Agent, motif: str) -> Agent:
    """Efface les seconds facteurs d'un agent (téléphone perdu) : il devra en poser un à sa prochaine connexion."""
    organisme = _ouvrir_acte(acteur)
    agent = Agent.objects.select_for_update(of=("self",)).get(pk=agent.pk)
    _refuser_soi_meme(agent, acteur, "Vous ne pouvez pas réinitialiser votre propre second facteur.")
    if not motif.strip():
        raise JalonError("Dites pourquoi : réinitialiser un second facteur s'inscrit au journal avec son motif.")
    if not Authenticator.objects.filter(user=agent).exists():
        raise JalonError(f"{agent} n'a pas de second facteur : il lui en sera demandé un à sa prochaine connexion.")
    Authenticator.objects.filter(user=agent).delete()
    fermer_sessions(agent)
    tracer(
        "agents.second_facteur.reinitialise", agent, acteur=acteur, organisme=organisme, motif=motif.strip(),
        resume=f"Second facteur de {agent} réinitialisé",
    )  # fmt: skip
    return agent


@transaction.atomic
def lever_blocage(agent: Agent, *, acteur: Agent) -> Agent:
    """Lève le blocage né de trop d'essais de connexion, pour un agent qui s'est fait reconnaître."""
    organisme = _ouvrir_acte(acteur)
    if not lever_compteurs([agent.email]):
        raise JalonError(f"Le compte de {agent} n'est pas bloqué.")
    tracer(
        "agents.connexion.debloquee", agent, acteur=acteur, organisme=organisme,
        resume=f"Blocage de connexion de {agent} levé",
    )  # fmt: skip
    return agent


def noter_connexion(agent: Agent) -> None:
    """Inscrit une connexion réussie au journal."""
    perimetre = Perimetre.de(agent)
    tracer(
        "agents.connexion.ouverte", agent, acteur=agent, organisme=perimetre.organisme_principal,
        resume=f"Connexion de {agent}",
    )  # fmt: skip


def noter_deconnexion(agent: Agent) -> None:
    perimetre = Perimetre.de(agent)
    tracer(
        "agents.connexion.fermee", agent, acteur=agent, organisme=perimetre.organisme_principal,
        resume=f"Déconnexion de {agent}",
    )  # fmt: skip

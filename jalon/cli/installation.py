"""Mise en place d'un département : migrations, communes, profil, comptes de démonstration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from jalon.agents.models import Affectation, Agent, ProfilHabilitation
from jalon.agents.services import affecter_agent, creer_agent, installer_roles
from jalon.contrats.installation import installer_contrats
from jalon.diagnostics.installation import installer_grilles
from jalon.documents.services import installer_courriers
from jalon.droits.instruction import installer_instruction
from jalon.echanges.campagnes.services import installer_formats
from jalon.instances.installation import installer_instances
from jalon.manquements.installation import installer_regimes
from jalon.organismes.models import Organisme, Territoire
from jalon.organismes.services import installer_organismes, installer_territoires
from jalon.orientations.criteres import installer_criteres
from jalon.orientations.services import installer_orientations
from jalon.referentiels.communes import ReferentielCommunes, charger_communes
from jalon.referentiels.lexique import installer_lexique
from jalon.referentiels.models import ProfilDepartement
from jalon.referentiels.profil import Profil, charger_profil
from jalon.referentiels.services import installer_communes, installer_profil
from jalon.rendezvous.installation import installer_reunions
from jalon.socle.errors import JalonError

MOT_DE_PASSE_DEMONSTRATION = "jalon-demonstration"
DOMAINE_DEMONSTRATION = "jalon.example"


def dossier_communes() -> Path:
    return settings.NODE_MODULES / "@etalab" / "decoupage-administratif" / "data"


def migrer() -> None:
    """Amène la base au schéma de cette version et repose la sécurité par ligne."""
    call_command("migrate", interactive=False, verbosity=0)


@transaction.atomic
def installer(profil: Profil, communes: ReferentielCommunes, *, tout_le_pays: bool = True) -> None:
    """Pose toutes les données de référence d'un profil. Rejouable : les mêmes données ne changent rien."""
    present = ProfilDepartement.objects.first()
    if present is not None and present.code != profil.code:
        raise JalonError(
            f"Cette installation est celle du département « {present.nom} » : une installation ne porte qu'un "
            "département. Choisissez un autre dossier de données (JALON_DONNEES) ou une autre base."
        )
    installer_communes(communes, departements=None if tout_le_pays else set(profil.identite.departements))
    installer_territoires(profil)
    installer_organismes(profil)
    installer_roles(profil)
    installer_profil(profil)
    installer_courriers(profil)
    installer_orientations(profil)
    installer_criteres(profil)
    installer_instruction(profil)
    installer_formats(profil)
    installer_grilles(profil)
    installer_reunions(profil)
    installer_instances(profil)
    installer_lexique(profil)
    installer_contrats(profil)
    installer_regimes(profil)


def lire_profil(code: str) -> tuple[Profil, ReferentielCommunes]:
    communes = charger_communes(dossier_communes())
    return charger_profil(settings.PROFILS / code, communes=communes), communes


@transaction.atomic
def creer_comptes_demonstration(profil: Profil, dire: Callable[[str], None] = lambda _: None) -> list[Agent]:
    """Crée un compte par rôle, avec le même mot de passe. Réservé à la démonstration."""
    if not settings.DEMONSTRATION:
        raise JalonError("Les comptes de démonstration n'existent que dans une installation de démonstration.")
    comptes: list[Agent] = []
    siege = next(o for o in profil.organismes if _categorie(profil, o.type) == "departement")
    for role in profil.roles:
        compte = role.compte_demonstration
        email = f"{compte.courriel}@{DOMAINE_DEMONSTRATION}"
        agent = Agent.objects.filter(email=email).first()
        if agent is None:
            agent = creer_agent(
                email=email, nom=compte.nom, prenom=compte.prenom, acteur=None,
                mot_de_passe=MOT_DE_PASSE_DEMONSTRATION,
            )  # fmt: skip
        if not Affectation.objects.filter(agent=agent).exists():
            affecter_agent(
                agent,
                acteur=None,
                profil=ProfilHabilitation.objects.get(code=role.code),
                organisme=Organisme.objects.get(code=compte.organisme or siege.code),
                territoire=Territoire.objects.get(code=compte.territoire)
                if compte.territoire and role.portee == "territoire"
                else None,
            )
        comptes.append(agent)
    return comptes


def _categorie(profil: Profil, code_type: str) -> str:
    return next(t.categorie for t in profil.types_organismes if t.code == code_type)

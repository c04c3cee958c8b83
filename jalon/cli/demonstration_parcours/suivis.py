"""La vie des suivis après les orientations : journées des référents, contrats, offres, livret d'une personne."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta
from django.db import transaction

from jalon.accompagnements.models import DesignationReferent
from jalon.accompagnements.referents import designer_referent
from jalon.agents.models import Agent
from jalon.cli.demonstration_parcours.agendas import remplir_les_agendas
from jalon.cli.demonstration_parcours.contrats import (
    avec_contrat_vivant,
    conclure_des_contrats,
    contrat_hors_allocation,
    proposer_des_offres,
)
from jalon.cli.demonstration_parcours.decor import Decor, Suivie, compter_les_lignes, retrouver
from jalon.cli.demonstration_parcours.paroles import COMPETENCES, DEMARCHES, EXPERIENCES
from jalon.contrats.models import Contrat
from jalon.organismes.models import CommuneTerritoire
from jalon.passeport.acces import creer_acces
from jalon.passeport.competences import ecrire_profil, enregistrer_experience, noter_demarche
from jalon.passeport.titulaire import Titulaire
from jalon.personnes.creation import IdentiteSaisie, creer_personne
from jalon.personnes.models import Public
from jalon.referentiels.profil import Profil

HORS_ALLOCATION: Final = (
    ("Vandamme", "Noé", date(2004, 5, 17), "1"), ("Bertrand", "Colette", date(1968, 3, 2), "2"),
)  # fmt: skip
"""Personnes fictives d'un autre public, que la caisse ne signale pas."""


@transaction.atomic
def peupler_suivis(profil: Profil, *, graine: int, dire: Callable[[str], None] = lambda _: None) -> bool:
    """Crée les suivis fictifs ; rend faux s'ils y sont déjà, ou si personne n'a de référent.

    Tout tient dans une transaction : interrompue, l'étape n'a rien écrit et se refait entière.
    """
    if Contrat.objects.exists():
        return False
    suivies = portefeuilles()
    if not suivies:
        return False
    dire("Suivis fictifs : agendas, rendez-vous, notes, contrats, offres, livret…")
    decor = retrouver(profil, graine)
    compter_les_lignes()
    suivies = dict(sorted(suivies.items(), key=lambda couple: couple[0] not in decor.comptes.values()))
    remplir_les_agendas(decor, suivies)
    conclure_des_contrats(decor, suivies)
    _suivre_d_autres_publics(decor, suivies)
    proposer_des_offres(decor)
    _ouvrir_un_livret(decor, suivies, dire)
    compter_les_lignes()
    return True


def portefeuilles() -> dict[Agent, list[Suivie]]:
    """Les personnes de chaque référent qui a un compte, dans l'ordre où elles lui sont venues."""
    suivies: dict[Agent, list[Suivie]] = {}
    for designation in (
        DesignationReferent.objects.filter(
            agent__isnull=False, periode__endswith=None, periode__isempty=False, personne__fusionnee_dans=None
        )
        .select_related("agent", "personne", "organisme", "decision__type")
        .order_by("agent_id", "pk")
    ):
        assert designation.agent is not None
        suivies.setdefault(designation.agent, []).append(
            Suivie(
                designation.personne, designation.agent, designation.organisme, designation.periode.lower,
                designation.decision.type if designation.decision is not None else None,
            )
        )  # fmt: skip
    return suivies


def _suivre_d_autres_publics(decor: Decor, suivies: dict[Agent, list[Suivie]]) -> None:
    """Deux personnes sans allocation, confiées aux deux premiers référents, chacune avec son contrat."""
    chef = decor.au_nom_de(decor.comptes["chef_territoire"])
    commune = (
        CommuneTerritoire.objects.filter(territoire=decor.territoire)
        .select_related("commune")
        .order_by("-commune__population", "commune_id")[0]
        .commune
    )
    publics = list(Public.objects.filter(actif=True).order_by("ordre", "pk"))
    for rang, ((nom, prenom, naissance, sexe), personnes) in enumerate(
        zip(HORS_ALLOCATION, suivies.values(), strict=False)
    ):
        depuis = decor.jour - timedelta(days=45)
        personne = creer_personne(
            IdentiteSaisie(nom=nom, prenom=prenom, date_naissance=naissance, sexe=sexe), **chef, commune=commune,
            public=publics[-1 - rang] if len(publics) > rang else None, depuis=depuis,
        )  # fmt: skip
        voisine = personnes[0]
        designer_referent(
            personne, **chef, organisme=voisine.organisme, agent=voisine.agent, jour=depuis, choisi_par_la_personne=True
        )
        contrat_hors_allocation(decor, Suivie(personne, voisine.agent, voisine.organisme, depuis, None))


def _ouvrir_un_livret(decor: Decor, suivies: dict[Agent, list[Suivie]], dire: Callable[[str], None]) -> None:
    """L'accès personnel d'une personne, son profil de compétences, son parcours et ses démarches."""
    personnes = next(iter(suivies.values()))
    vivantes = avec_contrat_vivant([suivie.personne for suivie in personnes])
    suivie = next((s for s in personnes if s.personne.pk in vivantes), personnes[0])
    qui = decor.au_nom_de(suivie.agent)
    titulaire = Titulaire.de_personne(suivie.personne)
    ecrire_profil(titulaire, **qui, valeurs=COMPETENCES, numero_lu=0)
    for nature, intitule, lieu, debut, fin in EXPERIENCES:
        enregistrer_experience(
            titulaire, **qui, nature=nature, intitule=intitule, lieu=lieu, annee_debut=decor.jour.year - debut,
            annee_fin=None if fin is None else decor.jour.year - fin,
        )  # fmt: skip
    for intitule, jours, resultat in DEMARCHES:
        noter_demarche(
            titulaire, **qui, intitule=intitule, faite_le=decor.jour - relativedelta(days=jours), resultat=resultat
        )
    _, code = creer_acces(suivie.personne, **qui)
    dire(f"  Livret de {titulaire.nom_complet} (fictif), suivi par {suivie.agent} : code {code}")

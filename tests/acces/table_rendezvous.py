"""L'agenda, les rendez-vous d'une personne, et la page où elle choisit son créneau."""

from __future__ import annotations

from typing import Any

from jalon.agents.perimetre import Perimetre
from jalon.rendezvous.agenda import Creneau
from jalon.rendezvous.ical import creer_flux
from jalon.rendezvous.models import RendezVous
from jalon.rendezvous.rendez_vous import fixer_rendez_vous
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces, publique
from tests.distribution import Distribution
from tests.fabriques import une_allocataire
from tests.rendezvous.agenda_aides import instant, jour_ouvre, proposer, suivie, une_plage


def _fixe(distribution: Distribution) -> RendezVous:
    """Une personne de `territoire` que le CCAS ne suit pas."""
    personne = une_allocataire(territoire=distribution.territoire)
    creneau = Creneau(
        organisme=distribution.organisme("ccas"),
        agent=distribution.collegue,
        debut=instant(jour_ouvre(), 14),
        lieu="Ici",
    )
    return fixer_rendez_vous(
        personne, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur), creneau=creneau
    )


def rendez_vous_fixe(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": _fixe(distribution).public_id}


def _proposee(distribution: Distribution) -> tuple[Any, str]:
    une_plage(distribution, jour_ouvre())
    proposition, _, jeton = proposer(distribution, suivie(distribution))
    return proposition, jeton


def proposition(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": _proposee(distribution)[0].public_id}


def lien_a_choisir(distribution: Distribution) -> dict[str, Any]:
    return {"jeton": _proposee(distribution)[1]}


def plage(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": une_plage(distribution, jour_ouvre()).public_id}


def flux_ouvert(distribution: Distribution) -> dict[str, Any]:
    agent = distribution.partenaire
    return {"jeton": creer_flux(agent, acteur=agent, perimetre=Perimetre.de(agent))[1]}


FABRIQUES.update(
    {f.__name__: f for f in (rendez_vous_fixe, proposition, lien_a_choisir, plage, flux_ouvert)}
)  # fmt: skip

TIENT = {"partenaire": 200, "orienteur": 200, "etrangere": 200}
LIT = {"partenaire": 404, "operateur": 404, "orienteur": 200, "etrangere": 404, "siege": 200}
ECRIT = {"partenaire": 404, "orienteur": 200, "etrangere": 404, "siege": 200}
AGIT = {"partenaire": 404, "operateur": 404, "orienteur": 302, "etrangere": 404, "siege": 302}
SUIT = {"partenaire": 302, "operateur": 404, "orienteur": 302, "etrangere": 404, "siege": 302}

ROUTES = {
    "agenda": acces(**TIENT),
    "agenda_agent": acces(objet="referent", partenaire=200, orienteur=200, etrangere=404, siege=200),
    "agenda_plages": acces(**TIENT),
    "plage_fermer": acces(methode="post", objet="plage", partenaire=302, orienteur=404, etrangere=404),
    "agenda_personnes": acces(**TIENT),
    "agenda_adresse": acces(**TIENT),
    "agenda_adresse_fermer": acces(methode="post", partenaire=302, orienteur=302, etrangere=302),
    "agenda_flux": publique(objet="flux_ouvert"),
    "rendez_vous_personne": acces(objet="personne", **LIT),
    "rendez_vous_fixer": acces(objet="personne", **ECRIT),
    "rendez_vous_proposer": acces(objet="personne", **ECRIT),
    "rendez_vous": acces(objet="rendez_vous_fixe", **LIT),
    "rendez_vous_constater": acces(methode="post", objet="rendez_vous_fixe", **AGIT),
    "rendez_vous_annuler": acces(methode="post", objet="rendez_vous_fixe", **AGIT),
    "rendez_vous_convoquer": acces(methode="post", objet="rendez_vous_fixe", **AGIT),
    "rendez_vous_reporter": acces(objet="rendez_vous_fixe", **ECRIT),
    "proposition_relancer": acces(methode="post", objet="proposition", **SUIT),
    "proposition_retirer": acces(methode="post", objet="proposition", **SUIT),
    "lien_rendez_vous": publique(objet="lien_a_choisir"),
    # Ces gestes s'envoient : les ouvrir comme une page est refusé.
    "lien_rendez_vous_choisir": publique(405, objet="lien_a_choisir"),
    "lien_rendez_vous_aucun": publique(405, objet="lien_a_choisir"),
    "lien_rendez_vous_rendre": publique(405, objet="lien_a_choisir"),
    # Sans rendez-vous pris, l'agenda ramène à la page du choix.
    "lien_rendez_vous_agenda": publique(302, objet="lien_a_choisir"),
}

"""Agents, territoires, journal, installation."""

from __future__ import annotations

from tests.acces.regles import acces

CONSULTE_LES_AGENTS = {"siege": 200, "administrateur": 200}
TERRITOIRES = dict.fromkeys(("lecteur", "partenaire", "orienteur", "etrangere", "siege", "administrateur"), 200)

ROUTES = {
    "agents": acces(**CONSULTE_LES_AGENTS),
    "agent": acces(objet="agent", **CONSULTE_LES_AGENTS),
    "profils_habilitation": acces(**CONSULTE_LES_AGENTS),
    "agent_creer": acces(administrateur=200),
    "affectation_creer": acces(objet="agent", administrateur=200),
    "affectation_terminer": acces(objet="affectation", administrateur=200),
    "agent_reinitialiser_second_facteur": acces(objet="agent", administrateur=200),
    "agent_desactiver": acces(methode="post", objet="agent", administrateur=302),
    "agent_rouvrir": acces(methode="post", objet="agent_ferme", administrateur=302),
    "agent_debloquer": acces(methode="post", objet="agent", administrateur=302),
    "agent_renvoyer_lien": acces(methode="post", objet="agent", administrateur=302),
    "territoires": acces(**TERRITOIRES),
    "territoire": acces(objet="territoire", **TERRITOIRES),
    "organisme": acces(objet="organisme", **TERRITOIRES),
    "journal": acces(siege=200, administrateur=200),
    "installation": acces(siege=200, administrateur=200),
}

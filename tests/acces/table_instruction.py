"""Premier contact, instruction, création d'une personne, coordonnées."""

from __future__ import annotations

from tests.acces.regles import acces

INSTRUIT = {"orienteur": 200, "etrangere": 200, "siege": 200}
SUR_PLACE = {"orienteur": 200, "etrangere": 404, "siege": 200}
GESTE = {"orienteur": 302, "etrangere": 404, "siege": 302}

ROUTES = {
    "instructions": acces(**INSTRUIT),
    "instructions_exporter": acces(**INSTRUIT),
    "instruction_saisir": acces(**INSTRUIT),
    "instruction_effacer": acces(methode="post", orienteur=302, etrangere=302, siege=302),
    "sites_instruction": acces(**INSTRUIT),
    "charte_instruction": acces(**INSTRUIT),
    "charte_demandes": acces(objet="critere_charte", **INSTRUIT),
    "instruction": acces(objet="demande", **SUR_PLACE),
    "instruction_pieces": acces(methode="post", objet="demande", **GESTE),
    "instruction_complement": acces(methode="post", objet="demande", **GESTE),
    "instruction_soumission": acces(methode="post", objet="demande", **GESTE),
    "instruction_simulation": acces(methode="post", objet="demande", **GESTE),
    "instruction_instruire": acces(methode="post", objet="demande", **GESTE),
    "instruction_transmettre": acces(methode="post", objet="demande", **GESTE),
    "instruction_retour": acces(methode="post", objet="demande", **GESTE),
    "instruction_liquider": acces(methode="post", objet="demande", **GESTE),
    "instruction_classer": acces(methode="post", objet="demande", **GESTE),
    "instruction_confier": acces(methode="post", objet="demande", **GESTE),
    "personne_creer": acces(**INSTRUIT),
    # Ni le CCAS ni l’opérateur n’accompagnent cette personne : elle leur est cachée, pas interdite.
    "personne_coordonnees": acces(
        objet="personne", partenaire=404, operateur=404, orienteur=200, etrangere=404, siege=200
    ),
    "personne_public": acces(methode="post", objet="personne", **GESTE),
    "personne_public_clore": acces(methode="post", objet="public_de_la_personne", **GESTE),
}

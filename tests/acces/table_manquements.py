"""Les manquements : saisir, instruire, décider, transmettre, et la lettre que la personne ouvre sans compte."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.manquements.transmissions import produire_transmission
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces, publique
from tests.distribution import Distribution
from tests.manquements.fabriques import un_manquement, une_personne_suivie
from tests.manquements.sanctions import regle, une_sanction


def personne_suivie(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": une_personne_suivie(distribution).public_id}


def manquement(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": un_manquement(distribution, etat="averti").public_id}


def preparation(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": un_manquement(distribution).public_id}


def acte_sur_manquement(distribution: Distribution) -> dict[str, Any]:
    return {**manquement(distribution), "acte": "piece"}


def transmission(distribution: Distribution) -> dict[str, Any]:
    une_sanction(distribution, timezone.localdate(), la_regle=regle("plein_emploi", "premiere"))
    faite = produire_transmission(acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege))[0]
    return {"public_id": faite.public_id, "piece": "fichier"}


def ligne_transmise(distribution: Distribution) -> dict[str, Any]:
    return {"ligne": 1}


def jeton_manquement(distribution: Distribution) -> dict[str, Any]:
    return {"jeton": "au-hasard"}


def lettre_inconnue(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": uuid4()}


FABRIQUES.update(
    {
        f.__name__: f
        for f in (
            personne_suivie, manquement, preparation, acte_sur_manquement, transmission, ligne_transmise,
            jeton_manquement, lettre_inconnue,
        )
    }
)  # fmt: skip

LISENT = {"siege": 200, "orienteur": 200, "etrangere": 200, "partenaire": 200}
DOSSIER = LISENT | {"etrangere": 404}

ROUTES = {
    "manquements": acces(**LISENT),
    "manquements_exporter": acces(**LISENT),
    "sanctions_recours": acces(**LISENT),
    "manquement": acces(objet="manquement", **DOSSIER),
    # Saisir : le référent de la personne ; le siège instruit, il ne saisit pas.
    "manquement_ouvrir": acces(objet="personne_suivie", partenaire=200),
    "manquement_preparer": acces(objet="preparation", partenaire=200),
    # Décider est à l'autorité seule : aucun de ces profils ne l'est.
    "manquement_decider": acces(objet="manquement"),
    # Une pièce sans fichier se refuse à qui peut en joindre une (409) ; qui ne le peut pas lit la même phrase.
    "manquement_agir": acces(
        methode="post", objet="acte_sur_manquement", siege=409, partenaire=409, orienteur=409, etrangere=404
    ),
    "transmissions": acces(siege=200),
    "transmissions_produire": acces(methode="post", siege=302),
    "transmissions_ecarts": acces(siege=200),
    "transmissions_expliquer": acces(methode="post", objet="ligne_transmise", siege=404),
    "transmission_fichier": acces(objet="transmission", siege=200),
    "lien_manquement": publique(404, objet="jeton_manquement"),
    "livret_manquement": acces(sinon=302, objet="lettre_inconnue", anonyme=302),
}

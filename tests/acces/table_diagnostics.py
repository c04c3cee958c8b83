"""Le recueil et les grilles d'une personne : qui la voit les lit, qui saisit le diagnostic les écrit ; leurs chiffres."""

from __future__ import annotations

from typing import Any

from jalon.personnes.models import Personne
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.diagnostics.fabriques import un_recueil, une_passation
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def _personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire, en_attente=True)


def un_recueil_valide(distribution: Distribution) -> dict[str, Any]:
    personne = _personne(distribution)
    return {"public_id": personne.public_id, "recueil_id": un_recueil(personne, distribution.orienteur).public_id}


def une_grille_remplie(distribution: Distribution) -> dict[str, Any]:
    personne = _personne(distribution)
    remplie = une_passation(personne=personne, reponses={"logement": 1}, auteur=distribution.orienteur)
    return {"public_id": personne.public_id, "grille_id": remplie.public_id}


def export_de_grilles(distribution: Distribution) -> dict[str, Any]:
    return {"objet": "question", "format": "csv"}


FABRIQUES.update({f.__name__: f for f in (un_recueil_valide, une_grille_remplie, export_de_grilles)})

LIT = {"operateur": 404, "partenaire": 404, "orienteur": 200, "etrangere": 404, "siege": 200}
ECRIT = {"partenaire": 404, "orienteur": 200, "etrangere": 404}
VOIT_LES_CHIFFRES = {"orienteur": 200, "etrangere": 200, "siege": 200, "administrateur": 200}

ROUTES = {
    "personne_diagnostic": acces(objet="personne", **LIT),
    "recueil": acces(objet="un_recueil_valide", **LIT),
    # Sans choix dans l'adresse, la page renvoie au diagnostic.
    "recueils_comparer": acces(objet="personne", **(LIT | {"orienteur": 302, "siege": 302})),
    "recueil_saisir": acces(objet="personne", **ECRIT),
    "recueil_commencer": acces(objet="personne", methode="post", **(ECRIT | {"orienteur": 302})),
    "recueil_brouillon": acces(objet="personne", methode="post", donnees={"numero": 0}, **ECRIT),
    "recueil_abandonner": acces(objet="personne", methode="post", **(ECRIT | {"orienteur": 302})),
    "grille_saisir": acces(objet="personne", **ECRIT),
    "grille": acces(objet="une_grille_remplie", **LIT),
    "grille_imprimer": acces(objet="une_grille_remplie", **LIT),
    "chiffres_grilles": acces(**VOIT_LES_CHIFFRES),
    "chiffres_grilles_export": acces(objet="export_de_grilles", **VOIT_LES_CHIFFRES),
}

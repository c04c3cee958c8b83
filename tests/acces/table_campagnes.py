"""Les campagnes de reprise : le siège et les chefs de territoire ; décider demande un pouvoir de plus."""

from __future__ import annotations

from typing import Any

from jalon.echanges.campagnes.modeles import Campagne, EtatCampagne, FormatListe, LigneCampagne
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution


def campagne(distribution: Distribution) -> dict[str, Any]:
    deposee = Campagne.objects.create(
        libelle="PLIE", format=FormatListe.objects.order_by("pk")[0], territoire=distribution.territoire,
        nom_fichier="plie.csv", empreinte="0" * 64, etat=EtatCampagne.A_DECIDER, creee_par=distribution.collegue,
    )  # fmt: skip
    return {"public_id": deposee.public_id}


def ligne_campagne(distribution: Distribution) -> dict[str, Any]:
    designee = campagne(distribution)
    ligne = LigneCampagne.objects.create(
        campagne=Campagne.objects.get(public_id=designee["public_id"]), numero=2, nom="PETIT", prenom="LUC"
    )
    return designee | {"ligne": ligne.public_id}


FABRIQUES.update({f.__name__: f for f in (campagne, ligne_campagne)})

ROUTES = {
    "campagnes": acces(siege=200),
    "campagne_deposer": acces(siege=200),
    "campagne": acces(objet="campagne", siege=200),
    # Les colonnes sont déjà lues : l'adresse renvoie à la campagne.
    "campagne_colonnes": acces(objet="campagne", siege=302),
    "campagne_decider": acces(methode="post", objet="campagne"),
    "campagne_relancer": acces(methode="post", objet="campagne", siege=302),
    "campagne_clore": acces(methode="post", objet="campagne", siege=302),
    "campagne_ligne": acces(objet="ligne_campagne", siege=200),
    "campagne_ligne_trancher": acces(methode="post", objet="ligne_campagne", siege=302),
}

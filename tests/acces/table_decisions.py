"""Décider d'une orientation, simuler les critères, réorienter."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.organismes.models import Organisme
from jalon.orientations.criteres import enregistrer_brouillon, liste_en_vigueur
from jalon.orientations.decisions import Choix, decider_orientation
from jalon.orientations.models import DecisionOrientation, ListeCriteres, MotifOrientation, TypeOrientation
from jalon.orientations.reorientations import demander_reorientation
from tests.acces.objets import FABRIQUES
from tests.acces.regles import acces
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


def _decidee(distribution: Distribution) -> DecisionOrientation:
    acteur = distribution.orienteur
    return decider_orientation(
        une_allocataire(territoire=distribution.territoire, en_attente=True), acteur=acteur,
        perimetre=Perimetre.de(acteur), jour=timezone.localdate(),
        choix=Choix(
            type=TypeOrientation.objects.get(code="solidarite"),
            organisme=Organisme.objects.filter(type__categorie="ccas").order_by("id")[0],
            motif=MotifOrientation.objects.get(code="logement"),
        ),
    )  # fmt: skip


def decision(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": _decidee(distribution).public_id}


def reorientation(distribution: Distribution) -> dict[str, Any]:
    acteur = distribution.orienteur
    demande = demander_reorientation(
        _decidee(distribution).personne, acteur=acteur, perimetre=Perimetre.de(acteur), argumentaire="Essai",
        type_souhaite=TypeOrientation.objects.get(code="pole_emploi"),
    )  # fmt: skip
    return {"public_id": demande.public_id}


def reorientation_transmise(distribution: Distribution) -> dict[str, Any]:
    return {**reorientation(distribution), "acte": "transmettre"}


def variante(distribution: Distribution) -> dict[str, Any]:
    return {"public_id": ListeCriteres.objects.get(code="emploi_large").public_id}


def brouillon(distribution: Distribution) -> dict[str, Any]:
    siege = distribution.siege
    liste = enregistrer_brouillon(
        liste_en_vigueur(), acteur=siege, perimetre=Perimetre.de(siege), libelle="Essai", retouches={}
    )
    return {"public_id": liste.public_id}


FABRIQUES.update({f.__name__: f for f in (decision, reorientation, reorientation_transmise, variante, brouillon)})

LISENT_LES_LISTES = {"orienteur": 200, "etrangere": 200, "siege": 200, "administrateur": 200}
LISENT_LES_DEMANDES = {"partenaire": 200, "orienteur": 200, "etrangere": 200, "siege": 200}

ROUTES = {
    "orientation_decider": acces(objet="personne", orienteur=200, etrangere=404),
    "orientation_suivante": acces(orienteur=302, etrangere=302),
    "decision_annuler": acces(methode="post", objet="decision", orienteur=302, etrangere=404),
    "criteres_simulation": acces(orienteur=200, etrangere=200, siege=200),
    "criteres_personnes": acces(orienteur=200, etrangere=200, siege=200),
    "criteres_listes": acces(**LISENT_LES_LISTES),
    "criteres_liste": acces(objet="variante", **LISENT_LES_LISTES),
    "criteres_appliquer": acces(methode="post", objet="variante", administrateur=302),
    "criteres_retirer": acces(methode="post", objet="brouillon", orienteur=302, etrangere=302, siege=302),
    "reorientations": acces(**LISENT_LES_DEMANDES),
    "reorientation_demander": acces(objet="personne", partenaire=404, orienteur=200, etrangere=404),
    "reorientation": acces(objet="reorientation", partenaire=404, orienteur=200, etrangere=404, siege=200),
    # Demander ne donne pas le droit de transmettre : la page dit 403, comme pour qui ne fait ni l'un ni l'autre.
    "reorientation_agir": acces(
        methode="post", objet="reorientation_transmise", partenaire=404, orienteur=302, etrangere=404, siege=302
    ),
}  # fmt: skip
